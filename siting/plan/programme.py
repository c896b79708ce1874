"""Meaning: a programme over years, from a framing and its terms to a plan whose sites carry year and tier.

The reserve comes after everything else: with the funded years fixed, what its own sum would add. It bends nothing
that is funded.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.errors import StudyError
from siting.framing import Framing, modules_per_step
from siting.model.block import SearchLimits
from siting.model.goal import Goal
from siting.model.parts import FloatArray, IntArray
from siting.model.programme import Course, Years
from siting.model.programme_solve import solve_programme, value_of_programme
from siting.model.solution import Solution
from siting.plan.named import compound_named
from siting.plan.plan import Plan, make_plan
from siting.plan.programme_record import (
    ACTION_COLUMNS,
    RESERVE_YEAR,
    YEAR_COLUMNS,
    YEAR_LINK_COLUMNS,
    Base,
    Programme,
    Terms,
)
from siting.plan.reasons import Sentence
from siting.plan.scenarios import scenarios_of, sentences_of, uncertain_of
from siting.plan.scenarios_record import Outlook

__all__ = ["plan_programme", "years_of"]

_MONTHS = 12
_RESERVE_SHARE = 0.2  # of the time limit
_MOST_SERVICE = Goal()  # what the reserve is for, whatever the years were planned for
_LEAST_SERVED = 1e-6  # vehicles; less is the solver's round-off


@dataclass(frozen=True, eq=False)
class _Stretch:
    """The solved years, or the reserve: labels, what stood before, and the prices by year."""

    course: Course
    labels: tuple[int, ...]
    before: IntArray
    steps_before: IntArray
    prices: FloatArray  # years x sites
    step_price: tuple[float, ...]


def plan_programme(
    framing: Framing,
    terms: Terms,
    limits: SearchLimits,
    *,
    base: Base | None = None,
    outlook: Outlook | None = None,
) -> Plan:
    """Return the plan of a framed problem over years; its sites carry their first year and their tier.

    With an `outlook` the one programme is for all its scenarios; links and yearly figures are those of the estimate.
    Raises `StudyError` for a compound that the terms or a scenario name and the district does not have,
    `InfeasibleError` where no programme keeps the limits.
    """
    years, scenarios = years_of(framing, terms, base), None
    seconds = (1.0 - _RESERVE_SHARE if terms.reserve_cny > 0 else 1.0) * limits.seconds
    searched = replace(limits, seconds=seconds if outlook is None else seconds / 3)
    course = nominal = solve_programme(framing.problem, years, searched)
    if outlook is not None:
        scenarios, start = scenarios_of(framing, outlook), [(nominal.modules, nominal.steps)]
        searched = replace(limits, seconds=2 * seconds / 3)
        course = solve_programme(framing.problem, years, searched, outlook=scenarios, starts=start)
    stretches = [_stretch(framing, years, course, terms.years)]
    funded = make_plan(framing, _solution(framing, course))
    sites = funded.sites.assign(**_dated(framing, course, terms, base))
    reserve: Course | None = None
    if terms.reserve_cny > 0:
        after = Years(
            budget_cny=np.array([terms.reserve_cny]),
            weight=np.ones(1),
            price=np.array([terms.prices[-1]]),
            standing=course.last,
            bought=course.steps[-1],
        )
        bare = replace(framing.problem, floors=None, service_floor=None, goal=_MOST_SERVICE)
        reserve = solve_programme(bare, after, replace(limits, seconds=_RESERVE_SHARE * limits.seconds))
        stretches.append(_stretch(framing, after, reserve, (RESERVE_YEAR,)))
        sites = _with_reserve(framing, sites, reserve)
    programme = Programme(
        terms=terms,
        years=_year_rows(terms, stretches),
        actions=_actions(framing, terms, stretches, base),
        links=_links(framing, stretches),
        guess=course.guess,
        reserve_gap=None if reserve is None else reserve.gap,
        kept=course.kept,
    )
    said = list(_sentences(programme))
    uncertain = None
    if outlook is not None and scenarios is not None:
        value = value_of_programme(framing.problem, years, scenarios, (nominal.modules, nominal.steps))
        uncertain = uncertain_of(framing, outlook, scenarios, (course.last, course.objective), (nominal.last, value))
        said += sentences_of(uncertain)
    return replace(
        funded,
        sites=sites,
        spent_cny=float(course.spent_cny.sum()),
        reasons=(*funded.reasons, *said),
        programme=programme,
        uncertain=uncertain,
    )


def years_of(framing: Framing, terms: Terms, base: Base | None) -> Years:
    """Return the terms in the numbers of the framing, on top of what an earlier run left."""
    problem = framing.problem
    factors = np.repeat(np.array(terms.prices)[:, None], len(problem.sites), axis=1)
    for item in terms.together:
        if item.year not in terms.years:
            message = (
                f"programme.together: {item.year} is no year of the programme ({terms.years[0]} to {terms.years[-1]})"
            )
            raise StudyError(message)
        inside = _in_compounds(framing, item.compounds)
        factors[terms.years.index(item.year), inside] *= item.factor
    standing = problem.standing if base is None else np.maximum(base.standing, problem.standing)
    return Years(
        budget_cny=np.array(terms.budgets_cny),
        weight=np.array(terms.weights),
        price=np.array(terms.prices),
        carry_over=terms.carry_over,
        lead_years=_leads(framing, terms),
        site_price=factors if terms.together else None,
        standing=standing,
        bought=None if base is None else base.bought,
        insist=None if base is None else base.insist,
    )


def _in_compounds(framing: Framing, named: tuple[str, ...]) -> Any:
    """Return which sites lie in the compounds of these ids or names."""
    candidates = framing.links.verdicts.candidates
    compounds = candidates.zones.district.compounds
    chosen = {compound_named(name, compounds, where="programme.together") for name in named}
    return candidates.frame.loc[list(framing.candidate_ids), "compound_id"].isin(chosen).to_numpy()


def _leads(framing: Framing, terms: Terms) -> IntArray | None:
    """Return the years from paying for each upgrade step to its carrying load: whole years of its months."""
    part = framing.problem.transformers
    if part is None:
        return None
    if terms.lead_years is not None:
        return np.full(len(part.step_owner), terms.lead_years, np.int64)
    table = framing.links.verdicts.candidates.zones.district.transformers
    months = [
        float(step.get("lead_time_months") or 0.0)
        for name in framing.transformer_ids
        for step in json.loads(table["upgrade_steps"][name])
    ]
    return np.array([math.floor(each / _MONTHS) for each in months], np.int64)


def _stretch(framing: Framing, years: Years, course: Course, labels: tuple[int, ...]) -> _Stretch:
    prices, _ = years.prices_in(framing.problem)
    return _Stretch(
        course,
        labels,
        years.standing_in(framing.problem),
        years.bought_in(framing.problem),
        prices,
        tuple(years.price.tolist()),
    )


def _solution(framing: Framing, course: Course) -> Solution:
    """Return what stands at the end of the funded years; objective, bound and gap are the programme's."""
    part = framing.problem.transformers
    bought: list[tuple[int, int]] = []
    if part is not None:
        first = np.searchsorted(part.step_owner, np.arange(len(part)))
        bought = [
            (int(part.step_owner[k]), int(k - first[part.step_owner[k]])) for k in np.flatnonzero(course.steps[-1])
        ]
    return Solution(
        **course.proof(),
        modules=course.last,
        served=course.served[-1],
        upgrades=tuple(bought),
        spent_cny=float(course.spent_cny.sum()),
        site_spent_cny=framing.problem.site_cost_cny(course.last),
        message=f"programme of {len(course.modules)} years solved whole: {course.solver_status}",
    )


def _dated(framing: Framing, course: Course, terms: Terms, base: Base | None) -> dict[str, Any]:
    """Return year and tier of every site that stands at the end: the year in which it opens."""
    built = np.flatnonzero(course.last > 0)
    first = (course.modules[:, built] > 0).argmax(axis=0)
    stands = framing.problem.standing[built] > 0
    years = [terms.first_year - 1 if old else terms.years[k] for k, old in zip(first.tolist(), stands, strict=True)]
    if base is not None:
        names = [framing.candidate_ids[j] for j in built]
        years = [base.year_of.get(name, year) for name, year in zip(names, years, strict=True)]
    return {"year": np.array(years, dtype=np.int64), "tier": [terms.tier_of(year) for year in years]}


def _with_reserve(framing: Framing, sites: gpd.GeoDataFrame, reserve: Course) -> gpd.GeoDataFrame:
    """Return the sites with those that only the reserve would open; without its money they serve nobody."""
    both = make_plan(framing, _solution(framing, reserve)).sites
    new = both[~both.index.isin(sites.index)]
    if not len(new):
        return sites
    new = new.assign(year=np.int64(RESERVE_YEAR), tier="reserve", served=0.0, households_served=0.0)
    if not len(sites):
        return new
    return gpd.GeoDataFrame(pd.concat([sites, new]).sort_index(), crs=sites.crs)


def _year_rows(terms: Terms, stretches: list[_Stretch]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for part in stretches:
        course = part.course
        for k, label in enumerate(part.labels):
            funded = label != RESERVE_YEAR
            rows.append(
                {
                    "year": label,
                    "tier": terms.tier_of(label),
                    "weight": terms.weights[k] / sum(terms.weights) if funded else 0.0,
                    "price": part.step_price[k],
                    "budget_cny": terms.budgets_cny[k] if funded else terms.reserve_cny,
                    "available_cny": float(course.available_cny[k]),
                    "spent_cny": float(course.spent_cny[k]),
                    "sites": int((course.modules[k] > 0).sum()),
                    "modules": int(course.modules[k].sum()),
                    "served": float(course.served[k].sum()),
                    "weighted": float(course.service[k]),
                }
            )
    return pd.DataFrame(rows, columns=list(YEAR_COLUMNS))


def _actions(framing: Framing, terms: Terms, stretches: list[_Stretch], base: Base | None) -> pd.DataFrame:
    rows = [*_standing_rows(framing, terms, base, stretches[0])]
    sites, part = framing.problem.sites, framing.problem.transformers
    whole = modules_per_step(framing.links.verdicts, framing.candidate_ids, framing.limits)
    for stretch in stretches:
        modules, steps = stretch.before, stretch.steps_before
        for k, label in enumerate(stretch.labels):
            now, tier = stretch.course.modules[k], terms.tier_of(label)
            cost = sites.cost_cny(now) - sites.cost_cny(modules)
            for j in np.flatnonzero(now > modules).tolist():
                price = float(stretch.prices[k, j])
                added = int((now[j] - modules[j]) * whole[j])
                rows.append((label, tier, "site", framing.candidate_ids[j], added, price, price * float(cost[j])))
            bought = stretch.course.steps[k]
            for s in np.flatnonzero(bought > steps).tolist() if part is not None else []:
                price = stretch.step_price[k]
                name = framing.transformer_ids[int(part.step_owner[s])] if part is not None else ""
                paid = price * float(part.step_cost_cny[s]) if part is not None else 0.0
                rows.append((label, tier, "upgrade", name, 1, price, paid))
            modules, steps = now, bought
    return pd.DataFrame(rows, columns=list(ACTION_COLUMNS))


def _standing_rows(framing: Framing, terms: Terms, base: Base | None, first: _Stretch) -> Iterator[tuple[Any, ...]]:
    """Yield what stands before the first year: in a layer, or paid for in the run before."""
    whole = modules_per_step(framing.links.verdicts, framing.candidate_ids, framing.limits)
    years: Mapping[str, int] = {} if base is None else base.year_of
    for j in np.flatnonzero(first.before).tolist():
        name = framing.candidate_ids[j]
        yield (
            years.get(name, terms.first_year - 1),
            "implement",
            "standing",
            name,
            int(first.before[j] * whole[j]),
            0.0,
            0.0,
        )
    part = framing.problem.transformers
    for s in np.flatnonzero(first.steps_before).tolist() if part is not None else []:
        owner = framing.transformer_ids[int(part.step_owner[s])] if part is not None else ""
        yield (terms.first_year - 1, "implement", "standing_upgrade", owner, 1, 0.0, 0.0)


def _links(framing: Framing, stretches: list[_Stretch]) -> pd.DataFrame:
    links = framing.links.frame
    frames = []
    for stretch in stretches:
        for label, served in zip(stretch.labels, stretch.course.served, strict=True):
            used = served > _LEAST_SERVED
            rows = links[["building_id", "candidate_id", "walk_m"]][used].rename(columns={"candidate_id": "site_id"})
            frames.append(rows.assign(year=label, served=served[used]))
    table: pd.DataFrame = pd.concat(frames)[list(YEAR_LINK_COLUMNS)].reset_index(drop=True)
    return table


def _sentences(programme: Programme) -> Iterator[Sentence]:
    before_sites, before_served = float(programme.standing_sites), 0.0
    for row in programme.years.to_dict("records"):
        new, more = row["sites"] - before_sites, row["served"] - before_served
        before_sites, before_served = row["sites"], row["served"]
        if row["year"] == RESERVE_YEAR:
            yield Sentence(
                f"Held in reserve: {new:.0f} more sites for {row['spent_cny']:,.0f} of {row['budget_cny']:,.0f} CNY "
                f"would serve {more:,.0f} vehicles more.",
                f"储备:另有 {new:.0f} 处点位,需 {row['spent_cny']:,.0f} 元(储备额度 {row['budget_cny']:,.0f} 元),"
                f"可多服务 {more:,.0f} 辆。",
            )
            continue
        tier_en, tier_zh = {"implement": ("implement", "实施"), "plan": ("plan", "谋划")}[row["tier"]]
        yield Sentence(
            f"{row['year']} ({tier_en}): {new:.0f} new sites, {row['spent_cny']:,.0f} of "
            f"{row['available_cny']:,.0f} CNY; {row['served']:,.0f} vehicles served by then.",
            f"{row['year']} 年({tier_zh}):新建 {new:.0f} 处,支出 {row['spent_cny']:,.0f} 元"
            f"(可用 {row['available_cny']:,.0f} 元);至此服务 {row['served']:,.0f} 辆。",
        )
