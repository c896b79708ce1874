"""Audit of attestations: what study.toml holds signed statements for is exempt, and nothing else is.

Read again from GB 50016 5.2.2: note 1 (B03) a quarter less between low-rise buildings where both facing walls have
openings of at most 5 %, offset; note 2 (B04) no distance if the taller facing wall is a fire wall, or its first
15 m above a class I-II roof; note 3 (B05) no distance at equal height between class I-II buildings, one facing
wall a fire wall, roofs of 1.00 h; notes 4-5 (B06) 3.5 m, or 4 m beside a high-rise, over a class I-II roof of
1.00 h with a fire wall or protected openings. Above 100 m (B07) nothing is reduced.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from siting.kinds import Kind
from siting.plan.audit_features import Thing, Things
from siting.plan.audit_reading import SIGNED, RunFolder
from siting.plan.audit_record import Checked, Finding
from siting.rules.clause import Clause, Metric, Rulebook
from siting.tables import GARAGE_SYSTEMS

__all__ = ["Relief", "check_attestations", "exemptions_at", "relief"]

_OF_OBJECTS = ("fire_class", "height_m")


@dataclass(frozen=True)
class Relief:
    """What statements ease near one thing: evidence row, the least and the most still asked for (metres), the ids."""

    row: str
    low_m: float
    high_m: float
    names: tuple[str, ...]


def relief(clause: Clause, thing: Thing, kind: Kind, fire_class: str, full: tuple[float, float]) -> Relief | None:
    """Return what eases a clause near one building, or None; `full` is the interval asked for without it."""
    named = [text.partition(":")[0].strip() for text in clause.exemptions]
    offers = [offer for offer in _offers(thing, kind, fire_class, full) if offer.row in named]
    best = min(offers, key=lambda offer: (offer.high_m, offer.row), default=None)
    if best is None or best.high_m >= full[1] or (thing.height_m is not None and thing.height_m > 100.0):
        return None
    if thing.height_m is None and thing.height_class != "low_rise":  # it may be above 100 m
        return Relief(best.row, best.low_m, full[1], best.names)
    return best


def _offers(thing: Thing, kind: Kind, fire_class: str, full: tuple[float, float]) -> Iterator[Relief]:
    wall_of = thing.signed.get(str(thing.feature_id), {})
    shed = thing.signed.get(kind.value, {})
    rated = {name: facts["roof_rating_h"] for name, facts in (("wall", wall_of), ("shed", shed))
             if "roof_rating_h" in facts and float(facts["roof_rating_h"][0]) >= 1.0}  # fmt: skip
    blank = [facts["openings_share"] for facts in (wall_of, shed)
             if "openings_share" in facts and float(facts["openings_share"][0]) <= 0.05]  # fmt: skip
    if len(blank) == 2 and thing.height_class == "low_rise":
        yield Relief("B03", 0.75 * full[0], 0.75 * full[1], _names(*blank))
    if "fire_wall" in wall_of and "same_height" not in wall_of:
        extent = wall_of["fire_wall"][0]
        if extent == "whole" or (extent == "15m" and fire_class == "I-II"):
            yield Relief("B04", 0.0, 0.0, _names(wall_of["fire_wall"]))
    fire_walls = [facts["fire_wall"] for facts in (wall_of, shed) if "fire_wall" in facts]
    both_good = thing.fire_class == fire_class == "I-II"
    if "same_height" in wall_of and fire_walls and len(rated) == 2 and both_good:
        yield Relief("B05", 0.0, 0.0, _names(wall_of["same_height"], fire_walls[0], rated["wall"], rated["shed"]))
    below = shed.get("fire_wall") or wall_of.get("openings_protected")
    if "shed" in rated and below and fire_class == "I-II":
        least = {"high_rise": (4.0, 4.0), "low_rise": (3.5, 3.5)}.get(thing.height_class, (3.5, 4.0))
        yield Relief("B06", min(least[0], full[0]), min(least[1], full[1]), _names(rated["shed"], below))


def _names(*held: tuple[Any, str]) -> tuple[str, ...]:
    return tuple(sorted({name for _, name in held}))


def check_attestations(run: RunFolder, used: Iterable[tuple[str, str, str, Relief]]) -> Checked:
    """Check that run.json lists the statements of study.toml, and each exemption a site leans on with its statement.

    `used` are (site, clause, building, relief) as the audit found them. An exemption that no statement of the
    study carries, one that is not listed, and a layer of plan.gpkg that contradicts a statement are findings.
    """
    mine = {str(item["id"]): _plain(item) for item in run.settings.attestations}
    theirs = {str(item.get("id")): _plain(item) for item in run.run.get("attestations") or ()}
    findings = [
        _differs(name, "is not the same in run.json and study.toml", "在 run.json 与 study.toml 中不一致")
        for name in sorted({*mine, *theirs})
        if mine.get(name) != theirs.get(name)
    ]
    granted = {(site, clause, thing): item for site, clause, thing, item in used}
    listed = {}
    for row in run.run.get("exemptions") or ():
        key = (str(row.get("site_id")), str(row.get("clause_id")), str(row.get("feature_id")))
        listed[key] = tuple(sorted(map(str, row.get("attestations") or ())))
    for key in sorted({*granted, *listed}):
        names = granted[key].names if key in granted else ()
        if listed.get(key) != names or (key in listed and not set(names) <= set(mine)):
            findings.append(_exemption(key, listed.get(key), names))
    findings.extend(_of_layers(run))
    return Checked(tuple(findings), len({*mine, *theirs}) + len({*granted, *listed}))


def exemptions_at(
    subjects: Iterable[Any], rulebook: Rulebook, things: Mapping[str, Things], bounds: Any
) -> Iterator[tuple[str, str, str, Relief]]:
    """Yield (site, clause, building, relief) where a site stands nearer than the clause asks for without it.

    `bounds(clause, thing, kind)` gives the interval without exemption and the relief.
    """
    for subject in subjects:
        for clause in rulebook.for_kind(subject.kind):
            if clause.metric is not Metric.SEPARATION_BY_CLASS or not clause.exemptions:
                continue
            for thing in things[clause.to].rows:
                full, eased = bounds(clause, thing, subject.kind)
                if eased is None:
                    continue
                if float(shapely.distance(subject.footprint, thing.shape)) - thing.error_m < full[1]:
                    yield subject.site_id, clause.clause_id, thing.feature_id, eased


def _of_layers(run: RunFolder) -> Iterator[Finding]:
    buildings, parking = run.facts.tables["buildings"], run.facts.tables["parking"]
    for item in run.settings.attestations:
        of_garage = item["fact"] in GARAGE_SYSTEMS and item["subject"] in parking.index
        if of_garage or (item["fact"] in _OF_OBJECTS and item["subject"] in buildings.index):
            layer = parking if of_garage else buildings
            held = layer.loc[item["subject"], item["fact"]] if item["fact"] in layer else None
            wanted = {True: "yes", False: "no"}[item["value"]] if of_garage else item["value"]
            if str(held) != str(wanted) and not _same_number(held, wanted):
                yield _differs(
                    str(item["id"]),
                    f"says {item['value']} of {item['subject']}, plan.gpkg says {held}",
                    f"称 {item['subject']} 为 {item['value']},plan.gpkg 为 {held}",
                )


def _same_number(one: Any, other: Any) -> bool:
    try:
        return abs(float(one) - float(other)) < 1e-9
    except (TypeError, ValueError):
        return False


def _plain(item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_text(item.get(name)) for name in SIGNED)


def _text(value: Any) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{float(value):g}" if number else str(value)


def _differs(name: str, what_en: str, what_zh: str) -> Finding:
    return Finding.say(
        "attestation-differs", f"attestation {name} {what_en}", f"佐证 {name} {what_zh}", feature_id=name
    )


def _exemption(key: tuple[str, str, str], listed: tuple[str, ...] | None, names: tuple[str, ...]) -> Finding:
    site_id, clause_id, feature_id = key
    if listed is None:
        said = ("exemption-unlisted", f"leans on attestation {', '.join(names)}, which run.json does not say",
                f"依据佐证 {'、'.join(names)} 豁免,run.json 未列出")  # fmt: skip
    else:
        said = ("exemption-unattested", f"is listed as exempt by {', '.join(listed) or 'nobody'}; "
                f"the signed statements give {', '.join(names) or 'no exemption'}",
                f"列为依据 {'、'.join(listed) or '无'} 豁免,签署的佐证给出:{'、'.join(names) or '无'}")  # fmt: skip
    code, english, chinese = said
    return Finding.say(
        code,
        f"site {site_id}, {clause_id} at {feature_id}: {english}",
        f"选定点 {site_id} 的 {clause_id}(对象 {feature_id}){chinese}",
        site_id=site_id,
        clause_id=clause_id,
        feature_id=feature_id,
    )
