"""Audit of a programme: yearly money, increments, lead times and who is served when, from the written files alone.

The study says what each year gives, counts and costs; programme.csv what was built and bought in it. Whatever stands
in a year is the sum of what was added up to then, so nothing is ever torn down; a site's year is that of its first row.
"""

import json
import math
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from siting.kinds import Kind
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_limits import standing_today
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding
from siting.plan.audit_rows import rows_of
from siting.plan.audit_waiting import most_served

__all__ = ["check_programme", "funded_part", "has_years", "with_yearly_walks"]

_RESERVE = 0
_BEFORE = ("standing", "standing_upgrade")
_MONEY_CNY = 0.01
_VEHICLES = 1e-3
_KVA = 1e-6
_POWER_FACTOR = 0.95  # of charging loads (row L02 of the evidence)
_MONTHS = 12


@dataclass(frozen=True, eq=False)
class _Action:
    """One row of programme.csv."""

    year: int
    tier: str
    what: str
    name: str
    amount: int
    cost_cny: float


@dataclass(frozen=True, eq=False)
class _Asked:
    """What study.toml asks of the years; a re-plan without years of its own spends its budget in one."""

    first: int
    budgets: tuple[float, ...]
    prices: tuple[float, ...]
    tiers: tuple[str, ...]
    carry_over: bool
    reserve_cny: float
    lead_years: int | None
    together: tuple[Mapping[str, Any], ...]

    @property
    def years(self) -> range:
        return range(self.first, self.first + len(self.budgets))

    def tier(self, year: int) -> str:
        if year == _RESERVE:
            return "reserve"
        return self.tiers[year - self.first] if year in self.years else "implement"


def has_years(run: RunFolder) -> bool:
    """Return whether the study asks for years, whatever run.json says."""
    return _asked(run.folder / "study.toml") is not None


def funded_part(run: RunFolder) -> RunFolder:
    """Return the run without its reserve, which has no money and serves nobody yet."""
    return replace(run, sites=run.sites[run.sites["tier"].ne("reserve")])


def with_yearly_walks(run: RunFolder) -> RunFolder:
    """Return the run with every pair that is served in any year or scenario among its links."""
    files = [run.folder / name for name in ("programme_links.csv", "scenario_links.csv")]
    rows = [row for path in files if path.is_file() for row in rows_of(path)]
    if not rows:
        return run
    pairs = pd.DataFrame(rows, columns=list(_LINKS)).assign(
        walk_m=lambda frame: frame["walk_m"].astype(float), served=lambda frame: frame["served"].astype(float)
    )
    every = pd.concat([run.links, pairs[[name for name in _LINKS if name != "year"]]])
    return replace(run, links=every.drop_duplicates(["building_id", "site_id"]).reset_index(drop=True))


def check_programme(run: RunFolder, demand: Mapping[str, float], figures: Mapping[Kind, KindFigures]) -> Checked:
    """Check the years of a run; one without years passes, unless its sites claim any."""
    asked = _asked(run.folder / "study.toml")
    if asked is None:
        wrong = run.sites[run.sites["tier"].ne("implement") | run.sites["year"].ne(0)]
        findings = [_say("programme-unasked", name, site_id=str(name)) for name in wrong.index]
        return Checked(tuple(findings), len(run.sites))
    actions = _actions(run.folder / "programme.csv")
    found = [
        *_before(run, actions),
        *_costs(run, asked, actions),
        *_money(run, asked, actions),
        *_sites(run, asked, actions),
        *_service(run, asked, actions, demand, figures),
        *_loads(run, asked, actions, figures),
    ]
    return Checked(tuple(found), 3 * len(actions) + 4 * len(asked.budgets) + 3 * len(run.sites))


_LINKS = ("year", "building_id", "site_id", "walk_m", "served")


def _asked(path: Path) -> _Asked | None:
    study = tomllib.loads(path.read_text(encoding="utf-8"))
    section, again = study.get("programme"), study.get("replan")
    if section is None and again is None:
        return None
    section = section or {
        "first_year": int(str(study["rules"]["on"])[:4]),
        "budgets_cny": [study["limits"]["budget_cny"]],
    }
    budgets = tuple(float(value) for value in section["budgets_cny"])
    count = len(budgets)
    return _Asked(
        first=int(section["first_year"]),
        budgets=budgets,
        prices=tuple(float(value) for value in section.get("prices") or [1.0] * count),
        tiers=tuple(map(str, section.get("tiers") or ["implement", *["plan"] * (count - 1)])),
        carry_over=bool(section.get("carry_over", True)),
        reserve_cny=float(section.get("reserve_cny", 0.0)),
        lead_years=section.get("lead_years"),
        together=tuple(section.get("together", ())),
    )


def _actions(path: Path) -> list[_Action]:
    return [
        _Action(
            int(row["year"]), row["tier"], row["what"], row["object_id"], int(row["amount"]), float(row["cost_cny"])
        )
        for row in rows_of(path)
    ]


def _before(run: RunFolder, actions: list[_Action]) -> Iterator[Finding]:
    """Check that what a layer says stands today is there before the first year, and without a re-plan nothing else."""
    rows: dict[str, int] = defaultdict(int)
    for row in actions:
        rows[row.name] += row.amount if row.what == "standing" else 0
    planned_again = "replan" in tomllib.loads((run.folder / "study.toml").read_text(encoding="utf-8"))
    today = standing_today(run)
    for name in sorted(set(today) | {name for name, amount in rows.items() if amount}):
        found, least = rows.get(name, 0), today.get(name, 0)
        if found < least or (found > least and not planned_again):
            yield _say("standing-differs", name, found, least, feature_id=name, measured=found, required=least)


def _costs(run: RunFolder, asked: _Asked, actions: list[_Action]) -> Iterator[Finding]:
    """Check year, tier and cost of every row: what is added, at the prices of its year."""
    standing: dict[str, int] = defaultdict(int)
    for row in actions:
        known = row.year in asked.years or row.year == _RESERVE or (row.what in _BEFORE and row.year < asked.first)
        if not known or row.tier != asked.tier(row.year) or row.amount < 1:
            yield _say("year-differs", row.name, row.year, row.tier, feature_id=row.name)
            continue
        price = asked.prices[row.year - asked.first] if row.year in asked.years else asked.prices[-1]
        base = 0.0
        if row.what == "site":
            candidate = _row(run.candidates, row.name)
            if candidate is None:
                yield _say("year-unknown-site", row.name, site_id=row.name)
                continue
            opens = 0.0 if standing[row.name] else float(candidate["open_cost_cny"])
            base = opens + row.amount * float(candidate["module_cost_cny"])
            price *= _together(run, asked, row.year, str(candidate["compound_id"]))
        elif row.what == "upgrade":
            base = _step(run, row.name, standing[row.name])["cost_cny"]
        standing[row.name] += row.amount
        cost = price * base
        if not abs(cost - row.cost_cny) <= _MONEY_CNY:
            figures = {"measured": cost, "required": row.cost_cny, "unit": "CNY"}
            yield _say("year-cost-differs", row.name, row.year, row.cost_cny, cost, feature_id=row.name, **figures)


def _together(run: RunFolder, asked: _Asked, year: int, compound_id: str) -> float:
    names = run.facts.tables["compounds"]["name"]
    known = {compound_id, str(names.get(compound_id))}
    return math.prod(
        float(item["factor"]) for item in asked.together if int(item["year"]) == year and known & set(item["compounds"])
    )


def _money(run: RunFolder, asked: _Asked, actions: list[_Action]) -> Iterator[Finding]:
    """Check that no year spends more than it has, and that run.json states what the rows add up to."""
    stated = {int(row["year"]): float(row["spent_cny"]) for row in run.run["programme"]["years"]}
    left, total = 0.0, 0.0
    for year in (*asked.years, *([_RESERVE] if asked.reserve_cny else [])):
        spent = math.fsum(row.cost_cny for row in actions if row.year == year)
        if year == _RESERVE:
            has = asked.reserve_cny
        else:
            has, total = asked.budgets[year - asked.first] + left, total + spent
            left = has - spent if asked.carry_over else 0.0
        if spent > has + _MONEY_CNY:
            yield _say("over-yearly-budget", year, spent, has, measured=spent, required=has, unit="CNY")
        if not abs(spent - stated.get(year, math.nan)) <= _MONEY_CNY:
            yield _say("year-spent-differs", year, stated.get(year), spent, measured=spent, unit="CNY")
    said = run.figure("spent_cny")
    if abs(total - said) > _MONEY_CNY:
        yield _say("spent-differs", said, total, measured=total, required=said, unit="CNY")


def _sites(run: RunFolder, asked: _Asked, actions: list[_Action]) -> Iterator[Finding]:
    """Check modules, year and tier of every site against the rows that built it."""
    built = [row for row in actions if row.what in ("site", "standing")]
    funded = [row for row in built if row.year != _RESERVE]
    for name in sorted({row.name for row in built} | set(map(str, run.sites.index))):
        rows = [row for row in funded if row.name == name] or [row for row in built if row.name == name]
        site = _row(run.sites, name)
        modules = sum(row.amount for row in rows)
        first = min((row.year for row in rows), default=None)
        expected = None if first is None else (modules, first, asked.tier(first))
        found = None if site is None else (int(site["modules"]), int(site["year"]), str(site["tier"]))
        if found != expected:
            yield _say("site-year-differs", name, found, expected, site_id=name)


def _service(
    run: RunFolder,
    asked: _Asked,
    actions: list[_Action],
    demand: Mapping[str, float],
    figures: Mapping[Kind, KindFigures],
) -> Iterator[Finding]:
    """Check, year by year, that sites serve within what stands, buildings within their demand, and the sums."""
    links = pd.DataFrame(rows_of(run.folder / "programme_links.csv"), columns=list(_LINKS))
    links = links.assign(year=links["year"].astype(int), served=links["served"].astype(float))
    stated = {int(row["year"]): float(row["served"]) for row in run.run["programme"]["years"]}
    for year in (*asked.years, *([_RESERVE] if asked.reserve_cny else [])):
        mine = links[links["year"] == year]
        modules = _modules_by(actions, year)
        over = []
        for name, served in mine.groupby("site_id")["served"].sum().items():
            candidate = _row(run.candidates, str(name))
            room = 0.0 if candidate is None else modules.get(str(name), 0) * _vehicles(candidate, figures)
            if candidate is not None and run.settings.turnover is not None:
                ports = modules.get(str(name), 0) * int(candidate["ports_per_module"])
                room = most_served(ports, run.settings.turnover, float(served))
            over += [(str(name), float(served), room)] if served > room + _VEHICLES else []
        for name, served in mine.groupby("building_id")["served"].sum().items():
            wanted = demand.get(str(name), 0.0)
            over += [(str(name), float(served), wanted)] if served > wanted + _VEHICLES else []
        for name, served, most in over:
            yield _say("year-beyond", year, name, served, most, feature_id=name, measured=served, required=most)
        total = float(mine["served"].sum())
        if abs(total - stated.get(year, math.nan)) > _VEHICLES + 1e-6 * total or year not in stated:
            yield _say("year-served-differs", year, stated.get(year), total, measured=total)


def _loads(
    run: RunFolder, asked: _Asked, actions: list[_Action], figures: Mapping[Kind, KindFigures]
) -> Iterator[Finding]:
    """Check that in every year each transformer carries what stands with the steps whose lead time is over."""
    transformers = run.facts.tables["transformers"]
    for year in (*asked.years, *([_RESERVE] if asked.reserve_cny else [])):
        load: dict[str, float] = defaultdict(float)
        today = standing_today(run)  # what draws today is not in the spare
        for name, standing in _modules_by(actions, year).items():
            modules = standing - today.get(name, 0)
            site, candidate = _row(run.sites, name), _row(run.candidates, name)
            if site is None or candidate is None or pd.isna(site["transformer_id"]):
                continue
            kind = figures[Kind(candidate["kind"])]
            factor = next(factor for up_to, factor in kind.demand_factor if int(site["modules"]) <= up_to)
            power = modules * float(candidate["ports_per_module"]) * kind.port_kw * factor / _POWER_FACTOR
            load[str(site["transformer_id"])] += power
        for name in sorted(load):
            row = _row(transformers, name)
            spare = math.nan if row is None else float(row["spare_kva"])
            has = spare + _ready_kva(run, asked, actions, name, year)
            if load[name] > has + _KVA:  # never for an unknown spare
                found = {"feature_id": name, "measured": load[name], "required": has, "unit": "kVA"}
                yield _say("year-overload", year, name, load[name], has, **found)


def _ready_kva(run: RunFolder, asked: _Asked, actions: list[_Action], name: str, year: int) -> float:
    bought = [row for row in actions if row.name == name and row.what in ("upgrade", "standing_upgrade")]
    ready = 0.0
    for number, row in enumerate(bought):
        step = _step(run, name, number)
        lead = asked.lead_years if asked.lead_years is not None else int(step.get("lead_time_months", 0.0) // _MONTHS)
        here = row.what == "standing_upgrade" or (
            row.year != _RESERVE and (year == _RESERVE or row.year + lead <= year)
        )
        ready += step["kva"] if here or (row.year == year == _RESERVE) else 0.0
    return ready


def _modules_by(actions: list[_Action], year: int) -> dict[str, int]:
    """Return the modules per site that stand in a year; the reserve stands on top of all years."""
    standing: dict[str, int] = defaultdict(int)
    for row in actions:
        if row.what in ("site", "standing") and (year == _RESERVE or (row.year != _RESERVE and row.year <= year)):
            standing[row.name] += row.amount
    return dict(standing)


def _step(run: RunFolder, name: str, number: int) -> dict[str, float]:
    row = _row(run.facts.tables["transformers"], name)
    steps = [] if row is None else json.loads(row["upgrade_steps"])
    if number >= len(steps):
        return {"kva": 0.0, "cost_cny": math.nan}
    return {key: float(value) for key, value in steps[number].items() if value is not None}


def _row(frame: Any, name: str) -> Any:
    return frame[~frame.index.duplicated()].loc[name] if name in frame.index else None


def _vehicles(candidate: Any, figures: Mapping[Kind, KindFigures]) -> float:
    """Return the vehicles that one module of a candidate serves."""
    return float(candidate["ports_per_module"]) * figures[Kind(candidate["kind"])].vehicles_per_port


_WORDS = {
    "standing-differs": (
        "{}: {} modules stand before the first year; the layer says {}",
        "{}:首年之前已有 {} 个模块,图层为 {} 个",
    ),
    "programme-unasked": (
        "site {} has a year or a tier, but the study has no programme",
        "选定点 {} 有年度或批次,但研究文件没有年度计划",
    ),
    "year-differs": ("{}: {} ({}) is no step of the programme", "{}:{} 年({})不属于本计划"),
    "year-unknown-site": ("{} of programme.csv is no candidate", "programme.csv 的 {} 不是候选点"),
    "year-cost-differs": (
        "{} in {} is stated at {:.2f} CNY; it costs {:.2f} CNY",
        "{} {} 年列支 {:.2f} 元,应为 {:.2f} 元",
    ),
    "over-yearly-budget": (
        "year {} (0: the reserve) spends {:.2f} of {:.2f} CNY",
        "年度 {}(0 为储备)支出 {:.2f} 元,可用 {:.2f} 元",
    ),
    "year-spent-differs": (
        "run.json: year {} spends {} CNY; its rows add up to {:.2f} CNY",
        "run.json:年度 {} 支出 {} 元;明细合计 {:.2f} 元",
    ),
    "spent-differs": (
        "run.json: spent_cny is {:.2f}; the years spend {:.2f} CNY",
        "run.json 的 spent_cny 为 {:.2f} 元;各年合计 {:.2f} 元",
    ),
    "site-year-differs": (
        "site {} is {} (modules, year, tier); its rows say {}",
        "选定点 {} 为 {}(模块、年度、批次),明细为 {}",
    ),
    "year-beyond": (
        "year {}: {} has {:.3f} vehicles served, at most {:.3f}",
        "年度 {}:{} 服务 {:.3f} 辆,至多 {:.3f} 辆",
    ),
    "year-served-differs": (
        "run.json: year {} serves {}; its links add up to {:.3f}",
        "run.json:年度 {} 服务 {};连接合计 {:.3f}",
    ),
    "year-overload": (
        "year {}: transformer {} carries {:.3f} kVA, it has {:.3f} kVA",
        "年度 {}:变压器 {} 负荷 {:.3f} kVA,可用 {:.3f} kVA",
    ),
}


def _say(code: str, *values: Any, **figures: Any) -> Finding:
    english, chinese = _WORDS[code]
    return Finding.say(code, english.format(*values), chinese.format(*values), **figures)
