"""Meaning: a plan for uncertain demand, and what its robustness costs beside the plan for the estimate alone."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siting.errors import StudyError
from siting.framing import Framing
from siting.model.block import SearchLimits
from siting.model.divide import flows_for
from siting.model.finish import spent_cny, upgrades_of
from siting.model.parts import FloatArray, IntArray
from siting.model.robust import Robust, solve_scenarios, value_at_once
from siting.model.scenarios import Scenarios, Stance
from siting.model.solution import Solution
from siting.model.solver import SolverOptions, solve
from siting.plan.named import compound_named
from siting.plan.plan import Plan, make_plan
from siting.plan.reasons import Sentence
from siting.plan.scenarios_record import SCENARIO_LINK_COLUMNS, Outlook, Scenario, Uncertain

__all__ = ["plan_uncertain", "scenarios_of", "sentences_of", "uncertain_of"]

_LEAST_SERVED = 1e-6
_MOST_FACTOR = 1000.0
_NOMINAL_SHARE = 0.3  # of the time limit, for the plan for the estimate alone
_COLUMNS = ("scenario", "weight", "demand", "served", "served_nominal", "weighted", "weighted_nominal")


def plan_uncertain(framing: Framing, outlook: Outlook, limits: SearchLimits, options: SolverOptions) -> Plan:
    """Return the plan that is best for the outlook; sites, links and figures are those of the estimated demand.

    Raises `StudyError` for a compound that a scenario names and the district does not have, `InfeasibleError` where
    no choice keeps the limits in every scenario.
    """
    problem, scenarios = framing.problem, scenarios_of(framing, outlook)
    nominal = solve(problem, replace(options, time_limit_s=_NOMINAL_SHARE * options.time_limit_s))
    left = replace(limits, seconds=(1.0 - _NOMINAL_SHARE) * limits.seconds)
    robust = solve_scenarios(problem, scenarios, left, starts=[nominal.modules])
    plan = make_plan(framing, _solution(framing, robust))
    value = value_at_once(problem, scenarios, nominal.modules)
    record = uncertain_of(framing, outlook, scenarios, (robust.modules, robust.objective), (nominal.modules, value))
    return replace(plan, uncertain=record, reasons=(*plan.reasons, *sentences_of(record)))


def scenarios_of(framing: Framing, outlook: Outlook) -> Scenarios:
    """Return the outlook in the numbers of the framing."""
    return Scenarios(
        vehicles=framing.problem.demands.vehicles * np.array([_factors(framing, item) for item in outlook.scenarios]),
        weight=np.array([item.weight for item in outlook.scenarios]),
        stance=Stance(outlook.goal),
        names=tuple(item.name for item in outlook.scenarios),
    )


def uncertain_of(
    framing: Framing,
    outlook: Outlook,
    scenarios: Scenarios,
    plan: tuple[IntArray, float],
    nominal: tuple[IntArray, float],
) -> Uncertain:
    """Return what a plan does in each scenario beside the nominal plan: modules that stand at the end, and values."""
    mine, other = (_served(framing, scenarios, modules) for modules in (plan[0], nominal[0]))
    return Uncertain(
        outlook=outlook,
        rows=_rows(framing, scenarios, mine, other),
        links=_links(framing, scenarios, mine),
        value=plan[1],
        value_nominal=nominal[1],
        sites_nominal=tuple(framing.candidate_ids[j] for j in np.flatnonzero(nominal[0])),
    )


def _factors(framing: Framing, scenario: Scenario) -> FloatArray:
    """Return the factor of every building's demand in one scenario."""
    compounds = framing.links.verdicts.candidates.zones.district.compounds
    by_compound: dict[str, float] = {}
    for factors in (_table(scenario.table), scenario.factors):  # those in the study itself count over the table's
        mine: dict[str, float] = {}
        for name, factor in factors.items():
            compound = compound_named(name, compounds, where=f"scenario {scenario.name!r}")
            if compound in mine:
                message = f"scenario {scenario.name!r}: {name!r} is {compound}, given already; name it once"
                raise StudyError(message)
            mine[compound] = float(factor)
        by_compound |= mine
    of_building = framing.links.demand.frame["compound_id"].map(by_compound)
    return np.asarray(of_building.astype(float).fillna(scenario.factor), dtype=np.float64)


def _table(path: Path | None) -> Mapping[str, float]:
    """Return factors by compound of a CSV file with the columns compound_id and factor."""
    if path is None:
        return {}
    found: dict[str, float] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            for row in rows:
                name = row["compound_id"].strip().removeprefix("'")  # written before what looks like a formula
                factor = float(row["factor"])
                if name in found:
                    message = f"{path}: line {rows.line_num}: {name!r} has a factor already; name each compound once"
                    raise StudyError(message)
                if not 0 <= factor <= _MOST_FACTOR:
                    message = f"{path}: the factor of {name} is {factor:g}; it must be 0 to {_MOST_FACTOR:g}"
                    raise StudyError(message)
                found[name] = factor
    except (OSError, KeyError, TypeError, ValueError, AttributeError, csv.Error) as error:
        why = f"no column {error}" if isinstance(error, KeyError) else " ".join(str(error).split())[:120]
        message = f"{path}: cannot be read as a table of compound_id and factor ({why}); give both columns in UTF-8"
        raise StudyError(message) from error
    if not found:
        message = f"{path}: has no rows; give compound_id and factor, or leave the table out"
        raise StudyError(message)
    return found


def _solution(framing: Framing, robust: Robust) -> Solution:
    problem = framing.problem
    return Solution(
        **robust.proof(),
        modules=robust.modules,
        served=robust.served,
        upgrades=upgrades_of(problem, robust.modules),
        spent_cny=spent_cny(problem, robust.modules),
        site_spent_cny=problem.site_cost_cny(robust.modules),
        message=f"one choice for all scenarios: {robust.solver_status}",
    )


def _served(framing: Framing, scenarios: Scenarios, modules: IntArray) -> FloatArray:
    """Return the flows of one choice in every scenario (S x walks)."""
    cases = [scenarios.problem(framing.problem, s) for s in range(len(scenarios))]
    return np.array([flows_for(case, modules) for case in cases])


def _rows(framing: Framing, scenarios: Scenarios, mine: FloatArray, other: FloatArray) -> pd.DataFrame:
    weight = framing.problem.demands.weight[framing.problem.walks.i]
    figures = {
        "scenario": list(scenarios.names),
        "weight": scenarios.weight,
        "demand": scenarios.vehicles.sum(axis=1),
        "served": mine.sum(axis=1),
        "served_nominal": other.sum(axis=1),
        "weighted": mine @ weight,
        "weighted_nominal": other @ weight,
    }
    return pd.DataFrame(figures, columns=list(_COLUMNS))


def _links(framing: Framing, scenarios: Scenarios, mine: FloatArray) -> pd.DataFrame:
    links = framing.links.frame[["building_id", "candidate_id", "walk_m"]].rename(columns={"candidate_id": "site_id"})
    frames = [
        links[served > _LEAST_SERVED].assign(scenario=name, served=served[served > _LEAST_SERVED])
        for name, served in zip(scenarios.names, mine, strict=True)
    ]
    table: pd.DataFrame = pd.concat(frames)[list(SCENARIO_LINK_COLUMNS)].reset_index(drop=True)
    return table


def sentences_of(record: Uncertain) -> list[Sentence]:
    """Say what robustness costs if demand comes as estimated, and what it brings in the worst scenario."""
    rows: Any = record.rows.to_dict("records")
    share = record.outlook.goal == "worst_share"
    worst = min(rows, key=lambda row: row["weighted"] / (row["demand"] or 1.0) if share else row["weighted"])
    given = rows[0]["served_nominal"] - rows[0]["served"]
    gained = worst["served"] - worst["served_nominal"]
    goal = record.outlook.goal
    return [
        Sentence(
            f"Chosen for {len(rows)} demand scenarios ({goal}). If demand comes as estimated, this plan serves "
            f"{_more(-given)[0]} {'than' if round(given) else 'as'} the plan for the estimate alone; in the scenario "
            f"{worst['scenario']!r}, served least, it serves {_more(gained)[0]}.",
            f"按 {len(rows)} 个需求情景选定({_GOALS_ZH[goal]})。若需求如预计,本方案比只按预计编制的方案"
            f"{_more(-given)[1]};在服务最少的情景“{worst['scenario']}”下{_more(gained)[1]}。",
        )
    ]


def _more(vehicles: float) -> tuple[str, str]:
    """Return how many vehicles more or fewer are served, in both languages."""
    if round(vehicles) == 0:
        return "as many vehicles", "服务车辆相同"
    more = vehicles > 0
    figure = f"{abs(vehicles):,.0f}"
    return f"{figure} vehicles {'more' if more else 'fewer'}", f"{'多' if more else '少'}服务 {figure} 辆"


_GOALS_ZH = {"worst": "最不利情景最优", "worst_share": "最低覆盖率最优", "average": "平均最优"}
