"""Meaning: the price of a law at one place: relax one clause by name, solve again, and say what it would bring.

Asked of places whose candidates are refused by exactly one must. Each answer is a plan of its own at the same
budget, with its own status and gap; what is gained for certain and what is possible at most are told apart.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from siting.access.power import connect_power
from siting.access.record import Links
from siting.access.walking import WalkOptions, measure_links
from siting.errors import UsageError
from siting.framing import Framing, frame_problem
from siting.kinds import Outcome
from siting.model.goal import Aim
from siting.model.solver import SolverOptions, solve
from siting.plan.plan import Plan, make_plan
from siting.rules.clause import Force
from siting.sites.record import Verdicts
from siting.sites.verdicts import with_waivers
from siting.sites.waiver import Waiver

__all__ = ["PriceOptions", "price_waivers"]

_LEAST_GAIN = 1e-3  # vehicles; less is the solver's round-off
_REFUSING = (Outcome.FAIL.value, Outcome.UNCERTAIN.value)


@dataclass(frozen=True)
class PriceOptions:
    """How many places to ask about, and how to walk and solve: as the plan did."""

    walk: WalkOptions
    solver: SolverOptions
    most: int = 5


def price_waivers(
    plan: Plan, options: PriceOptions, *, announce: Callable[[str], None] = lambda _stage: None
) -> pd.DataFrame:
    """Return one row for each waiver priced, the one that brings most first.

    Columns: clause_id, where (place), compound_id, freed (candidates), sites (of the new plan that need the
    waiver), vehicles, households and spent_cny (more than without), cny_per_household, at_most (vehicles, by the
    bound), status, gap. Of equals the first by clause and place.
    """
    framing = plan.framing
    if plan.solution.aim is not Aim.SERVICE:
        message = f"waivers are priced by the vehicles they bring; plan with goal 'service', not '{plan.solution.aim}'"
        raise UsageError(message)
    verdicts = framing.links.verdicts
    asked = _single_refusals(verdicts)
    pairs = asked[["clause_id", "place_id"]].drop_duplicates().astype(str)
    every = [_waiver(clause, place) for clause, place in pairs.sort_values(["clause_id", "place_id"]).to_numpy()]
    columns = ["clause_id", "where", "compound_id", "freed", "sites", "vehicles", "households", "spent_cny"]
    columns += ["cny_per_household", "at_most", "status", "gap"]
    if not every:
        return pd.DataFrame(columns=columns)
    announce("reach of refused places")
    links = measure_links(with_waivers(verdicts, (*verdicts.waivers, *every)), framing.links.demand, options.walk)
    rows = []
    for waiver in _most_promising(plan, links, asked, every)[: options.most]:
        announce(f"choice without {waiver.clause_id} at {waiver.where}")
        rows.append(_price(plan, links, waiver, options.solver))
    frame = pd.DataFrame(rows, columns=columns)
    order = frame.assign(lost=-frame["vehicles"]).sort_values(["lost", "clause_id", "where"], kind="stable")
    return order[columns].reset_index(drop=True)


def _waiver(clause_id: str, place_id: str) -> Waiver:
    return Waiver(
        waiver_id=f"{clause_id} at {place_id}",
        clause_id=clause_id,
        where=place_id,
        who="asked, not granted",
        when=date.min,
        reason="priced",
    )


def _single_refusals(verdicts: Verdicts) -> pd.DataFrame:
    """Return candidate_id, clause_id, place_id, compound_id of candidates that one must alone keeps out."""
    frame = verdicts.frame
    broken = frame[frame["force"].eq(Force.MUST.value) & frame["outcome"].isin(_REFUSING)]
    broken = broken[~broken["candidate_id"].isin(verdicts.accepted)]
    alone = broken[broken.groupby("candidate_id")["clause_id"].transform("size").eq(1)]
    candidates = verdicts.candidates.frame
    return pd.DataFrame(
        {
            "candidate_id": alone["candidate_id"],
            "clause_id": alone["clause_id"],
            "place_id": alone["candidate_id"].map(candidates["place_id"]),
            "compound_id": alone["candidate_id"].map(candidates["compound_id"]),
        }
    ).reset_index(drop=True)


def _most_promising(plan: Plan, links: Links, asked: pd.DataFrame, every: list[Waiver]) -> list[Waiver]:
    """Return the waivers, those whose candidates reach most vehicles without a port first."""
    demand = links.demand.frame["vehicles"]
    served = plan.links.groupby("building_id")["served"].sum()
    waiting = (demand - served.reindex(demand.index).fillna(0.0)).clip(lower=0.0)
    reached = links.frame.assign(waiting=links.frame["building_id"].map(waiting))
    best = reached.groupby("candidate_id")["waiting"].sum()
    score = asked.assign(score=asked["candidate_id"].map(best).fillna(0.0))
    by_place = score.groupby(["clause_id", "place_id"])["score"].max()
    return sorted(every, key=lambda item: (-float(by_place[(item.clause_id, item.where)]), item.waiver_id))


def _price(plan: Plan, links: Links, waiver: Waiver, options: SolverOptions) -> dict[str, Any]:
    framing = plan.framing
    before = framing.links.verdicts
    verdicts = with_waivers(before, (*before.waivers, waiver))
    freed = sorted(set(verdicts.accepted) - set(before.accepted))
    changed = _reframed(framing, links, verdicts)
    solution = solve(changed.problem, options)
    other = make_plan(changed, solution)
    # A plan that does not use the place, or serves no more, owes nothing to the waiver: then the old plan stands.
    better = other.served > plan.served + _LEAST_GAIN and other.sites.index.isin(freed).any()
    gained = other if better else plan
    vehicles = gained.served - plan.served
    households = gained.households_served - plan.households_served
    spent = gained.spent_cny - plan.spent_cny
    return {
        "clause_id": waiver.clause_id,
        "where": waiver.where,
        "compound_id": verdicts.candidates.frame["compound_id"][freed[0]],
        "freed": len(freed),
        "sites": len(gained.sites.index.intersection(freed)),
        "vehicles": vehicles,
        "households": households,
        "spent_cny": spent,
        "cny_per_household": spent / households if households > 0 else float("nan"),
        "at_most": max(solution.bound - plan.solution.objective, vehicles),
        "status": str(solution.status),
        "gap": solution.gap,
    }


def _reframed(framing: Framing, links: Links, verdicts: Verdicts) -> Framing:
    held = links.frame[links.frame["candidate_id"].isin(verdicts.accepted)].reset_index(drop=True)
    return frame_problem(replace(links, frame=held, verdicts=verdicts), connect_power(verdicts), framing.limits)
