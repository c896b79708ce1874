from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sites.options_builders import clause, rulebook

from siting.kinds import Kind
from siting.rules.clause import Force, Metric
from siting.sites.catalogue import load_catalogue
from siting.sites.layouts import GroupLimits, arrange, group_limits, layouts_for

FIGURES = load_catalogue().kind(Kind.EBIKE_OPEN)  # bay 0.8 x 2.0 m, aisle 1.5 m
USUAL = GroupLimits(length_m=20.0, size=50, gap_m=2.0, place_gap_m=2.0)


def drawn(bays: int, rows: int, limits: GroupLimits = USUAL):
    return arrange(Kind.EBIKE_OPEN, FIGURES, limits, bays=bays, rows=rows)


def test_twenty_bays_in_one_row_are_16_m_long_and_have_an_aisle():
    layout = drawn(20, rows=1)

    assert (layout.length_m, layout.depth_m) == pytest.approx((16.0, 3.5))
    assert layout.groups == ((0.0, pytest.approx(16.0), 20),)


def test_twenty_bays_in_two_rows_face_one_aisle():
    layout = drawn(20, rows=2)

    assert (layout.length_m, layout.depth_m) == pytest.approx((8.0, 5.5))


def test_twenty_five_bays_are_just_20_m():
    assert len(drawn(25, rows=1).groups) == 1
    assert len(drawn(26, rows=1).groups) == 2


def test_sixty_bays_in_one_row_are_three_even_groups_2_m_apart():
    layout = drawn(60, rows=1)

    assert [group[2] for group in layout.groups] == [20, 20, 20]
    assert [group[0] for group in layout.groups] == pytest.approx([0.0, 18.0, 36.0])
    assert layout.length_m == pytest.approx(52.0)


def test_stalls_have_their_aisle_outside_the_footprint():
    figures = load_catalogue().kind(Kind.EV_SURFACE)
    layout = arrange(Kind.EV_SURFACE, figures, USUAL, bays=4, rows=1)

    assert (layout.length_m, layout.depth_m, layout.access_m) == pytest.approx((10.0, 5.3, 5.5))


def test_a_group_without_room_for_one_bay_is_refused():
    with pytest.raises(ValueError, match="no bay fits"):
        drawn(10, rows=1, limits=GroupLimits(length_m=0.5, size=50, gap_m=2.0, place_gap_m=2.0))


@settings(deadline=None, max_examples=60)
@given(
    bays=st.integers(1, 200),
    rows=st.sampled_from([1, 2]),
    length_m=st.floats(0.8, 40.0),
    size=st.integers(1, 60),
    gap_m=st.floats(0.0, 6.0),
)
def test_groups_keep_every_limit_and_hold_every_bay(bays, rows, length_m, size, gap_m):
    limits = GroupLimits(length_m=length_m, size=size, gap_m=gap_m, place_gap_m=gap_m)
    groups = drawn(bays, rows, limits).groups

    assert sum(held for _, _, held in groups) == bays
    assert all(held <= size and length <= length_m + 1e-9 for _, length, held in groups)
    assert all(rows * length / 0.8 >= held - 1e-6 for _, length, held in groups)
    for (start, length, _), (after, _, _) in pairwise(groups):
        assert after - (start + length) >= gap_m - 1e-9


def test_the_strictest_clause_of_any_force_limits_a_group():
    book = rulebook(
        clause("must", Metric.GROUP_SIZE, value=50.0),
        clause("should", Metric.GROUP_SIZE, value=25.0, force=Force.SHOULD),
        clause("car", Metric.GROUP_LENGTH, value=5.0, kinds=(Kind.EV_SURFACE,)),
    )
    limits = group_limits(book, Kind.EBIKE_OPEN, FIGURES)

    assert (limits.size, limits.length_m, limits.gap_m) == (25, 20.0, 2.0)  # the last two from the catalogue


def test_only_a_must_keeps_two_places_apart():
    wish = clause("wish", Metric.GROUP_GAP, value=6.0, force=Force.INTERPRETATION)
    must = clause("must", Metric.GROUP_GAP, value=3.0)

    assert group_limits(rulebook(wish), Kind.EBIKE_OPEN, FIGURES).place_gap_m == 2.0
    assert group_limits(rulebook(wish, must), Kind.EBIKE_OPEN, FIGURES).place_gap_m == 3.0
    assert group_limits(rulebook(wish, must), Kind.EBIKE_OPEN, FIGURES).gap_m == 6.0


def test_sizes_are_whole_modules_no_larger_than_a_lawful_place():
    limits = GroupLimits(length_m=20.0, size=50, gap_m=2.0, place_gap_m=2.0, place_size=40.0)
    layouts = layouts_for(Kind.EBIKE_SHED, FIGURES, limits, (9, 10, 25, 40, 60))

    assert sorted({layout.bays for layout in layouts}) == [10, 20, 40]
    assert [layout.depth_m for layout in layouts] == sorted(layout.depth_m for layout in layouts)
