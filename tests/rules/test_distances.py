"""The spatial index proposes, plain distances decide: both roads must agree."""

import numpy as np
import pytest
import shapely
from builders import building, district
from hypothesis import given, settings
from hypothesis import strategies as st
from rules.rule_builders import clause, facility, shapes_of

from siting.kinds import Completeness
from siting.rules.clause import Metric
from siting.rules.distances import clearance
from siting.rules.measures import measure

corner = st.floats(0, 100, allow_nan=False)
size = st.floats(1, 15, allow_nan=False)
boxes = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), corner, corner, size, size)
heights = st.sampled_from(["low_rise", "high_rise", "unknown"])
TABLE = {"low_rise/*/*": 6.0, "high_rise/*/*": 13.0}


def naive(place, houses: list[tuple[object, str]], error: float) -> tuple[int, float, float]:
    """Return (rank, margin, measured) of the worst building, one building at a time."""
    found = []
    for house, height in houses:
        low, high = {"low_rise": (6, 6), "high_rise": (13, 13), "unknown": (6, 13)}[height]
        gap = shapely.distance(place, house)
        if gap - error >= high - 1e-9:
            found.append((3, gap - high, gap))
        elif gap + error < low - 1e-9:
            found.append((0, gap - low, gap))
        else:
            found.append((1, gap - high, gap))
    return min(found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(boxes, min_size=1, max_size=6),
    st.lists(st.tuples(boxes, heights), min_size=1, max_size=12),
    st.sampled_from([0.0, 1.0]),
)
def test_every_verdict_equals_a_plain_loop_over_buildings(places, houses, error):
    levels = {"low_rise": 6, "high_rise": 18, "unknown": np.nan}
    ground = district(*(building(box, levels=levels[height]) for box, height in houses), position_error_m=error)
    rule = clause(Metric.SEPARATION_BY_CLASS, "building", None, values=TABLE)
    found = measure(rule, shapes_of(*places), ground, facility())
    names = ["FAIL", "UNCERTAIN", "NOT EVALUATED", "PASS"]
    for row, place in enumerate(places):
        drawn = [(shapely.box(*box), height) for box, height in houses]
        rank, margin, measured = naive(shapely.box(*place), drawn, error)
        assert found.outcome[row] == names[rank]
        if rank < 3:  # where all pass, the nearest of those in reach is named
            assert found.measured[row] - found.required[row] == pytest.approx(margin, abs=1e-9)
            assert found.measured[row] == pytest.approx(measured, abs=1e-9)
        else:
            gaps = [shapely.distance(shapely.box(*place), house) for house, _ in drawn]
            assert min(abs(found.measured[row] - gap) for gap in gaps) < 1e-9  # the last bit depends on the order


@settings(max_examples=40, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=5), st.lists(boxes, min_size=1, max_size=10))
def test_one_limit_names_the_nearest_building(places, houses):
    ground = district(*(building(box) for box in houses))
    found = measure(clause(Metric.SEPARATION, "building", 6.0), shapes_of(*places), ground, facility())
    for row, place in enumerate(places):
        gaps = [shapely.distance(shapely.box(*place), shapely.box(*house)) for house in houses]
        assert found.measured[row] == pytest.approx(min(gaps), rel=1e-12)
        assert ground.buildings.index.get_loc(found.feature_id[row]) is not None


@settings(max_examples=40, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=5), st.lists(boxes, min_size=1, max_size=10))
def test_touches_are_counted_as_a_plain_loop_counts_them(places, houses):
    snapped = [tuple(round(value) for value in box) for box in houses]
    rounded = [tuple(round(value) for value in box) for box in places]
    ground = district(*(building(box) for box in snapped))
    found = measure(clause(Metric.ADJACENCY, "building", 0.0), shapes_of(*rounded), ground, facility())
    for row, place in enumerate(rounded):
        touched = sum(shapely.distance(shapely.box(*place), shapely.box(*house)) <= 1e-9 for house in snapped)
        assert found.measured[row] == touched
        assert found.outcome[row] == ("FAIL" if touched else "PASS")


def test_jitter_within_the_error_never_breaks_what_passed():
    rng = np.random.default_rng(7)
    corners = rng.uniform(0, 200, (40, 2))
    houses = [building((x, y, x + 10, y + 20), levels=6) for x, y in corners]
    places = shapes_of(*((x, y, x + 8, y + 2) for x, y in rng.uniform(0, 220, (200, 2))))
    rule = clause(Metric.SEPARATION, "building", 6.0)
    clear = measure(rule, places, district(*houses, position_error_m=1.0), facility()).outcome == "PASS"
    assert clear.sum() > 20
    for _ in range(200):
        angle, reach = rng.uniform(0, 2 * np.pi, 40), rng.uniform(0, 1, 40)
        moved = corners + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
        walls = shapely.box(moved[:, 0], moved[:, 1], moved[:, 0] + 10, moved[:, 1] + 20)
        gaps = shapely.distance(places.footprints[clear][:, None], walls[None, :])
        assert gaps.min() >= 6.0 - 1e-9


class TestClearance:
    area = np.array([shapely.box(0, 0, 20, 20)], dtype=object)

    @pytest.mark.parametrize(
        ("place", "metres"),
        [
            ((23, 0, 25, 10), 3.0),
            ((20, 0, 22, 10), 0.0),
            ((19, 5, 22, 15), -10 / 11),  # strip of 1 x 10 m: 2 x 10 / 22
            ((5, 5, 7, 7), -1.0),  # 2 x 4 / 8
        ],
    )
    def test_outside_it_is_the_distance_inside_a_safe_depth(self, place, metres):
        assert clearance(np.array([shapely.box(*place)], dtype=object), self.area)[0] == pytest.approx(metres)

    @settings(max_examples=60, deadline=None)
    @given(boxes)
    def test_a_move_by_less_than_the_depth_never_clears_the_overlap(self, place):
        footprint = np.array([shapely.box(*place)], dtype=object)
        depth = -clearance(footprint, self.area)[0]
        if depth > 0:
            for angle in np.linspace(0, 2 * np.pi, 16):
                step = 0.99 * depth * np.array([np.cos(angle), np.sin(angle)])
                moved = shapely.transform(footprint[0], lambda xy, step=step: xy + step)
                assert shapely.intersects(moved, self.area[0])


def test_ties_are_broken_by_id_and_not_by_the_index():
    twins = [building((-10, 0, 0, 10), id=name) for name in ("b", "a")]
    rule = clause(Metric.SEPARATION, "building", 3.0)
    for completeness in (Completeness.MAPPED, Completeness.UNKNOWN):
        ground = district(*twins, completeness={"building": completeness})
        found = measure(rule, shapes_of((1, 0, 3, 10), (50, 0, 53, 10)), ground, facility())
        assert list(found.feature_id) == ["a", "a"]
