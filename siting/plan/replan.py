"""Meaning: last year's run taken as the base: what is built stays, the rest changes only where that is worth it.

Old sites are found again by their outlines, for ids are numbered anew when facts or rules change. What cannot be
found, or is no longer lawful, is named with the clause.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.errors import DataError, InfeasibleError, StudyError
from siting.framing import Framing
from siting.kinds import Outcome
from siting.model.block import SearchLimits
from siting.model.finish import upgrades_of
from siting.model.parts import IntArray
from siting.model.programme import Insist
from siting.model.programme_solve import solve_programme
from siting.plan.compare_reading import read_written_run
from siting.plan.plan import Plan
from siting.plan.programme import plan_programme, years_of
from siting.plan.programme_record import Base, Terms
from siting.plan.reasons import Sentence
from siting.plan.replan_record import Again, Replanned
from siting.plan.replan_words import change_rows
from siting.plan.scenarios_record import Outlook
from siting.rules.clause import Force

__all__ = ["replan"]

_PLAN_SHARE = 0.5  # of the time limit, for the plan; the rest is for what least change costs
_SAME_M = 0.1  # GeoJSON is a lattice of about 1 cm; outlines this near are one outline
_SITES = ("compound_id", "compound_name", "kind", "modules", "ports", "served", "cost_cny", "year", "tier")


def replan(
    framing: Framing, terms: Terms, again: Again, limits: SearchLimits, *, outlook: Outlook | None = None
) -> Plan:
    """Return the plan of a framed problem that starts from an earlier run.

    Raises `DataError` if that is no run folder, `StudyError` for a built site it does not have, `InfeasibleError`
    where what is built, or what has to be kept, does not go together with the limits of today.
    """
    old = _found_again(framing, _read_old(framing, again, terms))
    number = {name: j for j, name in enumerate(framing.candidate_ids)}
    lawful = old[old["candidate"].isin(number)]
    standing = np.zeros(len(number), np.int64)
    built = lawful[lawful["built"]]
    for row in built.itertuples():
        j = number[str(row.candidate)]
        standing[j] = min(int(row.modules), int(framing.problem.sites.max_modules[j]))
    standing = np.maximum(standing, framing.problem.standing)  # a layer may say that it stands, too
    _refuse_clashes(framing, standing)
    out = set(framing.problem.locked_out.tolist())
    promised = np.array(
        sorted({number[str(name)] for name in lawful.loc[~lawful["built"], "candidate"]} - out), dtype=np.int64
    )
    least = 0 if again.most_changes is None else max(0, len(promised) - again.most_changes)
    base = Base(
        standing=standing,
        bought=_bought(framing, standing),
        insist=Insist(promised, worth=again.least_gain, at_least=least),
        year_of={str(row.candidate): int(row.year) or terms.first_year - 1 for row in built.itertuples()},
    )
    try:
        searched = replace(limits, seconds=_PLAN_SHARE * limits.seconds)
        plan = plan_programme(framing, terms, searched, base=base, outlook=outlook)
    except InfeasibleError as error:
        kept = f"{least} of the {len(promised)} planned sites" if least else "what is built"
        way = "allow more changes or raise the budget" if least else "loosen a limit or raise the budget"
        message = f"no plan keeps {kept} of {again.run.name} within the limits of today ({error}); {way}"
        raise InfeasibleError(message) from error
    return _told(framing, plan, old, again, _prices(framing, terms, base, limits, plan))


def _read_old(framing: Framing, again: Again, terms: Terms) -> gpd.GeoDataFrame:
    """Return the sites of the old run without its reserve, in the district's metres, `built` marked."""
    read_written_run(again.run)
    frame = _features(again.run / "sites.geojson", "site_id", _SITES).to_crs(
        framing.links.verdicts.candidates.frame.crs
    )
    for name in again.built:
        if name not in frame.index:
            message = f"replan.built: {name!r} is no site of {again.run}; see its sites.geojson"
            raise StudyError(message)
    frame = frame[frame["tier"].fillna("implement").ne("reserve")]
    year = frame["year"].fillna(0).astype(int)
    by_year = (year > 0) & (year < terms.first_year)
    return frame.assign(year=year, built=frame.index.isin(again.built) if again.built else by_year)


def _features(path: Path, index: str, columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    try:
        frame = gpd.read_file(path, engine="pyogrio")
        if frame.empty:
            return gpd.GeoDataFrame(columns=[*columns, "geometry"], index=pd.Index([], name=index), crs="EPSG:4326")
        return frame.reindex(columns=[index, *columns, "geometry"]).set_index(index).sort_index()
    except (OSError, LookupError, ValueError, RuntimeError) as error:
        message = f"{path}: cannot be read ({error}); plan again or restore the file"
        raise DataError(message) from error


def _found_again(framing: Framing, old: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add `candidate` (with the same outline), and where it is not accepted the clause that refuses the ground."""
    verdicts = framing.links.verdicts
    frame = verdicts.candidates.frame
    tree = shapely.STRtree(frame.geometry.to_numpy())
    against = _refusals(framing)
    rows = []
    for row in old.itertuples():
        near = np.sort(tree.query(row.geometry, predicate="intersects"))
        alike = [int(k) for k in near if frame["kind"].iloc[k] == row.kind]
        same = [k for k in alike if shapely.hausdorff_distance(frame.geometry.iloc[k], row.geometry) <= _SAME_M]
        accepted = set(verdicts.accepted)
        same.sort(key=lambda k: (frame.index[k] not in accepted, frame.index[k] != row.Index, k))
        overlap = sorted(alike, key=lambda k: -float(frame.geometry.iloc[k].intersection(row.geometry).area))
        name = str(frame.index[same[0]]) if same else None
        shown = name if name is not None else (str(frame.index[overlap[0]]) if overlap else None)
        refused = against.get(shown, (None, np.nan, np.nan)) if shown is not None else (None, np.nan, np.nan)
        rows.append((name, *refused) if name is None or name not in accepted else (name, None, np.nan, np.nan))
    found = pd.DataFrame(rows, columns=["candidate", "clause_id", "measured", "required"], index=old.index)
    return gpd.GeoDataFrame(old.join(found), geometry="geometry", crs=old.crs)


def _refusals(framing: Framing) -> dict[str | None, tuple[Any, Any, Any]]:
    """Return, for every refused candidate, the first must that is broken: clause, measured, required."""
    frame = framing.links.verdicts.frame
    broken = frame[
        frame["force"].eq(Force.MUST.value) & frame["outcome"].isin([Outcome.FAIL.value, Outcome.UNCERTAIN.value])
    ].drop_duplicates("candidate_id")
    values = zip(broken["clause_id"], broken["measured"], broken["required"], strict=True)
    return dict(zip(broken["candidate_id"], values, strict=True))


def _refuse_clashes(framing: Framing, standing: IntArray) -> None:
    for clique in framing.problem.cliques:
        inside = clique[standing[clique] > 0]
        if len(inside) > 1:
            names = " and ".join(framing.candidate_ids[j] for j in inside[:2].tolist())
            message = f"{names} are both built, but exclude each other today; take one off replan.built"
            raise InfeasibleError(message)


def _bought(framing: Framing, standing: IntArray) -> IntArray:
    """Return the upgrade steps without which what stands could not run."""
    part = framing.problem.transformers
    if part is None:
        return np.zeros(0, np.int64)
    bought = np.zeros(len(part.step_owner), np.int64)
    first = np.searchsorted(part.step_owner, np.arange(len(part)))
    for t, step in upgrades_of(framing.problem, standing):
        bought[first[t] + step] = 1
    return bought


def _prices(
    framing: Framing, terms: Terms, base: Base, limits: SearchLimits, plan: Plan
) -> tuple[tuple[str, float, int], ...]:
    """Return (which, mean weighted service, sites kept) of the free plan, this plan, and the plan that keeps all."""
    insist = base.insist
    assert insist is not None
    assert plan.programme is not None
    weight = np.array(terms.weights) / sum(terms.weights)
    yearly = plan.programme.years["weighted"].to_numpy(float)[: len(weight)]
    found = [("asked", float(weight @ yearly), plan.programme.kept)]
    limits = replace(limits, seconds=(1.0 - _PLAN_SHARE) / 2 * limits.seconds)
    for name, other in (
        ("free", replace(insist, worth=0.0, at_least=0)),
        ("keep all", replace(insist, worth=0.0, at_least=len(insist.sites))),
    ):
        try:
            course = solve_programme(framing.problem, years_of(framing, terms, replace(base, insist=other)), limits)
        except InfeasibleError:
            continue  # what was planned does not fit together any more: then there is no such plan
        found.append((name, float(weight @ course.service), course.kept))
    return tuple(found)


def _told(
    framing: Framing, plan: Plan, old: gpd.GeoDataFrame, again: Again, prices: tuple[tuple[str, float, int], ...]
) -> Plan:
    before = _features(again.run / "candidates.geojson", "candidate_id", ("kind", "accepted", "clause_id"))
    rows = change_rows(framing, plan.funded, old, before.to_crs(old.crs))
    record = Replanned(again=again, changes=rows, prices=prices)
    count = rows["change"].value_counts()
    by = {name: value for name, value, _ in prices}
    lost = by["free"] - by["asked"] if "free" in by else 0.0
    said = Sentence(
        f"Against {again.run.name}: {count.get('built', 0)} built, {count.get('kept', 0)} kept, "
        f"{count.get('added', 0)} added, {count.get('moved', 0)} moved, {count.get('dropped', 0)} dropped, "
        f"{count.get('unlawful', 0)} built but refused today. Least change costs {max(lost, 0.0):,.1f} weighted "
        "vehicles.",
        f"与 {again.run.name} 相比:已建 {count.get('built', 0)} 处,保留 {count.get('kept', 0)} 处,新增 "
        f"{count.get('added', 0)} 处,移位 {count.get('moved', 0)} 处,取消 {count.get('dropped', 0)} 处,已建但现不合规 "
        f"{count.get('unlawful', 0)} 处。少改动的代价为 {max(lost, 0.0):,.1f} 加权辆。",
    )
    return replace(plan, replanned=record, reasons=(*plan.reasons, said))
