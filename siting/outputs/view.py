"""What people read of a run, reckoned once for the map, the report, the ledger and the GeoJSON files.

Tables only: no HTML, no formatting, no language. Every function takes a `Run` and leaves it as it is.
"""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.kinds import Outcome
from siting.outputs.run import Run
from siting.tables import WALKS

__all__ = [
    "building_service",
    "clause_table",
    "compound_figures",
    "credits",
    "feature_names",
    "garages_of_sites",
    "ledger_rows",
    "moves",
    "refused_by_clause",
    "totals",
    "walks",
    "worst_verdicts",
]

#: Whom to credit for OpenStreetMap data, wherever it is shown (ODbL 1.0).
OSM_CREDIT = "© OpenStreetMap contributors (ODbL 1.0)"

_RANK = {Outcome.FAIL: 0, Outcome.UNCERTAIN: 1, Outcome.NOT_EVALUATED: 2, Outcome.PASS: 3}
_FORCE_RANK = {"must": 0, "should": 1, "practice": 2, "interpretation": 3}


def clause_table(run: Run) -> pd.DataFrame:
    """Return the clauses in force, one row each in the order of the rulebook, index clause_id; all plain values."""
    rows = [
        {
            "clause_id": clause.clause_id,
            "row": clause.row,
            "kinds": ";".join(kind.value for kind in clause.kinds),
            "metric": clause.metric.value,
            "measure_from": clause.measure_from,
            "to": clause.to,
            "op": clause.op,
            "value": np.nan if clause.value is None else float(clause.value),
            "values": dict(clause.values),
            "unit": clause.unit,
            "when": dict(clause.when),
            "exemptions": ";".join(clause.exemptions),
            "force": clause.force.value,
            "jurisdiction": clause.jurisdiction,
            "standard": clause.standard,
            "clause": clause.clause,
            "in_force_from": clause.in_force_from.isoformat() if clause.in_force_from else None,
            "in_force_to": clause.in_force_to.isoformat() if clause.in_force_to else None,
            "applies_to": clause.applies_to,
            "source": clause.source,
            "confidence": clause.confidence.value,
            "title_en": clause.title_en,
            "title_zh": clause.title_zh,
            "quote": clause.quote,
        }
        for clause in run.rulebook.clauses
    ]
    columns = None if rows else ["clause_id", "metric", "op", "force", "title_en", "title_zh"]
    return pd.DataFrame(rows, columns=columns).set_index("clause_id")


def ledger_rows(run: Run) -> pd.DataFrame:
    """Return the verdicts with margin (positive: room to spare), clause position, accepted, compound_id and kind."""
    frame = run.verdicts.frame
    clauses = clause_table(run)
    at_least = frame["clause_id"].map(clauses["op"]).eq(">=")
    slack = frame["measured"].astype(float) - frame["required"].astype(float)
    candidates = run.candidates.frame
    position = {clause_id: number for number, clause_id in enumerate(clauses.index)}
    return frame.assign(
        margin=slack.where(at_least, -slack),
        clause_rank=frame["clause_id"].map(position).astype(float),
        accepted=frame["candidate_id"].isin(run.verdicts.accepted),
        compound_id=frame["candidate_id"].map(candidates["compound_id"]),
        kind=frame["candidate_id"].map(candidates["kind"]),
        rank=frame["outcome"].map({outcome.value: rank for outcome, rank in _RANK.items()}),
        force_rank=frame["force"].map(_FORCE_RANK),
    )


def worst_verdicts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, index candidate_id, the one must clause that keeps each refused candidate out: worst, then widest.

    `rows` come from `ledger_rows`. Among failed clauses it is the one with the largest shortfall for its requirement.
    """
    blocking = rows[~rows["accepted"] & rows["force"].eq("must") & rows["rank"].lt(_RANK[Outcome.NOT_EVALUATED])]
    shortfall = blocking["margin"] / blocking["required"].abs().clip(lower=1.0)
    ordered = blocking.assign(shortfall=shortfall).sort_values(
        ["candidate_id", "rank", "shortfall", "clause_rank"], kind="stable"
    )
    return ordered.drop_duplicates("candidate_id").set_index("candidate_id")


def moves(run: Run) -> pd.DataFrame:
    """Return, index candidate_id, the smallest move of each refused candidate: dx_m, dy_m, move_m, reason."""
    if run.moves is None:
        empty = pd.Index([], name="candidate_id", dtype=object)
        return pd.DataFrame(columns=["dx_m", "dy_m", "move_m", "reason"], index=empty)
    return run.moves


def garages_of_sites(run: Run) -> dict[str, tuple[str, float | None, str | None, float | None]]:
    """Return, for each site in a garage, its zone's name, levels down, fire unit and stalls of that; None: unknown."""
    sites, parking = run.plan.sites, run.district.parking
    if "garage_id" not in sites:
        return {}
    inside = sites["garage_id"].dropna()
    blank = pd.Series(dtype=object)
    return {
        str(site_id): (
            str(_known(parking["name"].get(garage)) or garage),
            _known(parking.get("levels_down", blank).get(garage)),
            _known(parking.get("fire_unit", blank).get(garage)),
            _known(parking.get("fire_unit_stalls", blank).get(garage)),
        )
        for site_id, garage in inside.items()
    }


def _known(value: Any) -> Any:
    return None if value is None or pd.isna(value) else value


def walks(run: Run) -> gpd.GeoDataFrame:
    """Return the walk of every served pair as a line; empty where none was traced."""
    empty: gpd.GeoDataFrame = WALKS.empty(run.district.crs)
    return empty if run.walks is None else run.walks


def refused_by_clause(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, index clause_id, most refusals first: candidates refused, of them by it alone, worst margin."""
    blocking = rows[~rows["accepted"] & rows["force"].eq("must") & rows["rank"].lt(_RANK[Outcome.NOT_EVALUATED])]
    per_candidate = blocking.groupby("candidate_id")["clause_id"].transform("size")
    grouped = blocking.assign(alone=per_candidate.eq(1)).groupby("clause_id", sort=True)
    counts = pd.DataFrame(
        {
            "refused": grouped.size(),
            "failed": grouped["outcome"].agg(lambda values: int(values.eq(Outcome.FAIL.value).sum())),
            "alone": grouped["alone"].sum(),
            "worst_margin": grouped["margin"].min(),
            "compounds": grouped["compound_id"].nunique(),
        }
    )
    return counts.sort_values(["refused"], ascending=False, kind="stable")


def building_service(run: Run) -> pd.DataFrame:
    """Return, index building_id, demand and service: vehicles, served, walk_m, state (served, partly, unserved).

    Only buildings with demand are listed; a building is served when at least 99.5 % of its vehicles are.
    """
    demand = run.demand.frame
    links = run.plan.links
    served = links.groupby("building_id")["served"].sum().reindex(demand.index).fillna(0.0).astype(float)
    walk = links.groupby("building_id")["walk_m"].min().reindex(demand.index).astype(float)
    vehicles = demand["vehicles"].astype(float)
    share = (served / vehicles.where(vehicles > 0)).fillna(0.0)
    state = np.select([share >= 0.995, share > 0.0], ["served", "partly"], "unserved")
    return pd.DataFrame(
        {
            "compound_id": demand["compound_id"],
            "households": demand["households"].astype(float),
            "households_source": demand["households_source"],
            "vehicles": vehicles,
            "served": served,
            "walk_m": walk,
            "state": state,
        },
        index=demand.index,
    )


def compound_figures(run: Run) -> pd.DataFrame:
    """Return, index compound_id, a row for each compound: demand, served, coverage, candidates by outcome."""
    compounds = run.district.compounds
    service = building_service(run)
    grouped = service.groupby("compound_id")
    candidates = run.candidates.frame
    outcomes = run.verdicts.outcomes.reindex(candidates.index)
    sites = run.plan.funded
    figures: dict[str, Any] = {
        "name": compounds["name"],
        "state": compounds["state"],
        "source": compounds["source"],
        "households": grouped["households"].sum().reindex(compounds.index).fillna(0.0),
        "demand": grouped["vehicles"].sum().reindex(compounds.index).fillna(0.0),
        "served": grouped["served"].sum().reindex(compounds.index).fillna(0.0),
        "sites": _count(sites["compound_id"], compounds.index),
        "ports": sites.groupby("compound_id")["ports"].sum().reindex(compounds.index).fillna(0).astype(int),
        "cost_cny": sites.groupby("compound_id")["cost_cny"].sum().reindex(compounds.index).fillna(0.0).astype(float),
        "candidates": _count(candidates["compound_id"], compounds.index),
        "accepted": _count(
            candidates.loc[candidates.index.isin(run.verdicts.accepted), "compound_id"], compounds.index
        ),
    }
    for outcome in Outcome:
        column = outcome.value.lower().replace(" ", "_")
        figures[column] = _count(candidates.loc[outcomes.eq(outcome.value), "compound_id"], compounds.index)
    frame = pd.DataFrame(figures, index=compounds.index)
    return frame.assign(coverage=frame["served"] / frame["demand"].where(frame["demand"] > 0))


def _count(values: "pd.Series[str]", index: "pd.Index[str]") -> "pd.Series[int]":
    return values.value_counts().reindex(index).fillna(0).astype(int)


def totals(run: Run) -> dict[str, Any]:
    """Return the figures of the whole run; unknown ones are None."""
    plan = run.plan
    vehicles = float(run.demand.frame["vehicles"].sum())
    served = float(plan.links["served"].sum())
    budget = run.parameters.get("budget_cny")
    return {
        "budget_cny": None if budget is None else float(budget),
        "spent_cny": float(plan.spent_cny),
        "sites_cny": float(plan.funded["cost_cny"].sum()),
        "upgrades_cny": float(sum(plan.upgrades.values())),
        "demand": vehicles,
        "served": served,
        "coverage": served / vehicles if vehicles > 0 else None,
        "households": float(run.demand.frame["households"].sum()),
        "households_served": float(plan.sites["households_served"].sum()),
        "sites": len(plan.funded),
        "ports": int(plan.funded["ports"].sum()),
        "compounds": len(run.district.compounds),
        "compounds_with_site": int(plan.funded["compound_id"].nunique()),
        "candidates": len(run.candidates.frame),
        "accepted": len(run.verdicts.accepted),
        "refused": len(run.candidates.frame) - len(run.verdicts.accepted),
        "mean_walk_m": _mean_walk(plan.links),
    }


def _mean_walk(links: pd.DataFrame) -> float | None:
    served = float(links["served"].sum())
    return float((links["walk_m"] * links["served"]).sum()) / served if served > 0 else None


def feature_names(run: Run) -> Mapping[str, str]:
    """Return the name of every named object of the district by its id."""
    names: dict[str, str] = {}
    for table in ("compounds", "buildings", "roads", "obstacles", "parking", "transformers"):
        column = getattr(run.district, table)["name"].dropna()
        names.update((str(key), str(value)) for key, value in column.items() if value)
    return names


def credits(run: Run) -> tuple[str, ...]:
    """Return whom to credit, each once: the makers of the inputs as they are named."""
    found = [
        item.credit or (OSM_CREDIT if item.role == "osm" and not run.district.synthetic else "")
        for item in run.district.inputs
    ]
    return tuple(dict.fromkeys(credit for credit in found if credit))
