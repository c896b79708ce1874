from itertools import combinations_with_replacement

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.kinds import Kind
from siting.sites.catalogue import load_catalogue
from siting.sites.layouts import GroupLimits, layouts_for
from siting.sites.stretches import Stretches, cut_out, fill_stretch, frame_of, join_stretches, rows_of, too_near

LIMITS = GroupLimits(length_m=20.0, size=50, gap_m=2.0, place_gap_m=2.0)
LAYOUTS = layouts_for(Kind.EBIKE_SHED, load_catalogue().kind(Kind.EBIKE_SHED), LIMITS, (10, 20, 40))
SINGLE, DOUBLE = rows_of(LAYOUTS)  # 10, 20, 40 bays are 8, 16, 34 m long in one row, 4, 8, 16 m in two


def stretches(*spans, across=0.0, upright=False):
    start, end = np.array(spans, dtype=float).T
    count = len(spans)
    return Stretches(start, end, np.full(count, across), np.ones(count, dtype=int), np.full(count, upright))


def held(row, length_m):
    return sum(row.bays[which] for _, which in fill_stretch(row, length_m, 2.0))


def test_rows_hold_the_layouts_of_one_depth_shortest_first():
    assert (SINGLE.depth_m, SINGLE.length_m, SINGLE.bays) == (3.5, (8.0, 16.0, 34.0), (10, 20, 40))
    assert (DOUBLE.depth_m, DOUBLE.length_m, DOUBLE.bays) == (5.5, (4.0, 8.0, 16.0), (10, 20, 40))
    assert [LAYOUTS[number].bays for number in DOUBLE.number] == [10, 20, 40]


@pytest.mark.parametrize(
    ("length_m", "lengths"), [(3.9, []), (4.0, [4.0]), (13.9, [8.0]), (14.0, [4.0, 8.0]), (34.0, [16.0, 16.0])]
)
def test_a_stretch_takes_the_places_its_length_allows(length_m, lengths):
    assert sorted(DOUBLE.length_m[which] for _, which in fill_stretch(DOUBLE, length_m, 2.0)) == lengths


def test_places_start_a_gap_after_the_one_before():
    assert [round(start_m, 3) for start_m, _ in fill_stretch(DOUBLE, 34.0, 2.0)] == [0.0, 18.0]


@settings(deadline=None, max_examples=40)
@given(length_m=st.integers(0, 36))
def test_no_choice_of_places_holds_more_than_a_filled_stretch(length_m):
    choices = (
        sum(DOUBLE.bays[which] for which in some)
        for count in range(7)
        for some in combinations_with_replacement(range(3), count)
        if sum(DOUBLE.length_m[which] + 2.0 for which in some) <= length_m + 2.0
    )

    assert held(DOUBLE, float(length_m)) == max(choices, default=0)


@settings(deadline=None, max_examples=40)
@given(length_m=st.floats(0.0, 200.0))
def test_places_stay_in_their_stretch_and_keep_the_gap(length_m):
    end_m = -2.0
    for start, which in fill_stretch(DOUBLE, length_m, 2.0):
        assert start >= end_m + 2.0
        end_m = start + DOUBLE.length_m[which]

    assert end_m <= length_m + 1e-4


def test_a_frame_counts_what_fill_stretch_lays():
    frame = frame_of(shapely.box(0, 0, 50, 20), 0.0, (SINGLE, DOUBLE), 2.0)
    some = stretches((0, 3), (5, 4), (0, 16), (0, 34))

    assert frame.bays(some).tolist() == [0, 0, 40, 80]
    assert frame.bounds(some)[2].tolist() == [0, 0, 16, 5.5]
    assert frame.bounds(stretches((0, 16), across=3.0, upright=True))[0].tolist() == [3, 0, 8.5, 16]


def test_cutting_leaves_what_lies_a_gap_before_and_behind():
    before, behind = cut_out(stretches((0, 50)), np.array([[20.0, 0.0, 24.0, 5.0]]), 2.0)

    assert (before.start[0], before.end[0]) == (0.0, 18.0)
    assert (behind.start[0], behind.end[0]) == (26.0, 50.0)


def test_a_gap_kept_exactly_is_not_too_near():
    one, other, third = np.array([[0, 0, 4, 4], [6, 0, 9, 4], [5.9, 0, 9, 4]], dtype=float)

    assert not too_near(one, other, 2.0)
    assert too_near(one, third, 2.0)


def test_joining_nothing_is_nothing():
    assert len(join_stretches(())) == 0
