"""Walks in a real city against networkx, on a second road: no index, no blocks, no cutoff, legs joined one by one.

The extract lies beside the checkout (../shared/osm); without it these tests skip.
"""

from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely
from access import reach_builders
from shapely.affinity import translate

from siting.access.demand import DemandOptions, estimate_demand
from siting.access.sharing import Sharing
from siting.access.walking import GroundModel, WalkOptions, measure_links
from siting.district.build import SourceOptions, read_district

OSM = Path(__file__).parents[3] / "shared" / "osm"
PAIRS = 200


def read(name, **options):
    path = OSM / f"{name}.osm.pbf"
    if not path.exists():
        pytest.skip(f"{name} is not beside the checkout")
    return read_district(SourceOptions(osm=path, **options))


def sheds_in(of, count, monkeypatch):
    """Drop boxes of 10 m x 4 m into the compounds of a district, anywhere."""
    monkeypatch.setattr(reach_builders, "ORIGIN", (0.0, 0.0))
    monkeypatch.setattr(reach_builders, "CRS_M", of.crs)
    rng, grounds, rows = np.random.default_rng(1), of.compounds.geometry, []
    while len(rows) < count:
        number = int(rng.integers(len(grounds)))
        x0, y0, x1, y1 = grounds.iloc[number].bounds
        shed = translate(shapely.box(0, 0, 10, 4), rng.uniform(x0, x1), rng.uniform(y0, y1))
        if grounds.iloc[number].contains(shed):
            rows.append((f"s{len(rows):03}", shed, {"compound_id": grounds.index[number]}))
    return reach_builders.verdicts(of, rows)


def draw_streets(roads):
    """Return the walkable graph (nodes are coordinates) without the parts that are not joined to the street."""
    drawn, street_m = nx.Graph(), {}
    for row in roads[roads["walkable"]].itertuples():
        public = row.drivable and row.kind not in ("service", "track", "driveway")
        for part in shapely.get_parts(row.geometry):
            for tail, head in pairwise(tuple(np.round(xy, 3)) for xy in part.coords):
                if tail != head:
                    drawn.add_edge(tail, head, weight=float(np.hypot(*np.subtract(tail, head))))
                    street_m[frozenset((tail, head))] = public or street_m.get(frozenset((tail, head)), False)
    parts = [drawn.subgraph(nodes) for nodes in nx.connected_components(drawn)]
    longest = max(part.size("weight") for part in parts)
    kept = [
        part
        for part in parts
        if part.size("weight") == longest
        or sum(data["weight"] for *ends, data in part.edges(data=True) if street_m[frozenset(ends)]) >= 100
    ]
    return nx.compose_all(kept)


def join(drawn, edges, segments, spot, shape):
    """Return the graph edges that tie `shape` to each of its nearest segments, and where it stands on them."""
    distance_m = shapely.distance(shape, segments)
    feet = {}
    for number in np.flatnonzero(distance_m == distance_m.min()):
        foot = shapely.get_point(shapely.shortest_line(shape, segments[number]), 1)
        along_m, leg_m = shapely.line_locate_point(segments[number], foot), float(distance_m[number])
        tail, head = edges[number]
        drawn.add_edge(spot, tail, weight=leg_m + along_m)
        drawn.add_edge(spot, head, weight=leg_m + segments[number].length - along_m)
        feet[number] = (leg_m, along_m)
    return feet


def walk_by_networkx(streets, edges, segments, building, shed):
    drawn = streets.copy()
    here = join(drawn, edges, segments, "building", building)
    there = join(drawn, edges, segments, "shed", shed)
    same = [
        here[n][0] + abs(here[n][1] - there[n][1]) + there[n][0]  # both on one segment
        for n in here.keys() & there.keys()
    ]
    far = nx.single_source_dijkstra_path_length(drawn, "building")
    return min([far.get("shed", np.inf), *same])


@pytest.mark.parametrize("name", ["beijing_tsinghua", "nanjing_gulou"])
def test_networkx_agrees_on_pairs_of_a_real_city(name, monkeypatch):
    of = read(name)
    judged = sheds_in(of, 120, monkeypatch)
    demand = estimate_demand(of, DemandOptions())
    found = measure_links(
        judged, demand, WalkOptions(radius_m=400.0, sharing=Sharing.EVERYONE, ground=GroundModel.NETWORK)
    ).frame
    found = found.set_index(["building_id", "candidate_id"])
    assert len(found) > 1000
    assert (found["walk_m"] >= found["straight_m"]).all()
    streets = draw_streets(of.roads)
    edges = list(streets.edges)
    segments = shapely.linestrings(np.array(edges))
    sheds = judged.candidates.frame
    with_doors = set(of.entrances["building_id"].dropna())
    plain = [name for name in demand.frame.index if name not in with_doors]
    rng = np.random.default_rng(2)
    for building_id, candidate_id in zip(rng.choice(plain, PAIRS), rng.choice(sheds.index, PAIRS), strict=True):
        wanted = walk_by_networkx(
            streets, edges, segments, of.buildings.geometry[building_id], sheds.geometry[candidate_id]
        )
        if (building_id, candidate_id) in found.index:
            assert found.loc[(building_id, candidate_id), "walk_m"] == pytest.approx(wanted, abs=0.05)
        else:
            assert wanted > 400 - 0.05


def test_a_poor_file_lists_what_it_cannot_reach(monkeypatch):
    of = read("jiangxi_guixi", compounds_from="blocks")
    judged = sheds_in(of, 200, monkeypatch)
    found = measure_links(
        judged, estimate_demand(of, DemandOptions()), WalkOptions(radius_m=300.0, ground=GroundModel.NETWORK)
    )
    lost = found.unreachable
    assert set(lost["layer"]) == {"buildings", "candidates"}
    assert (lost["nearest_m"] > 150).all()
    assert not set(lost["object_id"]) & (set(found.frame["building_id"]) | set(found.frame["candidate_id"]))
