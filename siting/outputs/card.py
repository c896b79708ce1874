"""The card of one candidate, read from a written run folder: where, what, every clause, the move, whom, why (not).

What `siting why` prints. Figures of service come from the run's own tables; what would happen without a site is
bounded with the other sites as they are, so it says "at most": a new plan could only do better.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import shapely

from siting.access.turnover import Turnover, vehicles_served
from siting.errors import DataError, UsageError
from siting.kinds import Outcome
from siting.outputs.values import plain
from siting.plan.audit_reading import RunFolder, read_run_folder, rulebook_of
from siting.rules.clause import Clause

__all__ = ["read_card"]

_REFUSING = (Outcome.FAIL.value, Outcome.UNCERTAIN.value)
_MOST_BUILDINGS = 12


def read_card(folder: Path, candidate_id: str) -> dict[str, Any]:
    """Return everything a run says of one candidate as plain data.

    Raises `UsageError` for an id that is no candidate of the run, `DataError` for a broken folder.
    """
    run = read_run_folder(folder)
    if candidate_id not in run.candidates.index:
        from difflib import get_close_matches

        close = get_close_matches(candidate_id, list(map(str, run.candidates.index)), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "; see candidates.geojson"
        message = f"{folder}: {candidate_id!r} is no candidate of this run{hint}"
        raise UsageError(message)
    row = run.candidates.loc[candidate_id]
    clauses = list(_clauses(run, candidate_id))
    state = _state(run, candidate_id)
    missed = [item for item in clauses if item["force"] == "must" and item["outcome"] in _REFUSING]
    compounds = run.facts.tables["compounds"]
    return {
        "candidate_id": candidate_id,
        "compound_id": row["compound_id"],
        "compound_name": plain(compounds["name"].get(row["compound_id"])),
        "place_id": row["place_id"],
        "kind": row["kind"],
        "layout": {name: plain(row[name]) for name in ("bays", "groups", "ports", "power_kw", "cost_cny")},
        "garage": _garage(run, row.get("garage_id")),
        "state": state,
        "outcome": str(_outcomes(run).get(candidate_id, "")),
        "clauses": clauses,
        "nearest_miss": max(missed, key=lambda item: item["margin"] or 0.0, default=None),
        "smallest_move": _move(folder, candidate_id),
        "exemptions": [item for item in run.run.get("exemptions") or () if item.get("site_id") == candidate_id],
        "waived": [item for item in run.run.get("waived") or () if item.get("site_id") == candidate_id],
        "reach": _reach(run, candidate_id, state),
        "why": _why(run, candidate_id, state),
        "worth": _worth(folder, candidate_id),
    }


def _garage(run: RunFolder, garage_id: Any) -> dict[str, Any] | None:
    """Return what the drawings say of the garage a candidate stands in; None on the ground."""
    parking = run.facts.tables["parking"]
    if not isinstance(garage_id, str) or garage_id not in parking.index:
        return None
    row = parking.loc[garage_id]
    names = ("name", "levels_down", "fire_unit", "fire_unit_stalls")
    return {"garage_id": garage_id} | {name: plain(row.get(name)) for name in names}


def _clauses(run: RunFolder, candidate_id: str) -> Iterator[dict[str, Any]]:
    """Yield every clause on the candidate, musts first, the worst first."""
    rulebook = {clause.clause_id: clause for clause in rulebook_of(run.settings).clauses}
    ranks = {outcome.value: rank for rank, outcome in enumerate(Outcome)}
    rows = run.verdicts[run.verdicts["candidate_id"].eq(candidate_id)]
    ordered = rows.assign(must=rows["force"].ne("must"), rank=rows["outcome"].map(ranks))
    for item in ordered.sort_values(["must", "rank", "clause_id"], kind="stable").to_dict("records"):
        clause = rulebook.get(str(item["clause_id"]))
        yield _clause(item, clause)


def _clause(item: dict[Any, Any], clause: Clause | None) -> dict[str, Any]:
    measured, required = float(item["measured"]), float(item["required"])
    slack = measured - required if clause is None or clause.op == ">=" else required - measured
    said = {
        "clause_id": str(item["clause_id"]),
        "outcome": str(item["outcome"]),
        "force": str(item["force"]),
        "measured": plain(measured, 3),
        "required": plain(required, 3),
        "margin": plain(slack, 3),
        "unit": str(item.get("unit", "")),
        "tolerance": plain(float(item["tolerance"]), 3),
        "object": str(item.get("feature_id") or "") or None,
    }
    if clause is None:
        return said
    return said | {
        "op": clause.op,
        "title_en": clause.title_en,
        "title_zh": clause.title_zh,
        "standard": f"{clause.standard} {clause.clause}".strip(),
        "source": clause.source,
        "confidence": clause.confidence.value,
    }


def _outcomes(run: RunFolder) -> "pd.Series[str]":
    outcomes: pd.Series[str] = run.candidates_copy.set_index("candidate_id")["outcome"]
    return outcomes


def _state(run: RunFolder, candidate_id: str) -> str:
    if candidate_id in run.sites.index:
        return "chosen"
    copy = run.candidates_copy.set_index("candidate_id")
    return "accepted" if bool(copy.loc[candidate_id, "accepted"]) else "refused"


def _move(folder: Path, candidate_id: str) -> dict[str, Any] | None:
    """Return the smallest move of a refused candidate from moves.csv; None where none was asked for."""
    path = folder / "moves.csv"
    if not path.is_file():
        return None
    try:
        moves = pd.read_csv(path, dtype={"candidate_id": str, "reason": str}).set_index("candidate_id")
        row = moves.loc[candidate_id] if candidate_id in moves.index else None
    except (OSError, ValueError, KeyError) as error:
        message = f"{path}: cannot be read ({error}); plan again or restore the file"
        raise DataError(message) from error
    if row is None:
        return None
    return {name: plain(row[name], 3) for name in ("dx_m", "dy_m", "move_m", "reason")}


def _worth(folder: Path, site_id: str) -> dict[str, Any] | None:
    """Return what the run says a chosen site is worth, from worth.csv; None where that was not asked for."""
    path = folder / "worth.csv"
    if not path.is_file():
        return None
    try:
        table = pd.read_csv(path, dtype={"site_id": str, "runner_up": str, "instead": str}).set_index("site_id")
        row = table.loc[site_id] if site_id in table.index else None
        names = ("loss_at_least", "loss_at_most", "runner_up", "instead", "needed", "status")
        if row is None:
            return None
        return {"figure": str(row.get("figure", "service"))} | {name: plain(row[name], 3) for name in names}
    except (OSError, ValueError, KeyError) as error:
        message = f"{path}: cannot be read ({error}); plan again or delete the file"
        raise DataError(message) from error


def _table(run: RunFolder, layer: str) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = pyogrio.read_dataframe(run.folder / "plan.gpkg", layer=layer, read_geometry=False)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        message = f"{run.folder / 'plan.gpkg'}: has no layer {layer}; plan again or restore the file"
        raise DataError(message) from error
    return frame


def _within_reach(run: RunFolder, candidate_id: str, state: str) -> pd.DataFrame:
    """Return building_id and metres of who is in reach: walked, or straight to a refused candidate nobody walked to."""
    if state != "refused":
        walks = _table(run, "reach")
        return walks.loc[walks["candidate_id"].eq(candidate_id), ["building_id", "walk_m"]]
    service = _table(run, "service")["building_id"]
    buildings = run.facts.tables["buildings"].loc[service]
    row = run.candidates.loc[candidate_id]
    apart = np.asarray(shapely.distance(buildings.geometry.to_numpy(), row.geometry), dtype=float)
    own = buildings["compound_id"].eq(row["compound_id"]).to_numpy() | (run.settings.sharing == "everyone")
    near = own & (apart <= run.settings.radius_m)
    return pd.DataFrame({"building_id": buildings.index[near], "walk_m": apart[near]})


def _reach(run: RunFolder, candidate_id: str, state: str) -> dict[str, Any]:
    service = _table(run, "service").set_index("building_id")
    reach = _within_reach(run, candidate_id, state).sort_values(["walk_m", "building_id"], kind="stable")
    held = service.reindex(reach["building_id"])
    waiting = held["vehicles"] - held["served"]
    nearest = [
        {"building_id": str(name), "walk_m": plain(walk, 1), "vehicles": plain(row["vehicles"], 1)}
        for (name, row), walk in zip(held.iterrows(), reach["walk_m"], strict=True)
    ]
    return {
        "measured": "straight" if state == "refused" else "walked",
        "buildings": len(reach),
        "vehicles": plain(float(held["vehicles"].sum()), 1),
        "households": plain(float(held["households"].sum()), 1),
        "vehicles_not_served_now": plain(float(waiting.clip(lower=0.0).sum()), 1),
        "nearest": nearest[:_MOST_BUILDINGS],
    }


def _why(run: RunFolder, candidate_id: str, state: str) -> dict[str, Any]:
    if state == "refused":
        return {"reason": "refused"}
    sites = run.sites[run.sites.index != candidate_id]
    shape = run.candidates.loc[candidate_id].geometry
    apart = pd.Series(shapely.distance(sites.geometry.to_numpy(), shape), index=sites.index, dtype=float)
    if state == "chosen":
        site = run.sites.loc[candidate_id]
        figures = {name: plain(site[name], 1) for name in ("served", "households_served", "ports", "cost_cny")}
        return {"reason": "chosen", **figures, **_without(run, candidate_id)}
    budget = run.settings.budget_cny
    idle = math.inf if budget is None else budget - run.figure("spent_cny")
    row = run.candidates.loc[candidate_id]
    least = float(row["open_cost_cny"] + row["module_cost_cny"])
    same_place = sites.index[sites["place_id"].eq(row["place_id"])]
    reach = _reach(run, candidate_id, state)
    nearest = apart.idxmin() if len(apart) else None
    reasons = {
        "touches": len(apart) > 0 and float(apart.min()) <= 0.0,
        "nobody": reach["vehicles"] == 0,
        "served": reach["vehicles_not_served_now"] < 1.0,
        "money": idle < least,
    }
    return {
        "reason": next((name for name, holds in reasons.items() if holds), "order"),
        "nearest_site": None if nearest is None else str(nearest),
        "nearest_site_m": None if nearest is None else plain(float(apart.min()), 2),
        "same_place": [str(name) for name in same_place],
        "least_cost_cny": plain(least, 2),
        "idle_cny": plain(idle, 2),
    }


def _without(run: RunFolder, site_id: str) -> dict[str, Any]:
    """Return what the loss of a site would cost at most, and the candidate that would replace most of it."""
    walks, links = _table(run, "reach"), run.links
    per_port = run.parameter("vehicles_per_port")
    by_kind = per_port if isinstance(per_port, dict) else dict.fromkeys(run.sites["kind"], per_port)
    spare = {
        str(name): _room(run, site, by_kind) - float(site["served"])
        for name, site in run.sites.iterrows()
        if name != site_id
    }
    lost = links[links["site_id"].eq(site_id)].set_index("building_id")["served"].astype(float)
    left = 0.0
    for building_id, vehicles in lost.items():
        waiting = float(vehicles)
        for other in walks["candidate_id"][walks["building_id"].eq(str(building_id))]:
            taken = min(waiting, max(spare.get(str(other), 0.0), 0.0))
            waiting -= taken
            if taken:
                spare[str(other)] -= taken
        left += waiting
    return {"loss_at_most": plain(left, 1), "runner_up": _runner_up(run, site_id, lost, walks, by_kind)}


def _room(run: RunFolder, row: Any, by_kind: dict[str, Any]) -> float:
    """Return the vehicles that the ports of a site or candidate serve."""
    turnover = run.settings.turnover
    if turnover is not None:
        return vehicles_served(int(row["ports"]), Turnover(**turnover))
    return float(row["ports"]) * float(by_kind.get(row["kind"], 0.0))


def _runner_up(
    run: RunFolder, site_id: str, lost: "pd.Series[float]", walks: pd.DataFrame, by_kind: dict[str, Any]
) -> dict[str, Any] | None:
    copy = run.candidates_copy.set_index("candidate_id")
    free = copy.index[copy["accepted"].astype(bool)].difference(run.sites.index)
    others = run.sites[run.sites.index != site_id].geometry.to_numpy()
    blocked = shapely.union_all(others)
    able = walks[walks["candidate_id"].isin(free) & walks["building_id"].isin(lost.index)]
    reached = lost.reindex(able["building_id"]).groupby(able["candidate_id"].to_numpy()).sum()
    best: tuple[float, float, str] | None = None
    for name, vehicles in reached.items():
        row = run.candidates.loc[name]
        if len(others) and float(shapely.distance(row.geometry, blocked)) <= 0.0:
            continue
        able_to = min(float(vehicles), _room(run, row, by_kind))
        offer = (-able_to, float(row["cost_cny"]), str(name))
        best = offer if best is None else min(best, offer)
    if best is None:
        return None
    return {"candidate_id": best[2], "vehicles": plain(-best[0], 1), "cost_cny": plain(best[1], 2)}
