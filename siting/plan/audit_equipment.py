"""The audit's own reading of what stands at a place: signed for, signed to be missing, or not known.

A statement on a candidate goes before one on its place, that before one on its compound, that before one on the kind.
A wall between groups is taken for the gap only by a clause whose exemptions name "group_wall"; figures written there
("at least 1.5 m high and 2.00 h") are asked of it.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from siting.kinds import Outcome
from siting.plan.audit_between import Reading
from siting.rules.clause import Clause

__all__ = ["granted_by", "read_equipment", "said_of", "wall_names"]

Said = Mapping[str, tuple[Any, str]]  # {fact: (value, attestation id)}


def said_of(signed: Mapping[str, Mapping[str, Any]], names: Iterable[Any]) -> dict[str, Any]:
    """Return what was signed of a place under any of its `names`, the least exact name first."""
    said: dict[str, Any] = {}
    for name in names:
        said.update(signed.get(str(name), {}))
    return said


def read_equipment(clause: Clause, said: Said) -> Reading:
    """Read how many systems of a clause are signed to be missing; one of which nothing is said leaves it open."""
    words = [said[system][0] if system in said else None for system in clause.systems]
    if False in words:
        return Reading(float(words.count(False)), 0.0, 0.0, Outcome.FAIL, None)
    if None in words:
        return Reading(math.nan, 0.0, 0.0, Outcome.NOT_EVALUATED, None)
    return Reading(0.0, 0.0, 0.0, Outcome.PASS, None)


def wall_names(clause: Clause, said: Said) -> tuple[str, ...]:
    """Return the statements by which a wall stands between the groups as the clause asks; () if none does."""
    for text in clause.exemptions:
        if not text.startswith("group_wall") or "group_wall_m" not in said:
            continue
        words = text.replace(",", " ").split()
        asked = {unit: float(words[at - 1]) for at, unit in enumerate(words) if unit in ("m", "h") and at}
        height, hours = said["group_wall_m"], said.get("group_wall_h")
        rated = "h" not in asked or (hours is not None and float(hours[0]) >= asked["h"])
        if float(height[0]) >= asked.get("m", 0.0) and float(height[0]) > 0.0 and rated:
            return tuple(sorted({height[1]} | ({hours[1]} if hours else set())))
    return ()


def granted_by(clause: Clause, said: Said) -> dict[str, tuple[str, ...]]:
    """Return, for each system of a clause that is signed to be there, the statement."""
    return {system: (str(said[system][1]),) for system in clause.systems if system in said and said[system][0] is True}
