import numpy as np
import pytest
import shapely
from builders import building, compound, district, obstacle, road
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from sites.options_builders import clause, rulebook, shed_table

from siting.kinds import Kind
from siting.rules.clause import Force, Metric
from siting.sites.catalogue import load_catalogue
from siting.sites.zones import circumscribed_buffer, draw_zones, search_shadows

YARD = compound((0, 0, 200, 100))
BLOCK = building((50, 50, 90, 60), id="block")
SIX_METRES = clause("six", Metric.SEPARATION, "building", 6.0)


def zones_of(facts, *clauses, kinds=(Kind.EBIKE_SHED,)):
    return draw_zones(facts, rulebook(*clauses), kinds, load_catalogue())


@settings(deadline=None, max_examples=60)
@given(
    distance_m=st.floats(0.5, 60.0),
    turn=st.floats(0, 360),
    jog=st.floats(0.01, 3.0),
    angles=st.lists(st.floats(0, 360), min_size=8, max_size=8),
)
def test_a_zone_covers_every_point_nearer_than_its_distance(distance_m, turn, jog, angles):
    house = shapely.box(0, 0, 30, 10).union(shapely.box(10, 10, 12, 10 + jog)).union(shapely.box(20, 10, 21, 10 + jog))
    house = affinity.rotate(house, turn)
    zone = circumscribed_buffer(np.array([house], dtype=object), distance_m)[0]
    corners = shapely.points(shapely.get_coordinates(house))
    for angle in angles:
        probe = shapely.Point(200, 0)
        ray = affinity.rotate(probe, angle, origin=house.centroid)
        for corner in (*corners, house.centroid):
            direction = np.array([ray.x - corner.x, ray.y - corner.y])
            direction /= np.hypot(*direction)
            for reach in (0.5 * distance_m, 0.999999 * distance_m):
                point = shapely.Point(corner.x + direction[0] * reach, corner.y + direction[1] * reach)
                assert shapely.distance(house, point) >= distance_m or zone.covers(point)


def test_a_zone_is_hardly_larger_than_it_must_be():
    house = shapely.box(0, 0, 30, 10)
    zone = circumscribed_buffer(np.array([house], dtype=object), 6.0)[0]

    assert shapely.hausdorff_distance(zone, house) < 6.0 * 1.02


def test_a_zone_names_its_clause_its_object_and_its_distance():
    zones = zones_of(district(YARD, BLOCK), SIX_METRES).frame

    assert list(zones.index) == ["six@block"]
    assert zones.loc["six@block", ["clause_id", "feature_id", "distance_m"]].to_list() == ["six", "block", 6.0]


def test_an_unknown_fire_class_is_drawn_where_a_place_surely_fails():
    low = building((50, 50, 90, 60), levels=6, fire_class="I-II")

    zones = zones_of(district(YARD, low), shed_table()).frame

    assert zones["distance_m"].to_list() == [6.0]  # a shed of class I-II needs 6 m, one of class IV needs 9 m


def test_a_clause_that_forbids_a_touch_is_drawn_as_the_object_itself():
    zones = zones_of(district(YARD, BLOCK), clause("touch", Metric.ADJACENCY, "building")).frame

    assert zones["distance_m"].to_list() == [0.0]
    assert zones.geometry.area.to_list() == pytest.approx([400.0])


def test_a_point_at_distance_0_and_far_objects_are_not_drawn():
    node = obstacle("kindergarten", (60, 20))
    far = building((2000, 0, 2020, 10), id="far")
    touch = clause("touch", Metric.ADJACENCY, "kindergarten")

    assert zones_of(district(YARD, node), touch).frame.empty
    assert list(zones_of(district(YARD, BLOCK, far), SIX_METRES).frame["feature_id"]) == ["block"]


def test_a_lane_is_drawn_half_as_wide_as_it_must_be():
    lane = road([(0, 20), (200, 20)])
    zones = zones_of(district(YARD, lane), clause("lane", Metric.KEEP_CLEAR, "fire_lane", 4.0)).frame

    assert zones["distance_m"].to_list() == [2.0]


def test_clauses_on_the_layout_and_on_other_kinds_draw_nothing():
    other = clause("car", Metric.SEPARATION, "building", 6.0, kinds=(Kind.EV_SURFACE,))
    length = clause("length", Metric.GROUP_LENGTH, value=20.0)

    assert zones_of(district(YARD, BLOCK), other, length).frame.empty


def test_the_search_keeps_every_doubt_and_the_position_error():
    facts = district(YARD, BLOCK, position_error_m=1.0)
    zones = zones_of(facts, shed_table(), clause("wish", Metric.SEPARATION, "building", 20.0, force=Force.SHOULD))
    shadows = search_shadows(zones, Kind.EBIKE_SHED, load_catalogue())

    def reach(shapes):
        return 50.0 - shapely.total_bounds(shapes)[0]

    assert reach(shadows.failing) == pytest.approx(6.0 - 1.0, rel=0.02)  # low rise, class I-II at best
    assert reach(shadows.doubtful) == pytest.approx(14.0 + 1.0, rel=0.02)  # high rise, class IV at worst
    assert reach(shadows.unwished) == pytest.approx(21.0, rel=0.02)


def test_zones_are_the_same_whatever_the_order_of_the_clauses():
    facts = district(YARD, BLOCK, building((120, 20, 160, 30), id="other"))
    touch = clause("touch", Metric.ADJACENCY, "building")

    one, other = zones_of(facts, SIX_METRES, touch).frame, zones_of(facts, touch, SIX_METRES).frame

    assert one.index.equals(other.index)
    assert one.geometry.geom_equals_exact(other.geometry, 0.0).all()
