"""Options: waivers, one named clause relaxed for one place by somebody who answers for it.

A waiver never changes what was measured: the ledger keeps the breach, the candidate's outcome is the worst of the
other musts, and every output names the waiver.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from siting.errors import StudyError
from siting.kinds import Outcome
from siting.rules.clause import Force
from siting.sites.record import Candidates

__all__ = ["Waiver", "check_waivers", "waived_rows"]

_REFUSING = (Outcome.FAIL.value, Outcome.UNCERTAIN.value)


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One clause relaxed at `where`: a candidate, a place or a compound, by id."""

    waiver_id: str
    clause_id: str
    where: str
    who: str
    when: date
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, keys as in a study file."""
        return {
            "id": self.waiver_id,
            "clause": self.clause_id,
            "where": self.where,
            "who": self.who,
            "when": self.when.isoformat(),
            "reason": self.reason,
        }


def check_waivers(candidates: Candidates, waivers: Iterable[Waiver]) -> None:
    """Raise `StudyError`, one line, for a waiver of no must in force, of nowhere, or of an id used twice."""
    musts = [item.clause_id for item in candidates.zones.rulebook.clauses if item.force is Force.MUST]
    frame = candidates.frame
    places = {*frame.index, *frame["place_id"], *candidates.zones.district.compounds.index}
    faults, ids = [], set()
    for waiver in waivers:
        if waiver.clause_id not in musts:
            faults.append(f"waiver {waiver.waiver_id}: {_unknown('must clause', waiver.clause_id, musts)}")
        if waiver.where not in places:
            what = _unknown("candidate, place or compound", waiver.where, sorted(places))
            faults.append(f"waiver {waiver.waiver_id}: {what}")
        if waiver.waiver_id in ids:
            faults.append(f"waiver id {waiver.waiver_id!r} is used twice")
        ids.add(waiver.waiver_id)
    if faults:
        message = "; ".join(faults)
        raise StudyError(message)


def waived_rows(ledger: pd.DataFrame, candidates: Candidates, waivers: Iterable[Waiver]) -> "pd.Series[str]":
    """Return, index as `ledger`, the waiver that covers each must that does not pass; rows without one are left out."""
    frame = candidates.frame
    open_ = ledger[ledger["force"].eq(Force.MUST.value) & ledger["outcome"].isin(_REFUSING)]
    places = open_["candidate_id"].map(frame["place_id"])
    compounds = open_["candidate_id"].map(frame["compound_id"])
    found = pd.Series(index=open_.index, dtype=object)
    for waiver in sorted(waivers, key=lambda item: item.waiver_id, reverse=True):
        here = open_["candidate_id"].eq(waiver.where) | places.eq(waiver.where) | compounds.eq(waiver.where)
        found[here & open_["clause_id"].eq(waiver.clause_id)] = waiver.waiver_id
    return found.dropna()


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"{name!r} is no {what} of this study" + (f"; did you mean {close[0]!r}?" if close else "")
