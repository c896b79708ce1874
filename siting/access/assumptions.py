"""Reach: what was assumed, in sentences that a planner can check or contradict, Chinese and English."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import pandas as pd

if TYPE_CHECKING:
    from siting.access.demand import DemandOptions

__all__ = ["Sentence", "describe_demand", "some"]

_NAMES_SHOWN = 5


class Sentence(NamedTuple):
    """One sentence in both languages."""

    en: str
    zh: str


def describe_demand(housing: pd.DataFrame, compounds: gpd.GeoDataFrame, options: "DemandOptions") -> list[Sentence]:
    """Return the assumptions behind a demand table.

    `housing` has one row per counted building: compound_id, use, households, households_source, levels_known,
    split (its households were split from the compound's figure).
    """
    return [
        _who_counts(housing, options),
        _whose_households(housing, options),
        *_levels(housing, options),
        *_contradictions(housing, compounds),
        _rate(housing, compounds, options),
        *_share(options),
        Sentence(
            "Charging that already exists is not subtracted from demand.",
            "需求中未扣除已有充电设施。",
        ),
    ]


def some(ids: Iterable[Any]) -> str:
    """Return ids as text: the first few, and how many more."""
    names = [str(name) for name in ids]
    more = f" (+{len(names) - _NAMES_SHOWN})" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def _who_counts(housing: pd.DataFrame, options: "DemandOptions") -> Sentence:
    count, compounds = len(housing), housing["compound_id"].nunique()
    unknown = int((housing["use"] == "unknown").sum())
    least = options.min_footprint_m2
    return Sentence(
        f"{count} buildings in {compounds} compounds are counted as housing; {unknown} of them are of unknown use "
        f"and count because their footprint is at least {least:g} m2.",
        f"{compounds}个小区的{count}栋建筑按住宅计;其中{unknown}栋用途未知,因占地不小于{least:g}平方米而计入。",
    )


def _whose_households(housing: pd.DataFrame, options: "DemandOptions") -> Sentence:
    guessed = housing["households_source"] == "estimate"
    split = int(housing["split"].sum())
    own, made = int((~guessed).sum()), int(guessed.sum()) - split
    area = options.m2_per_household
    return Sentence(
        f"Households: {own} buildings have their own figure, {split} share their compound's figure by floor area, "
        f"{made} are estimated as footprint x levels / {area:g} m2 (260 renovated compounds of Yuncheng: 92.5).",
        f"户数:{own}栋有自己的数据,{split}栋按建筑面积分摊小区总户数,"
        f"{made}栋按占地面积×层数÷{area:g}平方米估算(运城260个改造小区:92.5)。",
    )


def _levels(housing: pd.DataFrame, options: "DemandOptions") -> list[Sentence]:
    missing = int(((housing["households_source"] == "estimate") & ~housing["levels_known"]).sum())
    if missing == 0:
        return []
    usual, least = options.default_levels, options.min_known_levels
    return [
        Sentence(
            f"{missing} buildings without levels or height got the median of their compound, or {usual:g} storeys "
            f"where fewer than {least} buildings of it are known (old compounds have 4 to 6).",
            f"{missing}栋缺层数和高度的建筑取本小区中位层数;已知不足{least}栋的小区取{usual:g}层(老旧小区一般4至6层)。",
        )
    ]


def _contradictions(housing: pd.DataFrame, compounds: gpd.GeoDataFrame) -> list[Sentence]:
    """Say where a compound's figure and its buildings do not agree; the buildings' own figures hold."""
    totals = compounds["households"].dropna().astype(float)
    found = housing.groupby("compound_id")["households"].sum().reindex(totals.index)
    empty = totals.index[found.isna() & (totals > 0)]
    other = totals.index[found.notna() & ((found - totals).abs() >= 1.0)]
    said = []
    if len(empty):
        said.append(
            Sentence(
                f"Compounds with households but no mapped housing have no demand here: {some(empty)}.",
                f"下列小区有户数但无住宅建筑数据,未计需求:{some(empty)}。",
            )
        )
    if len(other):
        said.append(
            Sentence(
                f"The buildings' own households do not add up to the compound's figure (the buildings' hold): "
                f"{some(other)}.",
                f"下列小区各楼户数之和与小区总户数不符(以各楼为准):{some(other)}。",
            )
        )
    return said


def _rate(housing: pd.DataFrame, compounds: gpd.GeoDataFrame, options: "DemandOptions") -> Sentence:
    counted = int(compounds.loc[compounds.index.isin(housing["compound_id"]), options.count_column].notna().sum())
    rate = options.per_household
    if options.vehicle == "ebike":
        return Sentence(
            f"{rate:g} e-bikes a household (planning default 1.0; counted compounds have 0.6 to 1.7); "
            f"{counted} compounds have their own count.",
            f"每户{rate:g}辆电动自行车(规划默认1.0;实测小区0.6至1.7);{counted}个小区采用自有统计。",
        )
    return Sentence(
        f"{rate:g} electric cars a household (planning default 0.05, no count: 2.0 to 4.24 % of motor vehicles in "
        f"Lanzhou 2022 and Yuncheng 2023, one car a household); {counted} compounds have their own count.",
        f"每户{rate:g}辆电动汽车(规划默认0.05,非统计值:兰州2022年、运城2023年占机动车2.0%至4.24%,按每户一车);"
        f"{counted}个小区采用自有统计。",
    )


def _share(options: "DemandOptions") -> list[Sentence]:
    if options.charging_share == 1.0:
        return []
    share = options.charging_share
    return [
        Sentence(
            f"{share:.0%} of the vehicles want a shared port.",
            f"其中{share:.0%}的车辆需要公共充电端口。",
        )
    ]
