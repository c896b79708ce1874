"""Lines of walks on a real city: as long as the walks to a millimetre, through no building and no wall.

The extract lies beside the checkout (../shared/osm); without it the test skips.
"""

import numpy as np
import pytest
import shapely
from access.test_paths import crossings_m
from access.test_walking_real import read, sheds_in

from siting.access.demand import DemandOptions, estimate_demand
from siting.access.paths import trace_walks
from siting.access.sharing import Sharing
from siting.access.walking import WalkOptions, measure_links

PAIRS = 500


@pytest.mark.slow
@pytest.mark.parametrize("city", ["nanjing_gulou", "beijing_tsinghua"])
def test_lines_of_a_real_city_are_walks_that_cross_nothing(city, monkeypatch):
    of = read(city)
    options = WalkOptions(radius_m=300.0, sharing=Sharing.EVERYONE)
    links = measure_links(sheds_in(of, 160, monkeypatch), estimate_demand(of, DemandOptions()), options)
    sheds = links.verdicts.candidates.frame.geometry
    roofed = [key for key, shed in sheds.items() if of.buildings.intersects(shed).any()]
    reached = links.frame[~links.frame["candidate_id"].isin(roofed)]
    rows = np.sort(np.random.default_rng(3).choice(len(reached), PAIRS, replace=False))
    served = reached.iloc[rows].rename(columns={"candidate_id": "site_id"}).assign(served=1.0)
    walks = trace_walks(links, served, options)
    assert len(walks) == PAIRS
    assert (walks["line_m"] + walks["inside_m"]).to_numpy() == pytest.approx(walks["walk_m"].to_numpy(), abs=1e-3)
    assert (walks["inside_m"] > 0).mean() < 0.02
    drawn = walks[walks.geometry.notna()]
    lengths = shapely.length(drawn.geometry.to_numpy())
    assert lengths == pytest.approx(drawn["line_m"].to_numpy(), abs=1e-9)
    ways = shapely.union_all(of.roads.geometry[of.roads["walkable"]].to_numpy()).buffer(0.01)
    off_ways = shapely.get_parts(shapely.difference(drawn.geometry.to_numpy(), ways))
    solids = [*of.buildings.geometry, *of.obstacles.geometry[of.obstacles["kind"] == "water"]]
    solids = [shape for shape in solids if shape.geom_type.endswith("Polygon")]
    gates = shapely.union_all(of.gates.geometry.to_numpy()).buffer(0.6)
    walls = shapely.get_parts(shapely.difference(of.barriers.geometry.to_numpy(), gates))
    walls = [wall for wall in walls if wall.geom_type == "LineString"]
    legs = [line for line in off_ways if line.geom_type == "LineString" and line.length > 0.02]
    through_m, crossed = crossings_m(np.array(legs, dtype=object), solids, walls)
    assert through_m < 0.01
    assert crossed == 0
