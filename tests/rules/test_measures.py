"""Each metric on hand-drawn ground: at the limit, 1 mm inside and 1 mm outside."""

import numpy as np
import pytest
from builders import barrier, building, district, entrance, obstacle, parking, road, transformer
from rules.rule_builders import clause, facility, judge, shapes_of

from siting.kinds import Completeness
from siting.rules.clause import Metric
from siting.rules.measures import measure, requirement_of

#: A house whose right wall stands at x = 0.
HOUSE = building((-10, 0, 0, 20), id="house")
TABLE_522 = {
    "low_rise/I-II/I-II": 6.0,
    "low_rise/I-II/III": 7.0,
    "low_rise/III/I-II": 7.0,
    "low_rise/I-II/IV": 9.0,
    "low_rise/IV/I-II": 9.0,
    "low_rise/III/III": 8.0,
    "low_rise/III/IV": 10.0,
    "low_rise/IV/III": 10.0,
    "low_rise/IV/IV": 12.0,
    "high_rise/*/I-II": 9.0,
    "high_rise/*/III": 11.0,
    "high_rise/*/IV": 14.0,
}


def bay(gap: float) -> tuple[float, float, float, float]:
    """Return a place of 2 x 10 m whose left edge is at x = gap."""
    return gap, 0.0, gap + 2.0, 10.0


def outcome(*args, **facts) -> str:
    return judge(*args, **facts)[0]


class TestSeparation:
    rule = clause(Metric.SEPARATION, "building", 3.0)

    @pytest.mark.parametrize(("gap", "expected"), [(2.999, "FAIL"), (3.0, "PASS"), (3.001, "PASS")])
    def test_the_limit_itself_is_allowed(self, gap, expected):
        assert judge(self.rule, bay(gap), district(HOUSE)) == (expected, pytest.approx(gap), 3.0, "house")

    @pytest.mark.parametrize(
        ("gap", "expected"), [(1.999, "FAIL"), (2.0, "UNCERTAIN"), (3.999, "UNCERTAIN"), (4.0, "PASS")]
    )
    def test_an_error_of_1_m_is_granted_to_mapped_walls(self, gap, expected):
        assert outcome(self.rule, bay(gap), district(HOUSE, position_error_m=1.0)) == expected

    def test_a_surveyed_wall_has_no_error(self):
        surveyed = building((-10, 0, 0, 20), source="survey")
        assert outcome(self.rule, bay(3.0), district(surveyed, position_error_m=1.0)) == "PASS"

    def test_corners_are_measured_as_the_crow_flies_not_by_buffers(self):
        place = (3.0, 24.0, 5.0, 30.0)  # 3 east and 4 north of the corner (0, 20): 5 m
        assert judge(clause(Metric.SEPARATION, "building", 5.0), place, district(HOUSE))[:2] == ("PASS", 5.0)
        assert outcome(clause(Metric.SEPARATION, "building", 5.001), place, district(HOUSE)) == "FAIL"

    def test_no_building_at_all_passes_with_nothing_measured(self):
        found = judge(self.rule, bay(0), district())
        assert found[0] == "PASS"
        assert np.isnan(found[1])
        assert found[2:] == (3.0, None)

    def test_cases_of_an_unknown_fact_are_an_interval(self):
        rule = clause(Metric.SEPARATION, "fuel", None, values={"grade 3": 7.0, "grade 1": 16.0})
        station = district(obstacle("fuel", (-10, 0, 0, 20)))
        assert outcome(rule, bay(6.999), station) == "FAIL"
        assert judge(rule, bay(7.0), station)[::2] == ("UNCERTAIN", 16.0)
        assert outcome(rule, bay(15.999), station) == "UNCERTAIN"
        assert outcome(rule, bay(16.0), station) == "NOT EVALUATED"  # other stations may be unmapped


class TestSeparationByClass:
    rule = clause(Metric.SEPARATION_BY_CLASS, "building", None, values=TABLE_522)

    @pytest.mark.parametrize(
        ("house", "shed", "metres"),
        [
            ({"levels": 6, "fire_class": "I-II"}, "I-II", 6.0),
            ({"levels": 6, "fire_class": "I-II"}, "III", 7.0),
            ({"levels": 6, "fire_class": "III"}, "I-II", 7.0),
            ({"levels": 6, "fire_class": "IV"}, "IV", 12.0),
            ({"levels": 18}, "I-II", 9.0),
            ({"levels": 18, "fire_class": "III"}, "IV", 14.0),
        ],
    )
    def test_known_classes_are_a_plain_limit(self, house, shed, metres):
        ground = district(building((-10, 0, 0, 20), **house))
        assert judge(self.rule, bay(metres), ground, fire_class=shed)[::2] == ("PASS", metres)
        assert judge(self.rule, bay(metres - 0.001), ground, fire_class=shed)[::2] == ("FAIL", metres)

    def test_unknown_height_asks_for_both_rows(self):
        ground = district(building((-10, 0, 0, 20), fire_class="I-II"))
        found = [judge(self.rule, bay(gap), ground, fire_class="I-II")[::2] for gap in (5.999, 6.0, 8.999, 9.0)]
        assert found == [("FAIL", 6.0), ("UNCERTAIN", 9.0), ("UNCERTAIN", 9.0), ("PASS", 9.0)]

    def test_an_unknown_shed_is_never_taken_as_good(self):
        ground = district(building((-10, 0, 0, 20), levels=6, fire_class="I-II"))
        found = [judge(self.rule, bay(gap), ground)[::2] for gap in (5.999, 8.999, 9.0)]
        assert found == [("FAIL", 6.0), ("UNCERTAIN", 9.0), ("PASS", 9.0)]

    def test_everything_unknown_is_6_to_14_m(self):
        found = [judge(self.rule, bay(gap), district(HOUSE))[::2] for gap in (5.999, 6.0, 13.999, 14.0)]
        assert found == [("FAIL", 6.0), ("UNCERTAIN", 14.0), ("UNCERTAIN", 14.0), ("PASS", 14.0)]

    def test_the_smallest_margin_decides_not_the_nearest_wall(self):
        tower = building((20, 0, 30, 20), id="tower", levels=18)
        low = building((-10, 0, 0, 20), id="low", levels=6, fire_class="I-II")
        found = judge(self.rule, (8.0, 0.0, 10.0, 10.0), district(tower, low), fire_class="III")
        assert found == ("FAIL", 10.0, 11.0, "tower")  # 1 m short of the tower; 1 m to spare at the low house

    def test_a_failure_outweighs_a_doubt_with_a_smaller_margin(self):
        doubtful = building((-10, 0, 0, 20), id="doubtful", fire_class="I-II")
        low = building((20, 0, 30, 20), id="low", levels=6, fire_class="IV")
        found = judge(self.rule, (6.5, 0.0, 12.0, 10.0), district(doubtful, low), fire_class="I-II")
        assert found == ("FAIL", 8.0, 9.0, "low")


class TestKeepClear:
    lane = clause(Metric.KEEP_CLEAR, "fire_lane", 4.0)
    area = clause(Metric.KEEP_CLEAR, "climbing_area", 0.0)
    climbing = obstacle("climbing_area", (-10, 0, 0, 15), id="area")

    @pytest.mark.parametrize(("gap", "expected"), [(1.999, "FAIL"), (2.0, "PASS"), (2.001, "PASS")])
    def test_a_lane_of_unknown_width_is_4_m(self, gap, expected):
        ground = district(road([(0, -50), (0, 50)], id="lane"))
        assert judge(self.lane, bay(gap), ground) == (expected, pytest.approx(gap), 2.0, "lane")

    @pytest.mark.parametrize(("width", "half"), [(7.0, 3.5), (3.0, 2.0)])
    def test_a_wider_lane_is_kept_as_mapped_a_narrower_one_at_4_m(self, width, half):
        ground = district(road([(0, -50), (0, 50)], width_m=width))
        assert judge(self.lane, bay(half), ground)[::2] == ("PASS", half)
        assert outcome(self.lane, bay(half - 0.001), ground) == "FAIL"

    def test_a_place_across_the_lane_fails(self):
        ground = district(road([(0, -50), (0, 50)]), position_error_m=1.0)
        assert judge(self.lane, bay(-1.0), ground)[:2] == ("FAIL", 0.0)

    def test_footpaths_are_no_fire_lanes(self):
        assert outcome(self.lane, bay(0.5), district(road([(0, -50), (0, 50)], fire_lane=False))) == "PASS"

    def test_an_area_may_be_touched_but_not_entered(self):
        ground = district(self.climbing, completeness={"climbing_area": Completeness.SURVEYED})
        assert judge(self.area, bay(0.0), ground) == ("PASS", 0.0, 0.0, "area")
        assert judge(self.area, bay(2.5), ground)[:2] == ("PASS", 2.5)
        found = judge(self.area, bay(-0.001), ground)
        assert found[0] == "FAIL"
        assert found[1] == pytest.approx(-0.001, rel=1e-3)  # 1 mm deep, 10 m long

    def test_an_area_that_nobody_surveyed_never_passes(self):
        assert outcome(self.area, bay(5.0), district(self.climbing)) == "NOT EVALUATED"
        assert outcome(self.area, bay(5.0), district()) == "NOT EVALUATED"
        assert outcome(self.area, bay(-1.0), district(self.climbing)) == "FAIL"

    @pytest.mark.parametrize(
        ("gap", "expected"), [(-2.0, "FAIL"), (-0.5, "UNCERTAIN"), (0.999, "UNCERTAIN"), (1.0, "PASS")]
    )
    def test_a_shallow_overlap_may_be_the_maps_error(self, gap, expected):
        ground = district(self.climbing, position_error_m=1.0, completeness={"climbing_area": Completeness.SURVEYED})
        assert outcome(self.area, bay(gap), ground) == expected

    def test_a_node_inside_the_place_fails(self):
        rule = clause(Metric.KEEP_CLEAR, "heritage", 0.0)
        assert outcome(rule, bay(0.0), district(obstacle("heritage", (1, 5)))) == "FAIL"
        assert outcome(rule, bay(0.0), district(obstacle("heritage", (1, 11)))) == "NOT EVALUATED"


class TestAdjacency:
    rule = clause(Metric.ADJACENCY, "building", 0.0)

    def test_a_touch_fails_and_1_mm_of_air_passes(self):
        assert judge(self.rule, bay(0.0), district(HOUSE)) == ("FAIL", 1.0, 0.0, "house")
        assert judge(self.rule, bay(0.001), district(HOUSE)) == ("PASS", 0.0, 0.0, "house")

    def test_within_the_error_it_may_touch(self):
        ground = district(HOUSE, position_error_m=1.0)
        found = [judge(self.rule, bay(gap), ground)[:2] for gap in (0.0, 0.001, 1.0, 1.001)]
        assert found == [("FAIL", 1.0), ("UNCERTAIN", 1.0), ("UNCERTAIN", 1.0), ("PASS", 0.0)]

    def test_touched_objects_are_counted(self):
        ground = district(HOUSE, building((2, 0, 12, 20)))
        assert judge(self.rule, bay(0.0), ground)[:2] == ("FAIL", 2.0)

    def test_beside_a_kindergarten_fails_beside_a_house_of_unknown_use_is_uncertain(self):
        rule = clause(Metric.ADJACENCY, "sensitive_building", 0.0)
        uses = {use: building((-10, 0, 0, 20), use=use) for use in ("kindergarten", "unknown", "residential")}
        found = {use: outcome(rule, bay(0.0), district(house)) for use, house in uses.items()}
        assert found == {"kindergarten": "FAIL", "unknown": "UNCERTAIN", "residential": "PASS"}
        assert outcome(rule, bay(0.5), district(uses["kindergarten"])) == "PASS"

    def test_beside_a_building_of_unknown_height_high_rise_is_uncertain(self):
        rule = clause(Metric.ADJACENCY, "high_rise_building", 0.0)
        heights = {"tower": {"levels": 18}, "house": {"levels": 6}, "unknown": {}}
        found = {
            name: outcome(rule, bay(0.0), district(building((-10, 0, 0, 20), **values)))
            for name, values in heights.items()
        }
        assert found == {"tower": "FAIL", "house": "PASS", "unknown": "UNCERTAIN"}


class TestCompleteness:
    rule = clause(Metric.SEPARATION, "hydrant", 5.0)

    def test_a_mapped_hydrant_fails_but_no_hydrant_proves_nothing(self):
        hydrant = obstacle("hydrant", (-5, 5), id="hydrant")
        assert judge(self.rule, bay(-0.001), district(hydrant))[::3] == ("FAIL", "hydrant")
        assert judge(self.rule, bay(0.0), district(hydrant)) == ("NOT EVALUATED", 5.0, 5.0, "hydrant")
        found = judge(self.rule, bay(0.0), district())
        assert found[0] == "NOT EVALUATED"
        assert np.isnan(found[1])
        assert found[2:] == (5.0, None)

    def test_a_survey_lets_the_absence_count(self):
        surveyed = {"hydrant": Completeness.SURVEYED}
        assert outcome(self.rule, bay(0.0), district(completeness=surveyed)) == "PASS"

    def test_buildings_that_are_said_to_be_unknown_never_pass(self):
        ground = district(HOUSE, completeness={"building": Completeness.UNKNOWN})
        rule = clause(Metric.SEPARATION, "building", 3.0)
        assert outcome(rule, bay(30.0), ground) == "NOT EVALUATED"
        assert outcome(rule, bay(1.0), ground) == "FAIL"


class TestExits:
    rule = clause(Metric.SEPARATION, "exit", 6.0)

    def test_without_mapped_exits_the_facade_bounds_them(self):
        found = [judge(self.rule, bay(gap), district(HOUSE))[::3] for gap in (1.0, 5.999, 6.0)]
        assert found == [("UNCERTAIN", "house"), ("UNCERTAIN", "house"), ("PASS", "house")]

    def test_a_mapped_exit_fails_but_cannot_pass_for_the_unmapped_ones(self):
        door = entrance((0, 15), id="door", building_id="house")
        near, far = (0.5, 5.0, 2.5, 10.0), (0.5, 0.0, 2.5, 5.0)  # 5.02 m and 10.01 m from the door
        assert judge(self.rule, near, district(HOUSE, door))[::3] == ("FAIL", "door")
        assert judge(self.rule, far, district(HOUSE, door))[::3] == ("UNCERTAIN", "house")
        assert outcome(self.rule, bay(6.0), district(HOUSE, door)) == "PASS"

    def test_surveyed_exits_are_all_there_are(self):
        door = entrance((0, 15), id="door", source="survey")
        ground = district(HOUSE, door, completeness={"exit": Completeness.SURVEYED})
        assert judge(self.rule, (0.5, 0.0, 2.5, 5.0), ground)[::3] == ("PASS", "door")


class TestLayout:
    @pytest.mark.parametrize(("length", "expected"), [(19.999, "PASS"), (20.0, "PASS"), (20.001, "FAIL")])
    def test_group_length(self, length, expected):
        rule = clause(Metric.GROUP_LENGTH, value=20.0)
        found = judge(rule, [(0, 0, 5, 2), (10, 0, 10 + length, 2)], district())
        assert found == (expected, pytest.approx(length), 20.0, None)

    @pytest.mark.parametrize(("bays", "expected"), [(25, "PASS"), (26, "FAIL")])
    def test_group_size(self, bays, expected):
        assert judge(clause(Metric.GROUP_SIZE, value=25.0), (0, 0, bays, 2), district())[:2] == (expected, bays)

    @pytest.mark.parametrize(("gap", "expected"), [(1.999, "FAIL"), (2.0, "PASS"), (2.001, "PASS")])
    def test_group_gap(self, gap, expected):
        groups = [(0, 0, 5, 2), (0, 2 + gap, 5, 4 + gap), (0, 50, 5, 52)]
        found = judge(clause(Metric.GROUP_GAP, value=2.0), groups, district())
        assert found == (expected, pytest.approx(gap), 2.0, None)

    def test_one_group_has_no_gap_to_keep(self):
        found = judge(clause(Metric.GROUP_GAP, value=2.0), (0, 0, 5, 2), district())
        assert found[0] == "PASS"
        assert np.isnan(found[1:3]).all()

    def test_a_gap_is_measured_within_a_candidate_only(self):
        shapes = shapes_of([(0, 0, 5, 2), (0, 10, 5, 12)], [(0, 3, 5, 5), (0, 20, 5, 22)])
        found = measure(clause(Metric.GROUP_GAP, value=2.0), shapes, district(), facility())
        assert list(found.measured) == [8.0, 15.0]

    def test_place_size(self):
        rule = clause(Metric.PLACE_SIZE, value=100.0)
        found = measure(rule, shapes_of((0, 0, 5, 2), (0, 0, 5, 2), bays=[100, 101]), district(), facility())
        assert list(found.outcome) == ["PASS", "FAIL"]

    @pytest.mark.parametrize(
        ("metric", "limit", "fact", "good", "bad"),
        [
            (Metric.SOCKET_SPACING, 0.8, "socket_spacing_m", 0.8, 0.799),
            (Metric.EXITS, 2.0, "exits", 2, 1),
            (Metric.PORT_POWER, 30.0, "port_kw", 30.0, 30.001),
        ],
    )
    def test_facts_of_the_facility(self, metric, limit, fact, good, bad):
        rule = clause(metric, value=limit)
        assert judge(rule, bay(0), district(), **{fact: good}) == ("PASS", good, limit, None)
        assert outcome(rule, bay(0), district(), **{fact: bad}) == "FAIL"
        assert outcome(rule, bay(0), district()) == "NOT EVALUATED"  # the fact is not known


def test_a_clause_for_large_places_lets_small_ones_pass():
    rule = clause(Metric.SEPARATION, "building", 6.0, when={"min_bays": 26})
    shapes = shapes_of(bay(3.0), bay(3.0), bays=[25, 26])
    found = measure(rule, shapes, district(HOUSE), facility())
    assert list(found.outcome) == ["PASS", "FAIL"]
    assert np.isnan(found.required[0])
    assert list(found.feature_id) == [None, "house"]


def test_the_requirement_of_a_clause_is_what_zones_are_drawn_with():
    features, needs = requirement_of(
        clause(Metric.SEPARATION_BY_CLASS, "building", None, values=TABLE_522),
        district(HOUSE, building((50, 0, 60, 20), id="tower", levels=18)),
        facility(fire_class="I-II"),
    )
    assert list(features.ids) == ["house", "tower"]
    assert (list(needs.low), list(needs.high)) == ([6.0, 9.0], [9.0, 9.0])


def test_measuring_changes_nothing_and_repeats_itself():
    ground = district(HOUSE, barrier([(0, 0), (5, 5)]), parking((20, 0, 30, 10)), transformer("c", (40, 40)))
    rule, shapes = clause(Metric.SEPARATION, "building", 3.0), shapes_of(bay(2.0), bay(4.0))
    first, second = (measure(rule, shapes, ground, facility()) for _ in range(2))
    for name in ("measured", "required", "tolerance", "outcome", "feature_id"):
        assert list(getattr(first, name)) == list(getattr(second, name))


def test_no_candidates_give_no_results():
    shapes = shapes_of()
    for rule in (clause(Metric.SEPARATION, "building", 3.0), clause(Metric.GROUP_GAP, value=2.0)):
        assert len(measure(rule, shapes, district(HOUSE), facility()).outcome) == 0
