"""Cables along the ground, in metres and yuan a reader can add up: 200 CNY a metre, 55 in a trench dug anyway."""

from math import hypot

import pandas as pd
import pytest
from access.reach_builders import ground, verdicts
from shapely import LineString, Point, box

from siting.access.cables import lay_cables
from siting.kinds import Kind
from siting.sites.catalogue import load_catalogue

YARD = (("c1", box(0, 0, 100, 50)),)
BAR = ("b2", box(40, 5, 50, 25))
SHED = ("s1", box(60, 10, 70, 14))
STREET = ("r1", LineString([(-100, -5), (50, -5), (150, -5), (300, -5)]))
GATE = ("r2", LineString([(50, 5), (50, -5)]))
AT_10_10 = [("t1", Point(10, 10))]


def laid(of, *candidates):
    return lay_cables(verdicts(of, candidates or [SHED]).candidates).frame


def cable(of, *candidates):
    return tuple(laid(of, *candidates).loc["s1", ["cable_m", "cable_straight_m", "trench_m"]])


def test_nothing_in_between_is_the_straight_line():
    assert cable(ground(compounds=YARD, transformers=AT_10_10)) == pytest.approx((50, 50, 0))


def test_a_cable_runs_around_a_house():
    of = ground(compounds=YARD, buildings=[BAR], transformers=AT_10_10)
    assert cable(of) == pytest.approx((hypot(30, 5) + 10 + hypot(10, 5), 50, 0), abs=1e-3)


def test_a_cable_runs_under_a_wall_where_nobody_walks():
    wall = ("w1", LineString([(30, 0), (30, 50)]))
    assert cable(ground(compounds=YARD, barriers=[wall], transformers=AT_10_10))[0] == pytest.approx(50)


def test_a_cable_from_the_street_follows_the_ways_and_enters_by_the_gate():
    of = ground(compounds=YARD, roads=[STREET, GATE], transformers=[("t1", Point(-50, -15))])
    # 10 m to the street, 100 m along it, 5 m to the boundary, on to the shed
    assert cable(of)[0] == pytest.approx(10 + 100 + 5 + hypot(10, 10), abs=1e-3)


def test_a_transformer_house_is_left_at_its_wall():
    of = ground(compounds=YARD, transformers=[("t1", box(5, 5, 20, 20))])
    assert cable(of) == pytest.approx((40, 40, 0))
    inside = ground(compounds=YARD, buildings=[("b1", box(5, 5, 20, 20))], transformers=AT_10_10)
    assert cable(inside)[0] == pytest.approx(50)  # never less than straight from where it stands


def test_without_a_place_the_catalogues_length_holds():
    frame = laid(ground(compounds=YARD, transformers=[("t1", None)]))
    assert "cable_m" not in frame
    assert frame["open_cost_cny"]["s1"] == 1000.0


def test_no_route_leaves_the_catalogues_length():
    moat = ground(
        compounds=YARD,
        buildings=[("b1", box(55, 5, 75, 20).difference(box(58, 8, 72, 17)))],
        transformers=AT_10_10,
    )
    frame = laid(moat)
    assert pd.isna(frame["cable_m"]["s1"])
    assert frame["open_cost_cny"]["s1"] == 1000.0


def test_metres_cost_what_the_catalogue_says():
    figures = load_catalogue(None).kind(Kind.EBIKE_SHED)
    frame = laid(ground(compounds=YARD, transformers=AT_10_10))
    usual = figures.open_cost_cny(20)
    assert frame["open_cost_cny"]["s1"] == pytest.approx(usual + (50 - 20) * 200)
    assert frame["cost_cny"]["s1"] == frame["open_cost_cny"]["s1"] + 2 * 1000


def test_a_trench_that_is_dug_anyway_makes_the_metres_on_its_ground_cheaper():
    dug = ground(compounds=(("c1", box(0, 0, 100, 50), {"trench": "yes"}),), transformers=AT_10_10)
    assert cable(dug) == pytest.approx((50, 50, 50))
    usual = load_catalogue(None).kind(Kind.EBIKE_SHED).open_cost_cny(20)
    assert laid(dug)["open_cost_cny"]["s1"] == pytest.approx(usual - 20 * 200 + 50 * 55)


def test_a_trench_helps_no_cable_outside_the_compound():
    of = ground(
        compounds=(("c1", box(0, 0, 100, 50), {"trench": "yes"}),),
        roads=[STREET, GATE],
        transformers=[("t1", Point(-50, -15))],
    )
    assert cable(of)[2] == pytest.approx(hypot(10, 10), abs=1e-3)


def test_no_cable_is_shorter_than_the_straight_line():
    house = ("b1", box(5, 5, 20, 20))
    of = ground(compounds=YARD, buildings=[house], transformers=[("t1", Point(6, 12))])
    assert cable(of)[:2] == pytest.approx((54, 54))  # 40 m from the wall, but the transformer stands 14 m inside
