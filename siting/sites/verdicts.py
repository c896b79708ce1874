"""Options: the ledger, every clause of the rulebook on every candidate, decided by true distance.

Accepted candidates may enter the optimiser. A must that fails keeps a place out; one that is uncertain (inside
the stated position error) keeps it out too unless the planner admits it; a clause whose facts are missing is
reported as not evaluated and does not keep a place out by itself.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from siting import tables
from siting.errors import StudyError
from siting.kinds import Kind, Outcome
from siting.rules.clause import Force
from siting.rules.equipment import unknown_places
from siting.rules.measures import Shapes, measure
from siting.sites.record import Candidates, Verdicts
from siting.sites.waiver import Waiver, check_waivers, waived_rows

__all__ = ["judge", "shapes_of", "with_waivers"]

_WORST_FIRST = tuple(Outcome)
_ALWAYS_ACCEPTED = (Outcome.PASS, Outcome.NOT_EVALUATED)


def judge(candidates: Candidates, *, admit: tuple[Outcome, ...] = (), waivers: tuple[Waiver, ...] = ()) -> Verdicts:
    """Measure every clause on every candidate of its kind; a breach that one of `waivers` covers keeps nobody out.

    `admit` names outcomes besides PASS and NOT EVALUATED that may still enter the optimiser; only UNCERTAIN can
    be admitted (ValueError otherwise: a place that surely breaks a must is never planned).
    """
    if set(admit) - {Outcome.UNCERTAIN, *_ALWAYS_ACCEPTED}:
        message = f"only UNCERTAIN can be admitted, not {', '.join(admit)}"
        raise ValueError(message)
    check_waivers(candidates, waivers)
    _check_places(candidates)
    ledger = _ledger(candidates)
    outcomes = _worst_outcomes(ledger, candidates.frame.index)
    judged = Verdicts(
        frame=ledger,
        outcomes=outcomes,
        accepted=_accepted(outcomes, admit),
        clearance_m=_clearance(candidates),
        admitted=admit,
        candidates=candidates,
    )
    return with_waivers(judged, waivers) if waivers else judged


def with_waivers(verdicts: Verdicts, waivers: tuple[Waiver, ...]) -> Verdicts:
    """Return the same ledger with these waivers and no others; nothing is measured again."""
    covered = waived_rows(verdicts.frame, verdicts.candidates, waivers)
    outcomes = _worst_outcomes(verdicts.frame.drop(index=covered.index), verdicts.candidates.frame.index)
    waived = verdicts.frame.loc[covered.index, ["candidate_id", "clause_id"]].assign(waiver_id=covered)
    return replace(
        verdicts,
        outcomes=outcomes,
        accepted=_accepted(outcomes, verdicts.admitted),
        waivers=waivers,
        waived=waived.reset_index(drop=True),
    )


def _check_places(candidates: Candidates) -> None:
    """Raise `StudyError` for a signed statement on a place that is not there."""
    frame, district = candidates.frame, candidates.zones.district
    kinds = [kind.value for kind in Kind]
    there = {*frame.index, *frame["place_id"], *district.compounds.index, *district.parking.index}
    faults = unknown_places(district, {*kinds, *there})
    if faults:
        message = "; ".join(faults)
        raise StudyError(message)


def _accepted(outcomes: "pd.Series[str]", admit: tuple[Outcome, ...]) -> tuple[str, ...]:
    allowed = {outcome.value for outcome in (*_ALWAYS_ACCEPTED, *admit)}
    return tuple(outcomes.index[outcomes.isin(allowed)])


def shapes_of(candidates: Candidates, kind: Kind) -> tuple[pd.Index, Shapes]:
    """Return the ids of the candidates of one kind and their footprints and groups as the rules measure them."""
    frame = candidates.frame[candidates.frame["kind"] == kind.value]
    groups = candidates.groups[candidates.groups["candidate_id"].isin(frame.index)]
    shapes = Shapes(
        footprints=frame.geometry.to_numpy(),
        bays=frame["bays"].to_numpy(),
        group_shapes=groups.geometry.to_numpy(),
        group_of=frame.index.get_indexer(groups["candidate_id"]),
        group_bays=groups["bays"].to_numpy(),
        group_length_m=groups["length_m"].to_numpy(),
        names=tuple(zip(frame.index, frame["place_id"], frame["compound_id"], strict=True)),
        garages=frame["garage_id"].to_numpy(object) if "garage_id" in frame else None,
    )
    return frame.index, shapes


def _ledger(candidates: Candidates) -> pd.DataFrame:
    zones = candidates.zones
    parts = []
    for kind in zones.kinds:
        ids, shapes = shapes_of(candidates, kind)
        if not len(ids):
            continue
        facts = candidates.catalogue.facts(kind)
        for clause in zones.rulebook.for_kind(kind):
            found = measure(clause, shapes, zones.district, facts)
            parts.append(
                pd.DataFrame(
                    {
                        "candidate_id": ids.to_numpy(),
                        "clause_id": clause.clause_id,
                        "metric": clause.metric.value,
                        "measured": found.measured,
                        "required": found.required,
                        "unit": clause.unit,
                        "tolerance": found.tolerance,
                        "outcome": [Outcome(outcome).value for outcome in found.outcome],
                        "force": clause.force.value,
                        "feature_id": found.feature_id,
                    }
                )
            )
    if not parts:
        return pd.DataFrame(tables.VERDICTS.empty())
    ledger = pd.concat(parts, ignore_index=True)
    return ledger.sort_values(["candidate_id", "clause_id"], kind="stable", ignore_index=True)


def _worst_outcomes(ledger: pd.DataFrame, ids: "pd.Index[str]") -> "pd.Series[str]":
    rank = {outcome.value: number for number, outcome in enumerate(_WORST_FIRST)}
    musts = ledger[ledger["force"] == Force.MUST.value]
    worst = musts["outcome"].map(rank).groupby(musts["candidate_id"]).min()
    worst = worst.reindex(ids, fill_value=rank[Outcome.PASS.value])
    names = np.array([outcome.value for outcome in _WORST_FIRST], dtype=object)
    return pd.Series(names[worst.to_numpy(dtype=int)], index=ids, name="outcome", dtype=object)


def _clearance(candidates: Candidates) -> "pd.Series[float]":
    footprints = candidates.frame.geometry.to_numpy()
    walls: Any = candidates.zones.district.buildings.geometry.to_numpy()
    clearance = np.full(len(footprints), np.nan)
    if len(walls) and len(footprints):
        nearest = shapely.STRtree(walls).nearest(footprints)
        clearance = shapely.distance(footprints, walls[nearest])
        clearance[(candidates.frame["kind"] == Kind.EV_GARAGE.value).to_numpy(bool)] = np.nan  # walls stand on its roof
    return pd.Series(clearance, index=candidates.frame.index, name="clearance_m", dtype=float)
