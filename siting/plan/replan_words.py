"""Why each site of an earlier run is kept, moved or dropped, and why new ones are added, in both languages."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.framing import Framing
from siting.plan.replan_record import CHANGE_COLUMNS

__all__ = ["change_rows"]

_MOVED_M = 30.0
_SAME_M = 0.1
_Reason = tuple[str, str]


def change_rows(
    framing: Framing, sites: gpd.GeoDataFrame, old: gpd.GeoDataFrame, before: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return what became of every old site and what is new; `before` are the candidates of the old run."""
    chosen = set(map(str, sites.index))
    taken = {str(name) for name in old["candidate"].dropna() if name in chosen}
    lost = old[~old["candidate"].isin(chosen)]
    new = sites[~sites.index.isin(taken)]
    pairs = _moves(lost[~lost["built"]], new)
    rows: list[tuple[Any, ...]] = []
    for row in old.itertuples():
        name, where = str(row.Index), (row.compound_id, row.kind)
        if name not in lost.index:
            change = "built" if row.built else "kept"
            rows.append((change, name, row.candidate, *where, np.nan, None, *_KEPT[change]))
        elif row.built:
            rows.append(("unlawful", name, None, *where, np.nan, row.clause_id, *_unlawful(framing, row)))
        elif name in pairs:
            to, metres = pairs[name]
            said = _dropped(framing, row, chosen)
            rows.append(("moved", name, to, *where, metres, row.clause_id, *_moved(said, metres)))
        else:
            rows.append(("dropped", name, None, *where, np.nan, row.clause_id, *_dropped(framing, row, chosen)))
    moved_to = {to for to, _ in pairs.values()}
    for added in new[~new.index.isin(moved_to)].itertuples():
        clause, said = _added(added, before)
        rows.append(("added", None, added.Index, added.compound_id, added.kind, np.nan, clause, *said))
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


_KEPT = {
    "built": ("Built: it stands and stays.", "已建,保留。"),
    "kept": ("Planned before and still.", "原计划点位,继续保留。"),
}


def _moves(lost: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> dict[str, tuple[str, float]]:
    """Pair each lost site with a new one of its kind and compound within 30 m, the nearest first."""
    found = sorted(_near(lost, new))
    pairs: dict[str, tuple[str, float]] = {}
    used: set[str] = set()
    for metres, name, to in found:
        if name not in pairs and to not in used:
            pairs[name] = (to, metres)
            used.add(to)
    return pairs


def _near(lost: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Iterator[tuple[float, str, str]]:
    for row in lost.itertuples():
        alike = new[new["kind"].eq(row.kind) & new["compound_id"].eq(row.compound_id)]
        for name, shape in alike.geometry.items():
            metres = float(shapely.distance(row.geometry.centroid, shape.centroid))
            if metres <= _MOVED_M:
                yield metres, str(row.Index), str(name)


def _clause(framing: Framing, row: Any) -> _Reason | None:
    """Return the clause that refuses the old ground today, if one does."""
    if not isinstance(row.clause_id, str):
        return None
    rulebook = framing.links.verdicts.candidates.zones.rulebook
    clause = next((item for item in rulebook.clauses if item.clause_id == row.clause_id), None)
    english, chinese = (row.clause_id, row.clause_id) if clause is None else (clause.title_en, clause.title_zh)
    figures = "" if pd.isna(row.measured) or pd.isna(row.required) else f" ({row.measured:.2f} / {row.required:.2f})"
    return (
        f"{row.clause_id} refuses it today: {english}{figures}",
        f"现被条款 {row.clause_id} 否决:{chinese}{figures}",
    )


def _unlawful(framing: Framing, row: Any) -> _Reason:
    english, chinese = _clause(framing, row) or ("no lawful footprint is found there today", "现状无法给出合规布置")
    return (
        f"It stands, but {english}. It counts in no figure of this plan; decide on its removal or on a waiver.",
        f"已建,但{chinese}。本方案各项数字均未计入,需决定拆改或豁免。",
    )


def _dropped(framing: Framing, row: Any, chosen: set[str]) -> _Reason:
    refused = _clause(framing, row)
    if refused is not None:
        return (f"{refused[0]}.", f"{refused[1]}。")
    if not isinstance(row.candidate, str):
        return (
            "No footprint like it is offered any more: the facts around it changed.",
            "现状变化,原位置已无可布置的用地。",
        )
    if row.candidate in framing.limits.locked_out:
        return ("Locked out by the study.", "研究文件将其排除。")
    rival = _rival(framing, row.candidate, chosen)
    if rival is not None:
        return (f"It gives way to {rival}, beside which it may not stand.", f"让位于 {rival}(两者不能并存)。")
    cost, served = f"{row.cost_cny:,.0f}", f"{row.served:,.0f}"
    return (
        f"Lawful still, but its {cost} CNY serve more elsewhere; it served {served} vehicles in the old plan.",
        f"仍合规,但其 {cost} 元用于别处服务更多;原方案中服务 {served} 辆。",
    )


def _rival(framing: Framing, candidate: str, chosen: set[str]) -> str | None:
    number = framing.candidate_ids.index(candidate)
    for clique in framing.problem.cliques:
        if number in clique:
            for other in clique.tolist():
                if other != number and framing.candidate_ids[other] in chosen:
                    return str(framing.candidate_ids[other])
    return None


def _moved(said: _Reason, metres: float) -> _Reason:
    return f"Moved {metres:.1f} m. {said[0]}", f"移位 {metres:.1f} m。{said[1]}"


def _added(row: Any, before: gpd.GeoDataFrame) -> tuple[str | None, _Reason]:
    """Return the clause that kept it out before, if one did, and why it is new."""
    served = f"{row.served:,.0f}"
    near = before[before["kind"].eq(row.kind) & before.geometry.intersects(row.geometry)]
    same = [name for name, shape in near.geometry.items() if shapely.hausdorff_distance(shape, row.geometry) <= _SAME_M]
    if not same:
        return None, (
            f"This footprint was not offered before; it serves {served} vehicles.",
            f"原方案没有这一位置;可服务 {served} 辆。",
        )
    known: Any = near.loc[same[0]]
    if not bool(known["accepted"]):
        clause = str(known["clause_id"])
        return clause, (
            f"Refused before by {clause}, lawful now; it serves {served} vehicles.",
            f"原被条款 {clause} 否决,现合规;可服务 {served} 辆。",
        )
    return None, (
        f"Lawful before as well; with today's money it serves {served} vehicles.",
        f"原已合规;按现有资金可服务 {served} 辆。",
    )
