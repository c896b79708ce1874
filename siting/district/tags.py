"""Facts: OSM tags as foreign text. Cleaned, cut, and read as numbers only where they clearly are numbers."""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

__all__ = ["Tags", "clean_tags", "clean_text", "count", "levels", "levels_down", "metres", "name_of", "slope_percent"]

Tags = Mapping[str, str]

_LONGEST_TEXT = 120
_LONGEST_VALUE = 255  # OSM's own limit
_MOST_TAGS = 200
_NUMBER = r"(\d{1,6}(?:[.,]\d{1,6})?)"
_METRES = re.compile(rf"^\s*{_NUMBER}\s*(m|metres?|meters?|米|cm|km|ft|feet|'|′)?\s*$", re.IGNORECASE)
_FEET_INCHES = re.compile(rf"^\s*(\d{{1,4}})\s*(?:'|′|ft)\s*{_NUMBER}\s*(?:\"|″|in)\s*$")
_METRES_PER_UNIT = {"cm": 0.01, "km": 1000.0, "ft": 0.3048, "feet": 0.3048, "'": 0.3048, "′": 0.3048}
_SLOPE = re.compile(r"^[-+]?\s*(\d{1,3}(?:[.,]\d{1,3})?)\s*(%|％|°|deg)$")
_RATIO = re.compile(r"^1\s*[:：]\s*(\d{1,4}(?:[.,]\d{1,3})?)$")
_STEEPEST_PERCENT = 100.0
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # controls, text direction, surrogates, line separators


@lru_cache(maxsize=8192)
def clean_text(text: str, *, longest: int = _LONGEST_TEXT) -> str:
    """Return `text` on one line, without control or direction characters, cut with "…" at `longest` characters."""
    if text.isascii() and text.isprintable() and len(text) <= longest:
        return text.strip()
    safe = "".join(" " if unicodedata.category(letter) in _UNSAFE else letter for letter in text[: 4 * longest])
    line = " ".join(safe.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def clean_tags(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return tags with cleaned keys and values; at most 200, empty ones left out."""
    cleaned: dict[str, str] = {}
    for key, value in pairs:
        if len(cleaned) >= _MOST_TAGS:
            break
        text = clean_text(value, longest=_LONGEST_VALUE)
        if text:
            cleaned[clean_text(key, longest=_LONGEST_VALUE)] = text
    return cleaned


def name_of(tags: Tags) -> str | None:
    """Return the name to show: the local one, else Chinese, else English, else None."""
    for key in ("name", "name:zh", "name:en"):
        if tags.get(key):
            return clean_text(tags[key])
    return None


def metres(text: str | None, *, most: float) -> float:
    """Return a length tag in metres ("12", "12 m", "3,5", "12 ft", "11 ft 6 in"); NaN if unclear or over `most`."""
    value = math.nan
    if text and (match := _FEET_INCHES.match(text)):
        value = 0.3048 * (int(match[1]) + float(match[2].replace(",", ".")) / 12.0)
    elif text and (match := _METRES.match(text)):
        value = float(match[1].replace(",", ".")) * _METRES_PER_UNIT.get((match[2] or "m").lower(), 1.0)
    return value if 0.0 < value <= most else math.nan


def slope_percent(text: str | None) -> float:
    """Return an `incline` tag in percent without its sign ("-8 %", "5°", "1:12"); NaN if unclear or above 100 %.

    "up" and "down" say which way, not how steep; a bare number says no unit: both are unknown.
    """
    word, value = (text or "").strip().lower(), math.nan
    if match := _SLOPE.match(word):
        figure = float(match[1].replace(",", "."))
        if match[2] in "%％":
            value = figure
        elif figure <= 45.0:
            value = round(100.0 * math.tan(math.radians(figure)), 6)
    elif (match := _RATIO.match(word)) and float(match[1].replace(",", ".")) > 0.0:
        value = 100.0 / float(match[1].replace(",", "."))
    return value if 0.0 <= value <= _STEEPEST_PERCENT else math.nan


def levels(text: str | None, *, most: float = 200.0) -> float:
    """Return the number of storeys; of several ("6;7", "6-7") the highest, the safe side for fire distances."""
    parts = re.split(r"[;,/、]|(?<=\d)\s*[-–~]\s*(?=\d)", text or "")
    numbers = [float(part) for part in map(str.strip, parts) if re.fullmatch(r"\d{1,3}(\.\d{1,2})?", part)]
    highest = max(numbers, default=math.nan)
    return highest if len(numbers) == len(parts) and 0.0 < highest <= most else math.nan


def levels_down(text: str | None) -> float:
    """Return how many storeys below ground a `level` tag lies (-1 is 1; 0 and above are 0); NaN if it is not one."""
    match = re.fullmatch(r"(-?)(\d{1,2})", (text or "").strip())
    if match is None:
        return math.nan
    return float(match[2]) if match[1] else 0.0


def count(text: str | None, *, most: int = 100_000) -> float:
    """Return a whole number such as a capacity or the number of flats; NaN if it is anything else."""
    match = re.fullmatch(r"\d{1,6}", (text or "").strip())
    return float(match[0]) if match and int(match[0]) <= most else math.nan
