import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.sites.dense import boxes_of, pack_greedily
from siting.sites.thinning import nearest_apart, spread_out, thin


def boxes(*corners, size=8.0):
    return np.array([shapely.box(x, y, x + size, y + 4) for x, y in corners], dtype=object)


def test_nothing_is_dropped_below_the_quota():
    assert list(thin(boxes_of(boxes((0, 0), (3, 0))), np.array([10, 20]), np.arange(2), gap_m=2.0, quota=2)) == [0, 1]


def test_packing_takes_the_most_bays_first_and_keeps_the_gap():
    shapes = boxes((0, 0), (9, 0), (10, 0), (30, 0))  # 1 m from the first, exactly 2 m, far

    packed = pack_greedily(boxes_of(shapes), np.array([20, 10, 10, 10]), gap_m=2.0, most=9)

    assert sorted(packed) == [0, 2, 3]


def test_stalls_may_touch_but_not_overlap():
    shapes = boxes((0, 0), (8, 0), (20, 0), (23, 0))

    assert sorted(pack_greedily(boxes_of(shapes), np.array([4, 4, 4, 2]), gap_m=0.0, most=9)) == [0, 1, 2]


def test_spreading_takes_the_farthest_each_time():
    centres = np.array([[0.0, 0.0], [1.0, 0.0], [10.0, 0.0], [6.0, 0.0]])

    assert list(spread_out(centres, np.arange(4), np.array([0]), most=2)) == [2, 3]
    assert list(spread_out(centres, np.arange(4), np.array([0, 1, 2, 3]), most=2)) == []


def test_a_packed_place_brings_a_smaller_one_on_the_same_spot():
    spots = np.repeat(np.arange(10), 2)
    shapes = boxes(*[(20.0 * spot, 0.0) for spot in spots])
    bays = np.tile([20, 60], 10)

    kept = thin(boxes_of(shapes), bays, spots, gap_m=2.0, quota=12)

    assert len(kept) == 12
    assert {20, 60} == set(bays[kept])
    assert len(np.intersect1d(spots[kept[bays[kept] == 20]], spots[kept[bays[kept] == 60]])) > 0


def test_the_nearest_of_each_size_stand_apart():
    shapes = boxes((0, 0), (9, 0), (12, 0), (40, 0))  # the second stands 1 m from the first
    bays, distance_m = np.array([10, 10, 10, 20]), np.array([1.0, 2.0, 3.0, 90.0])

    assert list(nearest_apart(boxes_of(shapes), bays, distance_m, gap_m=2.0, each=2)) == [0, 2, 3]
    assert list(nearest_apart(boxes_of(shapes), bays, distance_m, gap_m=2.0, each=1)) == [0, 3]


@settings(deadline=None, max_examples=30)
@given(
    corners=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=1, max_size=60),
    quota=st.integers(1, 20),
    dense=st.booleans(),
)
def test_thinning_keeps_the_quota_and_packing_keeps_apart(corners, quota, dense):
    shapes = boxes(*corners)
    bays = np.array([10 + 10 * (x % 3) for x, _ in corners])

    kept = thin(boxes_of(shapes), bays, np.arange(len(corners)), gap_m=2.0, quota=quota)
    packed = shapes[pack_greedily(boxes_of(shapes), bays, gap_m=2.0, most=quota, dense=dense)]

    assert len(kept) == len(set(kept)) == min(quota, len(corners))
    for number, shape in enumerate(packed):
        assert (shapely.distance(shape, packed[:number]) >= 1.998).all()
