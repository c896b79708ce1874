"""Cables along trenches that are dug anyway, in metres a reader can add up, and the same by the audit."""

import numpy as np
import pytest
import shapely
from access.reach_builders import ORIGIN, ground, verdicts
from builders import CRS_M
from geopandas import GeoDataFrame
from shapely import LineString, Point, box
from shapely.affinity import translate

from siting.access.cables import lay_cables
from siting.access.trenches import along_trenches, clear_leg, trench_lines
from siting.kinds import Kind
from siting.plan.audit_trenches import by_trenches
from siting.sites.catalogue import load_catalogue

YARD = (("c1", box(0, 0, 100, 50)),)
SHED = ("s1", box(60, 10, 70, 14))
AT_10_10 = [("t1", Point(10, 10))]
FIGURES = load_catalogue(None).kind(Kind.EBIKE_SHED)


def dug(of, *shapes):
    """Return a district in which a planner drew trenches."""
    rows = {"name": [None] * len(shapes), "source": ["planner"] * len(shapes)}
    drawn = [translate(shape, *ORIGIN) for shape in shapes]
    frame = GeoDataFrame(rows, geometry=drawn, crs=CRS_M)
    return of.replace(trenches=frame.set_axis([f"x{at}" for at in range(len(shapes))]).rename_axis("trench_id"))


def cable(of, *candidates):
    frame = lay_cables(verdicts(of, candidates or [SHED]).candidates).frame
    return frame.loc["s1", ["cable_m", "trench_m", "open_cost_cny"]].tolist()


def cost(alone_m, trench_m):
    return FIGURES.open_cost_cny(20) + (alone_m - 20) * 200 + trench_m * 55


def yard(**things):
    return ground(compounds=YARD, transformers=AT_10_10, **things)


def test_a_cable_takes_the_trench_where_that_is_cheaper_though_longer():
    line = LineString([(10, 20), (65, 20)])
    # 10 m to the trench, 50 m along it to where the shed is nearest, 6 m on; straight it would be 50 m
    assert cable(dug(yard(), line)) == pytest.approx([66, 50, cost(16, 50)])


def test_a_trench_that_is_too_far_off_is_left_alone():
    assert cable(dug(yard(), LineString([(10, 45), (65, 45)]))) == pytest.approx([50, 0, cost(50, 0)])


def test_a_straight_leg_through_a_house_is_none():
    house = [("b1", box(5, 14, 15, 17))]
    assert cable(dug(yard(buildings=house), LineString([(10, 20), (65, 20)])))[1] == 0.0


def test_of_an_area_the_shorter_way_round_counts():
    # from (10, 10) 5 m up to its lower edge, along it to (60, 15), 1 m down to the shed
    assert cable(dug(yard(), box(0, 15, 80, 30))) == pytest.approx([56, 50, cost(6, 50)])


def test_of_several_trenches_the_cheapest_is_taken():
    near, nearer = LineString([(10, 25), (65, 25)]), LineString([(10, 12), (59, 12)])
    found = cable(dug(yard(), near, nearer))
    assert found[:2] == pytest.approx([2 + 49 + 1, 49])


def test_a_trench_serves_a_place_that_no_way_over_the_ground_leads_to():
    moat = [("b1", box(40, 0, 45, 50))]
    line = LineString([(10, 12), (65, 12)])
    total_m, trench_m, _ = cable(dug(ground(compounds=YARD, transformers=AT_10_10, buildings=moat), line))
    assert (total_m, trench_m) == pytest.approx((52, 50))


@pytest.mark.parametrize("seed", range(12))
def test_the_audit_finds_the_same_metres(seed):
    dice = np.random.default_rng(seed)
    line = LineString(dice.integers(0, 100, (4, 2)).astype(float))
    area = box(20, 20, 20 + int(dice.integers(5, 40)), 20 + int(dice.integers(5, 25)))
    x, y = dice.integers(0, 90, 2)
    source, site = Point(*dice.integers(0, 100, 2)), box(x, y, x + 10, y + 4)
    houses = np.array([box(x, y, x + 8, y + 8) for x, y in dice.integers(0, 90, (3, 2))], dtype=object)
    houses = houses[~shapely.intersects(houses, site) & ~shapely.intersects(houses, source)]
    tree = shapely.STRtree(houses)

    lines = trench_lines([line, area])
    found = [*along_trenches(lines, source, site, lambda one, other: clear_leg(tree, one, other))]
    again = by_trenches([line, area], source, site, houses)
    assert len(found) == len(again)
    assert [way.alone_m for way in found] == pytest.approx([alone_m for alone_m, _ in again], abs=1e-3)
    assert [way.trench_m for way in found] == pytest.approx([way_m for _, way_m in again], abs=1e-3)
