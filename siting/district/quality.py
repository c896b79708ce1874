"""Facts: what is there, what is missing, what is guessed and what contradicts itself, in the planner's words.

`inspect_district` judges nothing away; it says what a plan on these facts would rest on. Texts are in `findings`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.district.compounds import LEAST_COVER_SHARE
from siting.district.findings import LAYERS_ZH, SOURCES, TEXTS, Severity, reason_in_chinese
from siting.district.record import District
from siting.kinds import Completeness

__all__ = ["Finding", "Inspection", "inspect_district"]

_EXAMPLES = 5
_GATE_REACH_M = 3.0  # a gate stands on a boundary if it is this near (outlines are drawn 1-3 m off)
_OVERLAP_M2 = 1.0
_OVERLAP_SHARE = 0.05  # of the smaller building
_DWELLINGS = ("residential", "unknown")


@dataclass(frozen=True)
class Finding:
    """One thing a planner should know: `count` objects out of `total`, with the first ids as examples."""

    code: str
    severity: Severity
    count: int
    total: int
    examples: tuple[str, ...]
    sentence_en: str
    sentence_zh: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "count": self.count,
            "total": self.total,
            "examples": list(self.examples),
            "sentence_en": self.sentence_en,
            "sentence_zh": self.sentence_zh,
        }


@dataclass(frozen=True)
class Inspection:
    """The state of a district's facts: rows a table, rows a kind, and the findings, the gravest first."""

    name: str
    synthetic: bool
    crs: str
    study_area_ha: float
    layers: dict[str, int]
    kinds: dict[str, dict[str, int]]
    completeness: dict[str, str]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON, keys sorted."""
        values = {
            "name": self.name,
            "synthetic": self.synthetic,
            "crs": self.crs,
            "study_area_ha": self.study_area_ha,
            "layers": self.layers,
            "kinds": self.kinds,
            "completeness": self.completeness,
            "findings": [finding.as_dict() for finding in self.findings],
            "notes": list(self.notes),
        }
        plain: dict[str, Any] = json.loads(json.dumps(values, sort_keys=True, ensure_ascii=False))
        return plain

    def sentences(self, lang: str = "en") -> tuple[str, ...]:
        """Return one sentence a finding, in English ("en") or Chinese ("zh")."""
        return tuple(finding.sentence_zh if lang == "zh" else finding.sentence_en for finding in self.findings)


def inspect_district(district: District) -> Inspection:
    """Return what is there, missing, guessed and contradictory in `district`; the same district, the same words."""
    findings = [finding for check in _CHECKS for finding in check(district)]
    order = list(Severity)
    return Inspection(
        name=district.name,
        synthetic=district.synthetic,
        crs=district.crs.to_string(),
        study_area_ha=round(district.study_area.area / 1e4, 2),
        layers=district.counts(),
        kinds=_kinds(district),
        completeness={key: str(value) for key, value in sorted(district.completeness.items())},
        findings=tuple(sorted(findings, key=lambda item: (order.index(item.severity), item.code, item.examples))),
        notes=district.notes,
    )


def _kinds(district: District) -> dict[str, dict[str, int]]:
    columns = {
        "compounds": "state",
        "buildings": "use",
        "roads": "kind",
        "barriers": "kind",
        "gates": "kind",
        "entrances": "kind",
        "obstacles": "kind",
        "parking": "kind",
    }
    counted = {name: getattr(district, name)[column].value_counts() for name, column in columns.items()}
    return {name: {str(key): int(values[key]) for key in sorted(values.index)} for name, values in counted.items()}


def _finding(code: str, ids: Any, total: int, **words: object) -> Iterator[Finding]:
    """Yield the finding `code` on the objects `ids`, or nothing if there are none."""
    count = len(ids)
    if not count:
        return
    severity, english, chinese = TEXTS[code]
    share = f"{100 * count / total:.0f}" if total else "0"
    values = {"count": count, "total": total, "share": share} | words
    examples = tuple(str(key) for key in sorted(set(ids))[:_EXAMPLES])
    yield Finding(code, severity, count, total, examples, english.format(**values), chinese.format(**values))


def _absent(district: District) -> Iterator[Finding]:
    """Yield what nobody has mapped: unknown, not none."""
    rows = {
        "hydrant": int((district.obstacles["kind"] == "hydrant").sum()),
        "climbing_area": int((district.obstacles["kind"] == "climbing_area").sum()),
        "entrance": len(district.entrances),
        "gate": len(district.gates),
        "barrier": len(district.barriers),
        "transformer": len(district.transformers),
        "parking": len(district.parking),
    }
    same = {"entrance": ("entrance", "exit")}
    for name, found in rows.items():
        surveyed = any(district.known(word) is Completeness.SURVEYED for word in same.get(name, (name,)))
        if not found and not surveyed:
            severity, english, chinese = TEXTS[f"no_{name}"]
            yield Finding(f"no_{name}", severity, 0, 0, (), english, chinese)


def _unknown_values(district: District) -> Iterator[Finding]:
    buildings, roads, parking = district.buildings, district.roads, district.parking
    lanes = roads[roads["fire_lane"].to_numpy(dtype=bool)]
    yield from _finding("height_unknown", buildings.index[buildings["height_m"].isna()], len(buildings))
    yield from _finding("lane_width_unknown", lanes.index[lanes["width_m"].isna()], len(lanes))
    yield from _finding("capacity_unknown", parking.index[parking["capacity"].isna()], len(parking))
    yield from _finding("parking_kind_unknown", parking.index[parking["kind"] == "unknown"], len(parking))
    power = district.transformers
    yield from _finding("spare_kva_unknown", power.index[power["spare_kva"].isna()], len(power))
    compounds = district.compounds
    homes = buildings[buildings["households"].notna() & buildings["compound_id"].notna()]
    blank = compounds["households"].isna() & ~compounds.index.isin(homes["compound_id"])
    yield from _finding("households_unknown", compounds.index[blank], len(compounds))


def _guesses(district: District) -> Iterator[Finding]:
    buildings, compounds = district.buildings, district.compounds
    yield from _finding("height_estimated", buildings.index[buildings["height_source"] == "estimate"], len(buildings))
    yield from _finding("use_unknown", buildings.index[buildings["use"] == "unknown"], len(buildings))
    yield from _finding("block_compounds", compounds.index[compounds["source"] == "block"], len(compounds))


def _position_errors(district: District) -> Iterator[Finding]:
    """Yield how exact building outlines are taken to be, source by source, and what that figure rests on."""
    counts = district.buildings["source"].value_counts().sort_index()
    said = counts[counts.index != "survey"]
    english = ", ".join(f"{SOURCES[name][0]} {count}" for name, count in said.items())
    chinese = "、".join(f"{SOURCES[name][1]} {count} 栋" for name, count in said.items())
    words = {"error": f"{district.position_error_m:g}", "sources": english, "sources_zh": chinese}
    ids = district.buildings.index[district.buildings["source"] != "survey"]
    yield from _finding("position_error", ids, len(district.buildings), **words)


def _survey_first(district: District) -> Iterator[Finding]:
    compounds = district.compounds
    yield from _finding(
        "survey_first",
        compounds.index[compounds["state"] == "survey_first"],
        len(compounds),
        least=f"{100 * LEAST_COVER_SHARE:.0f}",
    )


def _signs(district: District) -> Iterator[Finding]:
    """Yield nodes of shops, addresses and the like in compounds that stand in no building: one may be missing."""
    if district.signs is not None and district.known("building") is not Completeness.SURVEYED:
        yield from _finding("unmapped_signs", district.signs.index, len(district.signs))


def _overlapping_buildings(district: District) -> Iterator[Finding]:
    shapes = district.buildings.geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    shared = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    smaller = np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
    clash = (shared > _OVERLAP_M2) & (shared > _OVERLAP_SHARE * smaller)
    ids = district.buildings.index.to_numpy()
    pairs = [f"{ids[a]} + {ids[b]}" for a, b in zip(left[clash], right[clash], strict=True)]
    yield from _finding("buildings_overlap", pairs, len(shapes))


def _shut_compounds(district: District) -> Iterator[Finding]:
    """Yield compounds with neither a gate on their boundary nor a walkable way across it."""
    rims = shapely.boundary(district.compounds.geometry.to_numpy())
    ways = district.roads.geometry.to_numpy()[district.roads["walkable"].to_numpy(dtype=bool)]
    crossed = np.zeros(len(rims), dtype=bool)
    if len(ways):
        crossed[shapely.STRtree(ways).query(rims, predicate="intersects")[0]] = True
    if len(district.gates):
        gates = shapely.STRtree(district.gates.geometry.to_numpy())
        crossed[gates.query(rims, predicate="dwithin", distance=_GATE_REACH_M)[0]] = True
    yield from _finding("compound_shut", district.compounds.index[~crossed], len(rims))


def _outside(district: District) -> Iterator[Finding]:
    """Yield dwellings in the study area that belong to no compound: nobody plans for them."""
    buildings = district.buildings[district.buildings["use"].isin(_DWELLINGS)]
    inside = shapely.intersects(district.study_area, buildings.representative_point().to_numpy())
    here = buildings[inside]
    yield from _finding("outside_compounds", here.index[here["compound_id"].isna()], len(here))


def _same_names(district: District) -> Iterator[Finding]:
    named = district.compounds[district.compounds["name"].notna()]
    double = named[named["name"].duplicated(keep=False)]
    yield from _finding("compound_name_repeats", double.index, len(district.compounds))


def _doors_without_building(district: District) -> Iterator[Finding]:
    doors = district.entrances
    yield from _finding("entrance_astray", doors.index[doors["building_id"].isna()], len(doors))


def _dropped(district: District) -> Iterator[Finding]:
    """Yield the objects that were read but not used, by table and reason."""
    dropped = district.dropped
    if dropped.empty:
        return
    alike = dropped["reason"].map(_without_figures)
    for _, part in dropped.groupby(["layer", alike], sort=True):
        layer = str(part["layer"].iloc[0])
        reason = str(part["reason"].iloc[0])
        words = {"layer": layer, "layer_zh": LAYERS_ZH.get(layer, layer), "reason_zh": reason_in_chinese(reason)}
        yield from _finding("dropped", part["object_id"], len(dropped), reason=reason, **words)


def _without_figures(reason: str) -> str:
    return re.sub(r"\([^)]*\)|(?:way|relation|node|block)/\S+|[\d.,]+", "#", reason)


def _overridden(district: District) -> Iterator[Finding]:
    log: pd.DataFrame | gpd.GeoDataFrame = district.overrides
    if len(log):
        yield from _finding("overridden", log["object_id"], len(log), layers=", ".join(sorted(set(log["layer"]))))


_CHECKS: tuple[Callable[[District], Iterator[Finding]], ...] = (
    _absent,
    _unknown_values,
    _guesses,
    _position_errors,
    _survey_first,
    _signs,
    _overlapping_buildings,
    _shut_compounds,
    _outside,
    _same_names,
    _doors_without_building,
    _dropped,
    _overridden,
)
