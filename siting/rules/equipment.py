"""What stands at the place itself, on no map: cameras, an open roof, protected circuits, walls between groups.

Nothing of it is known until somebody signs for it, of a kind of facility (what is bought everywhere), of a compound,
of a place or of one candidate; the most exact statement counts. A signed "no" is a breach, silence is not evaluated.
A wall between groups stands in for the gap only where the clause's own exemption says so, and as high and as long as
it says.
"""

import re
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from siting.district.attestation import PLACE_FACTS, Attestation
from siting.district.record import District
from siting.rules.clause import Clause, Metric
from siting.rules.margins import FAIL, NOT_EVALUATED, OUTCOMES, PASS
from siting.rules.measurement import FacilityFacts, Measurement, Shapes

__all__ = ["measure_place_equipment", "signed_at", "unknown_places", "wall_asked", "walled", "walls_of_kind"]

_WALL = re.compile(r"^group_wall\b(?:.*?at least ([\d.]+) m high)?(?:.*?([\d.]+) h\b)?")

Statements = Mapping[str, Attestation]


def signed_at(district: District, names: Iterable[str]) -> Statements:
    """Return, by fact, the statement that counts among `names`, the most exact name first."""
    held: dict[str, Attestation] = {}
    for name in names:
        for item in district.attestations:
            if item.subject == name and item.fact in PLACE_FACTS:
                held.setdefault(item.fact, item)
    return held


def unknown_places(district: District, known: Iterable[str]) -> tuple[str, ...]:
    """Return one sentence for each statement on a place that names nothing of `known`."""
    names = set(known)
    return tuple(
        f"attestation {item.attestation_id}: {item.subject!r} is no candidate, place, compound or kind of this study"
        for item in district.attestations
        if item.fact in PLACE_FACTS and item.subject not in names
    )


def measure_place_equipment(clause: Clause, shapes: Shapes, district: District, facility: FacilityFacts) -> Measurement:
    """Count the systems of the clause that somebody signed to be missing; unsigned ones are not evaluated."""
    answers = np.array([_answers(clause, said) for said in _said(shapes, district, facility)], dtype=float).reshape(
        len(shapes.footprints), 2
    )
    missing, unknown = answers[:, 0], answers[:, 1]
    ranks = np.where(missing > 0, FAIL, np.where(unknown > 0, NOT_EVALUATED, PASS))
    return Measurement(
        measured=np.where(ranks == NOT_EVALUATED, np.nan, missing),
        required=np.zeros(len(missing)),
        tolerance=np.zeros(len(missing)),
        outcome=OUTCOMES[ranks],
        feature_id=np.full(len(missing), None, dtype=object),
    )


def walled(clause: Clause, shapes: Shapes, district: District, facility: FacilityFacts) -> NDArray[np.bool_]:
    """Return which places have a signed wall between their groups that the clause takes for the gap."""
    asked = wall_asked(clause)
    if asked is None:
        return np.zeros(len(shapes.footprints), dtype=bool)
    stands = [_stands(asked, said) for said in _said(shapes, district, facility)]
    return np.array(stands, dtype=bool)


def walls_of_kind(clause: Clause, district: District, kind: str) -> bool:
    """Return whether every place of a kind has such a wall, so that layouts may be drawn with it."""
    asked = wall_asked(clause)
    return asked is not None and _stands(asked, signed_at(district, (kind,)))


def wall_asked(clause: Clause) -> tuple[float, float] | None:
    """Return the height (m) and fire rating (h) of the wall that a clause on gaps takes instead, None if none."""
    if clause.metric is not Metric.GROUP_GAP:
        return None
    for text in clause.exemptions:
        found = _WALL.match(text)
        if found:
            return float(found[1] or 0.0), float(found[2] or 0.0)
    return None


def _stands(asked: tuple[float, float], said: Statements) -> bool:
    height, hours = said.get("group_wall_m"), said.get("group_wall_h")
    high_enough = height is not None and float(height.value) >= max(asked[0], 1e-9)
    return high_enough and (asked[1] == 0.0 or (hours is not None and float(hours.value) >= asked[1]))


def _answers(clause: Clause, said: Statements) -> tuple[int, int]:
    values = [said[system].value if system in said else None for system in clause.systems]
    return sum(value is False for value in values), sum(value is None for value in values)


def _said(shapes: Shapes, district: District, facility: FacilityFacts) -> list[Statements]:
    kind = facility.kind.value
    subjects = {item.subject for item in district.attestations if item.fact in PLACE_FACTS}
    if not subjects or not shapes.names:
        return [signed_at(district, (kind,))] * len(shapes.footprints)
    plain = signed_at(district, (kind,))
    return [plain if subjects.isdisjoint(names) else signed_at(district, (*names, kind)) for names in shapes.names]
