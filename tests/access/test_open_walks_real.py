"""Open ground of a real city and of random yards against the audit's road: brute force, networkx, no code in common.

The extract lies beside the checkout (../shared/osm); without it the first test skips.
"""

import numpy as np
import pytest
import shapely
from access.reach_builders import demand, ground, verdicts
from access.test_walking_real import read, sheds_in
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from shapely import box

from siting.access.demand import DemandOptions, estimate_demand
from siting.access.ground import Ways, lay_ground, read_obstacles
from siting.access.sharing import Sharing
from siting.access.spots import Spots
from siting.access.walking import WalkOptions, measure_links
from siting.plan.audit_open import open_walks_again
from siting.plan.audit_reading import facts_of

PAIRS = 500
RADIUS_M = 300.0


@pytest.mark.slow
def test_brute_force_agrees_on_pairs_of_a_real_city(monkeypatch):
    of = read("nanjing_gulou")
    judged = sheds_in(of, 160, monkeypatch)
    needs = estimate_demand(of, DemandOptions())
    found = measure_links(judged, needs, WalkOptions(radius_m=RADIUS_M, sharing=Sharing.EVERYONE)).frame
    walks = found.set_index(["building_id", "candidate_id"])["walk_m"]
    assert (found["walk_m"] >= found["straight_m"]).all()
    sheds = judged.candidates.frame
    sheds = sheds[[not of.buildings.intersects(shed).any() for shed in sheds.geometry]]
    walks = walks[walks.index.get_level_values("candidate_id").isin(sheds.index)]
    rng = np.random.default_rng(3)
    drawn = zip(rng.choice(needs.frame.index, PAIRS), rng.choice(sheds.index, PAIRS), strict=True)
    pairs = [*dict.fromkeys([*drawn, *walks.index[:: max(1, len(walks) // PAIRS)]])]
    sites = {key: (row.geometry, row["compound_id"]) for key, row in sheds.iterrows()}
    again = open_walks_again(facts_of(of), pairs, sites, limit_m=RADIUS_M, all_round=False)
    reached = [pair for pair in pairs if again[pair] <= RADIUS_M - 0.001]
    assert len(reached) >= PAIRS
    assert [walks[pair] for pair in reached] == pytest.approx([again[pair] for pair in reached], abs=0.001)
    assert not {pair for pair in pairs if again[pair] > RADIUS_M + 0.001} & set(walks.index)


boxes = st.builds(
    lambda x, y, wide, deep: box(x, y, x + wide, y + deep),
    st.integers(0, 80),
    st.integers(0, 60),
    st.integers(3, 25),
    st.integers(3, 25),
)
walls = st.builds(
    lambda x, y, ahead, aside: shapely.LineString([(x, y), (x + ahead, y + aside)]),
    st.integers(5, 90),
    st.integers(5, 70),
    st.integers(-30, 30),
    st.integers(1, 30),
)


@settings(max_examples=30, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(houses=st.lists(boxes, min_size=1, max_size=6), fences=st.lists(walls, max_size=3), shed=boxes)
def test_brute_force_agrees_on_random_yards(houses, fences, shed):
    assume(not any(house.intersects(shed) for house in houses))
    of = ground(
        compounds=[("c1", box(0, 0, 100, 80))],
        buildings=[(f"b{number}", house) for number, house in enumerate(houses)],
        barriers=[(f"w{number}", fence) for number, fence in enumerate(fences)],
    )
    judged = verdicts(of, [("s1", shed)])
    found = measure_links(judged, demand(of), WalkOptions(radius_m=500.0)).frame.set_index("building_id")["walk_m"]
    sites = {"s1": (judged.candidates.frame.geometry["s1"], "c1")}
    pairs = [(key, "s1") for key in of.buildings.index]
    again = open_walks_again(facts_of(of), pairs, sites, limit_m=500.0, all_round=False)
    for key in of.buildings.index:
        assert found.get(key, np.inf) == pytest.approx(again[key, "s1"], abs=0.002)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(houses=st.lists(boxes, min_size=1, max_size=6), fences=st.lists(walls, max_size=3))
def test_no_free_walk_crosses_a_house_or_a_wall(houses, fences):
    of = ground(
        compounds=[("c1", box(0, 0, 100, 80))],
        buildings=[(f"b{number}", house) for number, house in enumerate(houses)],
        barriers=[(f"w{number}", fence) for number, fence in enumerate(fences)],
    )
    obstacles = read_obstacles(of.buildings, of.barriers, of.obstacles, of.gates)
    none = np.empty(0, dtype=object)
    laid = lay_ground(
        of.compounds.geometry["c1"], Spots.free([], []), obstacles, Ways(none, shapely.STRtree(none)), limit_m=500.0
    )
    xy = laid.spots.xy
    steps = shapely.linestrings(np.stack([xy[laid.edges.tail], xy[laid.edges.head]], axis=1))
    for house in of.buildings.geometry:
        assert shapely.length(shapely.intersection(steps, house.buffer(-0.002))).sum() == 0
    for fence in of.barriers.geometry:
        crossing = shapely.crosses(steps, fence)
        inner = shapely.line_interpolate_point(steps[crossing], shapely.length(steps[crossing]) / 2)
        assert (shapely.length(steps[crossing]) < 0.003).all() or shapely.distance(
            shapely.intersection(steps[crossing], fence), shapely.boundary(steps[crossing])
        ).max() < 0.003, inner
