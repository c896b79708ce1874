"""What to survey first: each missing fact with how much of the plan hangs on it.

A fact is a class of objects that nobody declared complete (then a clause is NOT EVALUATED), or one object whose
place, class or use decides between lawful and not (then clauses are UNCERTAIN). What hangs on it: the households
that chosen sites serve although a must is open there, and what would be freed if the unknown turned out well:
candidates refused for this fact alone, with the households of their compounds that no site serves yet.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from siting.kinds import Outcome
from siting.outputs import view
from siting.outputs.run import Run

__all__ = ["SURVEY_COLUMNS", "survey_facts"]

SURVEY_COLUMNS = (
    "fact",  # "class" of objects, or one "object"
    "subject",  # the class, or the id of the object
    "ask",  # "all": list every one; "place": where it stands; "nature": its class, height or use; "lane": a road's
    "clause_ids",
    "force",
    "sites",
    "households",  # that those sites serve
    "candidates",
    "freed_candidates",
    "freed_households",
    "compounds",
)
_COUNTS = ("sites", "candidates", "freed_candidates", "compounds")


def survey_facts(run: Run) -> pd.DataFrame:
    """Return one row for each missing fact, the one that most of the plan hangs on first (columns above).

    Musts come before what does not bind; then households served and freed together, then sites, then candidates.
    """
    ledger = view.ledger_rows(run)
    waiting = _waiting(run)
    rows = [*_classes(run, ledger, waiting), *_objects(run, ledger, waiting)]
    frame = pd.DataFrame(rows, columns=list(SURVEY_COLUMNS))
    stake = frame["households"] + frame["freed_households"]
    order = frame.assign(stake=-stake, binds=frame["force"].ne("must"), s=-frame["sites"], c=-frame["candidates"])
    order = order.sort_values(["binds", "stake", "s", "c", "subject"], kind="stable")
    return order[list(SURVEY_COLUMNS)].reset_index(drop=True).astype(dict.fromkeys(_COUNTS, "int64"))


def _classes(run: Run, ledger: pd.DataFrame, waiting: "pd.Series[float]") -> Iterator[dict[str, Any]]:
    """Yield a row for each class of objects that clauses could not be evaluated for; the strongest force counts."""
    to = view.clause_table(run)["to"]
    missing = ledger[ledger["outcome"].eq(Outcome.NOT_EVALUATED.value)]
    for (name, force), rows in missing.groupby([missing["clause_id"].map(to), "force"], sort=True):
        said = {"fact": "class", "subject": str(name), "ask": "all", "force": str(force)}
        yield _row(run, rows, said, None, waiting)


def _objects(run: Run, ledger: pd.DataFrame, waiting: "pd.Series[float]") -> Iterator[dict[str, Any]]:
    """Yield a row for each object on which a must is uncertain."""
    musts = ledger[ledger["force"].eq("must")]
    open_ = musts[musts["outcome"].eq(Outcome.UNCERTAIN.value) & musts["feature_id"].notna()]
    refusing = musts[musts["outcome"].isin([Outcome.FAIL.value, Outcome.UNCERTAIN.value]) & ~musts["accepted"]]
    alone = refusing.groupby("candidate_id").agg(
        objects=("feature_id", "nunique"),
        failed=("outcome", lambda values: values.eq(Outcome.FAIL.value).any()),
        unnamed=("feature_id", lambda values: values.isna().any()),
    )
    only = alone.index[alone["objects"].eq(1) & ~alone["failed"].astype(bool) & ~alone["unnamed"].astype(bool)]
    for name, rows in open_.groupby("feature_id", sort=True):
        near = rows["margin"].abs().le(rows["tolerance"]).all()
        ask = "place" if near else "lane" if name in run.district.roads.index else "nature"
        said = {"fact": "object", "subject": str(name), "ask": ask, "force": "must"}
        freed = rows.loc[rows["candidate_id"].isin(only), "candidate_id"].drop_duplicates()
        yield _row(run, rows, said, freed, waiting)


def _row(
    run: Run, rows: pd.DataFrame, said: dict[str, Any], freed: "pd.Series[str] | None", waiting: "pd.Series[float]"
) -> dict[str, Any]:
    sites = run.plan.sites
    chosen = sites.index.intersection(rows["candidate_id"].unique())
    held = [] if freed is None else sorted(freed)
    homes = run.candidates.frame["compound_id"].reindex(held).unique()
    return said | {
        "clause_ids": ";".join(sorted(rows["clause_id"].unique())),
        "sites": len(chosen),
        "households": round(float(sites.loc[chosen, "households_served"].sum()), 1),
        "candidates": int(rows["candidate_id"].nunique()),
        "freed_candidates": len(held),
        "freed_households": round(float(waiting.reindex(homes).fillna(0.0).sum()), 1),
        "compounds": int(rows["compound_id"].nunique()),
    }


def _waiting(run: Run) -> "pd.Series[float]":
    """Return, by compound, the households whose vehicles no site serves."""
    service = view.building_service(run)
    share = (1.0 - service["served"] / service["vehicles"].where(service["vehicles"] > 0)).clip(lower=0.0).fillna(0.0)
    return (service["households"] * share).groupby(service["compound_id"]).sum()
