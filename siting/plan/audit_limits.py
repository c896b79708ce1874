"""Audit of what a study asked for beyond money: service, floors of compounds, counts, quotas, and what stands today.

Reckoned from links.csv, the sites and the facts of plan.gpkg, one compound at a time.
"""

import math
from collections.abc import Mapping
from typing import Any

from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding, number
from siting.plan.audit_rows import rows_of

__all__ = ["check_limits", "cost_of_site", "removals_again", "standing_today"]

_VEHICLES = 1e-3
_MONEY_CNY = 0.01
_WALKED_M = 1.0  # vehicle-metres, of walks rounded to millimetres


def check_limits(run: RunFolder, demand: Mapping[str, float]) -> Checked:
    """Check that the plan keeps every limit of study.toml that is not money, power or law."""
    checks = (
        _check_service(run, demand),
        _check_floors(run, demand),
        _check_counts(run),
        _check_walking(run),
        _check_quotas(run),
        _check_standing(run),
    )
    return Checked(tuple(item for check in checks for item in check.findings), sum(check.checks for check in checks))


def cost_of_site(site: Any, candidate: Any) -> float:
    """Return what a site costs by its candidate: whole, or only what is added to modules that stand today."""
    standing = _standing(candidate)
    if standing:
        return float((site["modules"] - standing) * candidate["module_cost_cny"])
    return float(candidate["open_cost_cny"] + site["modules"] * candidate["module_cost_cny"])


def removals_again(run: RunFolder) -> dict[str, float]:
    """Return what removing each site costs that stands today and is not in the plan; NaN where it may not go."""
    return {
        str(candidate_id): float(candidate["removal_cost_cny"])
        for candidate_id, candidate in run.candidates.iterrows()
        if _standing(candidate) and _accepted(run, str(candidate_id)) and candidate_id not in run.sites.index
    }


def standing_today(run: RunFolder) -> dict[str, int]:
    """Return the modules that stand today at the candidates which the law leaves to the choice."""
    return {
        str(candidate_id): int(_standing(candidate))
        for candidate_id, candidate in run.candidates.iterrows()
        if _standing(candidate) and _accepted(run, str(candidate_id))
    }


def _standing(candidate: Any) -> float:
    return number(candidate.get("standing_modules")) or 0.0


def _accepted(run: RunFolder, candidate_id: str) -> bool:
    """Return whether the law leaves a candidate to the choice: no must refuses it, or it is admitted or waived."""
    copy = run.candidates_copy
    if "accepted" in copy.columns:
        found = copy.loc[copy["candidate_id"].eq(candidate_id), "accepted"]
        return bool(len(found)) and bool(found.iloc[0])
    outcome = copy.loc[copy["candidate_id"].eq(candidate_id), "outcome"]
    return bool(len(outcome)) and str(outcome.iloc[0]) in ("PASS", "NOT EVALUATED")


def _check_service(run: RunFolder, demand: Mapping[str, float]) -> Checked:
    share = number(run.settings.goal.get("service_share"))
    if share is None:
        return Checked()
    homes, compounds = run.facts.tables["buildings"]["compound_id"], run.facts.tables["compounds"]["weight"]

    def weighted(vehicles: Mapping[str, float]) -> float:
        return math.fsum(float(compounds[homes[name]]) * count for name, count in sorted(vehicles.items()))

    found, wanted = weighted(_served_by_building(run)), share * weighted(demand)
    if found >= wanted - _VEHICLES - 1e-6 * wanted:
        return Checked((), 1)
    finding = Finding.say(
        "service-below",
        f"the plan serves {found:.3f} weighted vehicles; the study asks for {share:.1%} of all, {wanted:.3f}",
        f"方案服务 {found:.3f} 辆(加权),而研究要求全部的 {share:.1%},即 {wanted:.3f} 辆",
        measured=found,
        required=wanted,
        unit="vehicles",
    )
    return Checked((finding,), 1)


def _served_by_building(run: RunFolder) -> dict[str, float]:
    served: dict[str, float] = {}
    for building_id, count in zip(run.links["building_id"], run.links["served"], strict=True):
        served[str(building_id)] = served.get(str(building_id), 0.0) + float(count)
    return served


def _check_floors(run: RunFolder, demand: Mapping[str, float]) -> Checked:
    """Check each compound's floor; one that run.json exempts must have nobody served."""
    limits = run.settings.limits
    everywhere, own = number(limits.get("floor_share")) or 0.0, limits.get("floors", ())
    if not everywhere and not own:
        return Checked()
    homes, served = run.facts.tables["buildings"]["compound_id"], _served_by_building(run)
    wanted_by: dict[str, float] = {}
    served_by: dict[str, float] = {}
    for name, vehicles in demand.items():
        wanted_by[str(homes[name])] = wanted_by.get(str(homes[name]), 0.0) + vehicles
        served_by[str(homes[name])] = served_by.get(str(homes[name]), 0.0) + served.get(name, 0.0)
    stated = run.run.get("out_of_reach")
    exempt = {str(name) for name in stated} if isinstance(stated, list) else set()
    findings = []
    for compound_id, vehicles in sorted(wanted_by.items()):
        floor = 0.0 if compound_id in exempt and not served_by[compound_id] else everywhere * vehicles
        for item in own:
            if item["compound"] in (compound_id, run.facts.tables["compounds"]["name"][compound_id]):
                floor = max(floor, float(item.get("share", 0)) * vehicles, float(item.get("vehicles", 0)))
        if served_by[compound_id] < floor - _VEHICLES - 1e-6 * floor:
            findings.append(
                Finding.say(
                    "floor-missed",
                    f"compound {compound_id} is served {served_by[compound_id]:.3f} vehicles; its floor is {floor:.3f}",
                    f"小区 {compound_id} 被服务 {served_by[compound_id]:.3f} 辆,而其下限为 {floor:.3f} 辆",
                    feature_id=compound_id,
                    measured=served_by[compound_id],
                    required=floor,
                    unit="vehicles",
                )
            )
    return Checked(tuple(findings), len(wanted_by))


def _check_counts(run: RunFolder) -> Checked:
    limits, count = run.settings.limits, len(run.sites)
    least, most = number(limits.get("least_sites")) or 0.0, number(limits.get("most_sites"))
    if not least and most is None:
        return Checked()
    if least <= count <= (math.inf if most is None else most):
        return Checked((), 1)
    text = "-" if most is None else f"{most:.0f}"
    finding = Finding.say(
        "count-differs",
        f"the plan has {count} sites; the study asks for {least:.0f} to {text}",
        f"方案有 {count} 个点位,而研究要求 {least:.0f} 至 {text} 个",
        measured=float(count),
        required=least if count < least else most,
    )
    return Checked((finding,), 1)


def _check_walking(run: RunFolder) -> Checked:
    """Check that all who are served walk no more together than the study allows; of years, in each."""
    most = number(run.settings.limits.get("walking_km"))
    if most is None:
        return Checked()
    walked = math.fsum(run.links["walk_m"] * run.links["served"])
    by_case: dict[str, float] = {"links.csv": walked}
    for name, case in (("programme_links.csv", "year"), ("scenario_links.csv", "scenario")):
        for row in rows_of(run.folder / name) if (run.folder / name).is_file() else ():
            key = f"{case} {row[case]}"
            by_case[key] = by_case.get(key, 0.0) + float(row["walk_m"]) * float(row["served"])
    findings = [
        Finding.say(
            "walking-beyond",
            f"{case}: those who are served walk {found / 1000:.3f} vehicle-kilometres; the study allows {most:g}",
            f"{case}:被服务车辆合计步行 {found / 1000:.3f} 车·公里,研究允许 {most:g}",
            feature_id=case,
            measured=found / 1000,
            required=most,
            unit="km",
        )
        for case, found in by_case.items()
        if found > 1000 * most + _WALKED_M + 1e-6 * found
    ]
    return Checked(tuple(findings), len(by_case))


def _check_quotas(run: RunFolder) -> Checked:
    quotas, compounds = run.settings.limits.get("quotas", ()), run.facts.tables["compounds"]
    findings = []
    for quota in quotas:
        inside = set(compounds.index[compounds["subdistrict"].eq(quota["subdistrict"])])
        used = sorted(set(run.sites["compound_id"]) & inside)
        if len(used) > quota["most"]:
            findings.append(
                Finding.say(
                    "quota-exceeded",
                    f"{len(used)} compounds of {quota['subdistrict']} have sites ({', '.join(used[:3])}); its quota is "
                    f"{quota['most']}",
                    f"{quota['subdistrict']} 有 {len(used)} 个小区设点({'、'.join(used[:3])}),其名额为 {quota['most']}",
                    feature_id=str(quota["subdistrict"]),
                    measured=float(len(used)),
                    required=float(quota["most"]),
                )
            )
    return Checked(tuple(findings), len(quotas))


def _check_standing(run: RunFolder) -> Checked:
    """Check that nothing that stands is made smaller, and that only what may go is removed, at its price."""
    findings, checks = [], 0
    for site_id, site in run.sites.iterrows():
        if site_id not in run.candidates.index:
            continue  # named by check_candidates
        standing = _standing(run.candidates[~run.candidates.index.duplicated()].loc[site_id])
        checks += 1
        if standing and site["modules"] < standing:
            findings.append(
                Finding.say(
                    "standing-reduced",
                    f"site {site_id} stands with {standing:.0f} modules; the plan leaves {site['modules']:.0f}",
                    f"选定点 {site_id} 现有 {standing:.0f} 个模块,方案只剩 {site['modules']:.0f} 个",
                    site_id=str(site_id),
                    measured=site["modules"],
                    required=standing,
                )
            )
    stated = run.run.get("removals")
    said = {str(key): float(cost) for key, cost in stated.items()} if isinstance(stated, Mapping) else {}
    again = removals_again(run)
    for candidate_id in sorted(set(said) | set(again)):
        checks += 1
        cost, known = said.get(candidate_id, math.nan), again.get(candidate_id, math.nan)
        if not abs(cost - known) <= _MONEY_CNY:
            findings.append(
                Finding.say(
                    "removal-differs",
                    f"{candidate_id}: run.json removes it for {cost:.2f} CNY; by its candidate it is {known:.2f} CNY "
                    "(not a number: it may not go, or is not removed)",
                    f"{candidate_id}:run.json 拆除费为 {cost:.2f} 元,按候选点为 {known:.2f} 元(nan:不得拆除或未拆除)",
                    site_id=candidate_id,
                    measured=known,
                    required=cost,
                    unit="CNY",
                )
            )
    return Checked(tuple(findings), checks)
