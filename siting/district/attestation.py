"""Facts: what a planner signs for, because no map can know it: a fire wall, a roof's rating, a class, a survey.

An attestation says who saw what, when, and in which document. Facts of an object (`fire_class`, `height_m`) and
surveyed classes enter the district here and are logged as overrides; facts that only exempt from a clause
(`fire_wall`, `openings_share`, ...) stay signed statements, read by `siting.rules.exemptions` and by the audit.
"""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import pandas as pd

from siting.district.record import District
from siting.errors import StudyError
from siting.kinds import Completeness, Kind
from siting.tables import GARAGE_SYSTEMS, PLACE_SYSTEMS

__all__ = ["ATTESTED_FACTS", "PLACE_FACTS", "Attestation", "attest", "facility_overrides", "signed_for"]

_FIRE_CLASSES = ("I-II", "III", "IV")


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """One signed fact: `subject` is a building id, a garage id, a kind of facility, or a class of objects (`surveyed`).

    For what stands at a place (`PLACE_FACTS`) it may also be a compound, a place or a candidate.
    """

    attestation_id: str
    subject: str
    fact: str
    value: bool | float | str
    who: str
    when: date
    document: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, keys as in a study file."""
        return {
            "id": self.attestation_id,
            "subject": self.subject,
            "fact": self.fact,
            "value": self.value,
            "who": self.who,
            "when": self.when.isoformat(),
            "document": self.document,
        }


@dataclass(frozen=True)
class _Fact:
    """What may be signed for: of which subjects, and which values can be meant."""

    subjects: tuple[str, ...]  # building, garage, kind, class, place
    allowed: Callable[[Any], bool]
    words: str


def _is_true(value: Any) -> bool:
    return value is True


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _holders(system: str) -> tuple[str, ...]:
    """Return what may have a system: a garage, a place, or both."""
    places = ("kind", "place") if system in PLACE_SYSTEMS else ()
    return ("garage", *places) if system in GARAGE_SYSTEMS else places


#: Every fact that can be attested; the texts say which values it takes.
ATTESTED_FACTS: Mapping[str, _Fact] = MappingProxyType(
    {
        "fire_class": _Fact(("building", "kind"), lambda value: value in _FIRE_CLASSES, "I-II, III or IV"),
        "height_m": _Fact(("building",), _is_number(0.1, 1000.0), "metres above 0"),
        # whole: the taller facing wall is a fire wall; 15m: its first 15 m above the lower roof are
        "fire_wall": _Fact(("building", "kind"), lambda value: value in ("whole", "15m"), '"whole" or "15m"'),
        "openings_share": _Fact(("building", "kind"), _is_number(0.0, 1.0), "a share of the facing wall, 0 to 1"),
        "openings_protected": _Fact(("building",), _is_true, "true"),
        "roof_rating_h": _Fact(("building", "kind"), _is_number(0.0, 24.0), "hours"),
        "same_height": _Fact(("building",), _is_true, "true: as high as the facility beside it"),
        "surveyed": _Fact(("class",), _is_true, "true"),
        # a wall between the groups of a place: its height above the ground and its fire rating
        "group_wall_m": _Fact(("kind", "place"), _is_number(0.1, 10.0), "metres, 0.1 to 10"),
        "group_wall_h": _Fact(("kind", "place"), _is_number(0.0, 24.0), "hours"),
    }
    | {
        system: _Fact(_holders(system), _is_flag, "true (it is there) or false (it is not)")
        for system in sorted({*GARAGE_SYSTEMS, *PLACE_SYSTEMS})
    }
)
#: What may be signed for of a place.
PLACE_FACTS = tuple(sorted(name for name, fact in ATTESTED_FACTS.items() if "place" in fact.subjects))


def attest(district: District, attestations: Iterable[Attestation], classes: Iterable[str]) -> District:
    """Return the district with the signed facts in it; the statements are kept and every change is logged.

    `classes` are the classes of objects that may be declared surveyed. Raises `StudyError`, one line for all
    faults, for a subject that is not there, an unknown fact, a value that cannot be meant, or a contradiction.
    """
    signed = tuple(sorted(attestations, key=lambda item: item.attestation_id))
    if not signed:
        return district
    known = {
        "building": tuple(map(str, district.buildings.index)),
        "garage": tuple(map(str, district.parking.index)),
        "kind": tuple(kind.value for kind in Kind),
        "class": tuple(sorted(classes)),
    }
    faults = [fault for item in signed for fault in _faults(item, known)] + list(_contradictions(signed))
    if faults:
        message = "; ".join(faults)
        raise StudyError(message)
    surveyed = {item.subject: Completeness.SURVEYED for item in signed if item.fact == "surveyed"}
    buildings, log = _buildings(district, [item for item in signed if item.subject in district.buildings.index])
    parking, more = _garages(district, [item for item in signed if item.subject in district.parking.index])
    log = pd.concat([log, more], ignore_index=True) if len(more) else log
    return district.replace(
        buildings=buildings,
        parking=parking,
        overrides=pd.concat([district.overrides, log], ignore_index=True) if len(log) else district.overrides,
        completeness=dict(district.completeness) | surveyed,
        attestations=signed,
    )


def signed_for(district: District, subject: str) -> dict[str, Attestation]:
    """Return what was signed for of one subject, by fact."""
    return {item.fact: item for item in district.attestations if item.subject == subject}


def facility_overrides(attestations: Iterable[Attestation]) -> dict[str, dict[str, Any]]:
    """Return the attested figures of the facility itself, {kind: {"fire_class": ...}}, for the catalogue."""
    kinds = {kind.value for kind in Kind}
    return {
        item.subject: {"fire_class": item.value}
        for item in attestations
        if item.subject in kinds and item.fact == "fire_class"
    }


def _faults(item: Attestation, known: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    where = f"attestation {item.attestation_id}"
    fact = ATTESTED_FACTS.get(item.fact)
    if fact is None:
        close = difflib.get_close_matches(item.fact, ATTESTED_FACTS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(ATTESTED_FACTS)}"
        yield f"{where}: unknown fact {item.fact!r}; {hint}"
        return
    if not fact.allowed(item.value):
        yield f"{where}: {item.fact} = {item.value!r} cannot be meant; give {fact.words}"
    subjects = [name for group in fact.subjects for name in known.get(group, ())]
    if item.subject not in subjects and "place" not in fact.subjects:  # places are known once they are offered
        close = difflib.get_close_matches(item.subject, subjects, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        yield f"{where}: {item.subject!r} is no {' or '.join(fact.subjects)} of this study{hint}"


def _contradictions(signed: tuple[Attestation, ...]) -> Iterable[str]:
    first: dict[tuple[str, str], Attestation] = {}
    ids: set[str] = set()
    for item in signed:
        if item.attestation_id in ids:
            yield f"attestation id {item.attestation_id!r} is used twice"
        ids.add(item.attestation_id)
        held = first.setdefault((item.subject, item.fact), item)
        if held is not item:
            yield f"attestations {held.attestation_id} and {item.attestation_id} both say {item.fact} of {item.subject}"


def _buildings(district: District, signed: list[Attestation]) -> tuple[Any, pd.DataFrame]:
    buildings = district.buildings.copy()
    rows = []
    for item in signed:
        if item.fact not in ("fire_class", "height_m"):
            continue
        old = buildings.loc[item.subject, item.fact]
        buildings.loc[item.subject, item.fact] = item.value
        if item.fact == "height_m":
            buildings.loc[item.subject, "height_source"] = "survey"
        known = isinstance(old, str) or not math.isnan(float(old))
        rows.append(_logged(item, str(old) if known else "", str(item.value)))
    return buildings, pd.DataFrame(rows, columns=list(district.overrides.columns), dtype=object)


def _garages(district: District, signed: list[Attestation]) -> tuple[Any, pd.DataFrame]:
    """Return the car parks with the signed equipment of garages in them, and what that overrode."""
    parking = district.parking.copy()
    rows = []
    for item in signed:
        if item.fact not in GARAGE_SYSTEMS:
            continue
        old = parking.loc[item.subject, item.fact] if item.fact in parking.columns else None
        if item.fact not in parking.columns:
            parking[item.fact] = pd.Series([None] * len(parking), index=parking.index, dtype=object)
        new = "yes" if item.value else "no"
        parking.loc[item.subject, item.fact] = new
        rows.append(_logged(item, old if isinstance(old, str) else "", new))
    return parking, pd.DataFrame(rows, columns=list(district.overrides.columns), dtype=object)


def _logged(item: Attestation, old: str, new: str) -> dict[str, str]:
    row = {"layer": "attestations", "object_id": item.subject, "key": item.fact, "old": old, "new": new}
    return row | {"source": item.attestation_id}
