"""Walks on mapped ways alone, on hand-drawn grounds whose lengths a reader can add up."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from access.reach_builders import block, demand, ground, verdicts
from shapely import LineString, Point, Polygon, box

from siting.access.sharing import Sharing
from siting.access.walking import GroundModel, WalkOptions, measure_links
from siting.errors import TableError, UsageError

# A street along y = 0; b1 stands 20 m north of it around x = 0, s1 10 m south around x = 100.
STREET = ("w1", LineString([(-200, 0), (300, 0)]))
B1 = ("b1", block(-5, 20))
S1 = ("s1", block(95, -15, wide=10, deep=5))


def links(of, candidates, *, radius_m=500.0, **options):
    options = {"ground": GroundModel.NETWORK} | options
    return measure_links(verdicts(of, candidates), demand(of), WalkOptions(radius_m=radius_m, **options))


def walks(of, candidates, **options):
    frame = links(of, candidates, **options).frame
    return {(row.building_id, row.candidate_id): row.walk_m for row in frame.itertuples()}


def test_a_walk_is_leg_and_street_and_leg():
    # Facade corner (5, 20) and footprint corner (95, -10) are as near to the street as the others of their sides:
    # GEOS picks one of them, so the walk is 20 + something between 80 and 110 + 10.
    found = walks(ground(buildings=[("b1", Point(0, 20).buffer(0.01))], roads=[STREET]), [S1])
    assert 20 + 95 + 10 - 0.1 <= found["b1", "s1"] <= 20 + 105 + 10 + 0.1


def test_an_entrance_decides_where_the_walk_starts():
    of = ground(buildings=[B1], roads=[STREET], entrances=[("e1", Point(0, 20), {"building_id": "b1"})])
    shed = [("s1", Polygon([(100, -10), (110, -20), (90, -20)]))]  # its tip points at the street
    assert walks(of, shed)["b1", "s1"] == pytest.approx(20 + 100 + 10)


def test_the_nearest_of_several_entrances_counts_and_an_exit_counts_not():
    doors = [
        ("e1", Point(-5, 25), {"building_id": "b1"}),
        ("e2", Point(5, 25), {"building_id": "b1"}),
        ("e3", Point(5, 20), {"building_id": "b1", "kind": "exit"}),
    ]
    shed = [("s1", Polygon([(100, -10), (110, -20), (90, -20)]))]
    assert walks(ground(buildings=[B1], roads=[STREET], entrances=doors), shed)["b1", "s1"] == pytest.approx(
        25 + 95 + 10
    )


def test_two_feet_on_one_edge_do_not_walk_to_its_ends():
    # The only edge is 500 m long; both stand on it 100 m apart.
    tip = Polygon([(100, 0.5), (101, 5), (99, 5)])
    roof = Polygon([(0, 1.0), (10, 20), (-10, 20)])
    found = walks(ground(buildings=[("b1", roof)], roads=[STREET]), [("s1", tip)])
    assert found["b1", "s1"] == pytest.approx(1.0 + 100 + 0.5)


def test_exactly_the_limit_is_inside_and_a_millimetre_less_is_out():
    tip = Polygon([(100, 0.5), (101, 5), (99, 5)])
    roof = Polygon([(0, 1.0), (10, 20), (-10, 20)])
    of = ground(buildings=[("b1", roof)], roads=[STREET])
    frame = links(of, [("s1", tip)], radius_m=101.5).frame
    assert len(frame) == 1
    assert frame["walk_m"].max() <= 101.5
    assert links(of, [("s1", tip)], radius_m=101.499).frame.empty


def test_ways_that_cross_without_a_shared_vertex_do_not_join():
    # The bridge crosses the street at (50, 0) without touching it; both are joined far west at (-200, 0).
    bridge = ("w2", LineString([(50, -100), (50, 100), (-200, 100), (-200, 0)]))
    roof = Polygon([(0, 1.0), (10, 20), (-10, 20)])
    tip = Polygon([(51, 50), (60, 49), (60, 51)])  # 1 m east of the bridge, 50 m up
    found = walks(ground(buildings=[("b1", roof)], roads=[STREET, bridge]), [("s1", tip)], radius_m=1000.0)
    assert found["b1", "s1"] == pytest.approx(1 + 200 + 100 + 250 + 50 + 1)


def test_only_ways_joined_to_the_street_are_walked_to():
    # A 60 m footpath beside the building is an island; the street is 30 m away.
    island = ("w2", LineString([(-30, 32), (30, 32)]), {"kind": "footway", "drivable": False})
    of = ground(buildings=[B1], roads=[STREET, island], entrances=[("e1", Point(0, 30), {"building_id": "b1"})])
    shed = [("s1", Polygon([(100, -10), (110, -20), (90, -20)]))]
    assert walks(of, shed)["b1", "s1"] == pytest.approx(30 + 100 + 10)


def test_a_second_part_with_a_public_street_is_walked_to_as_well():
    other = ("w2", LineString([(0, 300), (150, 300)]))
    of = ground(buildings=[("b1", block(0, 310))], roads=[STREET, other])
    assert walks(of, [("s1", block(100, 310))])["b1", "s1"] >= 90


def test_a_private_way_is_not_walked():
    private = ("w2", LineString([(0, 0), (0, 400)]), {"walkable": False, "access": "private"})
    of = ground(buildings=[("b1", block(-5, 400))], roads=[STREET, private])
    assert list(links(of, [S1]).unreachable["object_id"]) == ["b1"]


def test_what_cannot_be_joined_is_listed_with_the_reason():
    island = ("w2", LineString([(-30, 405), (30, 405)]), {"kind": "footway", "drivable": False})
    of = ground(buildings=[("b1", block(-5, 200)), ("b2", block(-5, 410))], roads=[STREET, island])
    found = links(of, [S1, ("s2", block(0, -400))])
    assert found.frame.empty
    assert found.unreachable[["object_id", "layer", "reason"]].to_numpy().tolist() == [
        ["b1", "buildings", "the nearest walkable way joined to the street is 200 m away (limit 150 m)"],
        ["b2", "buildings", "the walkable way beside it (w2, 5 m) is not joined to the street"],
        ["s2", "candidates", "the nearest walkable way joined to the street is 390 m away (limit 150 m)"],
    ]
    assert found.unreachable["nearest_m"].to_list() == pytest.approx([200, 410, 390])


def test_a_leg_of_exactly_the_limit_reaches():
    of = ground(buildings=[("b1", block(90, 150))], roads=[STREET])
    assert len(links(of, [S1]).frame) == 1


def test_without_ways_everything_is_unreachable():
    found = links(ground(buildings=[B1]), [S1])
    assert found.frame.empty
    assert found.unreachable["reason"].unique().tolist() == ["no walkable way is mapped"]
    assert found.unreachable["nearest_m"].isna().all()


def test_without_candidates_there_are_no_links():
    found = links(ground(buildings=[B1], roads=[STREET]), [])
    assert found.frame.empty
    assert found.unreachable.empty


def test_sharing_decides_whose_site_may_be_used():
    halves = [("c1", box(-500, -500, 50, 500)), ("c2", box(50, -500, 500, 500))]
    of = ground(compounds=halves, buildings=[B1, ("b2", block(95, 20), {"compound_id": "c2"})], roads=[STREET])
    shed = [(*S1, {"compound_id": "c2"})]
    assert set(walks(of, shed)) == {("b2", "s1")}
    assert set(walks(of, shed, sharing=Sharing.EVERYONE)) == {("b1", "s1"), ("b2", "s1")}


def test_rejected_candidates_are_not_linked():
    of = ground(buildings=[B1], roads=[STREET])
    judged = verdicts(of, [S1, ("s2", block(50, 20))], accepted=("s2",))
    found = measure_links(judged, demand(of), WalkOptions(radius_m=500.0, ground=GroundModel.NETWORK))
    assert found.frame["candidate_id"].to_list() == ["s2"]


def test_a_building_over_the_street_has_no_leg():
    of = ground(buildings=[("b1", block(-5, -5))], roads=[STREET])
    assert walks(of, [("s1", block(95, -5))])["b1", "s1"] >= 90


def test_nobody_walks_less_than_the_distance_between_outlines():
    # The entrance is mapped 3 m outside the outline, towards the site.
    doors = [("e1", Point(8, 25), {"building_id": "b1"})]
    path = ("w2", LineString([(-200, 0), (8, 25), (20, 25)]))
    of = ground(buildings=[B1], roads=[STREET, path], entrances=doors)
    row = links(of, [("s1", block(20, 20))]).frame.iloc[0]
    assert (row["walk_m"], row["straight_m"]) == (15.0, 15.0)


def test_blocks_and_row_order_change_nothing():
    rng = np.random.default_rng(7)
    spots = rng.uniform(-400, 400, (40, 2))
    grid = [(f"h{k}", LineString([(x, k) for x in range(-500, 501, 50)])) for k in range(-500, 501, 100)]
    grid += [(f"v{k}", LineString([(k, y) for y in range(-500, 501, 50)])) for k in range(-500, 501, 100)]
    buildings = [(f"b{n:02}", block(x, y)) for n, (x, y) in enumerate(spots[:25])]
    sheds = [(f"s{n:02}", block(x, y, deep=4)) for n, (x, y) in enumerate(spots[25:])]
    of = ground(buildings=buildings, roads=grid)
    whole = links(of, sheds, radius_m=300.0).frame
    small = links(of, sheds, radius_m=300.0, block_m=90.0).frame
    shuffled = links(ground(buildings=buildings[::-1], roads=grid[::-1]), sheds[::-1], radius_m=300.0).frame
    assert len(whole) > 50
    pd.testing.assert_frame_equal(whole, small, check_exact=False, rtol=0, atol=1e-9)
    pd.testing.assert_frame_equal(whole, shuffled, check_exact=True)
    assert (whole["walk_m"] >= whole["straight_m"]).all()
    assert (whole["walk_m"] <= 300.0).all()


def test_inputs_stay_as_they_are():
    of = ground(buildings=[B1], roads=[STREET])
    before = hashlib.sha256(of.buildings.to_json().encode() + of.roads.to_json().encode()).hexdigest()
    links(of, [S1])
    assert hashlib.sha256(of.buildings.to_json().encode() + of.roads.to_json().encode()).hexdigest() == before


def test_demand_of_another_district_is_refused():
    of, other = ground(buildings=[B1], roads=[STREET]), ground(buildings=[("b9", block(0, 0))], roads=[STREET])
    with pytest.raises(TableError, match="b9"):
        measure_links(verdicts(of, [S1]), demand(other), WalkOptions(radius_m=100.0))


@pytest.mark.parametrize("radius_m", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(radius_m):
    with pytest.raises(UsageError, match="radius_m"):
        WalkOptions(radius_m=radius_m)


def test_sharing_accepts_text_and_lists_the_choices():
    assert Sharing.create("Everyone") is Sharing.EVERYONE
    with pytest.raises(UsageError, match="own, neighbours, groups, everyone"):
        Sharing.create("nobody")
