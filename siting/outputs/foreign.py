"""Foreign text made inert: object names, tags and planners' words may hold anything.

HTML is escaped by jinja2 (autoescape); here are the two places it cannot reach, scripts and spreadsheets.
"""

import json
import re
from typing import Any

__all__ = ["inert_cell", "json_for_script"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARKED = (*_FORMULA_STARTS, "'")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def json_for_script(value: Any) -> str:
    """Return `value` as JSON that cannot end or open a script element, wherever its text comes from.

    NaN and infinity are refused with `ValueError`: JSON has no such numbers.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    escapes: dict[str, str | int | None] = {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
    return text.translate(str.maketrans(escapes))


def inert_cell(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula: an apostrophe before a dangerous first sign.

    An apostrophe that was there gets another one, so a reader that takes one away has the text as it was.
    """
    return "'" + text if text.startswith(_MARKED) and not _NUMBER.fullmatch(text) else text
