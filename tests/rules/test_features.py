import numpy as np
import pytest
from builders import building, district, entrance, obstacle, parking, road, transformer

from siting.errors import RuleError
from siting.kinds import Completeness
from siting.rules.features import FEATURE_CLASSES, NODE_PLOT_M, features_of


def doubts(features) -> dict[str, bool]:
    return dict(zip(features.ids, features.doubtful.tolist(), strict=True))


def test_every_class_can_be_taken_from_an_empty_district():
    for name in sorted(FEATURE_CLASSES):
        features = features_of(district(), name)
        assert (features.feature_class, len(features)) == (name, 0)


@pytest.mark.parametrize(("word", "hint"), [("biulding", "did you mean 'building'"), ("xyz", "choose one of barrier")])
def test_an_unknown_class_is_refused_with_a_hint(word, hint):
    with pytest.raises(RuleError, match=hint):
        features_of(district(), word)


def test_only_buildings_and_roads_count_as_mapped_unless_the_district_says_otherwise():
    ground = district(completeness={})
    mapped = {name for name in FEATURE_CLASSES if features_of(ground, name).completeness is Completeness.MAPPED}
    assert mapped == {
        "building",
        "building_gap",
        "exit",  # bounded by the facades
        "fire_lane",
        "high_rise_building",
        "lane_side",
        "opening",  # bounded by the facades
        "public_building",
        "road",
        "sensitive_building",
        "turning_area",  # the ends of mapped lanes
    }


def test_a_node_or_grounds_of_a_kindergarten_mark_the_buildings():
    ground = district(
        building((0, 0, 10, 10), id="named by a node", use="residential"),
        building((100, 0, 110, 10), id="in the grounds", use="unknown"),
        building((120, 0, 130, 10), id="caretaker in the grounds", use="residential"),
        building((300, 0, 310, 10), id="elsewhere", use="residential"),
        building((400, 0, 410, 10), id="unknown elsewhere", use="unknown"),
        obstacle("kindergarten", (5, 5), id="node"),
        obstacle("kindergarten", (90, -10, 140, 20), id="grounds"),
    )
    assert doubts(features_of(ground, "sensitive_building")) == {
        "named by a node": False,
        "in the grounds": False,
        "caretaker in the grounds": True,
        "unknown elsewhere": True,
    }


def test_a_lone_node_stands_for_its_building_and_lone_grounds_are_doubtful():
    ground = district(obstacle("school", (5, 5), id="node"), obstacle("hospital", (50, 0, 90, 40), id="grounds"))
    assert doubts(features_of(ground, "sensitive_building")) == {"node": False, "grounds": True}


def test_public_buildings_are_more_than_sensitive_ones():
    ground = district(*(building((0, 0, 1, 1), id=use, use=use) for use in ("elderly_care", "public", "school")))
    assert set(features_of(ground, "public_building").ids) == {"public", "school"}
    assert set(features_of(ground, "sensitive_building").ids) == {"elderly_care", "school"}


def test_exits_are_the_doors_then_each_facade_as_a_doubt():
    ground = district(building((0, 0, 10, 10), id="house"), entrance((5, 0), id="door"))
    assert doubts(features_of(ground, "exit")) == {"door": False, "house": True}


def test_a_filling_station_mapped_as_a_node_lies_somewhere_around_it():
    ground = district(obstacle("fuel", (5, 5)), obstacle("fuel", (50, 0, 90, 40)), position_error_m=1.0)
    assert list(features_of(ground, "fuel").errors_m) == [1.0 + NODE_PLOT_M, 1.0]
    assert list(features_of(ground, "hazard").errors_m) == [1.0 + NODE_PLOT_M, 1.0]
    cabinet = district(obstacle("gas", (5, 5)), position_error_m=1.0)  # a cabinet stands where it is mapped
    assert list(features_of(cabinet, "hazard").errors_m) == [1.0]
    assert list(features_of(district(obstacle("fuel", (5, 5), source="survey")), "fuel").errors_m) == [0.0]


def test_hazards_are_known_only_when_each_kind_is():
    kinds = dict.fromkeys(("fuel", "gas", "tank"), Completeness.SURVEYED)
    assert features_of(district(completeness=kinds), "hazard").completeness is Completeness.SURVEYED
    assert features_of(district(completeness={"fuel": kinds["fuel"]}), "hazard").completeness is Completeness.UNKNOWN


def test_substations_are_mapped_ones_and_placed_transformers_once():
    ground = district(
        obstacle("substation", (0, 0), id="way/1"),
        transformer("c", (0, 0), id="way/1"),
        transformer("c", (9, 9), id="T1"),
        transformer("c", id="T2"),
    )
    assert list(features_of(ground, "substation").ids) == ["way/1", "T1"]


def test_underground_car_parks_are_not_on_the_ground():
    kinds = ("surface", "street_side", "underground", "multi_storey", "unknown")
    ground = district(*(parking((0, 0, 5, 5), id=kind, kind=kind) for kind in kinds))
    assert doubts(features_of(ground, "car_parking")) == {"street_side": False, "surface": False, "unknown": True}


def test_a_planner_who_surveyed_the_parking_surveyed_the_car_parks():
    known = features_of(district(completeness={"parking": Completeness.SURVEYED}), "car_parking").completeness
    assert known is Completeness.SURVEYED


def test_lanes_are_roads_a_fire_engine_may_need():
    ground = district(
        road([(0, 0), (9, 0)], id="lane", width_m=5.0), road([(0, 5), (9, 5)], id="path", fire_lane=False)
    )
    lanes = features_of(ground, "fire_lane")
    assert list(lanes.ids) == ["lane"]
    assert np.array_equal(lanes.attributes["width_m"], [5.0])
    assert len(features_of(ground, "road")) == 2
