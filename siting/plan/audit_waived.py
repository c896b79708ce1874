"""Audit of waivers: a breach stands only where study.toml waives that clause there, and run.json says so."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from siting.kinds import Outcome
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding, rows_of
from siting.rules.clause import Force

__all__ = ["check_waivers", "waived_pairs"]

_KEYS = ("id", "clause", "where", "who", "when", "reason")
_OPEN = (Outcome.FAIL.value, Outcome.UNCERTAIN.value)


def waived_pairs(run: RunFolder, names: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return {(candidate, clause): waiver} for the candidates `names`, by candidate, place or compound."""
    known = list(names)
    candidates = run.candidates[~run.candidates.index.duplicated()]
    pairs: dict[tuple[str, str], str] = {}
    for waiver in run.settings.waivers:
        if any(str(waiver.get(key, "")).strip() == "" for key in _KEYS):
            continue  # not signed in full: it waives nothing, and check_waivers names it
        for name in known:
            row = candidates.loc[name] if name in candidates.index else {}
            if waiver["where"] in (name, row.get("place_id"), row.get("compound_id")):
                key = (str(name), str(waiver["clause"]))
                pairs[key] = min(pairs.get(key, str(waiver["id"])), str(waiver["id"]))
    return pairs


def check_waivers(run: RunFolder, at_sites: pd.DataFrame, pairs: Mapping[tuple[str, str], str]) -> Checked:
    """Check that run.json lists the waivers of study.toml, and each breach at a site with the waiver that covers it."""
    mine = {str(item.get("id")): _plain(item) for item in run.settings.waivers}
    theirs = {str(item.get("id")): _plain(item) for item in run.run.get("waivers") or ()}
    findings = [
        _say("waiver-differs", name, "is not the same in run.json and study.toml", "在 run.json 与 study.toml 中不一致")
        for name in sorted({*mine, *theirs})
        if mine.get(name) != theirs.get(name)
    ]
    findings += [
        _say("waiver-unsigned", name, "does not say who, when and why", "没有写明签署人、日期和理由")
        for name, values in sorted(mine.items())
        if any(not value.strip() for value in values)
    ]
    broken = at_sites[at_sites["force"].eq(Force.MUST.value) & at_sites["outcome"].isin(_OPEN)]
    used = {
        (row.site_id, row.clause_id, pairs[(row.site_id, row.clause_id)])
        for row in rows_of(broken)
        if (row.site_id, row.clause_id) in pairs
    }
    listed = {
        (str(row.get("site_id")), str(row.get("clause_id")), str(row.get("waiver_id")))
        for row in run.run.get("waived") or ()
    }
    for site_id, clause_id, name in sorted(used ^ listed):
        code = "waiver-unlisted" if (site_id, clause_id, name) in used else "waiver-unfounded"
        what = (
            ("is used and not listed in run.json", "已使用,但 run.json 未列出")
            if code == "waiver-unlisted"
            else ("is listed in run.json and covers no breach there", "列入 run.json,但该处没有它所豁免的违反")
        )
        findings.append(_say(code, name, *what, site_id=site_id, clause_id=clause_id))
    return Checked(tuple(findings), len({*mine, *theirs}) + len(used | listed))


def _plain(item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(item.get(key, "")) for key in _KEYS)


def _say(code: str, name: str, what_en: str, what_zh: str, **ids: Any) -> Finding:
    at_en, at_zh = (f" at {ids['site_id']}", f"(选定点 {ids['site_id']})") if "site_id" in ids else ("", "")
    return Finding.say(code, f"waiver {name}{at_en} {what_en}", f"豁免 {name}{at_zh}{what_zh}", feature_id=name, **ids)
