"""Options: what the stalls of a garage hold together: those of a zone, and those of a fire unit of several zones.

Each candidate in a garage fits its zone, yet several may be more than the drawings give it: rows are drawn again, the
stated number of stalls stands. A fire unit that zones name (`fire_unit`) is shared by them; a zone without a name is a
unit of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siting.district.record import District
from siting.sites.garages import garage_zones
from siting.sites.record import Verdicts

__all__ = ["Overfull", "Room", "overfull", "rooms_of"]


@dataclass(frozen=True)
class Room:
    """A zone or a fire unit: its name, the zones in it, and the stalls that its drawings give it."""

    name: str
    zones: frozenset[str]
    most: float


@dataclass(frozen=True)
class Overfull:
    """Sites that together have more stalls than a room, none of them spare; of `others` too not so many may stand."""

    room: Room
    sites: tuple[str, ...]
    stalls: int
    others: tuple[str, ...]


def rooms_of(district: District) -> tuple[Room, ...]:
    """Return the zones whose capacity is stated, and the fire units whose stalls are; of several figures the least."""
    rooms = []
    units: dict[str, tuple[set[str], list[float]]] = {}
    for key, zone in garage_zones(district).iterrows():
        name = str(key)
        if not np.isnan(zone["capacity"]):
            rooms.append(Room(name, frozenset({name}), float(zone["capacity"])))
        zones, stated = units.setdefault(_unit_of(name, zone), (set(), []))
        zones.add(name)
        if not np.isnan(figure := float(zone.get("fire_unit_stalls", np.nan))):
            stated.append(figure)
    rooms += [Room(unit, frozenset(zones), min(stated)) for unit, (zones, stated) in units.items() if stated]
    return tuple(sorted(rooms, key=lambda room: (room.name, room.most)))


def overfull(verdicts: Verdicts, sites: Sequence[str]) -> tuple[Overfull, ...]:
    """Return, for each room that `sites` overfill together, a smallest set of them that does."""
    frame = verdicts.candidates.frame
    if "garage_id" not in frame:
        return ()
    bays: Mapping[str, int] = {str(name): int(count) for name, count in frame["bays"].items()}
    accepted = frame.loc[list(verdicts.accepted), "garage_id"]
    found = []
    for room in rooms_of(verdicts.candidates.zones.district):
        held = [str(name) for name in sites if frame["garage_id"][name] in room.zones]
        held.sort(key=lambda name: (bays[name], name))
        while held and sum(bays[name] for name in held[1:]) > room.most:
            held = held[1:]  # the smallest is spare
        stalls = sum(bays[name] for name in held)
        if stalls <= room.most:
            continue
        largest = max(bays[name] for name in held)
        others = [str(name) for name in accepted.index[accepted.isin(room.zones)] if bays[str(name)] >= largest]
        found.append(Overfull(room, tuple(sorted(held)), stalls, tuple(sorted({*others, *held}))))
    return tuple(found)


def _unit_of(name: str, zone: Any) -> str:
    unit = zone.get("fire_unit")
    return f"{zone['compound_id']}: {unit}" if isinstance(unit, str) else name
