"""Reach: which transformer feeds which accepted candidate, and what one module draws from it.

What is not known stays unknown: a compound without a known transformer, or a transformer without a stated
spare capacity, limits nothing here, and the sentences say so.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.access.assumptions import Sentence, some
from siting.access.record import Power
from siting.errors import UsageError
from siting.kinds import Kind
from siting.sites.catalogue import Catalogue, KindFigures
from siting.sites.record import Verdicts

__all__ = ["COS_PHI", "connect_power", "nearest_transformers"]

#: Power factor of charging loads for sizing transformers (row L02 of the evidence, S; a default).
COS_PHI = 0.95


def connect_power(verdicts: Verdicts, *, cos_phi: float = COS_PHI) -> Power:
    """Return the transformer of each accepted candidate and the kVA one of its modules draws.

    A compound fed by several transformers is split among them: each candidate takes the nearest one whose
    place is known (ties, and transformers without a place, by id). How many modules will stand is not decided
    yet, so each draws what one module alone would: a safe upper bound for any number.
    """
    if not 0.0 < cos_phi <= 1.0:
        message = f"cos_phi is {cos_phi:g}; give a power factor above 0 and at most 1"
        raise UsageError(message)
    district = verdicts.candidates.zones.district
    candidates = verdicts.candidates.frame.loc[sorted(verdicts.accepted)]
    transformers = district.transformers.sort_index()
    fed_by = _transformers_by_compound(transformers)
    feeds = nearest_transformers(candidates, transformers)
    said = [
        _how_much(cos_phi),
        *_unknown(candidates, transformers, feeds),
        *_strangers(fed_by, district.compounds.index),
        *_cables(candidates),
    ]
    return Power(
        feeds=feeds,
        kva_per_module=_kva_per_module(candidates, verdicts.candidates.catalogue, cos_phi),
        assumptions=tuple(sentence.en for sentence in said),
        assumptions_zh=tuple(sentence.zh for sentence in said),
    )


def _transformers_by_compound(transformers: gpd.GeoDataFrame) -> dict[str, list[str]]:
    """Return the transformers of each compound, those with a known place first, then by id."""
    placed = ~(transformers.geometry.isna() | transformers.geometry.is_empty)
    fed_by: dict[str, list[str]] = {}
    for rows in (transformers[placed], transformers[~placed]):
        for transformer_id, names in rows["compound_ids"].items():
            for name in filter(None, map(str.strip, names.split(";"))):
                fed_by.setdefault(name, []).append(transformer_id)
    return fed_by


def nearest_transformers(candidates: gpd.GeoDataFrame, transformers: gpd.GeoDataFrame) -> Any:
    """Return the transformer that feeds each candidate (or None), by candidate_id."""
    transformers = transformers.sort_index()
    fed_by = _transformers_by_compound(transformers)
    feeds = pd.Series([None] * len(candidates), index=candidates.index, dtype=object, name="transformer_id")
    for compound_id, group in candidates.groupby("compound_id", sort=True):
        names = fed_by.get(str(compound_id), [])
        if names:
            places = transformers.geometry.loc[names].to_numpy()
            distance_m = shapely.distance(group.geometry.to_numpy()[:, np.newaxis], places)
            distance_m[np.isnan(distance_m)] = np.inf  # an unknown place is the farthest
            feeds[group.index] = np.array(names, dtype=object)[np.argmin(distance_m, axis=1)]
    return feeds


def _kva_per_module(candidates: gpd.GeoDataFrame, catalogue: Catalogue, cos_phi: float) -> "pd.Series[float]":
    kva = [
        ports * catalogue.kind(Kind(kind)).port_kw * _largest_factor(catalogue.kind(Kind(kind)), modules) / cos_phi
        for kind, ports, modules in zip(
            candidates["kind"], candidates["ports_per_module"], candidates["max_modules"], strict=True
        )
    ]
    return pd.Series(kva, index=candidates.index, dtype=float, name="kva_per_module")


def _largest_factor(figures: KindFigures, modules: int) -> float:
    return max(figures.factor_for(count) for count in range(1, modules + 1))


def _how_much(cos_phi: float) -> Sentence:
    return Sentence(
        f"A module draws ports x kW per port x demand factor / {cos_phi:g} (power factor, L02), with the demand factor "
        "of a module alone; a place of many modules, and several places on one transformer, together draw less.",
        f"每个模块的容量=端口数×单端口功率×需要系数÷{cos_phi:g}(功率因数,L02),需要系数按单个模块取值;"
        "多个模块或同一变压器带多个点时,合计更低。",
    )


def _unknown(candidates: gpd.GeoDataFrame, transformers: gpd.GeoDataFrame, feeds: Any) -> list[Sentence]:
    """Say where power is no limit because it is not known."""
    said = []
    dark = sorted(set(candidates["compound_id"][feeds.isna()]))
    if dark:
        said.append(
            Sentence(
                f"No transformer is known for {len(dark)} compounds, so power limits nothing there: "
                f"survey {some(dark)}.",
                f"{len(dark)}个小区未知供电变压器,此处不以电力为限,需现场核查:{some(dark)}。",
            )
        )
    used = transformers.index.isin(feeds.dropna())
    silent = list(transformers.index[used & transformers["spare_kva"].isna().to_numpy()])
    if silent:
        said.append(
            Sentence(
                f"{len(silent)} transformers have no stated spare capacity and limit nothing: survey {some(silent)}.",
                f"{len(silent)}台变压器的剩余容量未知,此处不作限制,需现场核查:{some(silent)}。",
            )
        )
    return said


def _cables(candidates: gpd.GeoDataFrame) -> list[Sentence]:
    """Say whose cable was measured along the ground, and whose is the catalogue's."""
    known = candidates["cable_m"].notna() if "cable_m" in candidates else pd.Series(False, index=candidates.index)
    count, rest = int(known.sum()), int((~known).sum())
    dug = int((candidates["trench_m"] > 0).sum()) if count else 0
    said = []
    if count:
        said.append(
            Sentence(
                f"Cables of {count} candidates are measured from the transformer along the ground (around buildings, "
                f"under walls, along the ways outside); {dug} of them share a renovation trench.",
                f"{count}个候选点的电缆自变压器沿地面量取(绕开建筑、穿过围墙、小区外沿道路),其中{dug}个与改造管沟同沟。",
            )
        )
    if rest:
        said.append(
            Sentence(
                f"Cables of {rest} candidates have the catalogue's length: no transformer's place is known there "
                "or no route was found.",
                f"{rest}个候选点因变压器位置未知或无可行路由,电缆按目录长度计。",
            )
        )
    return said


def _strangers(fed_by: dict[str, list[str]], compounds: "pd.Index[str]") -> list[Sentence]:
    strangers = sorted(set(fed_by) - set(compounds))
    if not strangers:
        return []
    return [
        Sentence(
            f"Transformers name compounds that are not in this district: {some(strangers)}.",
            f"变压器表中有不在本片区的小区编号:{some(strangers)}。",
        )
    ]
