"""Exemptions from the separation of buildings (GB 50016 5.2.2, notes 1-5), granted by attestation only.

Rows of the evidence: B03 a quarter less between low-rise buildings whose facing walls have few, offset openings;
B04 no distance where the taller facing wall (or its first 15 m above a class I-II roof) is a fire wall; B05 no
distance at equal height, class I-II, a fire wall and rated roofs; B06 3.5 m (4 m for a high-rise) with a rated,
class I-II roof below and a fire wall or protected openings; B07 none of them near a building above 100 m.
A clause grants only the rows that its own `exemptions` name, and nothing is exempt without a signed statement.
"""

import math
from dataclasses import dataclass, replace

from siting.district.attestation import Attestation, signed_for
from siting.district.record import District
from siting.rules.clause import Clause
from siting.rules.distances import Requirement
from siting.rules.features import Features
from siting.rules.measurement import FacilityFacts

__all__ = ["Grant", "grants_of", "relieved"]

_QUARTER_LESS = 0.75
_MOST_OPENINGS = 0.05
_LEAST_ROOF_H = 1.0
_LOW_RISE_M, _HIGH_RISE_M = 3.5, 4.0
_NEVER_ABOVE_M = 100.0
_STOREY_M = 3.0

_Facts = dict[str, Attestation]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one building's clause is eased by: the evidence row, the statements it rests on, and the new interval.

    `low_m` and `high_m` bound the distance asked for after the exemption; both 0 means that none is asked for.
    `high_m` is the full figure where the building may be above 100 m, because then nothing is exempt.
    """

    feature_id: str
    row: str
    attestation_ids: tuple[str, ...]
    full_m: float
    low_m: float
    high_m: float


@dataclass(frozen=True)
class _Case:
    """A building beside a facility: classes known or "unknown", and what was signed for of both."""

    height_class: str
    building_class: str
    facility_class: str
    building: _Facts
    facility: _Facts


def relieved(
    clause: Clause, features: Features, needs: Requirement, district: District, facility: FacilityFacts
) -> tuple[Features, Requirement]:
    """Return the objects that still ask for a distance, and which; unchanged without an attestation."""
    grants = {grant.feature_id: grant for grant in grants_of(clause, features, needs, district, facility)}
    if not grants:
        return features, needs
    low, high = needs.low.copy(), needs.high.copy()
    for at, feature_id in enumerate(features.ids):
        if feature_id in grants:
            low[at], high[at] = grants[feature_id].low_m, grants[feature_id].high_m
    kept = high > 0.0
    return features.where(kept), Requirement(low[kept], high[kept], needs.stated)


def grants_of(
    clause: Clause, features: Features, needs: Requirement, district: District, facility: FacilityFacts
) -> tuple[Grant, ...]:
    """Return what attestations ease for one clause and one kind of facility, in the order of the objects."""
    rows = {text.split(":")[0] for text in clause.exemptions}
    if not rows or not district.attestations:
        return ()
    signed = {item.subject for item in district.attestations}
    of_facility = signed_for(district, facility.kind.value)
    grants = []
    for at, feature_id in enumerate(features.ids):
        if feature_id not in signed and not of_facility:
            continue
        case = _Case(
            str(features.attributes["height_class"][at]),
            str(features.attributes["fire_class"][at]),
            facility.fire_class,
            signed_for(district, str(feature_id)) if feature_id in signed else {},
            of_facility,
        )
        found = _best(case, rows, (float(needs.low[at]), float(needs.high[at])))
        tall = _above_100_m(district, str(feature_id), case.height_class)
        if found is not None and tall is not True:
            full_m = float(needs.high[at])
            grants.append(replace(found, feature_id=str(feature_id), high_m=found.high_m if tall is False else full_m))
    return tuple(grants)


def _best(case: _Case, rows: set[str], full: tuple[float, float]) -> Grant | None:
    """Return the exemption that asks for least; of equals the first row."""
    offers = [grant for grant in (_b03(case, full), _b04(case, full), _b05(case, full), _b06(case, full)) if grant]
    eased = [grant for grant in offers if grant.row in rows and grant.high_m < full[1]]
    return min(eased, key=lambda grant: grant.high_m, default=None)


def _grant(row: str, held: list[Attestation], full: tuple[float, float], eased: tuple[float, float]) -> Grant:
    names = tuple(sorted({item.attestation_id for item in held}))
    low_m, high_m = min(eased[0], full[0]), min(eased[1], full[1])
    return Grant(feature_id="", row=row, attestation_ids=names, full_m=full[1], low_m=low_m, high_m=high_m)


def _b03(case: _Case, full: tuple[float, float]) -> Grant | None:
    shares = [facts.get("openings_share") for facts in (case.building, case.facility)]
    held = [item for item in shares if item is not None and float(item.value) <= _MOST_OPENINGS]
    if len(held) < 2 or case.height_class != "low_rise":
        return None
    return _grant("B03", held, full, (_QUARTER_LESS * full[0], _QUARTER_LESS * full[1]))


def _b04(case: _Case, full: tuple[float, float]) -> Grant | None:
    wall = case.building.get("fire_wall")
    if wall is None or "same_height" in case.building:
        return None
    if wall.value == "15m" and case.facility_class != "I-II":
        return None
    return _grant("B04", [wall], full, (0.0, 0.0))


def _b05(case: _Case, full: tuple[float, float]) -> Grant | None:
    level = case.building.get("same_height")
    walls = [facts["fire_wall"] for facts in (case.building, case.facility) if "fire_wall" in facts]
    roofs = [item for item in (_roof(case.building), _roof(case.facility)) if item is not None]
    classes = (case.building_class, case.facility_class)
    if level is None or not walls or len(roofs) < 2 or classes != ("I-II", "I-II"):
        return None
    return _grant("B05", [level, walls[0], *roofs], full, (0.0, 0.0))


def _b06(case: _Case, full: tuple[float, float]) -> Grant | None:
    roof = _roof(case.facility)
    wall = case.facility.get("fire_wall") or case.building.get("openings_protected")
    if roof is None or wall is None or case.facility_class != "I-II":
        return None
    low_m = _HIGH_RISE_M if case.height_class == "high_rise" else _LOW_RISE_M
    high_m = _LOW_RISE_M if case.height_class == "low_rise" else _HIGH_RISE_M
    return _grant("B06", [roof, wall], full, (low_m, high_m))


def _roof(facts: _Facts) -> Attestation | None:
    roof = facts.get("roof_rating_h")
    return roof if roof is not None and float(roof.value) >= _LEAST_ROOF_H else None


def _above_100_m(district: District, building_id: str, height_class: str) -> bool | None:
    """Return whether a building is above 100 m; None where nobody can tell."""
    row = district.buildings.loc[building_id]
    height_m = float(row["height_m"])
    if not math.isfinite(height_m):
        height_m = _STOREY_M * float(row["levels"])
    if math.isfinite(height_m):
        return height_m > _NEVER_ABOVE_M
    return False if height_class == "low_rise" else None
