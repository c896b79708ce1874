"""The kernel against networkx: drawn graphs, random graphs, and a real city."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.access.network import WalkGraph
from siting.access.reach import Joints, reach


def graph_of(xy, edges):
    """Make a graph of vertices and (tail, head, length)."""
    return WalkGraph(
        xy=np.array(xy, dtype=float).reshape(-1, 2),
        ends=np.array([edge[:2] for edge in edges], dtype=np.int64).reshape(-1, 2),
        length_m=np.array([edge[2] for edge in edges], dtype=float),
    )


def joints(*rows):
    """Make joints of (item, vertex, leg)."""
    table = np.array(rows, dtype=float).reshape(-1, 3)
    return Joints(item=table[:, 0].astype(np.int64), vertex=table[:, 1].astype(np.int64), leg_m=table[:, 2])


def walks(*args, **options):
    found = reach(*args, **options)
    return dict(zip(zip(found.source.tolist(), found.target.tolist(), strict=True), found.walk_m.tolist(), strict=True))


def by_networkx(graph, sources, targets, limit_m):
    """Return the same pairs the slow way: one Dijkstra per joint, no cutoff, no blocks."""
    drawn = nx.MultiGraph()
    drawn.add_nodes_from(range(len(graph.xy)))
    drawn.add_weighted_edges_from(
        (int(tail), int(head), float(length)) for (tail, head), length in zip(graph.ends, graph.length_m, strict=True)
    )
    best = {}
    for s in range(len(sources)):
        far = nx.single_source_dijkstra_path_length(drawn, int(sources.vertex[s]))
        for t in range(len(targets)):
            if int(targets.vertex[t]) in far:
                walk = far[int(targets.vertex[t])] + sources.leg_m[s] + targets.leg_m[t]
                pair = (int(sources.item[s]), int(targets.item[t]))
                best[pair] = min(walk, best.get(pair, np.inf))
    return {pair: walk for pair, walk in best.items() if walk <= limit_m + 1e-6}


# A square of 10 m sides with one diagonal, drawn by hand:  3---2
#                                                           |  /|
#                                                           0---1
SQUARE = graph_of([(0, 0), (10, 0), (10, 10), (0, 10)], [(0, 1, 10), (1, 2, 10), (2, 3, 10), (3, 0, 10), (0, 2, 14.5)])


def test_the_shortest_way_round():
    found = walks(SQUARE, joints((0, 0, 1.0)), joints((0, 2, 2.0), (1, 3, 0.0)), limit_m=100)
    assert found == {(0, 0): 1 + 14.5 + 2, (0, 1): 1 + 10}


def test_of_parallel_edges_the_shortest_counts():
    twice = graph_of([(0, 0), (10, 0)], [(0, 1, 12), (1, 0, 10), (0, 1, 30)])
    assert walks(twice, joints((0, 0, 0)), joints((0, 1, 0)), limit_m=100) == {(0, 0): 10}


def test_of_several_joints_the_shortest_counts():
    found = walks(SQUARE, joints((0, 0, 9.0), (0, 1, 3.0)), joints((0, 2, 0.0), (0, 3, 50.0)), limit_m=100)
    assert found == {(0, 0): 13.0}


def test_both_on_one_vertex_walk_their_legs():
    assert walks(SQUARE, joints((0, 1, 2.0)), joints((0, 1, 3.0)), limit_m=5.0) == {(0, 0): 5.0}


def test_the_limit_is_inside():
    one = (SQUARE, joints((0, 0, 1.0)), joints((0, 1, 0.5)))
    assert walks(*one, limit_m=11.5) == {(0, 0): 11.5}
    assert walks(*one, limit_m=11.499) == {}


def test_parts_that_are_not_joined_do_not_reach_each_other():
    split = graph_of([(0, 0), (1, 0), (2, 0), (3, 0)], [(0, 1, 1), (2, 3, 1)])
    assert walks(split, joints((0, 0, 0)), joints((0, 3, 0)), limit_m=1e6) == {}


def test_nothing_reaches_nothing():
    none = joints()
    assert walks(SQUARE, none, joints((0, 0, 0)), limit_m=10) == {}
    assert walks(SQUARE, joints((0, 0, 0)), none, limit_m=10) == {}
    assert walks(graph_of([], []), none, none, limit_m=10) == {}


@st.composite
def grounds(draw):
    """Draw a graph whose edges are at least straight lines, sources, targets, limit and block size."""
    count = draw(st.integers(2, 14))
    spot = st.integers(0, 300)
    xy = draw(st.lists(st.tuples(spot, spot), min_size=count, max_size=count))
    vertex = st.integers(0, count - 1)
    edges = [
        (tail, head, float(np.hypot(*np.subtract(xy[tail], xy[head]))) * detour)
        for tail, head, detour in draw(st.lists(st.tuples(vertex, vertex, st.floats(1, 2)), max_size=30))
        if tail != head
    ]
    joint = st.tuples(st.integers(0, 4), vertex, st.floats(0, 60))
    sources, targets = (joints(*draw(st.lists(joint, max_size=8))) for _ in range(2))
    limit_m, block_m = draw(st.floats(1, 600)), draw(st.sampled_from([20.0, 110.0, 800.0]))
    return graph_of(xy, edges), sources, targets, limit_m, block_m


@settings(deadline=None, max_examples=150)
@given(grounds())
def test_networkx_agrees_on_random_graphs(ground):
    graph, sources, targets, limit_m, block_m = ground
    found = walks(graph, sources, targets, limit_m=limit_m, block_m=block_m)
    wanted = by_networkx(graph, sources, targets, limit_m)
    at_limit = {pair for pair, walk in wanted.items() if abs(walk - limit_m) < 3e-5}  # round-off and floored zeros
    assert found.keys() - at_limit == wanted.keys() - at_limit
    assert all(found[pair] == pytest.approx(wanted[pair], abs=3e-5) for pair in found.keys() & wanted.keys())
    assert all(walk <= limit_m for walk in found.values())


@settings(deadline=None, max_examples=40)
@given(grounds())
def test_the_way_back_is_as_long(ground):
    graph, sources, targets, limit_m, block_m = ground
    there = walks(graph, sources, targets, limit_m=limit_m, block_m=block_m)
    back = walks(graph, targets, sources, limit_m=limit_m, block_m=block_m)
    assert there == pytest.approx({(t, s): walk for (s, t), walk in back.items()}, abs=1e-9)
