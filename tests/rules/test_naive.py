"""Verdicts against a naive recomputation: random (candidate, clause) pairs, jittered facts, and hypothesis.

The naive reading is the audit's: thing after thing, plain shapely, no index, none of the measures' code.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from builders import barrier, building, district, entrance, obstacle, parking, road
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.district.build import CompoundSource, SourceOptions, read_district
from siting.district.record import District
from siting.kinds import Kind, Outcome
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_measures import Layout, Subject, measure_again, things_by_class
from siting.plan.audit_reading import facts_of
from siting.rules.clause import Metric
from siting.rules.measures import FacilityFacts, Shapes, measure
from siting.rules.profiles import available_profiles, load_rulebook

ROOT = Path(__file__).parents[2]
OSM = ROOT.parent / "shared" / "osm"
DAY = date(2026, 11, 1)


def rectangles(ground: District, count: int, seed: int) -> Shapes:
    """Return `count` places of two groups, most of them within a few metres of a building."""
    random = np.random.default_rng(seed)
    walls = ground.buildings.geometry.to_numpy()
    centres = shapely.get_coordinates(shapely.centroid(walls[random.integers(0, len(walls), count)]))
    x, y = (centres + random.normal(0.0, 18.0, (count, 2))).T
    bays = random.integers(2, 7, count) * 10
    angle, length = random.uniform(0.0, np.pi, count), bays * 0.4 + 2.0
    along = np.stack((np.cos(angle), np.sin(angle)), 1)
    across = np.stack((-along[:, 1], along[:, 0]), 1)

    def box(start, end):
        corners = [(start, 0.0), (end, 0.0), (end, 5.5), (start, 5.5)]
        rings = [np.stack((x, y), 1) + np.outer(u, 1) * along + v * across for u, v in corners]
        return np.asarray(shapely.polygons(np.stack(rings, 1)), dtype=object)

    zero, middle = np.zeros(count), length / 2
    return Shapes(
        footprints=box(zero, length),
        bays=bays,
        group_shapes=np.concatenate((box(zero, middle - 1.0), box(middle + 1.0, length))),
        group_of=np.tile(np.arange(count), 2),
        group_bays=np.tile(bays // 2, 2),
        group_length_m=np.tile(middle - 1.0, 2),
    )


def disagreements(ground: District, shapes: Shapes, profile: str, pairs: int | None, seed: int = 0) -> list[str]:
    """Return every (row, clause) whose outcome, figures or object differ; of `pairs` random ones (None: all)."""
    book = load_rulebook(profile, on=DAY)
    things = things_by_class(facts_of(ground), book)
    cases = [(row, kind, clause) for kind in Kind for clause in book.for_kind(kind) for row in range(len(shapes.bays))]
    random = np.random.default_rng(seed)
    chosen = range(len(cases)) if pairs is None else random.choice(len(cases), min(pairs, len(cases)), replace=False)
    found, wrong = {}, []
    for at in chosen:
        row, kind, clause = cases[int(at)]
        facts = FacilityFacts(kind, "I-II" if kind is Kind.EBIKE_SHED else "unknown", 0.8, 2, 3.0)
        key = (kind, clause.clause_id)
        if key not in found:
            found[key] = measure(clause, shapes, ground, facts)
        mine = found[key]
        held = shapes.group_of == row
        layout = Layout(
            float(shapes.bays[row]),
            tuple(shapes.group_shapes[held]),
            tuple(shapes.group_bays[held].astype(float)),
            tuple(shapes.group_length_m[held]),
        )
        figures = KindFigures(fire_class=facts.fire_class, socket_spacing_m=0.8, exits=2, port_kw=3.0)
        theirs = measure_again(clause, Subject("s", kind, shapes.footprints[row], layout), things, figures)
        same = mine.outcome[row] == theirs.outcome.value and mine.feature_id[row] == theirs.feature_id
        one = np.array([mine.measured[row], mine.required[row], mine.tolerance[row]], dtype=float)
        two = np.array([theirs.measured, theirs.required, theirs.tolerance], dtype=float)
        if not (same and np.allclose(one, two, rtol=1e-9, atol=1e-6, equal_nan=True)):
            wrong.append(f"{row} {key}: {mine.outcome[row]} {one} {mine.feature_id[row]} / {theirs}")
    return wrong


def test_400_random_pairs_of_the_quarter_are_equal():
    ground = read_district(SourceOptions(osm=ROOT / "datasets" / "quarter.osm.pbf", surveyed=("hydrant",)))
    assert disagreements(ground, rectangles(ground, 200, 1), "fuzhou", 400) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["quarter", "beijing_tsinghua", "nanjing_gulou", "jiangxi_guixi"])
@pytest.mark.parametrize("profile", ["fuzhou", "shanxi"])
def test_2000_random_pairs_are_equal(name, profile):
    path = ROOT / "datasets" / "quarter.osm.pbf" if name == "quarter" else OSM / f"{name}.osm.pbf"
    if not path.exists():
        pytest.skip(f"the extract {path.name} is not beside the checkout")
    source = CompoundSource.BLOCKS if name == "jiangxi_guixi" else CompoundSource.OSM
    ground = read_district(SourceOptions(osm=path, compounds_from=source))
    assert disagreements(ground, rectangles(ground, 500, 2), profile, 2000) == []


def test_every_profile_agrees_on_a_drawn_district():
    ground = drawn(np.random.default_rng(5), 1.0)
    for profile in available_profiles():
        assert disagreements(ground, rectangles(ground, 6, 3), profile, None) == []


def drawn(random: np.random.Generator, error_m: float) -> District:
    """Return a few dozen things strewn over 120 m x 120 m."""

    def spot(span: float = 120.0):
        return tuple(np.round(random.uniform(0.0, span, 2), 3))

    items = []
    for number in range(9):
        (x, y), (width, depth) = spot(), np.round(random.uniform(8.0, 30.0, 2), 3)
        use = str(random.choice(["residential", "unknown", "kindergarten"]))
        levels = float(random.choice([3, 6, 9, 18, np.nan]))
        fire = str(random.choice(["I-II", "III", "IV", "unknown"]))
        source = str(random.choice(["tag", "survey"]))
        box = (x, y, x + width, y + depth)
        items.append(building(box, use=use, levels=levels, fire_class=fire, source=source, id=f"b{number}"))
    for number in range(4):
        source, width_m = str(random.choice(["tag", "planner"])), float(random.choice([3.0, 6.0, np.nan]))
        items.append(road([spot(), spot(), spot()], source=source, width_m=width_m, id=f"r{number}"))
        items.append(barrier([spot(), spot()], id=f"w{number}"))
        items.append(entrance(spot(), id=f"e{number}"))
    for kind in ("hydrant", "hydrant", "fuel", "gas", "substation", "climbing_area", "turning_area", "kindergarten"):
        x, y = spot()
        point = kind in ("hydrant", "gas")
        items.append(obstacle(kind, (x, y) if point else (x, y, x + 12, y + 9), id=f"o{len(items)}"))
    for kind in ("surface", "unknown", "underground"):
        x, y = spot()
        facts = {"levels_down": 1.0, "alarm": "yes"} if kind == "underground" else {}
        items.append(parking((x, y, x + 25, y + 25), kind=kind, id=f"p{kind}", **facts))
    return district(*items, position_error_m=error_m)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000), error_m=st.sampled_from([0.0, 0.5, 1.0]), profile=st.sampled_from(available_profiles())
)
def test_any_district_is_judged_as_the_naive_reading_does(seed, error_m, profile):
    ground = drawn(np.random.default_rng(seed), error_m)
    assert disagreements(ground, rectangles(ground, 4, seed), profile, None) == []


def jittered(ground: District, random: np.random.Generator) -> District:
    """Return the district with every building moved within its stated error, in any direction."""
    frame = ground.buildings
    count = len(frame)
    angle, away = (
        random.uniform(0.0, 2 * np.pi, count),
        ground.position_error_m * np.sqrt(random.uniform(0.0, 1.0, count)),
    )
    moved = [
        shapely.transform(shape, lambda xy, step=step: xy + step)
        for shape, step in zip(frame.geometry, np.stack((np.cos(angle), np.sin(angle)), 1) * away[:, None], strict=True)
    ]
    return ground.replace(buildings=frame.set_geometry(moved, crs=ground.crs), position_error_m=0.0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.EBIKE_OPEN, Kind.EBIKE_SHED, Kind.EV_SURFACE])
def test_what_is_clear_stays_legal_wherever_the_buildings_truly_stand(kind):
    ground = read_district(SourceOptions(osm=ROOT / "datasets" / "quarter.osm.pbf"))
    shapes, random = rectangles(ground, 400, 11), np.random.default_rng(7)
    facts = FacilityFacts(kind, "I-II" if kind is Kind.EBIKE_SHED else "unknown", 0.8, 2, 7.0)
    # An engine's stands and turns move with the buildings, so what it can reach has no margin to be clear by.
    rulebook = load_rulebook("fuzhou", on=DAY)
    clauses = [clause for clause in rulebook.for_kind(kind) if clause.metric is not Metric.FIRE_ACCESS]
    clear = {clause.clause_id: measure(clause, shapes, ground, facts).outcome == "PASS" for clause in clauses}
    assert sum(int(each.sum()) for each in clear.values()) > 100
    for _ in range(200):
        truth = jittered(ground, random)
        for clause in clauses:
            outcome = measure(clause, shapes, truth, facts).outcome
            assert not (clear[clause.clause_id] & (outcome == Outcome.FAIL.value)).any(), clause.clause_id
