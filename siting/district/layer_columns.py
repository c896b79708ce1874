"""Facts: what a planner's layer may say in each role, and its cells as checked values; a blank cell says nothing."""

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from siting import tables
from siting.contract import Table
from siting.district.layer_words import WORDS
from siting.district.tags import clean_text
from siting.errors import LayerError

__all__ = ["ROLES", "Role", "choose_role", "read_cells", "row_ids"]


@dataclass(frozen=True)
class Role:
    """What a layer is: the district's table it speaks of, the columns it may have, and what holds for new rows."""

    name: str
    table: Table
    columns: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()  # of a row that is new
    joins: bool = False  # may come without geometry, by id or unique name
    extras: tuple[str, ...] = ()  # numbers that no table holds: they become weights and transformers
    fills: bool = False  # adds objects only where none is mapped, marked as open data

    @property
    def field_name(self) -> str:
        """Return the name of the district's field."""
        return self.table.name


def _role(
    name: str, table: Table, columns: str, /, *, joins: bool = False, required: str = "", **defaults: Any
) -> Role:
    return Role(name, table, tuple(columns.split()), MappingProxyType(defaults), tuple(required.split()), joins)


_DRAWN = "compound_id kind bays standing_modules removal_cost_cny"
_PARKING = " ".join(("compound_id name kind capacity access fire_unit", *tables.GARAGE_FIGURES, *tables.GARAGE_SYSTEMS))

#: Every role by its name, in the order layers are applied: what refers to compounds comes after them.
ROLES: Mapping[str, Role] = MappingProxyType(
    {
        role.name: role
        for role in (
            Role(
                "compounds",
                tables.COMPOUNDS,
                ("name", "households", "ebikes", "evs", "subdistrict", "weight", "trench"),
                MappingProxyType({"weight": 1.0, "building_cover_share": 0.0, "state": "ready"}),
                joins=True,
                extras=("complaints", "hazards", "renovation_year", "spare_kva"),
            ),
            _role(
                "buildings",
                tables.BUILDINGS,
                "compound_id name use levels height_m fire_class households",
                joins=True,
                use="unknown",
                fire_class="unknown",
            ),
            _role(
                "transformers",
                tables.TRANSFORMERS,
                "name compound_ids spare_kva upgrade_steps",
                joins=True,
                compound_ids="",
                upgrade_steps="[]",
            ),
            Role(
                "footprints",
                tables.BUILDINGS,
                ("name", "use", "levels", "height_m"),
                MappingProxyType({"use": "unknown", "fire_class": "unknown"}),
                fills=True,
            ),
            _role("entrances", tables.ENTRANCES, "building_id kind", kind="entrance"),
            _role("roads", tables.ROADS, "kind name walkable drivable fire_lane width_m access slope_percent",
                  kind="service", walkable=True, drivable=True, fire_lane=True),
            _role("trenches", tables.TRENCHES, "name"),
            _role("barriers", tables.BARRIERS, "kind", kind="wall"),
            _role("gates", tables.GATES, "kind access", kind="gate"),
            _role("obstacles", tables.OBSTACLES, "kind name", required="kind"),
            _role("hydrants", tables.OBSTACLES, "name", kind="hydrant"),
            _role("candidates", tables.DRAWN, _DRAWN, required="kind"),
            _role("parking", tables.PARKING, _PARKING, kind="unknown"),
            _role("garage_zones", tables.PARKING, _PARKING, kind="underground"),
        )
    }
)  # fmt: skip

_SILENT = frozenset(("lon", "lat", "x", "y", "crs", "wkt", "geometry", "fid", "ogc_fid"))
_MOST = MappingProxyType(
    {"levels": 200.0, "height_m": 1000.0, "width_m": 60.0, "renovation_year": 2200.0, "slope_percent": 100.0}
)
_TRUE, _FALSE = frozenset(("yes", "true", "1", "是")), frozenset(("no", "false", "0", "否"))
_STEP_KEYS = ("kva", "cost_cny", "lead_time_months")
_SOURCES = ("planner", "survey")


def choose_role(text: str, file_name: str) -> Role:
    """Return the role called `text`; raise `LayerError` with a suggestion otherwise."""
    role = ROLES.get(text.strip().casefold())
    if role is None:
        near = difflib.get_close_matches(text.strip().casefold(), ROLES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(ROLES)}"
        message = f"{file_name}: role {text!r} is unknown; {hint}"
        raise LayerError(message)
    return role


def row_ids(cells: pd.DataFrame, role: Role, file_name: str) -> tuple[list[str], bool]:
    """Return the id of each row, and whether the file gives them (column `compound_id` or the like, or `id`).

    Rows of a file without ids are numbered: `planner/compounds/1`.
    """
    titles = {str(title).strip().casefold(): title for title in cells.columns}
    column = next((titles[word] for word in (str(role.table.index), "id") if word in titles), None)
    if column is None:
        return [f"planner/{role.name}/{number}" for number in range(1, len(cells) + 1)], False
    ids = [_text(value) or "" for value in cells[column]]
    blank = [number for number, text in enumerate(ids, 1) if not text]
    if blank:
        message = f"{file_name}: row {blank[0]}: {column} is blank; give every row an id, or leave the column out"
        raise LayerError(message)
    doubled = sorted({text for text in ids if ids.count(text) > 1}) if len(set(ids)) < len(ids) else []
    if doubled:
        message = f"{file_name}: {column} {doubled[0]!r} stands {ids.count(doubled[0])} times; give each object one row"
        raise LayerError(message)
    return ids, True


def read_cells(
    cells: pd.DataFrame, role: Role, ids: Sequence[str], file_name: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return (values, notes): a table of checked values with the columns the file has, None where it says nothing.

    The column `source` is always there. Columns that no role knows are kept out and named in the notes; a
    misspelt one, a negative number or a text in a number raises `LayerError`.
    """
    known = (*role.columns, *role.extras, "source")
    found, unknown = _columns_of(cells, role, known, file_name)
    values: dict[str, list[Any]] = {}
    faults: list[str] = []
    for name, title in found.items():
        column = [_checked(name, value, role) for value in cells[title]]
        for key, (_, fault) in zip(ids, column, strict=True):
            if fault:
                faults.append(f"{key}: {name} {fault}")
        values[name] = [value for value, _ in column]
    if faults:
        more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
        message = f"{file_name}: {faults[0]}{more}"
        raise LayerError(message)
    usual = "open" if role.fills else "planner"
    values["source"] = [usual if role.fills else value or usual for value in values.get("source", [None] * len(ids))]
    index: pd.Index[Any] = pd.Index(list(ids), dtype="object")
    # dtype=object keeps None apart from text; left alone, pandas would infer its text type and turn None into NaN
    frame = pd.DataFrame({name: pd.Series(column, index, dtype=object) for name, column in values.items()}, index=index)
    notes = (f"{file_name}: {len(unknown)} columns are not used ({', '.join(unknown[:6])})",) if unknown else ()
    return frame, notes


def _columns_of(
    cells: pd.DataFrame, role: Role, known: Sequence[str], file_name: str
) -> tuple[dict[str, str], list[str]]:
    """Return the file's column for each known name, and the columns nobody knows; refuse misspelt ones."""
    found: dict[str, str] = {}
    unknown: list[str] = []
    for title in map(str, cells.columns):
        word = title.strip().casefold()
        name = word
        if name in known and name not in found:
            found[name] = title
        elif word not in _SILENT and word not in (role.table.index, "id"):
            unknown.append(title)
    missing = [name for name in known if name not in found]
    for title in unknown:
        near = difflib.get_close_matches(title.strip().casefold(), missing, n=1, cutoff=0.8)
        if near:
            message = f"{file_name}: column {clean_text(title)!r} is unknown; did you mean {near[0]!r}?"
            raise LayerError(message)
    return found, [clean_text(title) for title in unknown]


def _checked(name: str, value: Any, role: Role) -> tuple[Any, str]:
    """Return (value, "") or (None, what is wrong and how to repair it)."""
    if _is_blank(value):
        return None, ""
    if name == "source":
        return _chosen(value, _SOURCES)
    if name == "upgrade_steps":
        return _steps(value)
    if name in role.extras:
        return _number(value, _MOST.get(name, math.inf))
    facts = role.table.columns[name].metadata or {}
    if facts["kind"] == "bool":
        return _truth(value)
    if facts["kind"] == "float":
        return _number(value, _MOST.get(name, math.inf))
    if facts["choices"]:
        return _chosen(value, facts["choices"])
    return _text(value), ""


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _text(value: Any) -> str | None:
    """Return a cell as one clean line; 12.0 from a spreadsheet is "12"; None if blank."""
    if _is_blank(value):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return clean_text(str(value)) or None


def _number(value: Any, most: float) -> tuple[float | None, str]:
    try:
        number = float(value)
    except (TypeError, ValueError):
        if not str(value).strip():
            return None, ""
        return None, f"{clean_text(str(value), longest=40)!r} is not a number; give digits only"
    if isinstance(value, (bool, np.bool_)) or not math.isfinite(number):
        return None, f"{value!r} is not a number; leave the cell blank if it is unknown"
    if number < 0:
        return None, f"{number:g} is negative; leave the cell blank if it is unknown"
    if number > most:
        return None, f"{number:g} is more than {most:g}; check the unit"
    return number, ""


def _truth(value: Any) -> tuple[bool | None, str]:
    word = str(_text(value)).casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE, ""
    return None, f"{word!r} is neither yes nor no"


def _chosen(value: Any, choices: Sequence[str]) -> tuple[str | None, str]:
    text = _text(value)
    if text is None:
        return None, ""
    for choice in choices:
        if choice.casefold() == WORDS.get(text, text).casefold():
            return choice, ""
    return None, f"{text!r} is none of {', '.join(choices)}"


def _steps(value: Any) -> tuple[str | None, str]:
    """Return upgrade steps as canonical JSON, cheapest first."""
    wanted = f"is not a JSON list of {{{', '.join(_STEP_KEYS)}}}"
    try:
        steps = json.loads(value) if isinstance(value, str) else list(value)
    except (TypeError, ValueError, RecursionError):
        return None, wanted
    if not isinstance(steps, list):
        return None, wanted
    for step in steps:
        if not isinstance(step, dict) or sorted(step) != sorted(_STEP_KEYS):
            return None, wanted
        if any(_number(step[key], math.inf)[0] is None for key in _STEP_KEYS):
            return None, "has a figure that is no number, or negative"
    ordered = sorted(
        ({key: step[key] for key in _STEP_KEYS} for step in steps), key=lambda step: list(step.values())[1::-1]
    )
    return json.dumps(ordered), ""
