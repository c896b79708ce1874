"""Meaning: what limits a plan, in sentences for the planner: no lawful place, no walk, too little money, no ports."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from siting.framing import Framing
from siting.framing_limits import out_of_reach
from siting.kinds import Outcome
from siting.model.goal import Aim
from siting.model.parts import FloatArray, IntArray
from siting.model.solution import Solution, Status
from siting.rules.clause import Force

__all__ = ["Sentence", "reasons_for"]

_WHOLE_VEHICLE = 0.5  # a demand short of less than half a vehicle counts as served


class Sentence(NamedTuple):
    """One sentence in two languages."""

    en: str
    zh: str


def reasons_for(framing: Framing, solution: Solution) -> tuple[Sentence, ...]:
    """Say what keeps the plan from serving more, and which clauses bind by the planner's wish alone; never empty."""
    return _what_limits(framing, solution) + _raised(framing)


def _raised(framing: Framing) -> tuple[Sentence, ...]:
    raised = framing.links.verdicts.candidates.zones.rulebook.raised
    if not raised:
        return ()
    names = ", ".join(f"{name} ({force.value})" for name, force in raised)
    return (
        Sentence(
            f"The study treats as musts what of its own is less: {names}.",
            f"按研究设定,以下非强制条款按强制执行:{names}。",
        ),
    )


def _what_limits(framing: Framing, solution: Solution) -> tuple[Sentence, ...]:
    said = [
        *_nothing_to_choose(framing),
        *_goal(framing, solution),
        *(_money(framing, solution) if solution.aim in (Aim.SERVICE, Aim.FLOOR) else ()),
        *_standing(framing, solution),
        *_floors(framing),
        *_reach(framing),
        *_stopped(solution),
    ]
    return tuple(said) or (Sentence("Every vehicle in reach of a lawful place is served.", "步行可达的车辆均已服务。"),)


def _nothing_to_choose(framing: Framing) -> list[Sentence]:
    verdicts = framing.links.verdicts
    offered = len(verdicts.candidates.frame)
    if framing.links.demand.frame.empty:
        return [
            Sentence(
                "No building in a compound has households, so nobody asks for a port: check the compounds, or give "
                "households in a layer.",
                "小区内没有住户数据，没有充电需求：请检查小区边界，或用图层给出户数。",
            )
        ]
    if not offered:
        notes = "; ".join(verdicts.candidates.notes[:3])
        return [
            Sentence(
                f"No compound has ground on which a footprint fits{f' ({notes})' if notes else ''}.",
                "没有任何小区有可以布置的用地(原因见报告的数据一节)。",
            )
        ]
    if not verdicts.accepted:
        frame = verdicts.frame
        broken = frame[
            (frame["force"] == Force.MUST.value) & frame["outcome"].isin([Outcome.FAIL.value, Outcome.UNCERTAIN.value])
        ]
        clause, count = broken["clause_id"].value_counts().index[0], int(broken["clause_id"].value_counts().iloc[0])
        return [
            Sentence(
                f"None of {offered} candidates passes every must; clause {clause} alone stops {count}.",
                f"{offered} 个候选点没有一个满足全部强制条款；其中条款 {clause} 否决 {count} 个。",
            )
        ]
    if not len(framing.problem.walks):
        return [
            Sentence(
                f"No lawful place is within {framing.links.radius_m:g} m of walking; raise the walking limit or share "
                "sites between compounds.",
                f"步行 {framing.links.radius_m:g} m 内没有合法用地；可放宽步行距离或允许小区之间共享。",
            )
        ]
    return []


def _goal(framing: Framing, solution: Solution) -> list[Sentence]:
    """Say what the plan reaches where the goal is not the service."""
    problem, figure = framing.problem, solution.objective
    asked = 0.0 if problem.service_floor is None else 100 * problem.service_floor / max(problem.everybody, 1e-9)
    share = f"{asked:.1f}"
    floors_en, floors_zh = (" and every floor", "并满足各项下限") if problem.floors is not None else ("", "")
    if solution.aim is Aim.COST:
        return [
            Sentence(
                f"Least cost: {figure:,.0f} CNY for {share} % of the weighted vehicles{floors_en}.",
                f"最低费用:服务加权车辆的 {share}%{floors_zh},需 {figure:,.0f} 元。",
            )
        ]
    if solution.aim is Aim.WALKING:
        served = max(float(solution.served.sum()), 1e-9)
        return [
            Sentence(
                f"Least walking: {figure:,.0f} vehicle-metres, {figure / served:.1f} m each, for {share} % of the "
                "weighted vehicles.",
                f"最短步行:服务加权车辆的 {share}%,合计 {figure:,.0f} 车·米,每辆 {figure / served:.1f} 米。",
            )
        ]
    if solution.aim is Aim.FLOOR:
        return [
            Sentence(
                f"In the worst-off compound that can be reached {100 * figure:.1f} % of the vehicles are served.",
                f"在可达小区中服务最差的一个,其车辆的 {100 * figure:.1f}% 得到服务。",
            )
        ]
    if solution.aim is Aim.MARGIN:
        return [
            Sentence(
                f"The tightest new site stays {figure:.2f} m beyond what the clauses require.",
                f"最紧的新建点位比条款要求多 {figure:.2f} 米。",
            )
        ]
    return []


def _standing(framing: Framing, solution: Solution) -> list[Sentence]:
    """Say what becomes of the sites that stand today."""
    standing = framing.problem.standing
    if not standing.any():
        return []
    kept = int(((standing > 0) & (solution.modules == standing)).sum())
    more = int(((standing > 0) & (solution.modules > standing)).sum())
    gone = [framing.candidate_ids[j] for j in np.flatnonzero((standing > 0) & (solution.modules == 0)).tolist()]
    names = f" ({', '.join(gone[:3])})" if gone else ""
    return [
        Sentence(
            f"Of {int((standing > 0).sum())} standing sites {kept} are kept as they are, {more} are expanded and "
            f"{len(gone)} are removed{names}.",
            f"现有 {int((standing > 0).sum())} 个点位中,{kept} 个保持不变,{more} 个扩建,{len(gone)} 个拆除{names}。",
        )
    ]


def _floors(framing: Framing) -> list[Sentence]:
    """Say which compounds the floor for all does not hold for."""
    exempt = out_of_reach(framing.links) if framing.limits.floor_share else ()
    if not exempt:
        return []
    names = ", ".join(exempt[:3]) + (", ..." if len(exempt) > 3 else "")
    return [
        Sentence(
            f"The floor of {framing.limits.floor_share:.0%} does not hold for {len(exempt)} compounds in which nobody "
            f"can walk to a lawful place: {names}.",
            f"{len(exempt)} 个小区无人可步行到合法用地,不适用 {framing.limits.floor_share:.0%} 的下限:{names}。",
        )
    ]


def _money(framing: Framing, solution: Solution) -> list[Sentence]:
    problem = framing.problem
    sites, budget = problem.sites, problem.budget_cny
    reached = np.unique(problem.walks.j)
    if budget is None or not reached.size:
        return []
    wanting = _wanting(framing, solution)
    cheapest = float((sites.open_cost_cny + sites.module_cost_cny)[reached].min())
    idle = budget - solution.spent_cny
    if not (solution.modules > 0).any() and cheapest > budget:
        return [
            Sentence(
                f"The budget of {budget:,.0f} CNY is below the cheapest lawful site with one module, "
                f"{cheapest:,.0f} CNY.",
                f"预算 {budget:,.0f} 元低于最便宜的合法点位(一个模块){cheapest:,.0f} 元。",
            )
        ]
    if not wanting.any():
        return [
            Sentence(
                f"Every vehicle in reach of a lawful place is served; {idle:,.0f} CNY are left.",
                f"步行可达合法用地的车辆均已服务；余款 {idle:,.0f} 元。",
            )
        ]
    room = _room(framing, solution, wanting)
    if not room.size:
        return [_nothing_further(framing, solution, wanting, idle)]
    least = float(_next_cost_cny(framing, solution)[room].min())
    if least > idle:
        return [
            Sentence(
                f"Money is the limit: {idle:,.0f} CNY are left, the cheapest step further costs {least:,.0f} CNY.",
                f"资金是限制：余款 {idle:,.0f} 元，再进一步最少需 {least:,.0f} 元。",
            )
        ]
    if solution.status in (Status.TIME_LIMITED, Status.HEURISTIC):
        return [
            Sentence(
                f"{idle:,.0f} CNY stay idle: the search stopped before it found what they could still build.",
                f"剩余 {idle:,.0f} 元未用：求解停止时尚未找到余款可建的点位。",
            )
        ]
    return [
        Sentence(
            f"{idle:,.0f} CNY stay idle: what they could still build would serve nobody more.",
            f"剩余 {idle:,.0f} 元未用：用余款再建也不能多服务车辆。",
        )
    ]


def _nothing_further(framing: Framing, solution: Solution, wanting: NDArray[np.bool_], idle: float) -> Sentence:
    """Say what keeps each lawful site near those not served from one more module, though there is money."""
    problem, modules = framing.problem, solution.modules
    near = np.unique(problem.walks.j[wanting[problem.walks.i]])
    full = modules[near] >= problem.sites.max_modules[near]
    locked = np.isin(near, problem.locked_out)
    shut = np.zeros(len(problem.sites), dtype=bool)
    for clique in problem.cliques:
        if (modules[clique] > 0).any():
            shut[clique[modules[clique] == 0]] = True
    power = ~np.isfinite(_next_cost_cny(framing, solution))[near] & ~full & ~locked & ~shut[near]
    feeds = problem.transformers.feeds[near[power]] if problem.transformers else np.empty(0, np.int64)
    names = ", ".join(framing.transformer_ids[t] for t in np.unique(feeds[feeds >= 0]).tolist()[:3])
    counts = [
        (int(full.sum()), "built in full", "已建满"),
        (int((shut[near] & ~full & ~locked).sum()), "too close to a built one", "与已建点位冲突"),
        (int(locked.sum()), "locked out", "被锁定排除"),
        (int(power.sum()), f"beyond what transformer {names} carries", f"超出变压器 {names} 的容量"),
    ]
    said = [(count, en, zh) for count, en, zh in counts if count]
    lost = float((problem.demands.vehicles[wanting]).sum())
    return Sentence(
        f"{idle:,.0f} CNY stay idle: of {len(near)} lawful sites near the buildings not served in full ({lost:,.0f} "
        f"vehicles live there) {', '.join(f'{count} are {en}' for count, en, _ in said) or 'none serves more'}.",
        f"剩余 {idle:,.0f} 元未用：未全部服务的楼栋({lost:,.0f} 辆)附近有合法点位 {len(near)} 个，"
        f"{'，'.join(f'{count} 个{zh}' for count, _, zh in said) or '均不能多服务'}。",
    )


def _wanting(framing: Framing, solution: Solution) -> NDArray[np.bool_]:
    """Return which demands reach a site and are not served whole."""
    problem = framing.problem
    served = np.bincount(problem.walks.i, solution.served, minlength=len(problem.demands))
    reached = np.bincount(problem.walks.i, minlength=len(problem.demands)) > 0
    wanting: NDArray[np.bool_] = reached & (served < problem.demands.vehicles - _WHOLE_VEHICLE)
    return wanting


def _room(framing: Framing, solution: Solution, wanting: NDArray[np.bool_]) -> IntArray:
    """Return the sites near a wanting demand that no limit but money keeps from one more module."""
    problem, modules = framing.problem, solution.modules
    near = np.zeros(len(problem.sites), dtype=bool)
    near[problem.walks.j[wanting[problem.walks.i]]] = True
    near[problem.locked_out] = False
    near &= modules < problem.sites.max_modules
    for clique in problem.cliques:
        if (modules[clique] > 0).any():
            near[clique[modules[clique] == 0]] = False
    for ban in problem.bans:
        if (modules[ban.sites] > 0).sum() >= ban.most:
            near[ban.sites[modules[ban.sites] == 0]] = False
    return np.flatnonzero(near & np.isfinite(_next_cost_cny(framing, solution)))


def _next_cost_cny(framing: Framing, solution: Solution) -> FloatArray:
    """Return what one more module costs at each site, upgrades included; infinite beyond the transformer."""
    problem, modules = framing.problem, solution.modules
    part = problem.transformers
    cost = problem.sites.module_cost_cny + np.where(modules > 0, 0.0, problem.sites.open_cost_cny)
    if part is None:
        return cost
    load = problem.added_load_kva(modules)
    for j in np.flatnonzero(part.feeds >= 0).tolist():
        t = int(part.feeds[j])
        before = part.steps_needed(t, float(load[t])) or 0
        after = part.steps_needed(t, float(load[t] + part.kva_per_module[j]))
        cost[j] += np.inf if after is None else part.steps_cost_cny(t, after) - part.steps_cost_cny(t, before)
    return cost


def _reach(framing: Framing) -> list[Sentence]:
    problem = framing.problem
    if not len(problem.walks):
        return []
    reached = np.zeros(len(problem.demands), dtype=bool)
    reached[problem.walks.i] = True
    lost = float(problem.demands.vehicles[~reached].sum())
    total = float(problem.demands.vehicles.sum())
    if lost < 0.5:
        return []
    return [
        Sentence(
            f"{lost:,.0f} of {total:,.0f} vehicles have no lawful place within {framing.links.radius_m:g} m on foot, "
            "whatever the money.",
            f"{total:,.0f} 辆中有 {lost:,.0f} 辆步行 {framing.links.radius_m:g} m 内没有合法用地，增加资金也无法服务。",
        )
    ]


def _stopped(solution: Solution) -> list[Sentence]:
    if solution.status not in (Status.TIME_LIMITED, Status.HEURISTIC):
        return []
    if solution.aim is not Aim.SERVICE:
        return [
            Sentence(
                f"The solver was stopped early; the goal's figure is {solution.objective:,.6g}, and no plan is better "
                f"than {solution.bound:,.6g}.",
                f"求解器未算完即停止;目标值为 {solution.objective:,.6g},任何方案不会优于 {solution.bound:,.6g}。",
            )
        ]
    more = f"{math.ceil(1000 * solution.gap) / 10:g}"  # rounded up: it is a limit
    return [
        Sentence(
            f"The solver was stopped early; a better plan may serve up to {more} % more.",
            f"求解器未算完即停止；更好的方案最多多服务 {more} %。",
        )
    ]
