"""Audit of reach: every walk of the plan again, on a second road through the mapped ways.

networkx instead of scipy, one site after the other instead of blocks, and the nearest way found by looking
at all of them. What a walk is: from a building's mapped entrances (else from its outline) by a straight leg
to the nearest walkable edge that is joined to the street, along the network, and by a straight leg to the
site's outline. An edge joins two consecutive vertices of a way; vertices are one where they agree to the
millimetre. A part of the network is joined to the street if it holds 100 m of public street or is the
longest part. Lengths are metres.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, TypeAlias

import networkx as nx
import numpy as np
import shapely

from siting.plan.audit_reading import Facts, RunFolder
from siting.plan.audit_record import Checked, Finding, rows_of

__all__ = ["MOST_LINKS", "check_links", "check_walks", "walks_again"]

#: Walks re-measured at most; of a longer list every n-th is taken.
MOST_LINKS = 3000

_WALK_M = 0.01
_TIE_M = 1e-6  # ways this equally near are one choice as good as another
_MIN_STREET_M = 100.0
_NOT_PUBLIC = frozenset({"service", "track", "driveway"})

_Node: TypeAlias = tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Network:
    """The reachable ways: networkx graph, its edges as (node, node, length) and as shapes with their boxes."""

    graph: Any
    edges: tuple[tuple[_Node, _Node, float], ...]
    shapes: Any
    boxes: Any


@dataclass(frozen=True)
class _Foot:
    """Where a straight leg of `leg_m` meets an edge, `along_m` from its first node."""

    edge: int
    along_m: float
    leg_m: float


def check_links(run: RunFolder) -> Checked:
    """Check that links join a building and a site, keep radius and sharing policy, and beat no straight line."""
    findings: list[Finding] = []
    buildings = run.facts.tables["buildings"]
    for link in rows_of(run.links):
        if link.building_id not in buildings.index or link.site_id not in run.sites.index:
            findings.append(_say("link-unknown", link, "one of the two is not in the run", "其中之一不在本方案中"))
            continue
        building, site = buildings.loc[link.building_id], _row(run.sites, link.site_id)
        straight_m = float(shapely.distance(building.geometry, site.geometry))
        radius_m = run.settings.radius_m
        if not link.walk_m <= radius_m + _WALK_M:
            findings.append(
                _say("beyond-radius", link, f"walks {link.walk_m:.2f} m, beyond {radius_m:g} m",
                     f"步行 {link.walk_m:.2f} m,超过 {radius_m:g} m", measured=link.walk_m, required=radius_m)
            )  # fmt: skip
        if not link.walk_m >= straight_m - _WALK_M:
            findings.append(
                _say("walk-too-short", link, f"walks {link.walk_m:.2f} m, but is {straight_m:.2f} m apart",
                     f"步行 {link.walk_m:.2f} m,而直线距离为 {straight_m:.2f} m",
                     measured=link.walk_m, required=straight_m)
            )  # fmt: skip
        if run.settings.sharing == "own" and building["compound_id"] != site["compound_id"]:
            findings.append(
                _say("sharing-broken", link, f"is of compound {building['compound_id']}, not {site['compound_id']}",
                     f"属小区 {building['compound_id']},而非 {site['compound_id']}")
            )  # fmt: skip
    return Checked(tuple(findings), 4 * len(run.links))


def check_walks(run: RunFolder) -> tuple[Checked, tuple[str, ...]]:
    """Walk every link again and compare with `walk_m`; also return a note if only a sample was walked."""
    known = run.links["building_id"].isin(run.facts.tables["buildings"].index) & run.links["site_id"].isin(
        run.sites.index
    )
    links = run.links[known].sort_values(["site_id", "building_id"], kind="stable")
    step = math.ceil(len(links) / MOST_LINKS) if len(links) else 1
    links = links.iloc[::step]
    notes = (
        (f"Walks were measured again for 1 link in {step} ({len(links)} of {len(run.links)}). "
         f"步行距离每 {step} 条抽查一条。",) if step > 1 else ()
    )  # fmt: skip
    sites = {str(name): _row(run.sites, name).geometry for name in links["site_id"].unique()}
    ranges = walks_again(
        run.facts,
        list(zip(links["building_id"], links["site_id"], strict=True)),
        sites,
        limits_m=(run.settings.radius_m, run.settings.max_leg_m),
    )
    findings = []
    for link in rows_of(links):
        low_m, high_m = ranges[link.building_id, link.site_id]
        if not low_m - _WALK_M <= link.walk_m <= high_m + _WALK_M:
            findings.append(
                _say("walk-differs", link, f"is given {link.walk_m:.2f} m; walked again {low_m:.2f} m",
                     f"记为 {link.walk_m:.2f} m,重新量得 {low_m:.2f} m", measured=low_m, required=link.walk_m)
            )  # fmt: skip
    return Checked(tuple(findings), len(links)), notes


def walks_again(
    facts: Facts, pairs: Iterable[tuple[str, str]], sites: Mapping[str, Any], *, limits_m: tuple[float, float]
) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the walk of each (building_id, site_id) as the least and the most it may be, metres; inf: unreachable.

    The two differ only where several legs of a building or site are equally short, so that each is a right one.
    `limits_m` are the walking limit, beyond which nothing is searched, and the longest leg.
    """
    radius_m, max_leg_m = limits_m
    network, doors = _read_network(facts), _doors(facts)
    outlines = facts.tables["buildings"].geometry
    feet: dict[str, list[list[_Foot]]] = {}
    ends: dict[str, list[tuple[_Foot, Mapping[_Node, float]]]] = {}
    found = {}
    for building_id, site_id in pairs:
        outline, site = outlines[building_id], sites[site_id]
        if building_id not in feet:
            feet[building_id] = [_feet(network, shape, max_leg_m) for shape in doors.get(building_id) or [outline]]
        if site_id not in ends:
            ends[site_id] = [(foot, _spread(network, foot, radius_m)) for foot in _feet(network, site, max_leg_m)]
        low_m, high_m = _walk_range(network, feet[building_id], ends[site_id])
        straight_m = float(shapely.distance(outline, site))  # nobody walks less, wherever a door is drawn
        found[building_id, site_id] = (max(low_m, straight_m), max(high_m, straight_m))
    return found


def _read_network(facts: Facts) -> _Network:
    roads = facts.tables["roads"]
    graph: Any = nx.Graph()
    for road in roads[roads["walkable"].astype(bool)].itertuples():
        public = bool(road.drivable) and road.kind not in _NOT_PUBLIC
        for part in shapely.get_parts(road.geometry):
            for start, end in pairwise(part.coords):
                tail, head = _node(start), _node(end)
                if tail == head:
                    continue
                for node, point in ((tail, start), (head, end)):
                    graph.add_node(node)
                    graph.nodes[node].setdefault("point", point[:2])
                held = graph.get_edge_data(tail, head, default={"public": False})
                graph.add_edge(tail, head, public=public or held["public"])
    for tail, head, data in graph.edges(data=True):
        data["length_m"] = math.dist(graph.nodes[tail]["point"], graph.nodes[head]["point"])
    kept = graph.subgraph(_joined_to_street(graph))
    edges = tuple(sorted((*sorted((tail, head)), data["length_m"]) for tail, head, data in kept.edges(data=True)))
    shapes = np.array([shapely.LineString([kept.nodes[tail]["point"], kept.nodes[head]["point"]])
                       for tail, head, _ in edges], dtype=object)  # fmt: skip
    return _Network(kept, edges, shapes, shapely.bounds(shapes).reshape(-1, 4))


def _joined_to_street(graph: Any) -> set[_Node]:
    joined: set[_Node] = set()
    longest: tuple[float, set[_Node]] = (0.0, set())
    for part in sorted(nx.connected_components(graph), key=min):
        edges = list(graph.subgraph(part).edges(data=True))
        total_m = math.fsum(data["length_m"] for *_, data in edges)
        street_m = math.fsum(data["length_m"] for *_, data in edges if data["public"])
        if street_m >= _MIN_STREET_M:
            joined |= part
        if total_m > longest[0]:
            longest = (total_m, part)
    return joined | longest[1]


def _doors(facts: Facts) -> dict[str, list[Any]]:
    """Return the mapped entrances of each building; an emergency exit is none."""
    doors: dict[str, list[Any]] = defaultdict(list)
    for door in facts.tables["entrances"].itertuples():
        if door.kind == "entrance" and isinstance(door.building_id, str):
            doors[door.building_id].append(door.geometry)
    return doors


def _feet(network: _Network, shape: Any, max_leg_m: float) -> list[_Foot]:
    """Return the feet of a shape on its nearest edge: several if edges, or places of its outline, are equally near."""
    if not len(network.shapes):
        return []
    west, south, east, north = shapely.bounds(shape)
    boxes = network.boxes
    # A box is never farther than what lies in it: edges whose box is too far need no exact distance.
    across_m = np.maximum(np.maximum(boxes[:, 0] - east, west - boxes[:, 2]), 0.0)
    along_m = np.maximum(np.maximum(boxes[:, 1] - north, south - boxes[:, 3]), 0.0)
    at_least_m = np.hypot(across_m, along_m)
    some_m = shapely.distance(shape, network.shapes[int(np.argmin(at_least_m))])
    near = np.flatnonzero(at_least_m <= some_m + _TIE_M)
    legs_m = shapely.distance(shape, network.shapes[near])
    nearest_m = float(legs_m.min())
    if nearest_m > max_leg_m:
        return []
    feet: list[_Foot] = []
    for edge in near[legs_m <= nearest_m + _TIE_M]:
        line = network.shapes[edge]
        spots = {float(line.project(spot)) for spot in _landings(shape, line, nearest_m)}
        feet.extend(_Foot(int(edge), along_m, nearest_m) for along_m in sorted(spots))
    return feet


def _landings(shape: Any, line: Any, nearest_m: float) -> Iterator[Any]:
    """Yield where a shortest leg from `shape` may land on `line`: one point, or the ends of a parallel stretch."""
    yield shapely.Point(shapely.shortest_line(shape, line).coords[1])
    for point in map(shapely.Point, shapely.get_coordinates(shape)):
        if shapely.distance(point, line) <= nearest_m + _TIE_M:
            yield point
    for point in map(shapely.Point, shapely.get_coordinates(line)):
        if shapely.distance(point, shape) <= nearest_m + _TIE_M:
            yield point
    yield from map(shapely.Point, shapely.get_coordinates(line.intersection(shape)))


def _spread(network: _Network, foot: _Foot, radius_m: float) -> Mapping[_Node, float]:
    """Return the walk in metres from a foot to every node within the radius, without the leg."""
    tail, head, length_m = network.edges[foot.edge]
    lengths: dict[_Node, float] = {}
    for node, start_m in ((tail, foot.along_m), (head, length_m - foot.along_m)):
        onward = nx.single_source_dijkstra_path_length(network.graph, node, cutoff=radius_m + 1.0, weight="length_m")
        for other, walk_m in onward.items():
            lengths[other] = min(lengths.get(other, math.inf), start_m + walk_m)
    return lengths


def _walk_range(
    network: _Network, starts: Iterable[list[_Foot]], ends: list[tuple[_Foot, Mapping[_Node, float]]]
) -> tuple[float, float]:
    """Return the shortest walk if every tie between feet falls well, and if every tie falls badly."""
    low_m = high_m = math.inf
    for feet in starts:
        walks_m = [_walk(network, foot, end) for foot, end in product(feet, ends)]
        if walks_m:
            low_m, high_m = min(low_m, *walks_m), min(high_m, max(walks_m))
    return low_m, high_m


def _walk(network: _Network, foot: _Foot, end: tuple[_Foot, Mapping[_Node, float]]) -> float:
    last, reached = end
    tail, head, length_m = network.edges[foot.edge]
    ways_m = [
        foot.along_m + reached.get(tail, math.inf),
        length_m - foot.along_m + reached.get(head, math.inf),
    ]
    if foot.edge == last.edge:
        ways_m.append(abs(foot.along_m - last.along_m))
    return foot.leg_m + min(ways_m) + last.leg_m


def _row(frame: Any, key: Any) -> Any:
    return frame[~frame.index.duplicated()].loc[key]


def _node(point: tuple[float, ...]) -> _Node:
    return round(point[0] * 1000), round(point[1] * 1000)


def _say(code: str, link: Any, what_en: str, what_zh: str, **figures: Any) -> Finding:
    return Finding.say(
        code,
        f"link {link.building_id} - {link.site_id} {what_en}",
        f"连接 {link.building_id} - {link.site_id} {what_zh}",
        site_id=str(link.site_id),
        feature_id=str(link.building_id),
        unit="m" if figures else "",
        **figures,
    )
