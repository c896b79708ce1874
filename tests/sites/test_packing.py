import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from siting.kinds import Kind
from siting.sites.catalogue import load_catalogue
from siting.sites.layouts import GroupLimits, layouts_for
from siting.sites.packing import axis_angles, edge_anchors, fit_layouts, grid_anchors, join_anchors

LIMITS = GroupLimits(length_m=20.0, size=50, gap_m=2.0, place_gap_m=2.0)
LAYOUTS = layouts_for(Kind.EBIKE_OPEN, load_catalogue().kind(Kind.EBIKE_OPEN), LIMITS, (10, 20))
NO_WALLS = shapely.STRtree([])


def array(*shapes):
    return np.array(shapes, dtype=object)


def test_walls_run_the_way_the_box_is_turned():
    box = shapely.box(0, 0, 40, 10)
    turned = [affinity.rotate(box, degrees) for degrees in (0, 30, 60, 90)]

    assert np.degrees(axis_angles(array(*turned))) == pytest.approx([0, 30, -30, 0], abs=1e-9)


def test_the_largest_part_says_which_way_a_building_runs():
    parts = shapely.MultiPolygon([affinity.rotate(shapely.box(0, 0, 1, 1), 20), shapely.box(50, 0, 90, 10)])

    assert np.degrees(axis_angles(array(parts))) == pytest.approx([0], abs=1e-9)


def test_anchors_look_into_the_ground():
    ground = shapely.box(0, 0, 30, 20).difference(shapely.box(10, 8, 20, 12))
    anchors = edge_anchors(ground, 2.0)
    ahead = anchors.origin + anchors.forward

    assert shapely.contains_xy(ground, *ahead.T).all()
    assert np.hypot(*anchors.forward.T) == pytest.approx(1.0)


def test_short_edges_have_no_anchors():
    assert len(edge_anchors(shapely.Point(0, 0).buffer(10, quad_segs=16), 2.0)) == 0


def test_a_strip_just_wide_enough_takes_one_row_and_no_double_row():
    strip = shapely.box(0, 0, 17, 3.6)  # a row of twenty is 16 m x 3.5 m, set back 0.05 m
    fits = fit_layouts(strip, edge_anchors(strip, 2.0), LAYOUTS)

    assert {LAYOUTS[number].rows for number in fits.layout} == {1}
    assert {LAYOUTS[number].bays for number in fits.layout} == {10, 20}


def test_footprints_stand_flush_with_a_wall():
    strip = shapely.box(0, 0, 60, 4)
    fits = fit_layouts(strip, edge_anchors(strip, 2.0), LAYOUTS)

    assert shapely.distance(fits.footprint, strip.boundary) == pytest.approx(0.05)


def test_without_walls_there_is_no_grid():
    assert len(grid_anchors(shapely.box(0, 0, 50, 50), 4.0, NO_WALLS, np.empty(0))) == 0


def test_the_grid_is_in_line_with_the_nearest_building():
    walls = array(shapely.box(0, 0, 10, 5), affinity.rotate(shapely.box(200, 0, 240, 10), 30))
    anchors = grid_anchors(shapely.box(0, 20, 240, 60), 4.0, shapely.STRtree(walls), axis_angles(walls))
    degrees = np.degrees(np.arctan2(anchors.along[:, 1], anchors.along[:, 0]))

    assert set(np.round(degrees[anchors.origin[:, 0] < 50], 6)) == {0.0, 90.0}
    assert set(np.round(degrees[anchors.origin[:, 0] > 190], 6)) == {30.0, 120.0}


@settings(deadline=None, max_examples=25)
@given(width=st.floats(4, 60), height=st.floats(4, 60), turn=st.floats(0, 90), hole=st.floats(0.1, 0.9))
def test_every_fit_lies_on_its_ground_and_is_a_rectangle_of_its_layout(width, height, turn, hole):
    block = shapely.box(width * hole, height * hole, width * hole + 8, height * hole + 8)
    ground = affinity.rotate(shapely.box(0, 0, width, height).difference(block), turn, origin=(0, 0))
    if not isinstance(ground, shapely.Polygon):
        return
    walls = array(affinity.rotate(block, turn, origin=(0, 0)))
    grid = grid_anchors(ground, 5.0, shapely.STRtree(walls), axis_angles(walls))
    fits = fit_layouts(ground, join_anchors([edge_anchors(ground, 3.0), grid]), LAYOUTS)

    assert shapely.covers(ground, fits.footprint).all()
    areas = [LAYOUTS[number].length_m * LAYOUTS[number].depth_m for number in fits.layout]
    assert shapely.area(fits.footprint) == pytest.approx(areas)
