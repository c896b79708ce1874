"""The border: tables become arrays. The last module that sees geography and the first that sees numbers.

Buildings become demands, accepted candidates become sites, links become walks, each numbered in the order of its
sorted ids. `Framing` keeps the ids and the records, so that `siting.plan` can turn numbers back into meaning.

Vehicles a port are one figure of the catalogue; or, under `Limits.turnover`, what so many ports serve within a target
for waiting. That grows faster than the ports, which no line through zero can say, so a candidate is then built whole
or not at all: one step of the problem is all of its modules, with the vehicles of exactly that size. The problem stays
linear and exact, and candidates of several sizes at a place are the sizes to choose from.
"""

import difflib
import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from siting.access.record import Links, Power
from siting.access.turnover import Turnover, vehicles_served
from siting.errors import StudyError
from siting.framing_limits import Limits, add_limits, margins_m
from siting.kinds import Kind, Outcome
from siting.model.parts import Demands, FloatArray, IntArray, Sites, Walks
from siting.model.problem import Problem
from siting.rules.clause import Force
from siting.sites.conflicts import conflict_cliques
from siting.sites.record import Verdicts

__all__ = ["Framing", "Limits", "frame_problem", "modules_per_step", "reframe"]

#: What a clause that does not bind counts against a site: broken, or broken within the position error.
_DEMERITS = {Outcome.FAIL.value: 1.0, Outcome.UNCERTAIN.value: 0.5}


@dataclass(frozen=True, eq=False, kw_only=True)
class Framing:
    """The problem in numbers with what the numbers stand for.

    `building_ids`, `candidate_ids` and `transformer_ids` give demand, site and transformer numbers their ids;
    the rows of `links.frame` are the walks of the problem, in the same order.
    """

    problem: Problem
    building_ids: tuple[str, ...]
    candidate_ids: tuple[str, ...]
    transformer_ids: tuple[str, ...]
    links: Links
    power: Power
    limits: Limits


def frame_problem(links: Links, power: Power, limits: Limits) -> Framing:
    """Return the siting problem of a judged, measured district under `limits`.

    Limits: money, ports, one of each clique, transformers, locks, and what `siting.framing_limits` adds with the goal.
    Raises `StudyError` for a locked id that is no accepted candidate, `InfeasibleError` for limits that collide.
    """
    verdicts = links.verdicts
    building_ids = tuple(links.demand.frame.index)
    candidate_ids = tuple(sorted(verdicts.accepted))
    site_number = {candidate: number for number, candidate in enumerate(candidate_ids)}
    problem = Problem(
        Demands(links.demand.frame["vehicles"].to_numpy(float), links.demand.frame["weight"].to_numpy(float)),
        _sites(verdicts, candidate_ids, limits.turnover),
        _walks(links, building_ids, candidate_ids),
    )
    problem = problem.with_cliques([[site_number[name] for name in clique] for clique in conflict_cliques(verdicts)])
    if limits.budget_cny is not None:
        problem = problem.with_budget(limits.budget_cny)
    transformers = verdicts.candidates.zones.district.transformers.sort_index()
    transformer_ids = tuple(transformers.index)
    if transformer_ids:
        number = pd.Series(range(len(transformer_ids)), index=transformers.index)
        feeds = power.feeds.reindex(list(candidate_ids)).map(number).fillna(-1).to_numpy(np.int64)
        problem = problem.with_transformers(
            transformers["spare_kva"].to_numpy(float),
            feeds,
            power.kva_per_module.reindex(list(candidate_ids)).to_numpy(float)
            * modules_per_step(verdicts, candidate_ids, limits),
            [_steps(text) for text in transformers["upgrade_steps"]],
            names=transformer_ids,
        )
    if limits.locked_in or limits.locked_out:
        problem = problem.with_locks(
            locked_in=[_locked(name, site_number, verdicts) for name in limits.locked_in],
            locked_out=[
                _locked(name, site_number, verdicts)
                for name in limits.locked_out
                if name in site_number or name not in verdicts.candidates.frame.index  # refused ones are out anyway
            ],
        )
    return Framing(
        problem=add_limits(problem, limits, links, candidate_ids),
        building_ids=building_ids,
        candidate_ids=candidate_ids,
        transformer_ids=transformer_ids,
        links=links,
        power=power,
        limits=limits,
    )


def reframe(framing: Framing, *, budget_cny: float) -> Framing:
    """Return the same framing with another budget; nothing is measured again."""
    problem = replace(framing.problem, budget_cny=None).with_budget(budget_cny)
    return replace(framing, problem=problem, limits=replace(framing.limits, budget_cny=budget_cny))


def modules_per_step(verdicts: Verdicts, candidate_ids: tuple[str, ...], limits: Limits) -> IntArray:
    """Return the modules that one step of each site in the problem stands for: 1, or all where it is built whole."""
    most = verdicts.candidates.frame["max_modules"].loc[list(candidate_ids)].to_numpy(np.int64)
    return most if limits.turnover is not None else np.ones_like(most)


def _sites(verdicts: Verdicts, candidate_ids: tuple[str, ...], turnover: Turnover | None) -> Sites:
    frame = verdicts.candidates.frame.loc[list(candidate_ids)]
    catalogue = verdicts.candidates.catalogue
    if turnover is not None:
        most = frame["max_modules"].to_numpy(np.int64)
        by_ports = {ports: vehicles_served(ports, turnover) for ports in sorted(set(frame["ports"].astype(int)))}
        return Sites(
            open_cost_cny=frame["open_cost_cny"].to_numpy(float),
            module_cost_cny=frame["module_cost_cny"].to_numpy(float) * most,
            max_modules=np.ones(len(frame), dtype=np.int64),
            vehicles_per_module=np.array([by_ports[int(ports)] for ports in frame["ports"]], dtype=float),
            demerit=_demerits(verdicts, candidate_ids),
            names=candidate_ids,
            margin_m=margins_m(verdicts, candidate_ids),
        )
    vehicles_per_port = np.array([catalogue.kind(Kind(kind)).vehicles_per_port for kind in frame["kind"]], dtype=float)
    return Sites(
        open_cost_cny=frame["open_cost_cny"].to_numpy(float),
        module_cost_cny=frame["module_cost_cny"].to_numpy(float),
        max_modules=frame["max_modules"].to_numpy(np.int64),
        vehicles_per_module=frame["ports_per_module"].to_numpy(float) * vehicles_per_port,
        demerit=_demerits(verdicts, candidate_ids),
        names=candidate_ids,
        margin_m=margins_m(verdicts, candidate_ids),
    )


def _demerits(verdicts: Verdicts, candidate_ids: tuple[str, ...]) -> FloatArray:
    """Return how many clauses that do not bind speak against each site; doubtful ones count half."""
    frame = verdicts.frame[verdicts.frame["force"] != Force.MUST.value]
    counted = frame["outcome"].map(_DEMERITS).fillna(0.0).astype(float)
    by_candidate = counted.groupby(frame["candidate_id"]).sum()
    return np.asarray(by_candidate.reindex(list(candidate_ids), fill_value=0.0), dtype=np.float64)


def _walks(links: Links, building_ids: tuple[str, ...], candidate_ids: tuple[str, ...]) -> Walks:
    return Walks(
        _numbers_of(links.frame["building_id"], building_ids),
        _numbers_of(links.frame["candidate_id"], candidate_ids),
        links.frame["walk_m"].to_numpy(float),
    )


def _numbers_of(names: "pd.Series[str]", ids: tuple[str, ...]) -> IntArray:
    return np.asarray(names.map({name: number for number, name in enumerate(ids)}), dtype=np.int64)


def _steps(text: str) -> list[tuple[float, float]]:
    return [(float(step["kva"]), float(step["cost_cny"])) for step in json.loads(text)]


def _locked(name: str, site_number: dict[str, int], verdicts: Verdicts) -> int:
    if name in site_number:
        return site_number[name]
    if name in verdicts.candidates.frame.index:
        rows = verdicts.frame[(verdicts.frame["candidate_id"] == name) & (verdicts.frame["force"] == Force.MUST.value)]
        broken = rows[rows["outcome"].isin((Outcome.FAIL.value, Outcome.UNCERTAIN.value))]  # unknowns refuse nothing
        said = ", ".join(
            f"{clause} ({outcome})" for clause, outcome in zip(broken["clause_id"], broken["outcome"], strict=True)
        )
        message = f"locked candidate {name!r} is refused by {said or 'its verdicts'}; unlock it"
        raise StudyError(message)
    close = difflib.get_close_matches(name, list(site_number), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "; see candidates.geojson of an earlier run"
    message = f"locked candidate {name!r} does not exist{hint}"
    raise StudyError(message)
