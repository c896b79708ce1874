"""Plain data as TOML, the same bytes each time (the standard library only reads TOML)."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

__all__ = ["dump_toml"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def dump_toml(data: Mapping[str, Any]) -> str:
    """Return `data` as a TOML document in the order given; `tomllib.loads` gives the same data back.

    Scalars come before tables, lists of mappings become arrays of tables. Keys whose value is None are left
    out (TOML has no null); any other kind of value raises `TypeError`.
    """
    lines: list[str] = []
    _write_table(data, (), lines)
    return "\n".join(lines).strip("\n") + "\n"


def _write_table(table: Mapping[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    nested = {key: value for key, value in table.items() if isinstance(value, Mapping) or _is_table_list(value)}
    lines.extend(
        f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in nested and value is not None
    )
    for key, value in nested.items():
        here = (*path, key)
        dotted = ".".join(map(_key, here))
        if isinstance(value, Mapping):
            lines.extend(["", f"[{dotted}]"])
            _write_table(value, here, lines)
            continue
        for item in value:
            lines.extend(["", f"[[{dotted}]]"])
            _write_table(item, here, lines)


def _is_table_list(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) > 0 and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped as well
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    message = f"{type(value).__name__} cannot be written as TOML"
    raise TypeError(message)


def _float(value: float) -> str:
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = repr(float(value))
    return text if "." in text or "e" not in text else text.replace("e", ".0e")
