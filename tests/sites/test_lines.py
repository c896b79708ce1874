import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from siting.kinds import Kind
from siting.sites.catalogue import load_catalogue
from siting.sites.dense import boxes_of, pack_greedily
from siting.sites.layouts import GroupLimits, layouts_for
from siting.sites.lines import edge_angles, pack_lines
from siting.sites.packing import draw_fits, edge_anchors, fit_layouts, rectangles
from siting.sites.stretches import rows_of

LIMITS = GroupLimits(length_m=20.0, size=50, gap_m=2.0, place_gap_m=2.0)
LAYOUTS = layouts_for(Kind.EBIKE_SHED, load_catalogue().kind(Kind.EBIKE_SHED), LIMITS, (10, 20, 40))
ROWS = rows_of(LAYOUTS)  # 10, 20, 40 bays are 8, 16, 34 m long in one row of 3.5 m, 4, 8, 16 m in two of 5.5 m
BAYS = np.array([layout.bays for layout in LAYOUTS])


def packed(ground, *angles):
    anchors, layout = pack_lines(ground, np.array(angles), ROWS, gap_m=2.0, step_m=0.5)
    return anchors, layout, draw_fits(anchors, np.arange(len(layout)), layout, LAYOUTS)


def test_the_longest_edges_say_which_way_lines_run():
    ground = affinity.rotate(shapely.box(0, 0, 40, 10), 100).union(affinity.rotate(shapely.box(60, 0, 80, 10), 30))
    degrees = np.degrees([angle for piece in ground.geoms for angle in edge_angles(piece, 1)])

    assert degrees == pytest.approx([10, 30], abs=1e-6)


def test_directions_at_either_end_of_the_right_angle_are_one():
    square = shapely.Polygon([(0, 0), (40, 0.1), (40, 20), (0, 20)])

    assert np.degrees(edge_angles(square, 3)) == pytest.approx([0.0], abs=0.2)


def test_a_strip_holds_two_lines_where_it_is_two_rows_and_a_gap_deep():
    # 13 m are two double rows of 5.5 m and the gap; 34.2 m are two places of 40 bays and the gap
    for depth_m, bays in ((13.2, 160), (12.9, 120)):  # else a double and a single row
        _, layout, _ = packed(shapely.box(0, 0, 34.2, depth_m), 0.0)
        assert BAYS[layout].sum() == bays


def test_lines_go_around_what_stands_in_the_way():
    ground = shapely.box(0, 0, 60, 7).difference(shapely.box(25, 2, 30, 5))
    _, layout, shapes = packed(ground, 0.0)

    assert sorted(BAYS[layout]) == [10, 20, 40, 40] or BAYS[layout].sum() >= 100
    assert shapely.covers(ground, shapes).all()


@pytest.mark.parametrize(("recess", "forward"), [((6, 3.7, 11, 6.7), [0, 1]), ((6, -3, 11, 0), [0, -1])])
def test_a_line_turns_its_back_to_the_nearer_edge(recess, forward):
    anchors, layout, _ = packed(shapely.union(shapely.box(0, 0, 17, 3.7), shapely.box(*recess)), 0.0)

    assert BAYS[layout].tolist() == [20]
    assert anchors.forward[0].tolist() == pytest.approx(forward)


def test_ground_too_small_holds_nothing():
    anchors, layout, _ = packed(shapely.box(0, 0, 3, 3), 0.0, 0.5)

    assert len(anchors) == len(layout) == 0


@st.composite
def yards(draw):
    width, depth, turn = draw(st.integers(12, 90)), draw(st.integers(8, 60)), draw(st.integers(0, 89))
    share = draw(st.floats(0.1, 0.8))
    block = shapely.box(width * share, depth * share, width * share + 14, depth * share + 9)
    yard = shapely.box(0, 0, width, depth).difference(block)
    return affinity.rotate(max(shapely.get_parts(yard), key=shapely.area), turn, origin=(0, 0))


@settings(deadline=None, max_examples=25)
@given(yard=yards())
def test_places_lie_on_their_ground_and_keep_the_gap(yard):
    anchors, layout, shapes = packed(yard, *edge_angles(yard, 2))

    assert shapely.covers(yard, shapes).all()
    for number, shape in enumerate(shapes):
        assert (shapely.distance(shape, shapes[:number]) >= 2.0).all()
        whole = rectangles(anchors, np.array([number]), (0.0, LAYOUTS[layout[number]].length_m), (0.0, 0.1))
        assert shapely.covers(shapely.buffer(shape, 1e-6), whole).all()  # the back is a side of the footprint


@settings(deadline=None, max_examples=15)
@given(yard=yards())
def test_lines_hold_nearly_what_greed_finds_along_the_edges_or_more(yard):
    _, layout, _ = packed(yard, *edge_angles(yard, 2))
    fits = fit_layouts(yard, edge_anchors(yard, 1.0), LAYOUTS)
    greedy = pack_greedily(boxes_of(fits.footprint), BAYS[fits.layout], gap_m=2.0, most=999)

    assert BAYS[layout].sum() >= 0.9 * BAYS[fits.layout][greedy].sum() - 10


@settings(deadline=None, max_examples=10)
@given(yard=yards(), east=st.integers(-4, 4))
def test_moving_the_ground_or_starting_its_outline_elsewhere_moves_the_places_and_nothing_else(yard, east):
    step = np.array([east * 1024.0, 512.0])
    ring = shapely.get_coordinates(yard.exterior)[:-1]
    same = shapely.Polygon(np.roll(ring, 1, axis=0) + step, [np.array(hole.coords) + step for hole in yard.interiors])
    angles = edge_angles(yard, 2)
    here, there = packed(yard, *angles), packed(same, *angles)

    assert here[1].tolist() == there[1].tolist()
    assert here[0].origin + step == pytest.approx(there[0].origin, abs=1e-5)
