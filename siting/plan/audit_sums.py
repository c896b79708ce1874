"""Audit of the figures: money, ports and service add up, in every file, and keep to what was asked for."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from siting.district.fingerprint import fingerprint
from siting.district.record import DISTRICT_TABLES
from siting.kinds import Completeness, Kind
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_limits import cost_of_site, removals_again
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding
from siting.plan.audit_waiting import check_waiting
from siting.rules.clause import Rulebook
from siting.tables import CANDIDATES, GROUPS

__all__ = [
    "check_capacity",
    "check_facts",
    "check_inputs",
    "check_layouts",
    "check_rulebook",
    "check_service",
    "check_settings",
    "check_spending",
    "check_totals",
]

_MONEY_CNY = 0.005  # half a fen
_VEHICLES = 1e-3  # a thousandth of a vehicle, summed over a site
_POWER_KW = 1e-6
_SHA256_DIGITS = 64


def check_settings(run: RunFolder, figures: Mapping[Kind, KindFigures]) -> Checked:
    """Check that run.json states the limits that study.toml and the catalogue set."""
    asked = run.settings
    stated = run.run["parameters"]
    completeness = dict(stated.get("completeness") or {})
    by_kind = {kind.value: figures[kind].vehicles_per_port for kind in asked.kinds}
    per_port = stated.get("vehicles_per_port")  # one figure, or one for each kind where they differ
    pairs: dict[str, tuple[Any, Any]] = {
        "budget_cny": (run.run.get("budget_cny"), asked.budget_cny),
        "parameters.budget_cny": (stated.get("budget_cny", asked.budget_cny), asked.budget_cny),
        "parameters.goal": (stated.get("goal", "service"), asked.goal.get("aim", "service")),
        "parameters.radius_m": (stated.get("radius_m"), asked.radius_m),
        "parameters.sharing": (stated.get("sharing"), asked.sharing),
        "parameters.position_error_m": (stated.get("position_error_m"), asked.position_error_m),
        "parameters.kinds": (stated.get("kinds"), [kind.value for kind in asked.kinds]),
        "parameters.admit": (stated.get("admit"), [outcome.value for outcome in asked.admit]),
        "parameters.vehicles_per_port": (
            per_port if isinstance(per_port, Mapping) else dict.fromkeys(by_kind, per_port),
            by_kind,
        ),
        "parameters.completeness": (
            sorted(name for name, known in completeness.items() if known == Completeness.SURVEYED),
            sorted(asked.surveyed),
        ),
    }
    findings = [
        Finding.say(
            "study-differs",
            f"run.json: {name} is {found!r}, but study.toml says {wanted!r}",
            f"run.json 的 {name} 为 {found!r},而 study.toml 为 {wanted!r}",
            feature_id=name,
        )
        for name, (found, wanted) in pairs.items()
        if found != wanted
    ]
    return Checked(tuple(findings), len(pairs))


def check_rulebook(run: RunFolder, rulebook: Rulebook) -> Checked:
    """Check that run.json names the rulebook that the study asks for and that is loaded here."""
    raised = run.run["rules"].get("raised") or ()
    stated = run.run["rules"] | {"raised": ", ".join(str(item.get("clause_id")) for item in raised)}
    wanted = {"profile": rulebook.profile, "on": rulebook.on.isoformat(), "stage": rulebook.stage}
    wanted["raised"] = ", ".join(name for name, _ in rulebook.raised)
    findings = [
        Finding.say(
            "rulebook-differs",
            f"run.json: rules.{name} is {stated.get(name)!r}, but the study was judged by {value!r}",
            f"run.json 的 rules.{name} 为 {stated.get(name)!r},而本方案适用 {value!r}",
            feature_id=name,
        )
        for name, value in wanted.items()
        if str(stated.get(name, "existing" if name == "stage" else None)) != value
    ]
    return Checked(tuple(findings), len(wanted))


def check_inputs(run: RunFolder) -> Checked:
    """Check that every input file is named with a SHA-256."""
    inputs = run.run.get("inputs")
    entries = inputs if isinstance(inputs, list) else []
    findings = [
        Finding.say(
            "input-hash-missing",
            f"run.json: input {entry.get('name', '?')} has no SHA-256",
            f"run.json:输入文件 {entry.get('name', '?')} 没有 SHA-256",
            feature_id=str(entry.get("name", "?")),
        )
        for entry in entries
        if not _is_sha256(entry.get("sha256"))
    ]
    if not entries:
        findings.append(
            Finding.say("input-hash-missing", "run.json names no input files", "run.json 没有列出任何输入文件")
        )
    return Checked(tuple(findings), max(len(entries), 1))


def check_facts(run: RunFolder) -> Checked:
    """Check that the facts, candidates and groups of plan.gpkg are those the plan was made from."""
    signed = run.run.get("facts")
    signatures = signed if isinstance(signed, Mapping) else {}
    tables = [(DISTRICT_TABLES[name], frame) for name, frame in run.facts.tables.items()]
    tables += [(CANDIDATES, run.candidates), (GROUPS, run.groups)]
    findings = [
        Finding.say(
            "facts-changed",
            f"plan.gpkg: layer {table.name} is not the one that the plan was made from (run.json: facts)",
            f"plan.gpkg 的图层 {table.name} 与编制方案时不同(见 run.json 的 facts)",
            feature_id=table.name,
        )
        for table, frame in tables
        if signatures.get(table.name) != fingerprint(frame, table)
    ]
    return Checked(tuple(findings), len(tables))


def check_layouts(run: RunFolder) -> Checked:
    """Check that ports, power and cost of a site follow from its modules and its candidate's figures."""
    findings: list[Finding] = []
    candidates = run.candidates[~run.candidates.index.duplicated()]
    for site_id, site in run.sites.iterrows():
        if site_id not in candidates.index:
            continue  # named by check_candidates
        candidate = candidates.loc[site_id]
        modules, most = site["modules"], candidate["max_modules"]
        figures = (
            ("ports", modules * candidate["ports_per_module"], "", _VEHICLES),
            ("power_kw", candidate["power_kw"] * modules / most, "kW", _POWER_KW),
            ("cost_cny", cost_of_site(site, candidate), "CNY", _MONEY_CNY),
        )
        findings.extend(_off(f"{name.split('_')[0]}-differs", site_id, site[name], value, (name, unit, within))
                        for name, value, unit, within in figures
                        if not _close(site[name], value, within))  # fmt: skip
        if not (1 <= modules <= most and modules == int(modules)):
            findings.append(_off("modules-differ", site_id, modules, most, ("modules", "", 0.0)))
    return Checked(tuple(findings), 4 * len(run.sites))


def check_spending(run: RunFolder) -> Checked:
    """Check that spent_cny is the cost of all sites and upgrades, and within the budget."""
    upgrades = run.run.get("upgrades", {})
    bought = [float(cost) for cost in upgrades.values()] if isinstance(upgrades, Mapping) else []
    spent = math.fsum([*run.sites["cost_cny"], *bought, *removals_again(run).values()])
    stated = run.figure("spent_cny")
    findings = []
    if not _close(stated, spent, _MONEY_CNY):
        findings.append(
            Finding.say(
                "spent-differs",
                f"run.json: spent_cny is {stated:.2f}; sites and upgrades cost {spent:.2f} CNY",
                f"run.json 的 spent_cny 为 {stated:.2f} 元;选定点与增容合计 {spent:.2f} 元",
                measured=spent,
                required=stated,
                unit="CNY",
            )
        )
    budget = run.settings.budget_cny
    if budget is not None and spent > budget + _MONEY_CNY:
        findings.append(
            Finding.say(
                "over-budget",
                f"the plan costs {spent:.2f} CNY; the budget is {budget:.2f} CNY",
                f"方案需 {spent:.2f} 元,预算为 {budget:.2f} 元",
                measured=spent,
                required=budget,
                unit="CNY",
            )
        )
    return Checked(tuple(findings), 2)


def check_capacity(run: RunFolder, figures: Mapping[Kind, KindFigures]) -> Checked:
    """Check that no site serves more vehicles than its ports can: by the figure for a port, or by the wait it means."""
    if run.settings.turnover is not None:
        return check_waiting(run, run.settings.turnover)
    findings = []
    for site_id, site in run.sites.iterrows():
        most = site["ports"] * figures[Kind(site["kind"])].vehicles_per_port
        if site["served"] > most + _VEHICLES:
            findings.append(
                Finding.say(
                    "beyond-ports",
                    f"site {site_id} serves {site['served']:.3f} vehicles; {site['ports']:.0f} ports can {most:.3f}",
                    f"选定点 {site_id} 服务 {site['served']:.3f} 辆;其 {site['ports']:.0f} 个端口可服务 {most:.3f} 辆",
                    site_id=str(site_id),
                    measured=site["served"],
                    required=most,
                    unit="vehicles",
                )
            )
    return Checked(tuple(findings), len(run.sites))


def check_service(run: RunFolder, demand: Mapping[str, float]) -> Checked:
    """Check that links.csv adds up to each site's figure and serves no building beyond its `demand`."""
    findings = []
    by_site = _sums(zip(run.links["site_id"], run.links["served"], strict=True))
    by_building = _sums(zip(run.links["building_id"], run.links["served"], strict=True))
    for site_id in sorted(set(run.sites.index) | set(by_site)):
        stated = float(run.sites["served"].get(site_id, 0.0))
        if not _close(stated, by_site.get(site_id, 0.0), _VEHICLES):
            findings.append(_off("served-differs", site_id, stated, by_site.get(site_id, 0.0),
                                 ("served", "vehicles", _VEHICLES)))  # fmt: skip
    for building_id, served in by_building.items():
        wanted = demand.get(building_id, 0.0)
        if served > wanted + _VEHICLES:
            findings.append(
                Finding.say(
                    "beyond-demand",
                    f"building {building_id} is served {served:.3f} vehicles but has {wanted:.3f}",
                    f"楼栋 {building_id} 被服务 {served:.3f} 辆,而其需求为 {wanted:.3f} 辆",
                    feature_id=building_id,
                    measured=served,
                    required=wanted,
                    unit="vehicles",
                )
            )
    return Checked(tuple(findings), len(by_building) + len(run.sites))


def check_totals(run: RunFolder, demand: Mapping[str, float]) -> Checked:
    """Check that the totals of run.json are the sums over sites and buildings."""
    stated_sites = run.run.get("sites")
    count = len(stated_sites) if isinstance(stated_sites, list) else run.figure("sites")
    totals = {
        "sites": (float(count), float(len(run.sites)), 0.0),
        "served": (run.figure("served"), math.fsum(run.sites["served"]), _VEHICLES),
        "demand": (run.figure("demand"), math.fsum(demand.values()), _VEHICLES),
    }
    findings = [
        Finding.say(
            "total-differs",
            f"run.json: {name} is {stated:.3f}; the sum is {value:.3f}",
            f"run.json 的 {name} 为 {stated:.3f},合计为 {value:.3f}",
            feature_id=name,
            measured=value,
            required=stated,
        )
        for name, (stated, value, within) in totals.items()
        if not _close(stated, value, within)
    ]
    return Checked(tuple(findings), len(totals))


def _off(code: str, site_id: Any, stated: float, value: float, what: tuple[str, str, float]) -> Finding:
    name, unit, _ = what
    return Finding.say(
        code,
        f"site {site_id}: {name} is {stated:g}; by its modules and links it is {value:g} {unit}".rstrip(),
        f"选定点 {site_id}:{name} 为 {stated:g},按模块与连接应为 {value:g} {unit}".rstrip(),
        site_id=str(site_id),
        measured=value,
        required=stated,
        unit=unit,
    )


def _sums(pairs: Iterator[tuple[str, float]] | Iterable[tuple[str, float]]) -> dict[str, float]:
    parts: dict[str, list[float]] = {}
    for name, value in pairs:
        parts.setdefault(name, []).append(float(value))
    return {name: math.fsum(parts[name]) for name in sorted(parts)}


def _close(one: float, other: float, within: float) -> bool:
    """Return whether two figures agree; a figure that is not a number never does."""
    return abs(float(one) - float(other)) <= within + 1e-9 * abs(float(other))


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and len(value) == _SHA256_DIGITS and all(char in "0123456789abcdef" for char in value)
