"""Walks over open ground, on hand-drawn compounds whose lengths a reader can add up (to a tenth of a millimetre)."""

from dataclasses import replace
from math import hypot, inf

import builders
import pytest
from access.reach_builders import demand, ground, verdicts
from shapely import LineString, Point, Polygon, box

from siting.access.openings import Boundary
from siting.access.sharing import Group, Sharing
from siting.access.streets import Slopes, without_steps
from siting.access.walking import WalkOptions, measure_links
from siting.errors import UsageError
from siting.plan.audit_open import open_walks_again
from siting.plan.audit_reading import facts_of
from siting.plan.audit_slopes import with_counts

YARD = (("c1", box(0, 0, 100, 50)),)
HOUSE = ("b1", box(10, 10, 30, 20))
SHED = ("s1", box(60, 10, 70, 14))
WALL = ("w1", LineString([(45, 0), (45, 50)]))  # from boundary to boundary
STREET = ("r1", LineString([(-100, -5), (50, -5), (150, -5), (300, -5)]))


def links(of, candidates=(SHED,), *, radius_m=500.0, **options):
    return measure_links(verdicts(of, candidates), demand(of), WalkOptions(radius_m=radius_m, **options))


def walk(of, candidates=(SHED,), *, pair=("b1", "s1"), **options):
    found = links(of, candidates, **options).frame.set_index(["building_id", "candidate_id"])["walk_m"]
    return found.get(pair, inf)


def metres(length):
    return pytest.approx(length, abs=1e-4)


def test_nothing_in_between_is_the_straight_line():
    assert walk(ground(compounds=YARD, buildings=[HOUSE])) == metres(30)


def test_a_house_in_between_is_walked_around():
    other = ("b2", box(40, 5, 50, 25))
    # from (30, 10) by (40, 5) and (50, 5) to (60, 10)
    assert walk(ground(compounds=YARD, buildings=[HOUSE, other])) == metres(2 * hypot(10, 5) + 10)


def test_a_wall_is_walked_around_at_its_end():
    end = ("w1", LineString([(45, 0), (45, 30)]))
    assert walk(ground(compounds=YARD, buildings=[HOUSE], barriers=[end])) == metres(hypot(15, 10) + hypot(15, 16))


def test_a_wall_without_a_gate_is_not_passed():
    assert walk(ground(compounds=YARD, buildings=[HOUSE], barriers=[WALL])) == inf


def test_a_gate_in_the_wall_is_the_only_way():
    of = ground(compounds=YARD, buildings=[HOUSE], barriers=[WALL], gates=[("g1", Point(45, 40))])
    assert walk(of) == metres(hypot(15, 20) + hypot(15, 26))


def test_a_closed_gate_is_a_wall():
    gate = ("g1", Point(45, 40), {"access": "no"})
    assert walk(ground(compounds=YARD, buildings=[HOUSE], barriers=[WALL], gates=[gate])) == inf


def test_a_way_through_the_wall_opens_it():
    path = ("r2", LineString([(40, 5), (50, 5)]), {"kind": "footway"})
    of = ground(compounds=YARD, buildings=[HOUSE], barriers=[WALL], roads=[path])
    assert walk(of) == metres(2 * hypot(15, 5))


def test_an_archway_leads_through_a_house():
    bar = ("b2", box(40, 0, 50, 50))
    arch = ("r2", LineString([(35, 12), (55, 12)]), {"kind": "footway"})
    of = ground(compounds=YARD, buildings=[HOUSE, bar], roads=[arch])
    assert walk(of) == metres(30)
    assert walk(ground(compounds=YARD, buildings=[HOUSE, bar])) == inf


def test_two_ways_that_meet_inside_a_house_are_one_archway():
    bar = ("b2", box(40, 0, 50, 50))
    halves = [("r2", LineString([(35, 12), (45, 12)])), ("r3", LineString([(45, 12), (55, 12)]))]
    assert walk(ground(compounds=YARD, buildings=[HOUSE, bar], roads=halves)) == metres(30)


def test_a_bridge_leads_over_water():
    water = builders.obstacle("water", box(40, 0, 50, 50))
    bridge = ("r2", LineString([(35, 40), (55, 40)]), {"kind": "footway"})
    of = ground(compounds=YARD, buildings=[HOUSE], roads=[bridge], others=[water])
    assert walk(of) == metres(hypot(10, 20) + 10 + hypot(10, 26))
    assert walk(ground(compounds=YARD, buildings=[HOUSE], others=[water])) == inf


def test_a_door_decides_where_the_walk_starts():
    of = ground(compounds=YARD, buildings=[HOUSE], entrances=[("e1", Point(10, 15))])
    # along the west facade, around (10, 10), along the south facade
    assert walk(of) == metres(5 + 20 + 30)


def test_an_l_shaped_compound_is_walked_around_its_inner_corner():
    area = Polygon([(0, 0), (100, 0), (100, 20), (40, 20), (40, 100), (0, 100)])
    of = ground(compounds=[("c1", area)], buildings=[("b1", box(10, 80, 20, 90))])
    # from (20, 80) by (40, 20) to (90, 10)
    assert walk(of, [("s1", box(90, 5, 95, 10))]) == metres(hypot(20, 60) + hypot(50, 10))


def test_a_hole_in_the_compound_is_walked_around():
    area = box(0, 0, 100, 100).difference(box(40, 0.5, 60, 60))
    of = ground(compounds=[("c1", area)], buildings=[("b1", box(10, 40, 20, 50))])
    # north of the hole 20 + 30 m up and down; south of it, through the gap of half a metre, 40 m each
    assert walk(of, [("s1", box(80, 40, 90, 50))]) == metres(2 * hypot(20, 10) + 20)


def test_two_houses_that_touch_in_one_corner_leave_no_gap():
    bars = [("b2", box(40, 0, 50, 25)), ("b3", box(50, 25, 60, 50))]
    assert walk(ground(compounds=YARD, buildings=[HOUSE, *bars]), [("s1", box(70, 10, 75, 14))]) == inf


def test_a_tower_on_a_podium_is_left_at_the_podium():
    podium = ("b2", box(5, 5, 40, 40))
    of = ground(compounds=YARD, buildings=[HOUSE, podium])
    assert walk(of) == metres(30)  # podium to shed is 20 m, but nobody walks less than the straight line


def test_a_walk_through_a_gate_goes_on_along_the_street():
    yards = (*YARD, ("c2", box(120, 0, 220, 50)))
    gates = [("r2", LineString([(50, 5), (50, -5)])), ("r3", LineString([(150, 5), (150, -5)]))]
    of = ground(compounds=yards, buildings=[HOUSE], roads=[STREET, *gates])
    shed = ("s1", box(145, 10, 155, 14), {"compound_id": "c2"})
    # facade (30, 10) to (50, 0), 5 m out, 100 m along, 5 m in, 10 m on
    assert walk(of, [shed], sharing=Sharing.EVERYONE) == metres(hypot(20, 10) + 5 + 100 + 5 + 10)
    assert walk(of, [shed]) == inf
    assert walk(of, [shed], sharing=Sharing.NEIGHBOURS) < inf
    assert walk(of, [shed], sharing=Sharing.NEIGHBOURS, neighbour_m=19.0) == inf


def test_groups_share_and_an_unknown_member_is_refused():
    yards = (*YARD, ("c2", box(110, 0, 220, 50)))
    gates = [("r2", LineString([(50, 5), (50, -5)])), ("r3", LineString([(150, 5), (150, -5)]))]
    of = ground(compounds=yards, buildings=[HOUSE], roads=[STREET, *gates])
    shed = ("s1", box(145, 10, 155, 14), {"compound_id": "c2"})
    assert walk(of, [shed], sharing=Sharing.GROUPS, groups=(Group("street", ("c1", "c2")),)) < inf
    with pytest.raises(UsageError, match="'c9'"):
        walk(of, [shed], sharing=Sharing.GROUPS, groups=(Group("street", ("c1", "c9")),))


def test_a_residents_gate_lets_residents_out_and_nobody_else_in():
    yards = (*YARD, ("c2", box(120, 0, 220, 50)))
    ways = [("r2", LineString([(50, 5), (50, 0), (50, -5)])), ("r3", LineString([(150, 5), (150, -5)]))]
    key = ("g1", Point(50, 0), {"access": "private"})
    of = ground(
        compounds=yards, buildings=[HOUSE, ("b2", box(130, 10, 140, 20), {"compound_id": "c2"})],
        roads=[STREET, *ways], gates=[key],
    )  # fmt: skip
    sheds = [SHED, ("s2", box(145, 10, 155, 14), {"compound_id": "c2"})]
    out = links(of, sheds, sharing=Sharing.EVERYONE)
    pairs = set(zip(out.frame["building_id"], out.frame["candidate_id"], strict=True))
    assert pairs == {("b1", "s1"), ("b1", "s2"), ("b2", "s2")}
    assert walk(of, sheds, pair=("b1", "s2"), sharing=Sharing.EVERYONE) == metres(hypot(20, 10) + 5 + 100 + 5 + 10)
    assert dict(zip(out.openings["basis"], out.openings["access"], strict=True)) == {"gate": "residents", "way": "open"}


def test_a_gate_between_two_compounds_joins_them_without_a_street():
    yards = (*YARD, ("c2", box(100, 0, 200, 50)))
    of = ground(compounds=yards, buildings=[HOUSE], gates=[("g1", Point(100, 15))])
    shed = ("s1", box(150, 10, 160, 20), {"compound_id": "c2"})
    assert walk(of, [shed], sharing=Sharing.EVERYONE) == metres(70 + 50)


def test_a_compound_without_a_known_opening_is_open_and_one_with_a_gate_is_not():
    plain = ground(compounds=YARD, buildings=[HOUSE], roads=[STREET])
    assert set(links(plain).openings["basis"]) == {"assumed"}
    gated = ground(compounds=YARD, buildings=[HOUSE], roads=[STREET, ("r2", LineString([(50, 5), (50, -5)]))])
    assert list(links(gated).openings["basis"]) == ["way"]
    assert set(links(gated, boundary=Boundary.OPEN).openings["basis"]) == {"way", "assumed"}


def test_an_open_boundary_is_closed_where_a_wall_is_mapped():
    wall = ("w1", LineString([(-1, -1), (101, -1)]))
    of = ground(compounds=YARD, buildings=[HOUSE], roads=[STREET], barriers=[wall])
    assert not (links(of).openings.geometry.y < 3_500_000.5).any()


def test_a_house_walled_in_is_unreachable_with_the_reason():
    ring = ("w1", LineString([(5, 5), (35, 5), (35, 25), (5, 25), (5, 5)]))
    of = ground(compounds=YARD, buildings=[HOUSE], roads=[STREET], barriers=[ring])
    lost = links(of).unreachable
    assert list(lost["object_id"]) == ["b1"]
    assert "shut in" in lost["reason"].iloc[0]


def test_the_limit_itself_is_inside():
    of = ground(compounds=YARD, buildings=[HOUSE])
    assert walk(of, radius_m=30.0) == metres(30)
    assert walk(of, radius_m=29.999) == inf


def test_stairs_are_closed_to_who_pushes_a_bike_if_the_study_says_so():
    yards = (*YARD, ("c2", box(120, 0, 220, 50)))
    stairs = ("r2", LineString([(100, 20), (110, 20), (120, 20)]), {"kind": "steps"})
    around = ("r3", LineString([(100, 45), (110, 45), (120, 45)]))
    street = ("r1", LineString([(110, 20), (110, 45), (110, 400)]))
    of = ground(compounds=yards, buildings=[HOUSE], roads=[street, stairs, around])
    shed = ("s1", box(130, 18, 140, 22), {"compound_id": "c2"})
    by_stairs = walk(of, [shed], sharing=Sharing.EVERYONE)
    closed = without_steps(of)
    assert by_stairs == metres(100)  # straight on
    assert walk(closed, [shed], sharing=Sharing.EVERYONE) == metres(hypot(70, 25) + 20 + hypot(10, 23))
    assert "1 mapped stairs" in closed.notes[-1]
    assert of.roads["walkable"].all()


HILL = (("c1", box(0, 0, 100, 50)), ("c2", box(120, 0, 220, 50)))
GATES = (("r2", LineString([(50, 5), (50, -5)])), ("r3", LineString([(150, 5), (150, -5)])))
OVER_THERE = ("s1", box(145, 10, 155, 14), {"compound_id": "c2"})
OUT_AND_IN = hypot(20, 10) + 5 + 5 + 10  # to the gate, to the street; from it, to the shed
EVERYONE = {"sharing": Sharing.EVERYONE}


def hill(street, *, kind="residential", **level):
    """Two yards beside a street of 100 m between their gates, where `street` says how it slopes."""
    middle = ("r1", LineString([(50, -5), (150, -5)]), {"kind": kind} | street)
    ends = ("r0", LineString([(-100, -5), (50, -5)])), ("r4", LineString([(150, -5), (300, -5)]))
    return ground(compounds=HILL, buildings=[HOUSE], roads=[middle, *ends, *GATES], **level)


@pytest.mark.parametrize(("slope", "counted"), [(8.0, 150.0), (12.0, 150.0), (7.9, 100.0), (float("nan"), 100.0)])
def test_a_metre_of_a_steep_way_counts_more_if_the_planner_says_so(slope, counted):
    of = hill({"slope_percent": slope})
    assert walk(of, [OVER_THERE], slopes=Slopes(factor=1.5), **EVERYONE) == metres(OUT_AND_IN + counted)
    assert walk(of, [OVER_THERE], **EVERYONE) == metres(OUT_AND_IN + 100)


def test_stairs_are_steep_whatever_is_mapped_of_their_slope():
    of = hill({"drivable": False}, kind="steps")
    assert walk(of, [OVER_THERE], slopes=Slopes(factor=2.0), **EVERYONE) == metres(OUT_AND_IN + 200)


def test_a_longer_level_way_is_taken_where_the_steep_one_counts_more():
    street, loop = {"slope_percent": 20.0}, ("r9", LineString([(50, -5), (50, -20), (150, -20), (150, -5)]))
    steep = hill(street)
    of = steep.replace(roads=hill(street, others=[builders.road(loop[1], id="r9", kind="residential")]).roads)
    assert walk(of, [OVER_THERE], slopes=Slopes(factor=2.0), **EVERYONE) == metres(OUT_AND_IN + 130)
    assert walk(of, [OVER_THERE], **EVERYONE) == metres(OUT_AND_IN + 100)


def test_the_longest_walk_counts_steep_metres_too():
    of = hill({"slope_percent": 10.0})
    limit = OUT_AND_IN + 150
    assert walk(of, [OVER_THERE], slopes=Slopes(factor=1.5), radius_m=limit, **EVERYONE) == metres(limit)
    assert walk(of, [OVER_THERE], slopes=Slopes(factor=1.6), radius_m=limit, **EVERYONE) == inf


@pytest.mark.parametrize(
    "figures", [{"factor": 0.9}, {"factor": 11.0}, {"steep_percent": 0.0}, {"steep_percent": 101.0}]
)
def test_slopes_that_cannot_be_are_refused(figures):
    with pytest.raises(UsageError, match="give"):
        Slopes(**figures)


@pytest.mark.parametrize("factor", [1.0, 1.7])
def test_the_audit_counts_steep_metres_on_its_own_road(factor):
    of = hill({"slope_percent": 10.0})
    facts = facts_of(of)
    roads = with_counts(facts.tables["roads"], factor, 8.0)
    facts = replace(facts, tables={**facts.tables, "roads": roads})
    shed = verdicts(of, [OVER_THERE]).candidates.frame.geometry["s1"]
    again = open_walks_again(facts, [("b1", "s1")], {"s1": (shed, "c2")}, limit_m=500.0, all_round=False)
    assert again["b1", "s1"] == metres(walk(of, [OVER_THERE], slopes=Slopes(factor=factor), **EVERYONE))
