"""Meaning: the price of a law at one place: relax one clause by name, solve again, and say what it would bring.

Asked of candidates that exactly one must refuses: for each of them alone, for a place, or for a compound. A waiver
that is granted already is priced by solving without it. Each answer is a plan of its own at the same budget, with its
own status and gap; what is gained for certain and what is possible at most are told apart.
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
from siting.model.solver import SolverOptions
from siting.plan.choice import choose, solved_by
from siting.plan.plan import Plan
from siting.plan.reasons import Sentence
from siting.rules.clause import Force
from siting.sites.record import Verdicts
from siting.sites.verdicts import with_waivers
from siting.sites.waiver import Waiver

__all__ = ["PriceOptions", "price_waivers", "why_nothing"]

_LEAST_GAIN = 1e-3  # vehicles; less is the solver's round-off
_REFUSING = (Outcome.FAIL.value, Outcome.UNCERTAIN.value)


@dataclass(frozen=True)
class PriceOptions:
    """How many waivers to ask about, what one of them names, and how to walk and solve: as the plan did."""

    walk: WalkOptions
    solver: SolverOptions
    most: int = 5
    per: str = "place"  # or candidate, compound


def price_waivers(
    plan: Plan, options: PriceOptions, *, announce: Callable[[str], None] = lambda _stage: None
) -> pd.DataFrame:
    """Return one row for each waiver priced, the one that brings most first.

    Columns: clause_id, where (candidate, place or compound), compound_id, granted (by the study already), freed
    (candidates), sites (of the plan with it that need the waiver), vehicles, households and spent_cny (more than
    without), cny_per_household, at_most (vehicles, by the bound), status, gap. Of equals the first by clause and place.
    """
    framing = plan.framing
    if plan.solution.aim is not Aim.SERVICE:
        message = f"waivers are priced by the vehicles they bring; plan with goal 'service', not '{plan.solution.aim}'"
        raise UsageError(message)
    verdicts = framing.links.verdicts
    asked = _single_refusals(verdicts, options.per)
    pairs = asked[["clause_id", "where"]].drop_duplicates().astype(str)
    every = [_waiver(clause, where) for clause, where in pairs.sort_values(["clause_id", "where"]).to_numpy()]
    columns = ["clause_id", "where", "compound_id", "granted", "freed", "sites", "vehicles", "households", "spent_cny"]
    columns += ["cny_per_household", "at_most", "status", "gap"]
    rows = []
    for waiver in verdicts.waivers:
        announce(f"choice without waiver {waiver.waiver_id}")
        rows.append(_price_granted(plan, waiver, options.solver))
    if not every:
        return pd.DataFrame(rows, columns=columns)
    announce("reach of refused places")
    links = measure_links(with_waivers(verdicts, (*verdicts.waivers, *every)), framing.links.demand, options.walk)
    for waiver in _most_promising(plan, links, asked, every)[: options.most]:
        announce(f"choice without {waiver.clause_id} at {waiver.where}")
        rows.append(_price(plan, links, waiver, options.solver))
    frame = pd.DataFrame(rows, columns=columns)
    order = frame.assign(lost=-frame["vehicles"]).sort_values(["lost", "clause_id", "where"], kind="stable")
    return order[columns].reset_index(drop=True)


def why_nothing(plan: Plan, priced: pd.DataFrame) -> tuple[Sentence, ...]:
    """Return why no waiver asked about brings anything: what limits the plan is not the law; () if one does."""
    asked = priced[~priced["granted"].astype(bool)]
    if asked.empty or (asked["vehicles"] > _LEAST_GAIN).any():
        return ()
    most = float(asked["at_most"].max())
    if most >= 1.0:
        bound = Sentence(
            f"None of these waivers was found to bring a vehicle; by the bounds one might bring up to {most:.0f}.",
            f"所问豁免均未求得增益;按上界,单项至多可增 {most:.0f} 辆。",
        )
    else:
        bound = Sentence(
            "None of these waivers brings a vehicle: the ground they free serves no more than lawful ground does.",
            "所问豁免均无增益:其释放的用地并不比合规用地多服务车辆。",
        )
    limits = tuple(Sentence(*reason) for reason in plan.reasons[:1])
    return (bound, *limits)


def _waiver(clause_id: str, where: str) -> Waiver:
    return Waiver(
        waiver_id=f"{clause_id} at {where}",
        clause_id=clause_id,
        where=where,
        who="asked, not granted",
        when=date.min,
        reason="priced",
    )


def _single_refusals(verdicts: Verdicts, per: str) -> pd.DataFrame:
    """Return candidate_id, clause_id and where (what a waiver would name) of candidates that one must alone refuses."""
    frame = verdicts.frame
    broken = frame[frame["force"].eq(Force.MUST.value) & frame["outcome"].isin(_REFUSING)]
    broken = broken[~broken["candidate_id"].isin(verdicts.accepted)]
    alone = broken[broken.groupby("candidate_id")["clause_id"].transform("size").eq(1)]
    candidates = verdicts.candidates.frame
    named = alone["candidate_id"]
    where = named if per == "candidate" else named.map(candidates[f"{per}_id"])
    return pd.DataFrame({"candidate_id": named, "clause_id": alone["clause_id"], "where": where}).reset_index(drop=True)


def _most_promising(plan: Plan, links: Links, asked: pd.DataFrame, every: list[Waiver]) -> list[Waiver]:
    """Return the waivers, those whose candidates reach most vehicles without a port first."""
    demand = links.demand.frame["vehicles"]
    served = plan.links.groupby("building_id")["served"].sum()
    waiting = (demand - served.reindex(demand.index).fillna(0.0)).clip(lower=0.0)
    reached = links.frame.assign(waiting=links.frame["building_id"].map(waiting))
    best = reached.groupby("candidate_id")["waiting"].sum()
    score = asked.assign(score=asked["candidate_id"].map(best).fillna(0.0))
    by_place = score.groupby(["clause_id", "where"])["score"].max()
    return sorted(every, key=lambda item: (-float(by_place[(item.clause_id, item.where)]), item.waiver_id))


def _price(plan: Plan, links: Links, waiver: Waiver, options: SolverOptions) -> dict[str, Any]:
    framing = plan.framing
    before = framing.links.verdicts
    verdicts = with_waivers(before, (*before.waivers, waiver))
    freed = sorted(set(verdicts.accepted) - set(before.accepted))
    changed = _reframed(framing, links, verdicts)
    other = choose(changed, solved_by(options))
    solution = other.solution
    # A plan that does not use the place, or serves no more, owes nothing to the waiver: then the old plan stands.
    better = other.served > plan.served + _LEAST_GAIN and other.sites.index.isin(freed).any()
    row = _row(waiver, freed, plan, other if better else plan)
    at_most = max(solution.bound - plan.solution.objective, row["vehicles"])
    return row | {"granted": False, "at_most": at_most, "status": str(solution.status), "gap": solution.gap}


def _price_granted(plan: Plan, waiver: Waiver, options: SolverOptions) -> dict[str, Any]:
    """Return what a waiver of the study brings: the plan less the plan that stands without it."""
    framing = plan.framing
    held = framing.links.verdicts
    verdicts = with_waivers(held, tuple(other for other in held.waivers if other.waiver_id != waiver.waiver_id))
    freed = sorted(set(held.accepted) - set(verdicts.accepted))
    locked = tuple(name for name in framing.limits.locked_in if name not in freed)
    limits = replace(framing.limits, locked_in=locked)
    without = choose(_reframed(replace(framing, limits=limits), framing.links, verdicts), solved_by(options))
    solution = without.solution
    row = _row(waiver, freed, without, plan)
    at_most = max(plan.solution.bound - solution.objective, row["vehicles"])
    return row | {"granted": True, "at_most": at_most, "status": str(solution.status), "gap": solution.gap}


def _row(waiver: Waiver, freed: list[str], without: Plan, with_it: Plan) -> dict[str, Any]:
    vehicles = with_it.served - without.served
    households = with_it.households_served - without.households_served
    spent = with_it.spent_cny - without.spent_cny
    frame = without.framing.links.verdicts.candidates.frame
    return {
        "clause_id": waiver.clause_id,
        "where": waiver.where,
        "compound_id": frame["compound_id"][freed[0]] if freed else waiver.where,
        "freed": len(freed),
        "sites": len(with_it.sites.index.intersection(freed)),
        "vehicles": vehicles,
        "households": households,
        "spent_cny": spent,
        "cny_per_household": spent / households if households > 0 else float("nan"),
    }


def _reframed(framing: Framing, links: Links, verdicts: Verdicts) -> Framing:
    held = links.frame[links.frame["candidate_id"].isin(verdicts.accepted)].reset_index(drop=True)
    return frame_problem(replace(links, frame=held, verdicts=verdicts), connect_power(verdicts), framing.limits)
