"""The page of a front: picture, table, and why it ends where it does; Chinese and English in one file."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from siting.errors import UsageError
from siting.outputs.pages import policy, read_asset, render
from siting.outputs.pictures import bilingual
from siting.outputs.styles import PALETTE
from siting.outputs.texts import LANGUAGES, Texts
from siting.outputs.words import format_gap, format_number
from siting.plan.front import StudyFront

__all__ = ["front_picture", "write_front"]

_WIDTH, _HEIGHT = 1000.0, 520.0
_LEFT, _BOTTOM, _TOP, _RIGHT = 110.0, 60.0, 20.0, 30.0
_COLUMN = {"coverage": "coverage", "cost": "cost_cny", "safety": "margin_m", "walking": "walked_vehicle_m"}
_TICKS = 5


def write_front(found: StudyFront, path: Path, *, name: str, lang: str = LANGUAGES[0]) -> None:
    """Write the page; it opens in `lang` and holds both languages."""
    script = read_asset("report.js").strip()
    page = render(
        "front.html.j2",
        lang=lang,
        title=f"{name} · {Texts.load(lang).t('front.title')}",
        name=name,
        policy=policy(script),
        script=Markup(script),
        style=Markup(read_asset("report.css")),
        t=bilingual,
        picture=front_picture(found),
        rows=[_row(number, row) for number, row in enumerate(found.table.to_dict("records"), start=1)],
        stops=[(item.zh, item.en) for item in found.stops],
        synthetic=found.framing.links.verdicts.candidates.zones.district.synthetic,
    )
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(page, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror}); give another --out"
        raise UsageError(message) from error
    finally:
        with suppress(OSError):  # a folder that is gone holds no draft
            draft.unlink(missing_ok=True)


def _row(number: int, row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "number": number,
        "coverage": f"{100 * row['coverage']:.1f} %",
        "served": format_number(row["served"]),
        "cost": format_number(row["cost_cny"]),
        "margin": format_number(row["margin_m"], 2),
        "walk": format_number(row["mean_walk_m"], 1),
        "sites": row["sites"],
        "proven": row["proven"],
        "gaps": f"{format_gap(row['gap_1'])} / {format_gap(row['gap_2'])}",
    }


def front_picture(found: StudyFront) -> Markup:
    """Return the points as one SVG, joined in order; hollow where not proven, a dashed line at the study's budget."""
    one, other = found.figures
    x, y = (found.table[_COLUMN[word]].to_numpy(float) for word in (other, one))
    shown = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    budget = found.framing.limits.budget_cny if "cost" in (one, other) else None
    across = _Scale.of(np.r_[x[shown], [budget] if budget is not None and other == "cost" else []])
    up = _Scale.of(np.r_[y[shown], [budget] if budget is not None and one == "cost" else []])
    parts = [*_axes(across, up, (other, one))]
    if budget is not None:
        parts.append(_budget(budget, across, up, is_across=other == "cost"))
    at = [(across.at(x[k], _LEFT, _WIDTH - _RIGHT), up.at(y[k], _HEIGHT - _BOTTOM, _TOP)) for k in shown.tolist()]
    line = "L".join(f"{a:.1f} {b:.1f}" for a, b in at)
    parts.append(Markup(f'<path d="M{line}" fill="none" stroke="{PALETTE["served"]}" stroke-width="2"/>' if at else ""))
    for number, (a, b) in zip(shown.tolist(), at, strict=True):
        fill = PALETTE["site"] if bool(found.table["proven"].iloc[number]) else "#ffffff"
        parts.append(
            Markup(
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="6" fill="{fill}" stroke="{PALETTE["site"]}" stroke-width="2"/>'
                f'<text x="{a + 9:.1f}" y="{b + 16:.1f}" font-size="12" fill="#4d5955">{number + 1}</text>'
            )
        )
    head = Markup('<svg class="chart" viewBox="0 0 {:g} {:g}" role="img" xmlns="http://www.w3.org/2000/svg">')
    return head.format(_WIDTH, _HEIGHT) + Markup("").join(parts) + Markup("</svg>")


class _Scale(tuple[float, float]):
    """The least and most of an axis."""

    __slots__ = ()

    @classmethod
    def of(cls, values: Any) -> "_Scale":
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        room = 0.05 * (high - low) or 1.0
        return cls((min(low, 0.0) if low < 0.4 * high else low - room, high + room))

    def at(self, value: float, first: float, last: float) -> float:
        low, high = self
        return first + (value - low) / (high - low) * (last - first)

    def ticks(self) -> list[float]:
        """Return a few round values within the scale."""
        low, high = self
        step = 10.0 ** np.floor(np.log10((high - low) / _TICKS))
        step *= next(k for k in (1.0, 2.0, 5.0, 10.0) if (high - low) / (step * k) <= _TICKS)
        first = np.ceil(low / step)
        return [float(step * (first + k)) for k in range(int((high / step) - first) + 1)]


def _axes(across: _Scale, up: _Scale, words: tuple[str, str]) -> list[Markup]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [
        Markup(f'<path d="M{_LEFT:g} {_TOP:g}V{bottom:g}H{right:g}" fill="none" stroke="#3d4a46" stroke-width="1.2"/>')
    ]
    for value in across.ticks():
        a = across.at(value, _LEFT, right)
        parts.append(_label(a, bottom + 18, _tick(words[0], value), "middle"))
    for value in up.ticks():
        b = up.at(value, bottom, _TOP)
        parts.append(Markup(f'<path d="M{_LEFT:g} {b:.1f}H{right:g}" stroke="#e4e0d6" stroke-width="1"/>'))
        parts.append(_label(_LEFT - 8, b + 4, _tick(words[1], value), "end"))
    for lang in LANGUAGES:
        texts = Texts.load(lang)
        parts.append(
            Markup('<text lang="{}" x="{:g}" y="{:g}" font-size="13" text-anchor="end">{}</text>').format(
                lang, right, bottom + 42, texts.t(f"front.axis_{words[0]}")
            )
        )
        parts.append(
            Markup('<text lang="{}" x="{:g}" y="{:g}" font-size="13">{}</text>').format(
                lang, _LEFT + 8, _TOP + 4, texts.t(f"front.axis_{words[1]}")
            )
        )
    return parts


def _label(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup(f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" fill="#4d5955" text-anchor="{anchor}">{text}</text>')


def _tick(word: str, value: float) -> str:
    return f"{100 * value:.0f} %" if word == "coverage" else format_number(value, 2)


def _budget(budget: float, across: _Scale, up: _Scale, *, is_across: bool) -> Markup:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    if is_across:
        a = across.at(budget, _LEFT, right)
        path, x, y = f"M{a:.1f} {_TOP:g}V{bottom:g}", a - 6, bottom - 8
    else:
        b = up.at(budget, bottom, _TOP)
        path, x, y = f"M{_LEFT:g} {b:.1f}H{right:g}", right, b - 6
    form = '<text lang="{}" x="{:.1f}" y="{:.1f}" font-size="12" fill="#8a5a00" text-anchor="end">{}</text>'
    words = {lang: Texts.load(lang).t("front.budget") for lang in LANGUAGES}
    said = Markup("").join(Markup(form).format(lang, x, y, text) for lang, text in words.items())
    return Markup(f'<path d="{path}" stroke="#b07a18" stroke-width="1.2" stroke-dasharray="6 4"/>') + said
