"""Audit of reach: where compounds open to the street, found again from the clause's text, one compound at a time.

A compound's boundary is passed at openings only. A walkable way joined to the street opens it where it crosses it;
the nearest gate within 10 m of the crossing says who may pass (without one the way's own access tag does), and where
the gates were surveyed a crossing without a gate opens nothing. A gate within 10 m of the boundary that has no
crossing within 10 m opens it too: from the boundary's nearest point straight to the gate, then straight on to the
nearest way within 30 m. Where no opening is known, the compound is a street block, or boundaries are said to be open,
points at most 25 m apart along its outer rings open it, each with a straight leg of at most 30 m to the nearest way,
but not where an obstacle lies within 1 cm.
Straight legs meet no building, barrier or water. A gate with access "no" opens nothing; one for residents, permit
holders and the like is a gate for the compound's own people, and parts the network where it stands on a way.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from siting.kinds import Completeness
from siting.plan.audit_network import Foot, Network, Node, feet_of, node_of
from siting.plan.audit_reading import Facts

__all__ = ["Opening", "block_shapes", "openings_of", "part_at_closed_gates"]

_GATE_M, _LEG_M, _EVERY_M = 10.0, 30.0, 25.0
_OWN_PEOPLE = frozenset({"private", "residents", "permit", "delivery", "employees", "staff", "members"})
_HAIR_M = 0.001


@dataclass(frozen=True, eq=False)
class Opening:
    """A point on a boundary: `feet` on the network, `gate` with the leg to it where the walk passes a lone gate."""

    point: Any
    feet: tuple[Foot, ...]
    own_people_only: bool
    gate: str | None = None
    gate_m: float = 0.0


def block_shapes(facts: Facts) -> Any:
    """Return everything that nobody walks through: buildings, barriers and water; no points."""
    obstacles = facts.tables["obstacles"]
    shapes = [
        *facts.tables["buildings"].geometry,
        *facts.tables["barriers"].geometry,
        *obstacles.geometry[obstacles["kind"] == "water"],
    ]
    return np.array([shape for shape in shapes if shapely.get_dimensions(shape) > 0], dtype=object)


def part_at_closed_gates(network: Network, facts: Facts) -> tuple[Network, dict[str, tuple[Foot, ...]]]:
    """Return the network parted where strangers may not pass, and the ends of ways around each such gate."""
    edges, graph = list(network.edges), network.graph.copy()
    around: dict[str, tuple[Foot, ...]] = {}
    for gate in facts.tables["gates"].itertuples():
        if gate.access not in _OWN_PEOPLE and gate.access != "no":
            continue
        spot = (gate.geometry.x, gate.geometry.y)
        nodes = [node for node in sorted(graph.nodes) if math.dist(graph.nodes[node]["point"], spot) <= 0.01]
        feet: list[Foot] = []
        for node in nodes:
            feet += _part(graph, edges, node)
        around[str(gate.Index)] = tuple(feet)
    return replace(network, graph=graph, edges=tuple(edges)), around


def _part(graph: Any, edges: list[tuple[Node, Node, float]], node: Node) -> list[Foot]:
    """Give every edge at `node` an end of its own; return those ends."""
    feet = []
    for number, (tail, head, length_m) in enumerate(edges):
        if node not in (tail, head):
            continue
        other = head if tail == node else tail
        copy = (*node, number)
        graph.add_node(copy, point=graph.nodes[node]["point"])
        graph.add_edge(copy, other, **graph.edges[tail, head])
        edges[number] = (copy, head, length_m) if tail == node else (tail, copy, length_m)
        feet.append(Foot(number, 0.0 if tail == node else length_m, 0.0))
    graph.remove_node(node)
    return feet


def openings_of(
    compound: Any, facts: Facts, network: Network, around: dict[str, tuple[Foot, ...]], *, all_round: bool
) -> list[Opening]:
    """Return the openings of one compound (a row of the table); `all_round`: boundaries are said to be open."""
    shapes = block_shapes(facts)
    ring = shapely.boundary(compound.geometry)
    gates = facts.tables["gates"]
    gate_m = {str(key): float(shapely.distance(point, ring)) for key, point in gates.geometry.items()}
    crossings = _crossings(ring, network)
    found = []
    for point, edge in crossings:
        near = [(float(point.distance(gates.geometry[key])), key) for key in gates.index]
        near = [pair for pair in near if pair[0] <= _GATE_M]
        access = gates["access"][min(near)[1]] if near else network.access[edge]
        if (near and access == "no") or (not near and facts.known("gate") is Completeness.SURVEYED):
            continue
        feet = [Foot(edge, _along(network, edge, point), 0.0)]
        if near:
            feet += [replace(foot, leg_m=min(near)[0]) for foot in around.get(str(min(near)[1]), ())]
        found.append((Opening(point, tuple(feet), access in _OWN_PEOPLE), point))
    opened = [opening for opening, _ in found]
    for key in gates.index:
        gate = gates.geometry[key]
        if gate_m[str(key)] > _GATE_M or gates["access"][key] == "no":
            continue
        if any(gate.distance(point) <= _GATE_M for _, point in found):
            continue
        point = shapely.Point(shapely.shortest_line(ring, gate).coords[0])
        opened += _lone(point, (str(key), gate), network, shapes, gates["access"][key] in _OWN_PEOPLE)
    known = bool(found) or any(gate_m[str(key)] <= _GATE_M and gates["access"][key] != "no" for key in gates.index)
    if all_round or compound.source == "block" or not known:
        opened += _all_round(compound.geometry, network, shapes)
    return opened


def _crossings(ring: Any, network: Network) -> list[tuple[Any, int]]:
    found: dict[tuple[int, ...], tuple[Any, int]] = {}
    for edge in np.flatnonzero(shapely.intersects(ring, network.shapes)) if len(network.shapes) else ():
        for xy in shapely.get_coordinates(shapely.intersection(ring, network.shapes[edge])):
            found.setdefault(node_of(tuple(xy)), (shapely.Point(xy), int(edge)))
    return list(found.values())


def _along(network: Network, edge: int, point: Any) -> float:
    return float(network.shapes[edge].project(point))


def _lone(point: Any, gate: tuple[str, Any], network: Network, shapes: Any, own: bool) -> list[Opening]:
    """Return the opening at a gate that no way passes, if the walk from the boundary to the gate is free."""
    key, spot = gate
    if not _free(point, spot, shapes):
        return []
    leg_m = float(point.distance(spot))
    feet = tuple(replace(foot, leg_m=foot.leg_m + leg_m) for foot in _free_feet(spot, network, shapes))
    return [Opening(point, feet, own, key, leg_m)]


def _all_round(area: Any, network: Network, shapes: Any) -> list[Opening]:
    found = []
    for part in shapely.get_parts(area):
        ring = part.exterior
        count = math.ceil(ring.length / _EVERY_M)
        for number in range(count):
            point = ring.interpolate(number * (ring.length / count))
            on_obstacle = len(shapes) and bool((shapely.distance(point, shapes) <= 0.01).any())
            feet = [] if on_obstacle else _free_feet(point, network, shapes)
            if feet:
                found.append(Opening(point, tuple(feet), own_people_only=False))
    return found


def _free_feet(point: Any, network: Network, shapes: Any) -> list[Foot]:
    return [
        foot
        for foot in feet_of(network, point, _LEG_M)
        if _free(point, network.shapes[foot.edge].interpolate(foot.along_m), shapes)
    ]


def _free(start: Any, end: Any, shapes: Any) -> bool:
    """Return whether a straight leg meets nothing between its ends, which may touch something."""
    length_m = start.distance(end)
    if length_m <= 4 * _HAIR_M or not len(shapes):
        return True
    leg = shapely.LineString([start, end])
    inner = shapely.LineString([leg.interpolate(_HAIR_M), leg.interpolate(length_m - _HAIR_M)])
    return not bool(shapely.intersects(inner, shapes).any())
