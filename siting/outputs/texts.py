"""The words that people read, in Chinese and English: two catalogues with the same keys and placeholders."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Self

__all__ = ["LANGUAGES", "Texts"]

#: Every language there is a catalogue for; the first is the default.
LANGUAGES = ("zh", "en")

#: What a text counts: English says "1 group", and no text is written twice for it. map.js does the same.
_COUNTED = "bay|building|candidate|check|compound|group|home|household|object|piece|plan|port|price|site|stall|vehicle"
_ONE_OF = re.compile(rf"(?<![\d.,])1 ({_COUNTED})s\b")


@dataclass(frozen=True)
class Texts:
    """One catalogue: `t("map.title")` gives its text, `t("n.sites", n=3)` fills the placeholders."""

    lang: str
    catalogue: Mapping[str, str]

    @classmethod
    def load(cls, lang: str) -> Self:
        """Return the catalogue of a language; raise `KeyError` if there is none."""
        if lang not in LANGUAGES:
            raise KeyError(lang)
        return cls(lang, _read(lang))

    def t(self, key: str, /, **values: Any) -> str:
        """Return one text; raise `KeyError` for an unknown key or a placeholder without a value."""
        text = self.catalogue[key].format(**values)
        return _ONE_OF.sub(r"1 \1", text) if self.lang == "en" else text

    def under(self, prefix: str) -> dict[str, str]:
        """Return every raw text whose key starts with `prefix` and a dot, by the rest of its key."""
        start = prefix + "."
        return {key[len(start) :]: text for key, text in self.catalogue.items() if key.startswith(start)}


@cache
def _read(lang: str) -> Mapping[str, str]:
    source = files("siting.outputs").joinpath("texts", f"{lang}.toml").read_text(encoding="utf-8")
    return MappingProxyType(dict(_flatten(tomllib.loads(source))))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
