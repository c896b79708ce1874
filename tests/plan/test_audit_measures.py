"""The audit's yardstick on hand-drawn ground, and against the measures that made the verdicts.

The shed is the box (0, 0) - (10, 3); buildings stand to its east, so distances are read off the drawing.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from builders import building, district, entrance, obstacle, parking, road
from shapely import Point, box
from shapely.affinity import rotate, translate

from siting.district.build import SourceOptions, read_district
from siting.errors import DataError
from siting.kinds import Completeness, Kind, Outcome
from siting.plan.audit_features import things_of
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_measures import Layout, Subject, measure_again, things_by_class
from siting.plan.audit_reading import facts_of
from siting.rules.clause import Clause, Confidence, Force, Metric
from siting.rules.measures import FacilityFacts, Shapes, measure
from siting.rules.profiles import available_profiles, load_rulebook

SHED = box(0, 0, 10, 3)
UNKNOWN, UNDRAWN = KindFigures(), Layout()
QUARTER = Path(__file__).parents[2] / "datasets" / "quarter.osm.pbf"


def clause(metric: Metric, to: str = "layout", *, op: str = ">=", value: float | None = 6.0, **more) -> Clause:
    words = {"row": "", "measure_from": "footprint", "jurisdiction": "nowhere", "standard": "hand-drawn", "clause": "1"}
    words |= {"source": "tests", "title_en": "a", "title_zh": "甲"}
    return Clause(
        clause_id="x",
        kinds=(Kind.EBIKE_SHED,),
        metric=metric,
        to=to,
        op=op,
        value=value,
        unit="m",
        force=Force.MUST,
        confidence=Confidence.FROM_MEMORY,
        **(words | more),
    )


def read(rule: Clause, *items, footprint=SHED, figures=UNKNOWN, error_m=0.0, layout=UNDRAWN, **changes):
    of = district(*items, position_error_m=error_m, **changes)
    things = {} if rule.to == "layout" else {rule.to: things_of(facts_of(of), rule.to)}
    return measure_again(rule, Subject("s", Kind.EBIKE_SHED, footprint, layout), things, figures)


WALL = clause(Metric.SEPARATION, "building")


@pytest.mark.parametrize(
    ("gap_m", "outcome"),
    [(6.0, Outcome.PASS), (5.999, Outcome.FAIL), (6.001, Outcome.PASS), (6.0 - 1e-10, Outcome.PASS)],
)
def test_not_less_than_includes_the_limit(gap_m, outcome):
    found = read(WALL, building((10 + gap_m, 0, 30, 10)))

    assert found.outcome is outcome
    assert found.measured == pytest.approx(gap_m)
    assert found.required == 6.0
    assert found.feature_id == "building/1"


@pytest.mark.parametrize(
    ("gap_m", "outcome"),
    [(7.0, Outcome.PASS), (6.999, Outcome.UNCERTAIN), (5.0, Outcome.UNCERTAIN), (4.999, Outcome.FAIL)],
)
def test_a_position_error_leaves_a_band_of_doubt(gap_m, outcome):
    assert read(WALL, building((10 + gap_m, 0, 30, 10)), error_m=1.0).outcome is outcome


def test_a_surveyed_wall_has_no_position_error():
    found = read(WALL, building((16, 0, 30, 10), source="survey"), error_m=1.0)

    assert (found.outcome, found.tolerance) == (Outcome.PASS, 0.0)


def test_a_class_that_nobody_surveyed_never_passes():
    rule = clause(Metric.SEPARATION, "hydrant")
    far, near = obstacle("hydrant", (100, 0)), obstacle("hydrant", (12, 0))

    assert read(rule).outcome is Outcome.NOT_EVALUATED
    assert read(rule, far).outcome is Outcome.NOT_EVALUATED
    assert read(rule, near).outcome is Outcome.FAIL
    assert read(rule, far, completeness={"hydrant": Completeness.SURVEYED}).outcome is Outcome.PASS


def test_a_facade_without_mapped_exits_is_where_an_exit_may_be():
    rule = clause(Metric.SEPARATION, "exit")

    assert read(rule, building((12, 0, 30, 10))).outcome is Outcome.UNCERTAIN
    assert read(rule, building((12, 0, 30, 10)), entrance((13, 0))).outcome is Outcome.FAIL
    assert read(rule, building((16, 0, 30, 10))).outcome is Outcome.PASS


TABLE = {"low_rise/I-II/I-II": 6.0, "low_rise/I-II/III": 7.0, "low_rise/I-II/IV": 9.0, "high_rise/*/*": 13.0}
BY_CLASS = clause(Metric.SEPARATION_BY_CLASS, "building", value=None, values=TABLE)


@pytest.mark.parametrize(
    ("gap_m", "facility", "outcome", "required"),
    [
        (6.0, "I-II", Outcome.PASS, 6.0),
        (6.5, "III", Outcome.FAIL, 7.0),
        (9.0, "unknown", Outcome.PASS, 9.0),
        (8.9, "unknown", Outcome.UNCERTAIN, 9.0),
        (5.9, "unknown", Outcome.FAIL, 6.0),
    ],
)
def test_an_unknown_fire_class_is_an_interval(gap_m, facility, outcome, required):
    wall = building((10 + gap_m, 0, 30, 10), height_m=18.0, fire_class="I-II")

    found = read(BY_CLASS, wall, figures=KindFigures(fire_class=facility))

    assert (found.outcome, found.required) == (outcome, required)


@pytest.mark.parametrize(
    ("facts", "height_class"),
    [
        ({"height_m": 27.0}, "low_rise"),
        ({"height_m": 27.1}, "high_rise"),
        ({"use": "public", "height_m": 24.5, "levels": 5.0}, "high_rise"),
        ({"use": "public", "height_m": 30.0}, "unknown"),
        ({"use": "public", "height_m": 30.0, "levels": 1.0}, "low_rise"),
        ({"use": "unknown", "height_m": 25.5, "levels": 8.0}, "unknown"),
        ({"levels": 9.0}, "unknown"),
        ({"levels": 10.0}, "high_rise"),
        ({"levels": 8.0, "height_m": 24.0, "height_source": "estimate"}, "low_rise"),
        ({}, "unknown"),
    ],
)
def test_height_classes(facts, height_class):
    of = facts_of(district(building((20, 0, 30, 10), **facts)))

    assert [thing.height_class for thing in things_of(of, "building").rows] == [height_class]


def test_a_fire_lane_is_kept_clear_over_half_its_width():
    rule = clause(Metric.KEEP_CLEAR, "fire_lane", value=4.0)

    assert read(rule, road([(12, -9), (12, 9)])).outcome is Outcome.PASS
    assert read(rule, road([(12, -9), (12, 9)], width_m=5.0)).outcome is Outcome.FAIL
    assert read(rule, road([(12, -9), (12, 9)], width_m=3.0)).required == 2.0
    assert read(rule, road([(5, -9), (5, 9)])).measured == 0.0


def test_inside_an_area_the_depth_is_negative():
    rule = clause(Metric.KEEP_CLEAR, "green", value=None)
    strip = obstacle("green", (0, 2, 10, 9))  # 1 m of the shed, 10 m long: 2 x 10 / 22 m deep

    found = read(rule, strip)

    assert found.outcome is Outcome.FAIL
    assert found.measured == pytest.approx(-20 / 22)
    assert read(rule, obstacle("green", (0, 3, 10, 9)), completeness={"green": Completeness.SURVEYED}).measured == 0.0
    assert read(rule, strip, footprint=Point(5, 4)).measured == -2.0  # a drawn point: its way to the edge


def test_adjacency_is_a_touch():
    rule = clause(Metric.ADJACENCY, "sensitive_building", op="<=", value=0.0)
    touching, apart = (10, 0, 30, 10), (10.001, 0, 30, 10)

    assert read(rule, building(touching, use="kindergarten")).outcome is Outcome.FAIL
    assert read(rule, building(apart, use="kindergarten")).outcome is Outcome.PASS
    assert read(rule, building(apart, use="kindergarten"), error_m=1.0).outcome is Outcome.UNCERTAIN
    assert read(rule, building(touching, use="unknown")).outcome is Outcome.UNCERTAIN
    assert read(rule, building(touching, use="unknown"), obstacle("school", (20, 5))).outcome is Outcome.FAIL


def test_a_car_park_of_unknown_kind_may_lie_underground():
    rule = clause(Metric.SEPARATION, "car_parking")

    assert read(rule, parking((12, 0, 20, 9))).outcome is Outcome.FAIL
    assert read(rule, parking((12, 0, 20, 9), kind="unknown")).outcome is Outcome.UNCERTAIN
    assert read(rule, parking((12, 0, 20, 9), kind="underground")).outcome is Outcome.NOT_EVALUATED


def test_a_filling_station_mapped_as_a_node_may_reach_thirty_metres():
    rule = clause(Metric.SEPARATION, "fuel", value=20.0)

    assert read(rule, obstacle("fuel", (55, 0)), error_m=1.0).outcome is Outcome.UNCERTAIN
    assert read(rule, obstacle("fuel", (55, 0)), error_m=0.0).outcome is Outcome.NOT_EVALUATED


LAYOUT = Layout(bays=40, groups=(box(0, 0, 4, 3), box(6, 0, 10, 3)), group_bays=(15, 25), group_length_m=(4, 4))


@pytest.mark.parametrize(
    ("metric", "op", "value", "measured", "outcome"),
    [
        (Metric.GROUP_GAP, ">=", 2.0, 2.0, Outcome.PASS),
        (Metric.GROUP_GAP, ">=", 2.001, 2.0, Outcome.FAIL),
        (Metric.GROUP_SIZE, "<=", 25.0, 25.0, Outcome.PASS),
        (Metric.GROUP_SIZE, "<=", 24.0, 25.0, Outcome.FAIL),
        (Metric.GROUP_LENGTH, "<=", 4.0, 4.0, Outcome.PASS),
        (Metric.PLACE_SIZE, "<=", 39.0, 40.0, Outcome.FAIL),
        (Metric.SOCKET_SPACING, ">=", 0.8, 0.8, Outcome.PASS),
        (Metric.EXITS, ">=", 2.0, np.nan, Outcome.NOT_EVALUATED),
    ],
)
def test_the_layout_speaks_for_itself(metric, op, value, measured, outcome):
    found = read(clause(metric, op=op, value=value), layout=LAYOUT, figures=KindFigures(socket_spacing_m=0.8))

    assert found.outcome is outcome
    assert found.measured == pytest.approx(measured, nan_ok=True)


def test_a_clause_for_large_places_lets_small_ones_off():
    rule = clause(Metric.EXITS, value=2.0, when={"min_bays": 41})

    assert read(rule, layout=LAYOUT, figures=KindFigures(exits=1)).outcome is Outcome.PASS
    assert read(rule, layout=Layout(bays=41), figures=KindFigures(exits=1)).outcome is Outcome.FAIL


def test_a_feature_class_that_the_audit_does_not_know_is_refused():
    with pytest.raises(DataError, match="balcony"):
        read(clause(Metric.SEPARATION, "balcony"))


def random_shapes(of, count: int) -> Shapes:
    """Return sheds thrown at the district, half of them near buildings."""
    draw = np.random.default_rng(7)
    west, south, east, north = of.study_area.bounds
    walls = of.buildings.geometry.to_numpy()
    footprints = []
    for number in range(count):
        shed = rotate(box(0, 0, draw.uniform(3, 25), draw.uniform(2, 5)), draw.uniform(0, 180))
        near = walls[draw.integers(len(walls))].centroid
        x, y = (near.x, near.y) if number % 2 else (draw.uniform(west, east), draw.uniform(south, north))
        footprints.append(translate(shed, x + draw.uniform(-25, 25), y + draw.uniform(-25, 25)))
    shapes = np.array(footprints, dtype=object)
    bays = draw.integers(1, 60, count)
    lengths = draw.uniform(3, 30, count)
    return Shapes(shapes, draw.integers(1, 300, count), shapes, np.arange(count), bays, lengths)


@pytest.mark.parametrize("profile", available_profiles())
def test_both_roads_read_the_same_on_the_embedded_quarter(profile):
    of = read_district(SourceOptions(osm=QUARTER))
    rulebook = load_rulebook(profile, on=date(2026, 1, 1))
    shapes, things = random_shapes(of, 12), things_by_class(facts_of(of), rulebook)
    figures = KindFigures(socket_spacing_m=0.8, exits=2, port_kw=0.25)

    for kind in Kind:
        facility = FacilityFacts(kind=kind, socket_spacing_m=0.8, exits=2, port_kw=0.25)
        for rule in rulebook.for_kind(kind):
            theirs = measure(rule, shapes, of, facility)
            for row, footprint in enumerate(shapes.footprints):
                layout = Layout(
                    bays=float(shapes.bays[row]),
                    groups=(footprint,),
                    group_bays=(float(shapes.group_bays[row]),),
                    group_length_m=(float(shapes.group_length_m[row]),),
                )
                mine = measure_again(rule, Subject("s", kind, footprint, layout), things, figures)
                assert (mine.outcome, mine.feature_id) == (theirs.outcome[row], theirs.feature_id[row]), rule.clause_id
                assert mine.measured == pytest.approx(theirs.measured[row], abs=1e-9, nan_ok=True)
                assert mine.required == pytest.approx(theirs.required[row], nan_ok=True)
                assert mine.tolerance == theirs.tolerance[row]
    assert shapely.is_valid(shapes.footprints).all()
