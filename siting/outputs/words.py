"""The run in words: names, status and reasons as sentences in both languages."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from siting.model.goal import Aim
from siting.outputs import view
from siting.outputs.note_words import in_chinese
from siting.outputs.run import Run
from siting.outputs.texts import LANGUAGES, Texts

__all__ = ["Words", "both", "format_gap", "format_number", "lost_figure", "status_key", "status_words_key"]

#: The texts that say the values of a parameter in words.
_VALUES = {"goal": "goal", "kinds": "kind", "sharing": "sharing", "vehicle": "vehicle"}


def both(key: str, /, **values: Any) -> str:
    """Return one text in Chinese and English, side by side."""
    return " ".join(Texts.load(lang).t(key, **values) for lang in LANGUAGES)


def format_number(value: float | None, digits: int = 0) -> str:
    """Return a number for people, thousands grouped; a dash for unknown; whole numbers without a point."""
    if value is None or pd.isna(value):
        return "–"
    text = f"{float(value):,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_gap(gap: float | None) -> str:
    """Return a gap as a percentage of two figures that is never smaller than the gap itself; a dash for none."""
    if gap is None or not math.isfinite(gap):
        return "–"
    percent = 100.0 * gap
    rounded = float(f"{percent:.2g}")
    return f"{rounded if rounded >= percent else float(f'{percent * 1.05:.2g}'):g}%"


def status_key(status: object) -> str:
    """Return the catalogue's key for a solver's status word, e.g. "time_limited"."""
    return str(status).strip().lower().replace("-", "_").replace(" ", "_")


@dataclass(frozen=True, eq=False)
class Words:
    """What a run is called and says, with the names of its objects."""

    run: Run
    names: Mapping[str, str]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return the words of a run."""
        return cls(run, view.feature_names(run))

    def name(self, object_id: object) -> str:
        """Return the mapped name of an object, or nothing."""
        return self.names.get(object_id, "") if isinstance(object_id, str) else ""

    def label(self, object_id: str) -> str:
        """Return the name of an object, or its id where it has none."""
        return self.names.get(object_id) or object_id

    def assumptions(self, lang: str | None = None) -> list[str]:
        """Return the assumptions on demand and power as sentences; in both languages unless `lang` is given."""
        pairs = [
            pair
            for record in (self.run.demand, self.run.plan.framing.power)
            for pair in zip(record.assumptions, record.assumptions_zh or record.assumptions, strict=True)
        ]
        return [_sentence(pair, lang) for pair in pairs]

    def notes(self, lang: str | None = None) -> list[str]:
        """Return the notes on facts and options as sentences."""
        notes: Iterable[str] = (*self.run.district.notes, *self.run.candidates.notes)
        pairs: Iterable[Any] = ((note, chinese) if (chinese := in_chinese(note)) else note for note in notes)
        return [_sentence(item, lang) for item in pairs]

    def reasons(self, lang: str) -> list[str]:
        """Return the plan's own reasons in one language."""
        return [_sentence(item, lang) for item in self.run.plan.reasons]

    def parameter(self, key: str, value: Any, lang: str) -> str:
        """Return the value of a parameter in words; a dash for none."""
        texts = Texts.load(lang)
        if isinstance(value, dict):
            pairs = (
                (_named(texts, "kind", str(name)), self.parameter(key, item, lang)) for name, item in value.items()
            )
            return "; ".join(f"{name}: {item}" for name, item in pairs)
        if isinstance(value, list | tuple):
            return texts.t("report.and").join(self.parameter(key, item, lang) for item in value) or "–"
        if value is None or isinstance(value, int | float):
            return format_number(value, 6)
        return _named(texts, _VALUES.get(key, ""), str(value))

    def findings(self, lang: str) -> Iterator[str]:
        """Yield the audit's findings as sentences."""
        for item in (self.run.audit or {}).get("findings", ()):
            yield str(item[f"sentence_{lang}"])


def lost_figure(worth: Mapping[str, Any]) -> tuple[str, str]:
    """Return which figure a row of worth.csv is about, and what of it is lost: one number, or from at least to most."""
    figure = str(worth.get("figure") or "service")
    scale = 100.0 if figure == "floor" else 1.0
    least, most = (format_number(scale * float(worth[name]), 1) for name in ("loss_at_least", "loss_at_most"))
    return figure, most if least == most else f"{least} – {most}"


def status_words_key(run: Run) -> str:
    """Return the catalogue's key for what the status proves; where demands weigh differently, it speaks of weights."""
    key = f"status.{status_key(run.plan.solution.status)}_words"
    if run.plan.solution.aim is not Aim.SERVICE:
        other = f"{key}_goal"
        return other if other in Texts.load("en").catalogue else key
    if run.plan.programme is not None and f"{key}_years" in Texts.load("en").catalogue:
        return f"{key}_years"
    if run.plan.uncertain is not None and f"{key}_scenarios" in Texts.load("en").catalogue:
        return f"{key}_scenarios"
    weighted = f"{key}_weighted"
    level = run.demand.frame["weight"].nunique() < 2
    return key if level or weighted not in Texts.load("en").catalogue else weighted


def _named(texts: Texts, group: str, name: str) -> str:
    """Return the catalogue's word for a name of data, or the name itself."""
    return texts.catalogue.get(f"{group}.{name}", name)


def _sentence(item: Any, lang: str | None) -> str:
    """Return a sentence that is plain text or a pair (English, Chinese)."""
    if isinstance(item, str):
        return item
    english, chinese = item
    if lang is None:
        return f"{chinese} {english}"
    return str(english if lang == "en" else chinese)
