"""Audit of uncertain demand: in every scenario sites serve within their ports, buildings within their demand.

What the study promises is kept there in proportion.
"""

import math
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from siting.kinds import Kind
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding, number
from siting.plan.audit_rows import rows_of
from siting.plan.audit_waiting import most_served

__all__ = ["check_scenarios"]

_ESTIMATE = "estimate 预计"
_VEHICLES = 1e-3


def check_scenarios(run: RunFolder, demand: Mapping[str, float], figures: Mapping[Kind, KindFigures]) -> Checked:
    """Check the scenarios of a run; one that asks for none passes."""
    study = tomllib.loads((run.folder / "study.toml").read_text(encoding="utf-8"))
    section = study.get("uncertainty")
    if section is None:
        return Checked()
    links = rows_of(run.folder / "scenario_links.csv")
    stated = {str(row["scenario"]): row for row in run.run["scenarios"]["rows"]}
    asked = [{"name": _ESTIMATE}, *section["scenarios"]]
    found: list[Finding] = []
    for item in asked:
        mine = [row for row in links if row["scenario"] == item["name"]]
        wanted = _wanted(run, item, demand)
        found += _beyond(run, item["name"], mine, wanted, figures)
        served = math.fsum(float(row["served"]) for row in mine)
        for name, value in (("served", served), ("demand", math.fsum(wanted.values()))):
            said = float(stated.get(item["name"], {}).get(name, math.nan))
            if not abs(said - value) <= _VEHICLES + 1e-6 * value:
                found.append(
                    Finding.say(
                        "scenario-differs",
                        f"run.json: scenario {item['name']}: {name} is {said:.3f}; its rows say {value:.3f}",
                        f"run.json:情景 {item['name']} 的 {name} 为 {said:.3f},明细为 {value:.3f}",
                        measured=value,
                        required=said,
                    )
                )
        found += _promised(run, item["name"], (mine, wanted, demand))
    return Checked(tuple(found), len(links) + 4 * len(asked))


def _wanted(run: RunFolder, item: Mapping[str, Any], demand: Mapping[str, float]) -> dict[str, float]:
    """Return the vehicles of every building in one scenario."""
    compounds = run.facts.tables["compounds"]["name"]
    given: dict[str, float] = dict(item.get("factors", {}))
    if "table" in item:
        given = {row["compound_id"].strip(): float(row["factor"]) for row in rows_of(Path(item["table"]))} | given
    by_id = {str(key): float(given.get(str(key), given.get(str(name), math.nan))) for key, name in compounds.items()}
    of_building = run.facts.tables["buildings"]["compound_id"]
    wanted = {}
    for building, vehicles in demand.items():
        factor = by_id.get(str(of_building.get(building)), math.nan)
        wanted[building] = vehicles * (float(item.get("factor", 1.0)) if math.isnan(factor) else factor)
    return wanted


def _promised(
    run: RunFolder, scenario: str, told: tuple[list[dict[str, str]], Mapping[str, float], Mapping[str, float]]
) -> Iterator[Finding]:
    """Check that what the study promises is kept in a scenario, in proportion to the vehicles there.

    `told`: the scenario's links, its vehicles by building, and the estimate's.
    """
    links, wanted, estimate = told
    homes, compounds = run.facts.tables["buildings"]["compound_id"], run.facts.tables["compounds"]
    served: dict[str, float] = defaultdict(float)
    for row in links:
        served[row["building_id"]] += float(row["served"])

    def of_compounds(vehicles: Mapping[str, float]) -> dict[str, float]:
        found: dict[str, float] = defaultdict(float)
        for name, count in sorted(vehicles.items()):
            found[str(homes[name])] += count
        return found

    there, now, then = of_compounds(served), of_compounds(estimate), of_compounds(wanted)
    weight = compounds["weight"]
    share = number(run.settings.goal.get("service_share"))
    pairs = []
    if share is not None:
        total = [
            math.fsum(float(weight[name]) * count for name, count in sorted(each.items())) for each in (there, then)
        ]
        pairs.append(("all", total[0], share * total[1]))
    limits = run.settings.limits
    stated = run.run.get("out_of_reach")
    exempt = {str(name) for name in stated} if isinstance(stated, list) else set()
    for name in sorted(now):
        least = 0.0 if name in exempt and not there[name] else (number(limits.get("floor_share")) or 0.0) * now[name]
        for item in limits.get("floors", ()):
            if item["compound"] in (name, compounds["name"][name]):
                least = max(least, float(item.get("share", 0)) * now[name], float(item.get("vehicles", 0)))
        pairs.append((name, there[name], least * then[name] / now[name] if now[name] else 0.0))
    for name, found, least in pairs:
        if found < least - _VEHICLES - 1e-6 * least:
            yield Finding.say(
                "scenario-below",
                f"scenario {scenario}: {name} is served {found:.3f} vehicles; the study promises {least:.3f}",
                f"情景 {scenario}:{name} 服务 {found:.3f} 辆,而研究要求 {least:.3f} 辆",
                feature_id=name,
                measured=found,
                required=least,
                unit="vehicles",
            )


def _beyond(
    run: RunFolder,
    scenario: str,
    rows: list[dict[str, str]],
    wanted: Mapping[str, float],
    figures: Mapping[Kind, KindFigures],
) -> Iterator[Finding]:
    by_site: dict[str, float] = defaultdict(float)
    by_building: dict[str, float] = defaultdict(float)
    for row in rows:
        by_site[row["site_id"]] += float(row["served"])
        by_building[row["building_id"]] += float(row["served"])
    sites = run.sites[~run.sites.index.duplicated()]
    turnover = run.settings.turnover
    room = {
        str(name): float(site["ports"]) * figures[Kind(site["kind"])].vehicles_per_port
        if turnover is None
        else most_served(int(site["ports"]), turnover, by_site[str(name)])
        for name, site in sites.iterrows()
    }
    for held, most in ((by_site, room), (by_building, wanted)):
        for name, served in sorted(held.items()):
            if served > most.get(name, 0.0) + _VEHICLES:
                yield Finding.say(
                    "scenario-beyond",
                    f"scenario {scenario}: {name} has {served:.3f} vehicles served, at most {most.get(name, 0.0):.3f}",
                    f"情景 {scenario}:{name} 服务 {served:.3f} 辆,至多 {most.get(name, 0.0):.3f} 辆",
                    feature_id=name,
                    measured=served,
                    required=most.get(name, 0.0),
                    unit="vehicles",
                )
