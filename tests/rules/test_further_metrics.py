"""Gaps, lanes, turning areas, hydrants, garages, stations: hand-drawn, at the limit, 1 mm inside and 1 mm outside.

Every judgement is made twice, by the measures and by the audit's own reading, which must agree.
"""

from datetime import date

import numpy as np
import pytest
import shapely
from builders import MAPPED, barrier, building, district, obstacle, parking, road
from rules.rule_builders import clause, shapes_of

from siting.kinds import Completeness, Kind
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_measures import Layout, Subject, measure_again, things_by_class
from siting.plan.audit_reading import facts_of
from siting.rules.clause import Clause, Metric, Rulebook
from siting.rules.clause_checks import clause_faults
from siting.rules.dead_ends import dead_ends
from siting.rules.measures import FacilityFacts, measure
from siting.rules.profiles import load_rulebook

NATION = load_rulebook("national", on=date(2026, 1, 1))
LOW = {"levels": 6, "fire_class": "I-II"}
TALL = {"levels": 18, "fire_class": "I-II"}


def judge(rule: Clause, where, ground, *, kind=Kind.EV_SURFACE, bays=None, port_kw=7.0):
    """Return (outcome, measured, required, feature) by the measures, and insist that the audit reads the same."""
    shapes = shapes_of(where, bays=bays)
    found = measure(rule, shapes, ground, FacilityFacts(kind, port_kw=port_kw))
    mine = (found.outcome[0], float(found.measured[0]), float(found.required[0]), found.feature_id[0])
    book = Rulebook(profile="t", title_en="t", title_zh="t", on=date(2026, 1, 1), chain=("t",), clauses=(rule,))
    layout = Layout(
        bays=float(shapes.bays[0]),
        groups=tuple(shapes.group_shapes),
        group_bays=tuple(map(float, shapes.group_bays)),
        group_length_m=tuple(map(float, shapes.group_length_m)),
    )
    subject = Subject("s", kind, shapes.footprints[0], layout)
    again = measure_again(rule, subject, things_by_class(facts_of(ground), book), KindFigures(port_kw=port_kw))
    theirs = (again.outcome.value, again.measured, again.required, again.feature_id)
    assert theirs[0] == mine[0]
    assert theirs[3] == mine[3]
    assert theirs[1:3] == pytest.approx(mine[1:3], abs=1e-9, nan_ok=True)
    assert again.tolerance == pytest.approx(found.tolerance[0])
    return mine


class TestGapBetweenBuildings:
    """Two low-rise houses of class I-II owe each other 6 m: whatever stands between leaves 6 m free in all."""

    rule = NATION.clause("national.a01")

    def ground(self, gap, *, one=LOW, other=LOW, **more):
        west = building((-10, 0, 0, 20), id="west", **one)
        return district(west, building((gap, 0, gap + 10, 20), id="east", **other), **more)

    @pytest.mark.parametrize(("gap", "expected"), [(7.999, "FAIL"), (8.0, "PASS"), (8.001, "PASS")])
    def test_6_m_stay_free_besides_a_place_of_2_m(self, gap, expected):
        found = judge(self.rule, (3, 5, 5, 15), self.ground(gap))
        assert found == (expected, pytest.approx(gap - 2.0), 6.0, "east + west")

    @pytest.mark.parametrize(
        ("one", "other", "metres"), [(TALL, TALL, 13.0), (TALL, LOW, 9.0), (LOW, LOW | {"fire_class": "IV"}, 9.0)]
    )
    def test_the_classes_of_both_decide(self, one, other, metres):
        short = self.ground(metres + 1.999, one=one, other=other)
        assert judge(self.rule, (1, 5, 3, 15), short)[0] == "FAIL"
        assert judge(self.rule, (1, 5, 3, 15), self.ground(metres + 2, one=one, other=other))[:3] == (
            "PASS",
            pytest.approx(metres),
            metres,
        )

    def test_unknown_classes_are_an_interval(self):
        unknown = {"levels": np.nan}
        for gap, expected in ((7.999, "FAIL"), (8.0, "UNCERTAIN"), (15.999, "UNCERTAIN"), (16.0, "PASS")):
            assert judge(self.rule, (1, 5, 3, 15), self.ground(gap, one=unknown, other=unknown))[0] == expected

    def test_a_place_in_front_of_both_stands_between_nothing(self):
        assert judge(self.rule, (-5, 20, 8, 22), self.ground(4))[0] == "PASS"
        assert judge(self.rule, (-5, 19.9, 8, 22), self.ground(4.0))[0] == "FAIL"

    def test_a_place_that_might_stand_between_is_uncertain(self):
        place = (1, 20.5, 3, 22)  # half a metre before the line of facades
        assert judge(self.rule, place, self.ground(4, position_error_m=0.4))[0] == "PASS"
        assert judge(self.rule, place, self.ground(4, position_error_m=0.6))[0] == "UNCERTAIN"

    def test_both_positions_count(self):
        assert judge(self.rule, (3, 5, 5, 15), self.ground(9.999, position_error_m=1.0))[0] == "UNCERTAIN"
        assert judge(self.rule, (3, 5, 5, 15), self.ground(10.0, position_error_m=1.0))[0] == "PASS"

    def test_buildings_that_touch_are_one_block(self):
        block = district(building((-10, 0, 0, 20), **LOW), building((0, 0, 10, 10), **LOW))
        assert judge(self.rule, (1, 11, 3, 18), block)[0] == "PASS"


class TestStrips:
    def test_nothing_between_a_drawn_fire_lane_and_its_facade(self):
        rule, house = NATION.clause("national.a04"), building((0, 8, 20, 20), id="house")
        drawn = road([(-50, 0), (50, 0)], id="lane", source="planner")
        ground = district(house, drawn)
        assert judge(rule, (5, 3, 9, 5), ground)[::3] == ("FAIL", "lane + house")
        assert judge(rule, (5, -5, 9, -3), ground)[0] == "NOT EVALUATED"  # on the other side
        surveyed = dict(MAPPED) | {"fire_lane": Completeness.SURVEYED}
        assert judge(rule, (5, -5, 9, -3), district(house, drawn, completeness=surveyed))[0] == "PASS"

    def test_a_facade_farther_than_10_m_is_not_served(self):
        rule = NATION.clause("national.a04")
        lane = road([(-50, 0), (50, 0)], id="lane", source="planner")
        for wall, expected in ((10.0, "FAIL"), (10.001, "NOT EVALUATED")):
            assert judge(rule, (5, 3, 9, 5), district(building((0, wall, 20, 30)), lane))[0] == expected

    def test_which_facade_a_mapped_way_serves_is_not_known(self):
        ground = district(building((0, 8, 20, 20)), road([(-50, 0), (50, 0)]))
        assert judge(NATION.clause("national.a04"), (5, 3, 9, 5), ground)[0] == "NOT EVALUATED"

    def test_nothing_between_a_climbing_area_and_its_facade(self):
        rule = NATION.clause("national.a08-strip")
        ground = district(building((0, 0, 20, 20), id="tower"), obstacle("climbing_area", (0, -15, 20, -5), id="area"))
        assert judge(rule, (5, -4, 9, -2), ground)[::3] == ("FAIL", "area + tower")
        assert judge(rule, (25, -4, 29, -2), ground)[0] == "NOT EVALUATED"


class TestLaneWidth:
    rule = NATION.clause("national.a03")

    @pytest.mark.parametrize(("near", "expected"), [(2.499, "FAIL"), (2.5, "PASS"), (2.501, "PASS")])
    def test_4_m_stay_clear_to_the_wall_across(self, near, expected):
        wall = barrier([(-50, -1.5), (50, -1.5)], id="wall")
        found = judge(self.rule, (0, near, 10, near + 2), district(road([(-50, 0), (50, 0)], id="lane"), wall))
        assert found == (expected, pytest.approx(near + 1.5), 4.0, "lane + wall")

    def test_a_wall_on_the_same_side_does_not_narrow_the_lane(self):
        wall = barrier([(-50, 5), (50, 5)])
        assert judge(self.rule, (0, 2, 10, 4), district(road([(-50, 0), (50, 0)]), wall))[0] == "PASS"

    def test_the_positions_of_lane_and_wall_are_uncertain(self):
        items = road([(-50, 0), (50, 0)]), barrier([(-50, -1.5), (50, -1.5)])
        for near, expected in ((1.499, "FAIL"), (1.5, "UNCERTAIN"), (3.499, "UNCERTAIN"), (3.5, "PASS")):
            assert judge(self.rule, (0, near, 10, near + 2), district(*items, position_error_m=1.0))[0] == expected


class TestTurningArea:
    rule = NATION.clause("national.a07")

    @pytest.mark.parametrize(
        ("gap", "expected"), [(5.9, "UNCERTAIN"), (8.485, "UNCERTAIN"), (8.486, "PASS"), (20.0, "PASS")]
    )
    def test_a_dead_end_needs_room_to_turn_somewhere(self, gap, expected):
        ground = district(road([(-50, 0), (0, 0)], id="lane"))
        assert judge(self.rule, (gap, -5, gap + 2, 5), ground) == (
            expected,
            pytest.approx(gap),
            pytest.approx(12 / 2**0.5),
            "lane",
        )

    def test_a_drawn_turning_area_is_kept_clear(self):
        ground = district(road([(-50, 0), (0, 0)]), obstacle("turning_area", (0, -6, 12, 6), id="area"))
        for gap, expected in ((11.999, "FAIL"), (12.0, "UNCERTAIN")):  # the other end of the lane is open
            found = judge(self.rule, (gap, -5, gap + 2, 5), ground)
            assert found[0] == (expected if expected == "FAIL" else "PASS")

    def test_ends_are_where_no_other_lane_goes_on_for_more_than_40_m(self):
        line = shapely.LineString
        lanes = np.array([line([(0, 0), (100, 0)]), line([(50, 0), (50, 45)]), line([(20, 0), (20, 30)])], dtype=object)
        owners, ends = dead_ends(lanes[:2])
        assert [(int(at), end.x, end.y) for at, end in zip(owners, ends, strict=True)] == [
            (0, 0.0, 0.0),
            (0, 100.0, 0.0),
            (1, 50.0, 0.0),
            (1, 50.0, 45.0),
        ]  # the crossing at (50, 0) is no shared vertex: both ways end there

    def test_a_short_stub_needs_no_turning_area(self):
        line = shapely.LineString
        lanes = np.array([line([(0, 0), (20, 0), (100, 0)]), line([(20, 0), (20, 30)])], dtype=object)
        owners, _ends = dead_ends(lanes)
        assert owners.tolist() == [0]  # the far end; the near one is 20 m from the junction, the stub 30 m long


class TestHydrants:
    rule = clause(Metric.ROAD_DISTANCE, "hydrant", 5.0)

    @pytest.mark.parametrize(("ahead", "expected"), [(4.999, "FAIL"), (5.0, "NOT EVALUATED"), (5.001, "NOT EVALUATED")])
    def test_5_m_along_the_road_on_both_sides(self, ahead, expected):
        ground = district(road([(-50, 0), (50, 0)]), obstacle("hydrant", (0, 4), id="h"))
        for place in ((ahead, 1, ahead + 5, 3), (-ahead - 5, -3, -ahead, -1)):
            assert judge(self.rule, place, ground)[:2] == (expected, pytest.approx(ahead))

    def test_behind_the_hydrant_the_distance_is_straight(self):
        ground = district(road([(-50, 0), (50, 0)]), obstacle("hydrant", (0, 4), id="h"))
        assert judge(self.rule, (-2, 9, 2, 11), ground)[:2] == ("NOT EVALUATED", 5.0)
        assert judge(self.rule, (-2, 8.999, 2, 11), ground)[0] == "FAIL"

    def test_without_a_road_the_distance_is_straight(self):
        assert judge(self.rule, (3, 4, 6, 8), district(obstacle("hydrant", (0, 0))))[1] == 5.0

    def test_hydrants_protect_150_m(self):
        rule = NATION.clause("national.a14")
        surveyed = dict(MAPPED) | {"hydrant": Completeness.SURVEYED}
        for apart, expected in ((150.0, "PASS"), (150.001, "FAIL")):
            place = (apart, -1, apart + 2, 1)
            assert judge(rule, place, district(obstacle("hydrant", (0, 0)), completeness=surveyed))[0] == expected
            unknown = judge(rule, place, district(obstacle("hydrant", (0, 0))))[0]
            assert unknown == ("PASS" if expected == "PASS" else "NOT EVALUATED")
        assert judge(rule, (0, 0, 1, 1), district(completeness=surveyed))[0] == "FAIL"


class TestGarages:
    place = (2, 2, 10, 4)

    def garage(self, **facts):
        return district(parking((0, 0, 40, 40), id="g", **({"kind": "underground"} | facts)))

    def test_the_four_systems_gate_an_existing_garage(self):
        rule = NATION.clause("national.f04")
        every = dict.fromkeys(rule.systems, "yes")
        assert len(every) == 4
        assert judge(rule, self.place, self.garage(**every), kind=Kind.EV_GARAGE) == ("PASS", 0.0, 0.0, "g")
        for system in every:
            lacking = self.garage(**(every | {system: "no"}))
            assert judge(rule, self.place, lacking, kind=Kind.EV_GARAGE) == ("FAIL", 1.0, 0.0, "g")
            unknown = self.garage(**(every | {system: None}))
            assert judge(rule, self.place, unknown, kind=Kind.EV_GARAGE)[0] == "NOT EVALUATED"
        above = self.garage(kind="multi_storey", **(every | {"alarm": "no"}))
        assert judge(rule, self.place, above, kind=Kind.EV_GARAGE)[0] == "PASS"

    @pytest.mark.parametrize(("levels", "expected"), [(3.0, "PASS"), (4.0, "FAIL"), (np.nan, "NOT EVALUATED")])
    def test_shenzhen_forbids_the_fourth_basement(self, levels, expected):
        rule = load_rulebook("shenzhen", on=date(2026, 1, 1)).clause("shenzhen.f07")
        assert judge(rule, self.place, self.garage(levels_down=levels), kind=Kind.EV_GARAGE)[0] == expected

    @pytest.mark.parametrize(("cars", "expected"), [(20.0, "PASS"), (21.0, "FAIL")])
    def test_guangdong_asks_20_cars_in_a_fire_unit_below_ground(self, cars, expected):
        rule = load_rulebook("guangdong", on=date(2026, 1, 1)).clause("guangdong.f17")
        assert judge(rule, self.place, self.garage(fire_unit_stalls=cars), kind=Kind.EV_GARAGE)[0] == expected

    def test_fire_units_and_entrances_come_from_the_drawings(self):
        area, doors = clause(Metric.FIRE_UNIT_AREA, "garage", 1000.0), clause(Metric.ENTRANCE_GAP, "garage", 7.5)
        assert judge(area, self.place, self.garage(fire_unit_m2=1000.0))[0] == "PASS"
        assert judge(area, self.place, self.garage(fire_unit_m2=1000.001))[0] == "FAIL"
        assert judge(doors, self.place, self.garage(entrance_gap_m=7.5))[0] == "PASS"
        assert judge(doors, self.place, self.garage(entrance_gap_m=7.499))[0] == "FAIL"

    def test_a_place_in_no_garage_is_not_evaluated(self):
        assert judge(NATION.clause("national.f04"), (50, 50, 60, 60), self.garage(alarm="no"))[0] == "NOT EVALUATED"


class TestStation:
    """100 kW in one place make a station: GB/T 50966 then asks 6 m, 7 m above 100 stalls."""

    ground = district(building((-10, 0, 0, 20), id="house"))

    @pytest.mark.parametrize(
        ("port_kw", "gap", "expected"),
        [(9.999, 1.0, "PASS"), (10.0, 5.999, "FAIL"), (10.0, 6.0, "PASS"), (np.nan, 1.0, "NOT EVALUATED")],
    )
    def test_the_threshold_of_100_kw_flips_the_standard(self, port_kw, gap, expected):
        rule = NATION.clause("national.e07-grade-4")
        assert judge(rule, (gap, 0, gap + 20, 5), self.ground, bays=[10], port_kw=port_kw)[0] == expected

    @pytest.mark.parametrize(("stalls", "grade", "metres"), [(101, 3, 7.0), (251, 2, 8.5), (401, 1, 11.0)])
    def test_more_stalls_ask_for_more(self, stalls, grade, metres):
        rule = NATION.clause(f"national.e07-grade-{grade}")
        for bays, expected in ((stalls, "FAIL"), (stalls - 1, "PASS")):
            assert judge(rule, (metres - 0.001, 0, 20, 5), self.ground, bays=[bays])[0] == expected
        assert judge(rule, (metres, 0, 20, 5), self.ground, bays=[stalls])[0] == "PASS"


def test_ground_for_each_vehicle():
    rule = load_rulebook("anhui", on=date(2026, 1, 1)).clause("anhui.p09")
    assert judge(rule, (0, 0, 11, 4), district(), bays=[20])[:3] == ("PASS", 2.2, 2.2)
    assert judge(rule, (0, 0, 11, 4), district(), bays=[21])[0] == "FAIL"


def test_equipment_of_a_place_is_not_evaluated_until_somebody_attests_it():
    rule = load_rulebook("fuzhou", on=date(2026, 1, 1)).clause("fuzhou.c07-bays")
    assert judge(rule, (0, 0, 10, 4), district(), bays=[101])[0] == "NOT EVALUATED"
    assert judge(rule, (0, 0, 10, 4), district(), bays=[100])[0] == "PASS"


def test_lianyungang_asks_6_m_to_openings_which_may_be_anywhere_in_a_facade():
    rule = load_rulebook("lianyungang", on=date(2026, 1, 1)).clause("lianyungang.c22")
    ground = district(building((-10, 0, 0, 20)))
    for gap, expected in ((5.999, "UNCERTAIN"), (6.0, "PASS")):
        assert judge(rule, (gap, 0, gap + 2, 5), ground)[0] == expected


@pytest.mark.parametrize(
    ("metric", "to", "changes", "expected"),
    [
        (Metric.EQUIPMENT, "garage", {}, "equipment needs 'systems'"),
        (Metric.EQUIPMENT, "garage", {"systems": ("cctv",)}, "'cctv' is unknown"),
        (Metric.GARAGE_LEVEL, "layout", {}, "is measured to 'garage'"),
        (Metric.GAP_KEPT, "building_gap", {}, "needs 'values' by class"),
        (Metric.GAP_KEPT, "building_gap", {"value": None, "values": {"low_rise/I-II/III": 6.0}}, "names no cell"),
        (Metric.COVER, "hydrant", {"systems": ("alarm",)}, "systems belong to metric equipment"),
        (Metric.COVER, "hydrant", {"when": {"min_beds": 1}}, "when.min_beds is unknown"),
    ],
)
def test_contradictions_of_the_further_metrics_are_named(metric, to, changes, expected):
    rule = clause(metric, to, **({"value": 0.0} | changes))
    assert any(expected in what for _key, what in clause_faults(rule))
