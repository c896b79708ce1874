"""Meaning: why there is no plan, in the planner's words: what collides, what each limit must give, what is left.

Sentences name sites, compounds, districts and transformers, money in CNY, power in kVA. Where too few lawful places
are the reason, the clause that removes most of the others is named.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from siting.access.record import Links, Power
from siting.errors import InfeasibleError
from siting.framing import Framing, frame_problem
from siting.framing_limits import Limits, floor_figures
from siting.kinds import Outcome
from siting.model.conflict import Conflict, Relief, explain_conflict
from siting.model.goal import Aim
from siting.model.limits import Count, floors_of
from siting.model.named_limits import Limit
from siting.model.parts import Locks
from siting.model.problem import Problem
from siting.plan.reasons import Sentence
from siting.rules.clause import Force

__all__ = ["Explanation", "explain", "explain_limits", "explained"]

_MOST_NAMES = 4
_REFUSING = (Outcome.FAIL.value, Outcome.UNCERTAIN.value)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why there is no plan: `collide`, `reliefs`, `ground` (too few lawful places) and `left` (the partial plan)."""

    conflict: Conflict
    collide: tuple[Sentence, ...]
    reliefs: tuple[Sentence, ...]
    ground: tuple[Sentence, ...]
    left: tuple[Sentence, ...]

    @property
    def line(self) -> str:
        """Return all that matters in one English line."""
        pairs = zip(self.conflict.reliefs, self.reliefs, strict=True)
        ways = [said.en for relief, said in pairs if np.isfinite(relief.by)]
        out = f". Enough alone: {'; or '.join(ways)}" if ways else ". No single one of them is enough"
        ground = f". {self.ground[0].en}" if self.ground else ""
        return f"these limits cannot hold together: {'; '.join(item.en for item in self.collide)}{out}{ground}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        conflict = self.conflict
        return {
            "limits": [{"kind": limit.kind, "number": limit.number} for limit in conflict.limits],
            "minimal": conflict.is_minimal,
            "reliefs": [
                {"kind": item.limit.kind, "number": item.limit.number, "by": _plain(item.by), "to": _plain(item.to)}
                for item in conflict.reliefs
            ],
            "collide": [item._asdict() for item in self.collide],
            "ways_out": [item._asdict() for item in self.reliefs],
            "ground": [item._asdict() for item in self.ground],
            "partial_plan": [item._asdict() for item in self.left],
        }

    def sentences(self, lang: str) -> list[str]:
        """Return all sentences in one language, what collides first."""
        return [getattr(item, lang) for item in (*self.collide, *self.reliefs, *self.ground, *self.left)]


def explain_limits(links: Links, power: Power, limits: Limits) -> Explanation | None:
    """Return why `limits` leave no plan, also where they are refused before there is a problem; None if not found."""
    asks_floors = bool(limits.floors or limits.floor_share)
    aim = Aim.FLOOR if asks_floors else Aim.SERVICE  # floors bring the groups along
    bare = Limits(limits.budget_cny, aim=aim, quotas=limits.quotas)
    free = frame_problem(links, power, bare)
    number = {name: site for site, name in enumerate(free.candidate_ids)}
    locks = [
        np.array(sorted(number[name] for name in names if name in number), np.int64)
        for names in (limits.locked_in, limits.locked_out)
    ]
    problem = replace(free.problem, locks=Locks(*locks))
    if limits.service_share is not None:
        problem = replace(problem, service_floor=limits.service_share * problem.everybody)
    if limits.least_sites or limits.most_sites is not None:
        problem = replace(problem, count=Count(limits.least_sites, limits.most_sites))
    if limits.walking_km is not None:
        problem = replace(problem, walking_limit_m=1000.0 * limits.walking_km)
    if asks_floors and problem.groups is not None:
        share, least = floor_figures(limits, links, problem.groups.names)
        problem = replace(problem, floors=floors_of(problem.groups, problem.demands.vehicles, share=share, least=least))
    return explain(replace(free, problem=problem, limits=limits))


def explain(framing: Framing) -> Explanation | None:
    """Return why the problem of `framing` has no plan; None if it has one, or if that is not found in time."""
    conflict = explain_conflict(framing.problem)
    if conflict is None:
        return None
    words = _Words(framing)
    return Explanation(
        conflict,
        tuple(words.limit(limit) for limit in conflict.limits),
        tuple(words.relief(item) for item in conflict.reliefs),
        tuple(_ground(framing, conflict)),
        tuple(_left(words, conflict)),
    )


def explained(error: InfeasibleError, find: Callable[[], Explanation | None]) -> InfeasibleError:
    """Return the error with what `find` says of it; the error as it was where that finds nothing."""
    try:
        found = find()
    except InfeasibleError:  # other limits are refused one by one before a problem can be looked at
        found = None
    if found is None:
        return error
    return InfeasibleError(found.line, found.as_dict())


@dataclass(frozen=True, eq=False)
class _Words:
    framing: Framing

    @property
    def _problem(self) -> Problem:
        return self.framing.problem

    def _site(self, number: int) -> str:
        return self.framing.candidate_ids[number]

    def limit(self, limit: Limit) -> Sentence:
        """Return what a limit asks or allows."""
        kind, number = limit
        if kind in ("locked_in", "locked_out", "stands"):
            name = self._site(number)
            return {
                "locked_in": Sentence(f"{name} is locked in", f"{name} 被锁定必建"),
                "locked_out": Sentence(f"{name} is locked out", f"{name} 被锁定排除"),
                "stands": Sentence(f"{name} stands and may not be removed", f"{name} 已建成且不可拆除"),
            }[kind]
        if kind == "clique":
            return self._clique(number)
        if kind in ("floor", "quota", "transformer"):
            return self._numbered(kind, number)
        return self._whole(kind)

    def _numbered(self, kind: str, number: int) -> Sentence:
        problem = self._problem
        if kind == "floor" and problem.groups is not None and problem.floors is not None:
            name, least = problem.groups.name(number), problem.floors.least[number]
            return Sentence(f"{name} must have {least:,.0f} vehicles served", f"{name} 至少服务 {least:,.0f} 辆")
        if kind == "quota" and problem.quotas is not None:
            most, places = int(problem.quotas.most[number]), int((problem.quotas.district == number).sum())
            named = [quota.subdistrict for quota in self.framing.limits.quotas]
            where = named[number] if number < len(named) else str(number)
            return Sentence(
                f"the quota of {where} is {most} of its {places} compounds",
                f"{where} 至多在 {places} 个小区中建 {most} 个",
            )
        part = problem.transformers
        assert part is not None
        carries = part.spare_kva[number] + sum(kva for kva, _ in part.steps[number])
        name = self.framing.transformer_ids[number] if self.framing.transformer_ids else part.name(number)
        return Sentence(
            f"transformer {name} carries {carries:,.1f} kVA with every upgrade",
            f"变压器 {name} 加上全部增容可供 {carries:,.1f} kVA",
        )

    def _whole(self, kind: str) -> Sentence:
        problem = self._problem
        count = problem.count
        if kind == "budget":
            money = problem.budget_cny or 0.0
            return Sentence(f"the budget is {money:,.0f} CNY", f"预算为 {money:,.0f} 元")
        if kind == "service":
            floor = problem.service_floor or 0.0
            return Sentence(f"{floor:,.0f} (weighted) vehicles must be served", f"至少服务(加权){floor:,.0f} 辆")
        if kind == "walking":
            limit = problem.walking_limit_m or 0.0
            return Sentence(f"all together may walk {limit:,.0f} vehicle-metres", f"步行总量至多 {limit:,.0f} 辆·米")
        if kind == "count_least":
            least = count.least if count else 0
            return Sentence(f"at least {least} sites must be open", f"至少建 {least} 个点位")
        most = count.most if count else 0
        return Sentence(f"at most {most} sites may be open", f"至多建 {most} 个点位")

    def _clique(self, number: int) -> Sentence:
        members = [self._site(site) for site in self._problem.cliques[number].tolist()]
        named = [name for name in members if name in set(self.framing.limits.locked_in)] or members
        more = len(members) - min(len(named), _MOST_NAMES)
        names = ", ".join(named[:_MOST_NAMES])
        return Sentence(
            f"only one of {names}{f' and {more} more' if more else ''} can stand (same place, overlap or too close)",
            f"{names}{f' 等 {len(members)} 个' if more else ''} 只能建一个(同一用地、重叠或过近)",
        )

    def missed(self, limit: Limit, amount: float) -> Sentence:
        """Return what the partial plan leaves undone of what was asked."""
        if limit.kind in ("locked_in", "stands"):
            name = self._site(limit.number)
            return Sentence(f"not {name}", f"不含 {name}")
        what = self.limit(limit)
        return Sentence(f"{amount:,.4g} short of this: {what.en}", f"{what.zh}，还差 {amount:,.4g}")

    def relief(self, relief: Relief) -> Sentence:
        """Return what a limit alone would have to give."""
        what = self.limit(relief.limit)
        if not np.isfinite(relief.by):
            late = np.isnan(relief.by)
            return Sentence(
                f"{what.en}: {'not known in time' if late else 'not enough alone'}",
                f"{what.zh}:{'未能及时求出' if late else '单独放宽这一条不够'}",
            )
        kind, _ = relief.limit
        if kind in ("locked_in", "locked_out", "stands"):
            name = self._site(relief.limit.number)
            free = kind == "stands"
            return Sentence(
                f"allow {name} to be removed" if free else f"unlock {name}",
                f"允许拆除 {name}" if free else f"取消 {name} 的锁定",
            )
        return self._to(kind, relief, what)

    def _to(self, kind: str, relief: Relief, what: Sentence) -> Sentence:
        lower = kind in ("floor", "service", "count_least")
        digits = 1 if kind in ("floor", "service", "transformer") else 0
        value = _rounded(relief.to, digits, up=not lower)
        if kind == "transformer" and self._problem.transformers is not None:
            part, number = self._problem.transformers, relief.limit.number
            value = _rounded(relief.to + sum(kva for kva, _ in part.steps[number]), digits, up=True)
        text = f"{value:,.{digits}f}"
        if kind == "budget":
            return Sentence(f"raise the budget to {text} CNY", f"预算提高到 {text} 元")
        return Sentence(
            f"{'lower' if lower else 'raise'} to {text}: {what.en}",
            f"{'降到' if lower else '提高到'} {text}：{what.zh}",
        )


def _rounded(value: float, digits: int, *, up: bool) -> float:
    """Return a figure rounded to the side on which it still is enough."""
    scale = 10.0**digits
    whole = np.ceil(value * scale - 1e-3) if up else np.floor(value * scale + 1e-3)
    return float(whole / scale)


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _ground(framing: Framing, conflict: Conflict) -> Iterator[Sentence]:
    """Say how many places are lawful, and which clause removes most, where something is asked for that needs places."""
    if not any(limit.kind in ("floor", "service", "count_least", "quota") for limit in conflict.limits):
        return
    groups = framing.problem.groups
    floors = [limit.number for limit in conflict.limits if limit.kind == "floor"]
    names = [groups.name(number) for number in floors] if groups is not None else []
    for name in names[:_MOST_NAMES]:
        yield from _lawful(framing, name)
    if not names:
        yield from _lawful(framing, None)


def _lawful(framing: Framing, compound: str | None) -> Iterator[Sentence]:
    verdicts = framing.links.verdicts
    offered = verdicts.candidates.frame
    if compound is not None:
        if compound not in set(offered["compound_id"]):
            yield Sentence(f"In {compound} no footprint fits at all", f"{compound} 内没有可布置的用地")
            return
        offered = offered[offered["compound_id"].eq(compound)]
    lawful = offered.index.intersection(list(verdicts.accepted))
    frame = verdicts.frame[verdicts.frame["candidate_id"].isin(offered.index)]
    broken = frame[frame["force"].eq(Force.MUST.value) & frame["outcome"].isin(_REFUSING)]
    broken = broken[~broken["candidate_id"].isin(lawful)]
    where_en, where_zh = (f"In {compound}", f"{compound} 内") if compound else ("In all", "全部")
    places = offered.loc[lawful, "place_id"].nunique()
    compounds = offered.loc[lawful, "compound_id"].nunique()
    tail_en = tail_zh = ""
    if len(broken):
        counts = broken["clause_id"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        tail_en = f"; clause {counts.index[0]} removes {counts.iloc[0]} of the others"
        tail_zh = f";其余中条款 {counts.index[0]} 否决 {counts.iloc[0]} 个"
    yield Sentence(
        f"{where_en} {len(lawful)} of {len(offered)} candidates are lawful, on {places} places in {compounds} compounds"
        f"{tail_en}",
        f"{where_zh} {len(offered)} 个候选点中 {len(lawful)} 个合法(用地 {places} 处,小区 {compounds} 个){tail_zh}",
    )


def _left(words: _Words, conflict: Conflict) -> Iterator[Sentence]:
    part = conflict.partial
    if part is None:
        yield Sentence("Money, power and law alone leave no plan", "仅资金、电力和法规就没有方案")
        return
    problem = words.framing.problem
    sites, vehicles = int((part.modules > 0).sum()), float(part.served.sum())
    total = float(problem.demands.vehicles.sum())
    missed = [words.missed(limit, amount) for limit, amount in part.missed]
    missed_en, missed_zh = "; ".join(item.en for item in missed), "；".join(item.zh for item in missed)
    yield Sentence(
        f"The best partial plan builds {sites} sites for {vehicles:,.0f} of {total:,.0f} vehicles"
        f"{f', but {missed_en}' if missed_en else ''}",
        f"最好的部分方案建 {sites} 个点位，服务 {vehicles:,.0f} / {total:,.0f} 辆"
        f"{f'，但{missed_zh}' if missed_zh else ''}",
    )
