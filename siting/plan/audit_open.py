"""Audit of reach: walks over open ground and through openings, put together again one link at a time.

A walk stays on the ground of its own compound, or goes over it to an opening, along mapped ways (strangers keep to
them) to an opening of the site's compound, and over its ground to the site. Openings for own people let nobody else
in. No walk is shorter than the straight line.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import shapely

from siting.plan.audit_ground import OpenGround, lay_open_ground
from siting.plan.audit_network import Foot, Network, Node, read_network, spread, walk
from siting.plan.audit_openings import Opening, block_shapes, openings_of, part_at_closed_gates
from siting.plan.audit_reading import Facts

__all__ = ["open_walks_again"]

_ON_THE_GROUND: Mapping[str, Sequence[tuple[Any, float]]] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class _Walker:
    """The facts and what was already measured of them, by compound, building, site and opening."""

    facts: Facts
    network: Network
    around: Mapping[str, tuple[Foot, ...]]
    limit_m: float
    all_round: bool
    openings: dict[str, list[Opening]] = field(default_factory=dict)
    grounds: dict[str, OpenGround] = field(default_factory=dict)
    walks: dict[tuple[str, str], dict[int, float]] = field(default_factory=dict)
    spreads: dict[Foot, Mapping[Node, float]] = field(default_factory=dict)

    def ground(self, compound_id: str) -> OpenGround:
        """Return the ground of a compound, laid once."""
        if compound_id not in self.grounds:
            tables = self.facts.tables
            compound = tables["compounds"].loc[compound_id]
            self.openings[compound_id] = openings_of(
                compound, self.facts, self.network, dict(self.around), all_round=self.all_round
            )
            gates = tables["gates"]
            self.grounds[compound_id] = lay_open_ground(
                compound.geometry,
                block_shapes(self.facts),
                tables["roads"].geometry[tables["roads"]["walkable"].astype(bool)].to_numpy(),
                gates.geometry[gates["access"] != "no"].to_numpy(),
                [opening.point for opening in self.openings[compound_id]],
                limit_m=self.limit_m,
            )
        return self.grounds[compound_id]

    def street(self, start: Opening, end: Opening) -> float:
        """Return the walk between two openings along mapped ways, or through the one gate that both have."""
        walks_m = [math.inf]
        if start.gate is not None and start.gate == end.gate:
            walks_m.append(start.gate_m + end.gate_m)
        for last in end.feet:
            if last not in self.spreads:
                self.spreads[last] = spread(self.network, last, self.limit_m)
            walks_m += [walk(self.network, first, (last, self.spreads[last])) for first in start.feet]
        return min(walks_m)


def open_walks_again(
    facts: Facts,
    pairs: Iterable[tuple[str, str]],
    sites: Mapping[str, tuple[Any, str]],
    *,
    limit_m: float,
    all_round: bool,
    ways: Mapping[str, Sequence[tuple[Any, float]]] = _ON_THE_GROUND,
) -> dict[tuple[str, str], float]:
    """Return the walk of each (building_id, site_id) in metres; inf beyond the limit.

    `sites` has the outline and the compound of each site; `all_round`: boundaries are said to be open. `ways` leads to
    a site in a garage: what is walked to instead, and the metres walked on inside.
    """
    network, around = part_at_closed_gates(read_network(facts), facts)
    walker = _Walker(facts, network, around, limit_m, all_round)
    doors = _doors(facts)
    outlines = facts.tables["buildings"].geometry
    found = {}
    for building_id, site_id in pairs:
        shape, there = sites[site_id]
        walk_m = math.inf
        for number, (end, inside_m) in enumerate(ways.get(site_id, [(shape, 0.0)])):
            pair = (building_id, f"{site_id}/{number}")
            walk_m = min(walk_m, _walk_again(walker, doors, pair, (end, there)) + inside_m)
        straight_m = float(shapely.distance(outlines[building_id], shape))
        found[building_id, site_id] = max(walk_m, straight_m) if walk_m <= limit_m + 0.01 else walk_m
    return found


def _walk_again(walker: _Walker, doors: Mapping[str, list[Any]], pair: tuple[str, str], site: tuple[Any, str]) -> float:
    building_id, site_id = pair
    building = walker.facts.tables["buildings"].loc[building_id]
    shape, there = site
    home = building["compound_id"]
    here, away = walker.ground(home), walker.ground(there)
    own_doors = doors.get(building_id, [])
    if ("building", building_id) not in walker.walks:
        walker.walks["building", building_id] = here.from_building(building.geometry, own_doors)
    if ("site", site_id) not in walker.walks:
        walker.walks["site", site_id] = away.from_site(shape)
    start, end = walker.walks["building", building_id], walker.walks["site", site_id]
    found = [math.inf]
    if home == there:
        found.append(here.directly(building.geometry, own_doors, shape))
        found += [start[node] + end[node] for node in start.keys() & end.keys()]
    for first, opening in enumerate(walker.openings[home]):
        for last, other in enumerate(walker.openings[there]):
            legs_m = start.get(first, math.inf) + end.get(last, math.inf)
            closed = other.own_people_only and home != there
            if not closed and legs_m <= min(walker.limit_m, *found):
                found.append(legs_m + walker.street(opening, other))
    return min(found)


def _doors(facts: Facts) -> dict[str, list[Any]]:
    """Return the mapped entrances of each building; an emergency exit is none."""
    doors: dict[str, list[Any]] = defaultdict(list)
    for door in facts.tables["entrances"].itertuples():
        if door.kind == "entrance" and isinstance(door.building_id, str):
            doors[door.building_id].append(door.geometry)
    return doors
