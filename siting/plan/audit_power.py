"""Audit of power: which transformer feeds each site, and whether it carries the load with what was bought.

A transformer feeds the compounds it names; of several the nearest to the site counts. A module draws ports x
kW per port x demand factor (of the modules that stand there) over the power factor. What is unknown limits nothing.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import shapely

from siting.errors import DataError
from siting.kinds import Kind
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_limits import removals_again
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding, number

__all__ = ["check_feeds", "check_loads"]

_POWER_FACTOR = 0.95  # of charging loads (row L02 of the evidence)
_LOAD_KVA = 1e-6
_MONEY_CNY = 0.01
_TIE_M = 1e-6


def check_feeds(run: RunFolder) -> Checked:
    """Check that every site hangs on the nearest transformer of its compound, or on none if none is known."""
    findings = []
    for site_id, site in run.sites.iterrows():
        lawful = _feeding(run, site)
        stated = None if pd.isna(site["transformer_id"]) else str(site["transformer_id"])
        if stated not in lawful:
            nearest = ", ".join(sorted(map(str, lawful)))
            findings.append(
                Finding.say(
                    "transformer-differs",
                    f"site {site_id} is hung on transformer {stated}; its compound's nearest is {nearest}",
                    f"选定点 {site_id} 接入变压器 {stated},而其小区最近的为 {nearest}",
                    site_id=str(site_id),
                    feature_id=stated,
                )
            )
    return Checked(tuple(findings), len(run.sites))


def check_loads(run: RunFolder, figures: Mapping[Kind, KindFigures]) -> Checked:
    """Check that no transformer carries more than its spare kVA and the steps that were paid for."""
    findings = []
    transformers = run.facts.tables["transformers"]
    upgrades = run.run.get("upgrades") or {}
    loads: dict[str, list[float]] = defaultdict(list)
    for site_id, site in run.sites.iterrows():
        if not pd.isna(site["transformer_id"]) and site_id in run.candidates.index:
            loads[str(site["transformer_id"])].append(_load_kva(run, site_id, site, figures))
    for name, kva in _given_back(run, figures):
        loads[name].append(-kva)
    for transformer_id in sorted(set(loads) | set(upgrades)):
        if transformer_id not in transformers.index:
            findings.append(_say("transformer-unknown", transformer_id, "is not in plan.gpkg", "不在 plan.gpkg 中"))
            continue
        row = transformers.loc[transformer_id]
        paid = float(upgrades.get(transformer_id, 0.0))
        bought_kva = _bought_kva(json.loads(_steps_text(run, row, transformer_id)), paid)
        if bought_kva is None:
            findings.append(
                _say("upgrade-differs", transformer_id, f"cost {paid:.2f} CNY is the price of no first steps",
                     f"增容费用 {paid:.2f} 元与其依次各档的合计都不符", measured=paid, unit="CNY")
            )  # fmt: skip
            continue
        spare_kva = number(row["spare_kva"])
        load_kva = math.fsum(loads.get(transformer_id, []))
        if spare_kva is not None and load_kva > spare_kva + bought_kva + _LOAD_KVA:
            findings.append(
                _say("overload", transformer_id,
                     f"carries {load_kva:.3f} kVA; spare and bought are {spare_kva + bought_kva:.3f} kVA",
                     f"负荷 {load_kva:.3f} kVA,剩余与增容合计 {spare_kva + bought_kva:.3f} kVA",
                     measured=load_kva, required=spare_kva + bought_kva, unit="kVA")
            )  # fmt: skip
    return Checked(tuple(findings), 2 * len(set(loads) | set(upgrades)))


def _feeding(run: RunFolder, site: Any) -> set[str | None]:
    """Return the transformers that may feed a site: the nearest one, or all that are equally near."""
    distances: dict[str, float] = {}
    unplaced: list[str] = []
    for row in run.facts.tables["transformers"].itertuples():
        if site["compound_id"] not in [name.strip() for name in str(row.compound_ids).split(";")]:
            continue
        if row.geometry is None or row.geometry.is_empty:
            unplaced.append(str(row.Index))
        else:
            distances[str(row.Index)] = float(shapely.distance(site.geometry, row.geometry))
    if distances:
        nearest_m = min(distances.values())
        return {name for name, distance_m in distances.items() if distance_m <= nearest_m + _TIE_M}
    return {min(unplaced)} if unplaced else {None}


def _load_kva(run: RunFolder, site_id: Any, site: Any, figures: Mapping[Kind, KindFigures]) -> float:
    """Return what a site draws more than today: what stands is not in the spare capacity."""
    candidate = run.candidates[~run.candidates.index.duplicated()].loc[site_id]
    kind = figures[Kind(candidate["kind"])]
    factor = next(factor for up_to, factor in kind.demand_factor if site["modules"] <= up_to)
    added = site["modules"] - (number(candidate.get("standing_modules")) or 0.0)
    return float(added * candidate["ports_per_module"] * kind.port_kw * factor / _POWER_FACTOR)


def _given_back(run: RunFolder, figures: Mapping[Kind, KindFigures]) -> Iterator[tuple[str, float]]:
    """Yield (transformer, kVA) of what stands today and is removed."""
    for name in removals_again(run):
        candidate = run.candidates[~run.candidates.index.duplicated()].loc[name]
        feeding = [each for each in _feeding(run, candidate) if each is not None]
        modules = float(candidate["standing_modules"])
        kind = figures[Kind(candidate["kind"])]
        factor = next(factor for up_to, factor in kind.demand_factor if modules <= up_to)
        if len(feeding) == 1:
            yield feeding[0], modules * float(candidate["ports_per_module"]) * kind.port_kw * factor / _POWER_FACTOR


def _steps_text(run: RunFolder, row: Any, transformer_id: str) -> str:
    text = row["upgrade_steps"]
    try:
        steps = json.loads(text)
        sound = all(number(step["kva"]) is not None and number(step["cost_cny"]) is not None for step in steps)
    except (TypeError, KeyError, ValueError):
        sound = False
    if not sound:
        message = f"{run.folder / 'plan.gpkg'}: transformer {transformer_id}: upgrade_steps {text!r} cannot be read"
        raise DataError(message)
    return str(text)


def _bought_kva(steps: list[dict[str, Any]], paid_cny: float) -> float | None:
    """Return the kVA of the first so many steps (they are bought in order) that cost this much; None if none do."""
    fitting = [
        math.fsum(float(step["kva"]) for step in steps[:count])
        for count in range(len(steps) + 1)
        if abs(math.fsum(float(step["cost_cny"]) for step in steps[:count]) - paid_cny) <= _MONEY_CNY
    ]
    return max(fitting, default=None)


def _say(code: str, transformer_id: str, what_en: str, what_zh: str, **figures: Any) -> Finding:
    return Finding.say(
        code,
        f"transformer {transformer_id} {what_en}",
        f"变压器 {transformer_id} {what_zh}",
        feature_id=transformer_id,
        **figures,
    )
