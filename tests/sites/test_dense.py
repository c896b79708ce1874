import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate

from siting.sites.dense import boxes_of, pack_densely, pack_greedily


def strip(*spans):
    """Return boxes 4 m deep from and to the given metres along a strip, and their bays: ten each 4 m."""
    shapes = np.array([shapely.box(start, 0, end, 4) for start, end in spans], dtype=object)
    return shapes, np.array([10 * (end - start) // 4 for start, end in spans])


def test_a_swap_mends_what_greed_wastes():
    # 30 bays in the middle leave no room beside them; two places of 20 hold 40
    shapes, bays = strip((4, 16), (0, 8), (10, 18))

    assert bays[pack_greedily(boxes_of(shapes), bays, gap_m=2.0, most=9)].sum() == 30
    assert sorted(pack_densely(boxes_of(shapes), bays, gap_m=2.0)) == [1, 2]


def test_the_largest_come_first_and_nothing_is_packed_from_nothing():
    shapes, bays = strip((0, 4), (10, 22))

    assert list(pack_densely(boxes_of(shapes), bays, gap_m=2.0)) == [1, 0]
    assert len(pack_densely(boxes_of(np.empty(0, dtype=object)), np.empty(0, dtype=int), gap_m=2.0)) == 0


def test_corner_to_corner_the_true_distance_counts():
    one, other = shapely.box(0, 0, 4, 4), shapely.box(5.5, 5.5, 9.5, 9.5)  # 2.12 m apart, 1.5 m along each side
    shapes = np.array([one, other], dtype=object)

    assert len(pack_densely(boxes_of(shapes), np.array([10, 10]), gap_m=2.0)) == 2
    assert len(pack_densely(boxes_of(shapes), np.array([10, 10]), gap_m=2.2)) == 1


@settings(deadline=None, max_examples=40)
@given(
    places=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 89)), min_size=1, max_size=40),
    gap_m=st.sampled_from([0.0, 2.0]),
)
def test_packings_keep_the_gap_and_mending_never_loses(places, gap_m):
    shapes = np.array([rotate(shapely.box(x, y, x + 10, y + 4), turn) for x, y, turn in places], dtype=object)
    bays = np.array([10 + 10 * (x % 4) for x, _, _ in places])

    packed = pack_densely(boxes_of(shapes), bays, gap_m=gap_m)
    greedy = pack_greedily(boxes_of(shapes), bays, gap_m=gap_m, most=len(places))

    assert bays[packed].sum() >= bays[greedy].sum()
    for one in packed:
        for other in packed:
            if one < other:
                assert shapely.distance(shapes[one], shapes[other]) >= gap_m - 2e-3
                assert shapely.area(shapely.intersection(shapes[one], shapes[other])) < 0.1
