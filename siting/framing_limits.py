"""The border, for goals and limits: what a study asks for by names becomes parts of the problem.

Groups are compounds: everybody who lives in a compound belongs to its group.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from siting.access.record import Links
from siting.access.turnover import Turnover
from siting.errors import InfeasibleError, StudyError
from siting.model.goal import Aim
from siting.model.parts import FloatArray
from siting.model.problem import Problem
from siting.rules.clause import Force
from siting.sites.record import Verdicts

__all__ = ["Floor", "Limits", "Quota", "add_limits", "floor_figures", "margins_m", "out_of_reach"]


@dataclass(frozen=True)
class Floor:
    """The least that one compound (id or name) is served: a share of its vehicles, or vehicles."""

    compound: str
    share: float = 0.0
    vehicles: float = 0.0


@dataclass(frozen=True)
class Quota:
    """At most so many compounds of a subdistrict get sites."""

    subdistrict: str
    most: int


@dataclass(frozen=True)
class Limits:
    """The goal and the limits of a study: money in CNY, ids of candidates that are decided already, and the rest.

    `service_share` is the least share of all weighted vehicles that is served, `floor_share` the least share of the
    vehicles of every compound in which somebody can walk to a lawful place, `floors` what single compounds ask for,
    `walking_km` the most vehicle-kilometres that all who are served walk together.
    """

    budget_cny: float | None
    locked_in: tuple[str, ...] = ()
    locked_out: tuple[str, ...] = ()
    aim: Aim = Aim.SERVICE
    service_share: float | None = None
    floor_share: float = 0.0
    floors: tuple[Floor, ...] = ()
    least_sites: int = 0
    most_sites: int | None = None
    walking_km: float | None = None
    quotas: tuple[Quota, ...] = ()
    turnover: Turnover | None = None  # how ports are used; None: the catalogue's vehicles a port


def add_limits(problem: Problem, limits: Limits, links: Links, candidate_ids: Sequence[str]) -> Problem:
    """Return `problem` with the goal, and with service, floors, count, quotas and standing sites where asked for.

    Raises `StudyError` for a compound or subdistrict that does not exist, `InfeasibleError` for limits that collide.
    """
    candidates = links.verdicts.candidates.frame.loc[list(candidate_ids)]
    if "standing_modules" in candidates and candidates["standing_modules"].fillna(0).gt(0).any():
        if limits.turnover is not None:
            message = (
                "demand.turnover builds each place whole, so what stands (standing_modules) cannot be kept in parts; "
                "take out one of them"
            )
            raise StudyError(message)
        problem = problem.with_existing(
            candidates["standing_modules"].fillna(0).to_numpy(np.int64), candidates["removal_cost_cny"].to_numpy(float)
        )
    if limits.service_share is not None:
        problem = _with_service(problem, limits.service_share)
    if limits.floor_share or limits.floors or limits.aim is Aim.FLOOR:
        problem = _with_groups(problem, limits, links)
    if limits.least_sites or limits.most_sites is not None:
        problem = problem.with_count(least=limits.least_sites, most=limits.most_sites)
    if limits.walking_km is not None:
        problem = problem.with_walking_limit(1000.0 * limits.walking_km)
    if limits.quotas:
        problem = _with_quotas(problem, limits.quotas, links.verdicts, candidates["compound_id"])
    return {
        Aim.COST: problem.minimise_cost,
        Aim.WALKING: problem.minimise_walking,
        Aim.FLOOR: problem.maximise_floor,
        Aim.MARGIN: problem.maximise_margin,
    }.get(limits.aim, problem.maximise_service)()


def out_of_reach(links: Links) -> tuple[str, ...]:
    """Return the compounds with vehicles in which nobody can walk to a lawful place, sorted."""
    demand = links.demand.frame
    wanting = demand[demand["vehicles"] > 0]
    reached = wanting["compound_id"][wanting.index.isin(links.frame["building_id"])]
    return tuple(sorted(set(wanting["compound_id"].dropna()) - set(reached)))


def margins_m(verdicts: Verdicts, candidate_ids: Sequence[str]) -> FloatArray:
    """Return how far each candidate stays beyond the tightest clause that asks for a least distance in metres.

    Where no such clause was measured the largest margin of all candidates stands in: nothing is near.
    """
    clauses = {clause.clause_id for clause in verdicts.candidates.zones.rulebook.clauses if clause.op == ">="}
    frame = verdicts.frame
    counted = frame[frame["clause_id"].isin(clauses) & frame["unit"].eq("m") & frame["force"].eq(Force.MUST.value)]
    slack = counted["measured"].astype(float) - counted["required"].astype(float)
    slack = slack[np.isfinite(slack)]
    tightest = slack.groupby(counted["candidate_id"].reindex(slack.index)).min().reindex(list(candidate_ids))
    return np.asarray(tightest.fillna(tightest.max()).fillna(0.0), dtype=np.float64)


def _with_service(problem: Problem, share: float) -> Problem:
    try:
        return problem.with_service_floor(share * problem.everybody)
    except InfeasibleError as error:
        message = f"goal.service_share = {share:g}: {error}"
        raise InfeasibleError(message) from error


def _with_groups(problem: Problem, limits: Limits, links: Links) -> Problem:
    demand = links.demand.frame
    compounds = sorted(set(demand["compound_id"].dropna()))
    number = {name: k for k, name in enumerate(compounds)}
    group = demand["compound_id"].map(number).fillna(-1).to_numpy(np.int64)
    problem = problem.with_groups(group, names=compounds)
    share, vehicles = floor_figures(limits, links, compounds)
    if not share.any() and not vehicles.any():
        return problem
    return problem.with_floors(share=share, vehicles=vehicles)


def floor_figures(limits: Limits, links: Links, compounds: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Return the least share and the least vehicles that `limits` ask for in each of `compounds`."""
    number = {name: k for k, name in enumerate(compounds)}
    share, vehicles = np.full(len(compounds), limits.floor_share), np.zeros(len(compounds))
    share[[number[name] for name in out_of_reach(links)]] = 0.0
    named = links.verdicts.candidates.zones.district.compounds["name"]
    for floor in limits.floors:
        k = number[_compound(floor.compound, list(compounds), named)]
        share[k], vehicles[k] = max(share[k], floor.share), max(vehicles[k], floor.vehicles)
    return share, vehicles


def _compound(text: str, compounds: list[str], named: "pd.Series[str]") -> str:
    """Return the id of a compound given by id or by its one name."""
    called = [key for key in named.index[named.eq(text)] if key in compounds]
    if text in compounds or len(called) == 1:
        return text if text in compounds else str(called[0])
    known = [*compounds, *map(str, named.dropna())]
    close = difflib.get_close_matches(text, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    many = f"{len(called)} compounds are called so; give its id" if called else "it has no demand, or does not exist"
    message = f"limits.floors: compound {text!r}: {many}{hint}"
    raise StudyError(message)


def _with_quotas(
    problem: Problem, quotas: tuple[Quota, ...], verdicts: Verdicts, compound_of_site: "pd.Series[str]"
) -> Problem:
    """Limit the compounds of each subdistrict; compounds of other subdistricts, or of none, are not limited."""
    compounds = verdicts.candidates.zones.district.compounds
    lies_in = compounds["subdistrict"] if "subdistrict" in compounds else pd.Series(None, compounds.index, dtype=object)
    known = sorted(set(lies_in.dropna()))
    for quota in quotas:
        if quota.subdistrict not in known:
            close = difflib.get_close_matches(quota.subdistrict, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "give compounds a column subdistrict in a layer"
            message = f"limits.quotas: no compound lies in subdistrict {quota.subdistrict!r}; {hint}"
            raise StudyError(message)
    number = {quota.subdistrict: k for k, quota in enumerate(quotas)}
    district = lies_in.map(number).fillna(len(quotas)).to_numpy(np.int64)
    compound = compound_of_site.map({name: k for k, name in enumerate(compounds.index)}).to_numpy(np.int64)
    return problem.with_quotas(compound, district, [*(quota.most for quota in quotas), len(compounds)])
