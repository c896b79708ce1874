"""One profile file: TOML text becomes clauses, or one error that lists every fault with line, clause and key."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

from siting.errors import RuleError, UsageError
from siting.kinds import Choice, Kind
from siting.rules.clause import Clause, Confidence, Force, Metric
from siting.rules.clause_checks import clause_faults
from siting.rules.toml_lines import Lines

__all__ = ["HEAD_OPTIONAL", "HEAD_REQUIRED", "REQUIRED", "Profile", "read_profile"]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One jurisdiction's file: its own clauses, before inheritance; `parent` is None at the top."""

    name: str
    title_en: str
    title_zh: str
    parent: str | None
    clauses: tuple[Clause, ...]
    notes: tuple[str, ...]  # law of the place that could not be turned into clauses
    label: str  # how messages name the file


def read_profile(path: Path | Traversable, *, label: str) -> Profile:
    """Read a profile file.

    Raises `RuleError`: the file is missing, not UTF-8, not TOML (line and column), or has faults; all faults of the
    file come at once, each with its line, clause and key.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        message = f"{label}: cannot be read ({error.strerror or error})"
        raise RuleError(message) from error
    except UnicodeDecodeError as error:
        message = f"{label}: is not UTF-8 text (byte {error.start})"
        raise RuleError(message) from error
    except RecursionError as error:
        message = f"{label}: is nested too deeply"
        raise RuleError(message) from error
    except tomllib.TOMLDecodeError as error:
        message = f"{label}: is not TOML: {error}"
        raise RuleError(message) from error
    lines = Lines(text)
    faults = [f"{label}{fault}" for fault in _head_faults(data, lines)]
    clauses, clause_level = _clauses(data.get("clause", []), lines)
    faults += [f"{label}{fault}" for fault in clause_level]
    if faults:
        raise RuleError("; ".join(faults))
    return Profile(
        name=data["name"],
        title_en=data["title_en"],
        title_zh=data["title_zh"],
        parent=data.get("parent"),
        clauses=tuple(clauses),
        notes=tuple(data.get("notes", ())),
        label=label,
    )


def _head_faults(data: Mapping[str, Any], lines: Lines) -> list[str]:
    required, optional = HEAD_REQUIRED, HEAD_OPTIONAL
    faults = [f": key {key!r} is missing" for key in required if key not in data]
    for key in data:
        if key not in (*required, *optional):
            faults.append(f"{lines.of_key(key)}: key {key!r} is unknown{_hint(key, (*required, *optional))}")
        elif key == "notes":
            if not isinstance(data[key], list) or not all(isinstance(note, str) and note.strip() for note in data[key]):
                faults.append(f"{lines.of_key(key)}: notes = {data[key]!r} is not a list of texts")
        elif key != "clause" and (not isinstance(data[key], str) or not data[key].strip()):
            faults.append(f"{lines.of_key(key)}: {key} = {data[key]!r} is not text")
    if not isinstance(data.get("clause", []), list):
        faults.append(": clauses are written as [[clause]] tables")
    return faults


def _clauses(tables: Any, lines: Lines) -> tuple[list[Clause], list[str]]:
    clauses: list[Clause] = []
    faults: list[str] = []
    for number, table in enumerate(tables if isinstance(tables, list) else []):
        name = table.get("id") if isinstance(table, dict) else None
        title = f"clause {name!r}" if isinstance(name, str) else f"clause number {number + 1} (no id)"
        if not isinstance(table, dict):
            faults.append(f": {title} is not a table")
            continue
        values, found = _values(table)
        if not found:
            clause = Clause(**values)
            found = clause_faults(clause)
            if clause.clause_id in {other.clause_id for other in clauses}:
                found.append(("id", f"id {clause.clause_id!r} is used twice"))
            clauses.append(clause)
        faults += [f"{lines.of_clause(number, key)}: {title}: {what}" for key, what in found]
    return clauses, faults


def _values(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the fields of one clause and its faults (key, what is wrong)."""
    values: dict[str, Any] = {}
    faults = [(key, f"key {key!r} is missing") for key in REQUIRED if key not in table]
    if "value" not in table and "values" not in table:
        faults.append(("value", "key 'value' (or 'values') is missing"))
    for key, raw in table.items():
        if key not in _READERS:
            faults.append((key, f"key {key!r} is unknown{_hint(key, tuple(_READERS))}"))
            continue
        try:
            values[_FIELDS.get(key, key)] = _READERS[key](raw)
        except (ValueError, UsageError) as error:
            faults.append((key, f"{key} = {raw!r}: {error}"))
    values.setdefault("value", None)
    values.setdefault("row", "")
    return values, faults


def _hint(key: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw.strip():
        message = "is not text"
        raise ValueError(message)
    return raw


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not isfinite(raw) or raw < 0:
        message = "is not a number of 0 or more"
        raise ValueError(message)
    return float(raw)


def _day(raw: Any) -> date:
    if not isinstance(raw, date) or isinstance(raw, datetime):
        message = "is not a date like 2025-04-01 (without quotes)"
        raise ValueError(message)
    return raw


def _texts(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        message = "is not a list"
        raise ValueError(message)
    return tuple(_text(item) for item in raw)


def _kinds(raw: Any) -> tuple[Kind, ...]:
    kinds = tuple(_choice(Kind)(item) for item in _texts(raw))
    if not kinds:
        message = "names no kind of facility"
        raise ValueError(message)
    return kinds


def _choice(choices: type[Choice]) -> Callable[[Any], Any]:
    def read(raw: Any) -> Any:
        text = _text(raw)
        if text in set(choices):
            return choices(text)
        near = get_close_matches(text, list(choices), n=1)
        message = f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(choices)}"
        raise ValueError(message)

    return read


def _table_of(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_table(raw: Any) -> Any:
        if not isinstance(raw, dict) or not raw:
            message = "is not a table of values"
            raise ValueError(message)
        return MappingProxyType({key: read(value) for key, value in raw.items()})

    return read_table


HEAD_REQUIRED = ("name", "title_en", "title_zh")
HEAD_OPTIONAL = ("parent", "notes", "clause")

_FIELDS = {"id": "clause_id"}
REQUIRED = (
    "id",
    "kinds",
    "metric",
    "measure_from",
    "to",
    "op",
    "unit",
    "force",
    "jurisdiction",
    "standard",
    "clause",
    "source",
    "confidence",
    "title_en",
    "title_zh",
)
_READERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    dict.fromkeys(
        ("id", "row", "measure_from", "to", "op", "unit", "jurisdiction", "standard", "clause", "source"), _text
    )
    | dict.fromkeys(("title_en", "title_zh", "quote", "note", "applies_to"), _text)
    | {
        "kinds": _kinds,
        "metric": _choice(Metric),
        "value": _number,
        "values": _table_of(_number),
        "values_confidence": _table_of(_choice(Confidence)),
        "when": _table_of(_number),
        "exemptions": _texts,
        "systems": _texts,
        "force": _choice(Force),
        "in_force_from": _day,
        "in_force_to": _day,
        "confidence": _choice(Confidence),
    }
)
