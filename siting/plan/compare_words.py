"""Meaning: a comparison of two runs in sentences, Chinese and English."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from siting.plan.compare import Comparison

__all__ = ["compare_in_words"]

_SHOWN = 20  # of sites or compounds a sentence each; the rest is counted

_CHANGE = {"en": {"added": "Added", "moved": "Moved", "dropped": "Dropped"},
           "zh": {"added": "新增", "moved": "移位", "dropped": "取消"}}  # fmt: skip


def compare_in_words(comparison: "Comparison", lang: str) -> tuple[str, ...]:
    """Return the comparison as sentences; raise `KeyError` for a language other than "en" and "zh"."""
    elsewhere = tuple(_different_places(comparison, lang))
    if comparison.unchanged and not elsewhere:
        return ({"en": "The two plans are the same.", "zh": "两个方案相同。"}[lang], *_parameters(comparison, lang))
    said = [
        *elsewhere,
        _counts(comparison, lang),
        *_totals(comparison, lang),
        *_sites(comparison, lang),
        *_resized(comparison, lang),
        *_compounds(comparison.gaining(), "gain", lang),
        *_compounds(comparison.losing(), "loss", lang),
        *_buildings(comparison, lang),
        *_parameters(comparison, lang),
    ]
    return tuple(said)


def _different_places(comparison: "Comparison", lang: str) -> Iterator[str]:
    frame = comparison.compounds
    shared = (frame[["demand_a", "demand_b"]] > 0).all(axis=1)
    if len(frame) and not shared.any():
        yield {
            "en": "The two runs share no compound with demand: they are of different places.",
            "zh": "两个方案没有共同的有需求小区:不是同一片区。",
        }[lang]


def _counts(comparison: "Comparison", lang: str) -> str:
    count = {change: len(comparison.changed(change)) for change in ("kept", "added", "moved", "dropped")}
    return {
        "en": "Sites from {a} to {b}: {kept} kept, {added} added, {moved} moved, {dropped} dropped.",
        "zh": "从 {a} 到 {b}:保留{kept}处,新增{added}处,移位{moved}处,取消{dropped}处。",
    }[lang].format(a=comparison.run_a, b=comparison.run_b, **count)


def _totals(comparison: "Comparison", lang: str) -> Iterator[str]:
    words = {
        "served": {"en": "Vehicles served", "zh": "服务车辆"},
        "demand": {"en": "Vehicles that want a port", "zh": "需求车辆"},
        "spent_cny": {"en": "Money spent (CNY)", "zh": "花费(元)"},
    }
    for name, word in words.items():
        a, b = comparison.totals[name]
        if a is None or b is None or (a == b and name == "demand"):
            continue
        yield {"en": "{}: {} -> {} ({}).", "zh": "{}:{} → {}({})。"}[lang].format(
            word[lang], _figure(a), _figure(b), _signed(b - a)
        )


def _sites(comparison: "Comparison", lang: str) -> Iterator[str]:
    for change in ("added", "moved", "dropped"):
        rows = comparison.changed(change)
        for row in rows.head(_SHOWN).itertuples():
            yield _site(row, change, lang)
        if len(rows) > _SHOWN:
            more = len(rows) - _SHOWN
            yield {"en": f"{_CHANGE['en'][change]}: {more} more.", "zh": f"{_CHANGE['zh'][change]}:另有{more}处。"}[
                lang
            ]


def _site(row: Any, change: str, lang: str) -> str:
    ports = row.ports_a if change == "dropped" else row.ports_b
    name = row.site_a if change == "dropped" else row.site_b
    where = _named(row.compound_name, row.compound_id)
    moved = f" {row.moved_m:.1f} m" if change == "moved" else ""
    return {
        "en": f"{_CHANGE['en'][change]}{moved}: {name} in {where}, {ports:.0f} ports.",
        "zh": f"{_CHANGE['zh'][change]}{moved}:{where} {name},{ports:.0f}个端口。",
    }[lang]


def _resized(comparison: "Comparison", lang: str) -> Iterator[str]:
    kept = comparison.changed("kept")
    rows: Any = kept[kept["ports_a"] != kept["ports_b"]].head(_SHOWN).itertuples()
    for row in rows:
        where = _named(row.compound_name, row.compound_id)
        yield {
            "en": f"Kept with other ports: {row.site_b} in {where}, {row.ports_a:.0f} -> {row.ports_b:.0f}.",
            "zh": f"保留但端口数变化:{where} {row.site_b},{row.ports_a:.0f} → {row.ports_b:.0f}。",
        }[lang]


def _compounds(rows: pd.DataFrame, direction: str, lang: str) -> Iterator[str]:
    verb = {"gain": {"en": "gains", "zh": "增加"}, "loss": {"en": "loses", "zh": "减少"}}[direction][lang]
    for compound_id, row in rows.head(_SHOWN).iterrows():
        where, amount = _named(row["name"], compound_id), _figure(abs(row["gain"]))
        share_a, share_b = _share(row["coverage_a"]), _share(row["coverage_b"])
        yield {
            "en": f"{where} {verb} {amount} vehicles: coverage {share_a} -> {share_b}.",
            "zh": f"{where}{verb}{amount}辆:覆盖率 {share_a} → {share_b}。",
        }[lang]
    if len(rows) > _SHOWN:
        more = len(rows) - _SHOWN
        yield {"en": f"{more} more compounds {direction}.", "zh": f"另有{more}个小区{verb}。"}[lang]


def _buildings(comparison: "Comparison", lang: str) -> Iterator[str]:
    frame = comparison.buildings
    if frame.empty:
        return
    new = int(((frame["served_a"] == 0) & (frame["served_b"] > 0)).sum())
    lost = int(((frame["served_a"] > 0) & (frame["served_b"] == 0)).sum())
    yield {
        "en": f"Buildings: {new} newly served, {lost} no longer served, {len(frame) - new - lost} served differently.",
        "zh": f"楼栋:新获服务{new}栋,失去服务{lost}栋,服务数量变化{len(frame) - new - lost}栋。",
    }[lang]


def _parameters(comparison: "Comparison", lang: str) -> Iterator[str]:
    for name, (a, b) in comparison.parameters.items():
        if name.startswith("inputs."):
            yield {"en": f"Input file differs: {name[7:]}.", "zh": f"输入文件不同:{name[7:]}。"}[lang]
        else:
            unset = {"en": "not set", "zh": "未设"}[lang]
            shown = [unset if value is None else _value(value) for value in (a, b)]
            yield {"en": "{}: {} -> {}.", "zh": "{}:{} → {}。"}[lang].format(name, *shown)


def _value(value: Any) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _named(name: Any, compound_id: Any) -> str:
    return f"{name} ({compound_id})" if isinstance(name, str) and name else str(compound_id)


def _share(value: Any) -> str:
    return "-" if pd.isna(value) else f"{value:.0%}"


def _figure(value: Any) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '-'}{_figure(abs(value))}"
