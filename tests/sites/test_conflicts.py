from itertools import combinations

import numpy as np
import pytest
import shapely
from builders import building, compound, district
from hypothesis import given, settings
from hypothesis import strategies as st
from sites.options_builders import accepted_frame, clause, judged

from siting.rules.clause import Metric
from siting.sites.conflicts import conflict_cliques, conflicting_pairs, cover_by_cliques


def boxes(*corners):
    return np.array([shapely.box(x, y, x + 8, y + 4) for x, y in corners], dtype=object)


def pairs_of(corners, gap_m):
    return [tuple(pair) for pair in conflicting_pairs(boxes(*corners), np.full(len(corners), gap_m)).tolist()]


def test_a_gap_of_exactly_two_metres_is_lawful():
    assert pairs_of([(0, 0), (10, 0)], 2.0) == []
    assert pairs_of([(0, 0), (9.999, 0)], 2.0) == [(0, 1)]


def test_without_a_gap_stalls_may_touch_but_not_overlap():
    assert pairs_of([(0, 0), (8, 0)], 0.0) == []
    assert pairs_of([(0, 0), (7.5, 0)], 0.0) == [(0, 1)]


def test_the_larger_of_two_gaps_counts():
    shapes = boxes((0, 0), (11, 0))  # 3 m apart

    assert len(conflicting_pairs(shapes, np.array([2.0, 2.0]))) == 0
    assert len(conflicting_pairs(shapes, np.array([2.0, 6.0]))) == 1
    assert len(conflicting_pairs(shapes, np.array([6.0, 2.0]))) == 1


def test_three_mutual_conflicts_are_one_clique_and_a_chain_is_two():
    assert cover_by_cliques(3, np.array([[0, 1], [0, 2], [1, 2]])) == ((0, 1, 2),)
    assert cover_by_cliques(3, np.array([[0, 1], [1, 2]])) == ((0, 1), (1, 2))
    assert cover_by_cliques(2, np.empty((0, 2), dtype=int)) == ()


@settings(deadline=None, max_examples=40)
@given(
    corners=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=25),
    gap_m=st.sampled_from([0.0, 2.0, 6.0]),
)
def test_cliques_hold_every_conflict_and_nothing_else(corners, gap_m):
    shapes = boxes(*corners) if corners else np.empty(0, dtype=object)
    gaps_m = np.full(len(shapes), gap_m)
    brute = {
        (one, other)
        for one, other in combinations(range(len(shapes)), 2)
        if shapes[one].distance(shapes[other]) < gap_m or shapes[one].intersection(shapes[other]).area > 0
    }

    cliques = cover_by_cliques(len(shapes), conflicting_pairs(shapes, gaps_m))

    assert {pair for clique in cliques for pair in combinations(clique, 2)} == brute


def test_cliques_name_accepted_candidates_only():
    verdicts = judged(
        district(compound((0, 0, 80, 60)), building((30, 25, 50, 35))),
        clause("wall", Metric.SEPARATION, "building", 3.0),
    )
    cliques = conflict_cliques(verdicts)
    named = {candidate for clique in cliques for candidate in clique}
    frame = accepted_frame(verdicts)

    assert named <= set(verdicts.accepted)
    assert len(verdicts.accepted) < len(verdicts.outcomes)
    for clique in cliques[:20]:
        for one, other in combinations(clique, 2):
            assert frame.geometry[one].distance(frame.geometry[other]) < 2.0
    assert cliques == tuple(sorted(cliques))


def test_kinds_without_accepted_candidates_have_no_conflicts():
    verdicts = judged(district(compound((0, 0, 5, 5))))

    assert conflict_cliques(verdicts) == ()
    assert verdicts.frame.empty
    assert verdicts.clearance_m.size == pytest.approx(0)
