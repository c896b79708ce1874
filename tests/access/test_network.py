"""The graph of ways: where ways join, which parts belong to the street, and how feet split edges."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point

from siting.access.network import Feet, drop_feet, insert_feet, split_ways, street_vertices


def ways(*lines):
    return split_ways(np.array(lines, dtype=object))


def edges_of(graph):
    """Return every edge as ((x, y), (x, y), length), rounded and sorted."""
    return sorted(
        (*sorted(map(tuple, graph.xy[ends].round(3).tolist())), round(float(length), 6))
        for ends, length in zip(graph.ends, graph.length_m, strict=True)
    )


def test_ways_join_at_shared_vertices_only():
    graph, line = ways(LineString([(0, 0), (10, 0), (20, 0)]), LineString([(10, 0), (10, 5)]))
    assert edges_of(graph) == [
        ((0.0, 0.0), (10.0, 0.0), 10.0),
        ((10.0, 0.0), (10.0, 5.0), 5.0),
        ((10.0, 0.0), (20.0, 0.0), 10.0),
    ]
    assert len(graph.xy) == 4
    assert sorted(line.tolist()) == [0, 0, 1]


def test_vertices_agree_to_the_millimetre():
    near, _ = ways(LineString([(0, 0), (10, 0)]), LineString([(10.0002, 0), (20, 0)]))
    apart, _ = ways(LineString([(0, 0), (10, 0)]), LineString([(10.002, 0), (20, 0)]))
    assert (len(near.xy), len(apart.xy)) == (3, 4)


def test_parts_of_a_multi_line_are_not_bridged():
    graph, _ = ways(MultiLineString([[(0, 0), (1, 0)], [(5, 0), (6, 0)]]))
    assert edges_of(graph) == [((0.0, 0.0), (1.0, 0.0), 1.0), ((5.0, 0.0), (6.0, 0.0), 1.0)]


def test_repeated_vertices_make_no_edge():
    graph, _ = ways(LineString([(0, 0), (0, 0), (1, 0)]))
    assert edges_of(graph) == [((0.0, 0.0), (1.0, 0.0), 1.0)]


def test_no_ways_make_an_empty_graph():
    graph, line = ways()
    assert (graph.xy.shape, graph.ends.shape, len(line)) == ((0, 2), (0, 2), 0)
    assert len(street_vertices(graph, np.zeros(0, dtype=bool), min_street_m=100)) == 0
    assert len(drop_feet(graph, np.arange(0), np.array([Point(0, 0)])).shape) == 0


def test_the_longest_part_and_every_part_with_enough_street_count():
    graph, line = ways(
        LineString([(0, 0), (1000, 0)]),  # the longest, a footpath
        LineString([(0, 50), (100, 50)]),  # a street just long enough
        LineString([(0, 90), (99, 90)]),  # a street too short
    )
    street = np.array([False, True, True])[line]
    joined = street_vertices(graph, street, min_street_m=100.0)
    assert sorted(graph.xy[joined][:, 1].tolist()) == [0, 0, 50, 50]


def test_feet_stand_on_the_nearest_allowed_edge():
    graph, line = ways(LineString([(0, 0), (10, 0)]), LineString([(0, 3), (10, 3)]))
    feet = drop_feet(graph, np.flatnonzero(line == 1), np.array([Point(4, 1)]))
    assert (feet.leg_m.tolist(), feet.along_m.tolist()) == ([2.0], [4.0])
    assert line[feet.edge].tolist() == [1]


def test_feet_split_an_edge_in_order_and_share_a_spot():
    graph, _ = ways(LineString([(0, 0), (10, 0)]))
    feet = Feet(
        shape=np.arange(5),
        edge=np.zeros(5, dtype=np.int64),
        along_m=np.array([7.0, 2.0, 7.0, 0.0, 10.0]),
        leg_m=np.zeros(5),
    )
    joined, vertex = insert_feet(graph, feet)
    assert edges_of(joined) == [
        ((0.0, 0.0), (2.0, 0.0), 2.0),
        ((2.0, 0.0), (7.0, 0.0), 5.0),
        ((7.0, 0.0), (10.0, 0.0), 3.0),
    ]
    assert joined.xy[vertex].tolist() == [[7, 0], [2, 0], [7, 0], [0, 0], [10, 0]]
    assert vertex[0] == vertex[2]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(*[st.integers(-50, 50)] * 4), min_size=1, max_size=8),
    st.lists(st.tuples(*[st.floats(-60, 60)] * 2), min_size=1, max_size=12),
)
def test_splitting_keeps_every_metre_and_feet_lie_where_legs_say(segments, spots):
    lines = [LineString([s[:2], s[2:]]) for s in segments if s[:2] != s[2:]]
    graph, _ = ways(*lines)
    points = shapely.points(np.array(spots))
    feet = drop_feet(graph, np.arange(len(graph.ends)), points)
    joined, vertex = insert_feet(graph, feet)
    assert np.isclose(joined.length_m.sum(), graph.length_m.sum())
    assert np.allclose(joined.length_m, np.hypot(*(joined.xy[joined.ends[:, 1]] - joined.xy[joined.ends[:, 0]]).T))
    if lines:
        nearest = shapely.distance(points, shapely.union_all(lines))
        assert np.allclose(feet.leg_m, nearest[feet.shape], atol=1e-6)
        assert np.allclose(
            shapely.distance(points[feet.shape], shapely.points(joined.xy[vertex])), feet.leg_m, atol=1e-6
        )
        assert set(feet.shape) == set(range(len(spots)))
