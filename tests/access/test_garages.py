"""Walks into garages, to a way down and then along inside, and the same walks by the audit."""

from math import hypot, inf

import pytest
from access.reach_builders import demand, ground, verdicts
from builders import parking
from shapely import LineString, Point, box

from siting.access.walking import GroundModel, WalkOptions, measure_links
from siting.plan.audit_garages import ways_into
from siting.plan.audit_open import open_walks_again
from siting.plan.audit_reading import facts_of

YARD = (("c1", box(0, 0, 100, 50)),)
HOUSE = ("b1", box(10, 10, 30, 20))
STALLS = ("s1", box(60, 10, 70, 14), {"kind": "ev_garage", "garage_id": "g1"})
GARAGE = {"kind": "underground", "source": "planner", "compound_id": "c1"}
DOWN = ("e1", Point(50, 30), {"kind": "garage", "building_id": "g1"})
OUTSIDE = hypot(19.95, 9.95)  # from the corner (30, 20) to a square of 10 cm around the way down
INSIDE = hypot(10, 16)  # from the way down to the corner (60, 14)


def of(*doors, **garage):
    zone = parking((40, 5, 95, 45), id="g1", **(GARAGE | garage))
    return ground(compounds=YARD, buildings=[HOUSE], entrances=doors, others=[zone])


def links(facts, **options):
    return measure_links(verdicts(facts, [STALLS]), demand(facts), WalkOptions(radius_m=200.0, **options))


def walk(facts, **options):
    found = links(facts, **options).frame
    return found["walk_m"].iloc[0] if len(found) else inf


def test_a_walk_leads_to_the_way_down_and_on_to_the_stalls():
    assert walk(of(DOWN)) == pytest.approx(OUTSIDE + INSIDE, abs=1e-4)


def test_what_the_drawings_say_of_the_way_inside_counts():
    assert walk(of(DOWN, entrance_walk_m=25.0)) == pytest.approx(OUTSIDE + 25.0, abs=1e-4)


def test_the_shortest_of_several_ways_down_counts():
    far = ("e2", Point(90, 40), {"kind": "garage", "building_id": "g1"})
    assert walk(of(far, DOWN)) == pytest.approx(OUTSIDE + INSIDE, abs=1e-4)


def test_an_unnamed_way_down_is_of_every_garage_of_its_compound_that_has_none_of_its_own():
    unnamed = ("e1", Point(50, 30), {"kind": "garage", "building_id": None})
    another = ("e1", Point(50, 30), {"kind": "garage", "building_id": "g2"})

    assert walk(of(unnamed)) == pytest.approx(OUTSIDE + INSIDE, abs=1e-4)
    assert walk(of(another)) == inf


def test_without_a_way_down_the_stalls_are_out_of_reach_and_it_is_said():
    found = links(of())

    assert found.frame.empty
    assert found.unreachable["object_id"].tolist()[-1] == "s1"
    assert "give it as an entrance of kind garage" in found.unreachable["reason"].iloc[-1]


def test_beyond_the_limit_there_is_no_walk():
    found = measure_links(verdicts(of(DOWN), [STALLS]), demand(of(DOWN)), WalkOptions(radius_m=OUTSIDE + INSIDE - 0.1))
    assert found.frame.empty


def test_on_mapped_ways_alone_it_is_the_same_way_in():
    street = ("r1", LineString([(0, 30), (100, 30)]))
    zone = parking((40, 5, 95, 45), id="g1", **(GARAGE | {"entrance_walk_m": 25.0}))
    house = ("b1", Point(10, 20).buffer(0.01))
    facts = ground(compounds=YARD, buildings=[house], roads=[street], entrances=[DOWN], others=[zone])

    assert walk(facts, ground=GroundModel.NETWORK) == pytest.approx(10.0 + 40.0 + 25.0, abs=0.2)


def test_the_audit_walks_the_same_way():
    facts = of(DOWN)
    site = verdicts(facts, [STALLS]).candidates.frame.loc["s1"]
    held = facts_of(facts)

    again = open_walks_again(
        held,
        [("b1", "s1")],
        {"s1": (site.geometry, "c1")},
        limit_m=200.0,
        all_round=False,
        ways={"s1": ways_into(site, held)},
    )
    assert again["b1", "s1"] == pytest.approx(walk(facts), abs=1e-3)
