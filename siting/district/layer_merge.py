"""Facts: the rows of a planner's layer merged into one table of the district, with the log of what changed."""

from collections.abc import Iterator, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.district.layer_columns import Role
from siting.district.tabulate import METRES_PER_LEVEL
from siting.errors import LayerError

__all__ = ["OVERRIDE_COLUMNS", "merged"]

OVERRIDE_COLUMNS = ("layer", "object_id", "key", "old", "new", "source")
#: An outline stays mapped when a layer without geometry only adds figures to it.
_OUTLINE_ROLES = ("compounds", "buildings")

Row = dict[str, Any]


def merged(
    frame: gpd.GeoDataFrame, values: pd.DataFrame, shapes: Any, *, role: Role, stands_for: Mapping[str, str]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return (table, log): `frame` with the rows of a layer laid over it.

    `values` holds the layer's cells by id (None: nothing said), `shapes` its geometry or None; `stands_for` maps
    each mapped id that goes to the layer's id that takes its place ("" if none). A new row keeps what it does
    not say from the row it replaces. The log has `OVERRIDE_COLUMNS`, all text.
    """
    log: list[tuple[str, ...]] = []
    forebears = {new: old for old, new in sorted(stands_for.items(), reverse=True) if new}
    rows: dict[str, Row] = {}
    for at, key in enumerate(map(str, values.index)):
        said = {str(name): value for name, value in values.iloc[at].items() if value is not None}
        old = _row(frame, key if key in frame.index else forebears.get(key))
        row = _new_row(old, said, role, None if shapes is None else shapes[at])
        _require(row, key, role)
        rows[key] = row
        before = old if key in frame.index else None
        log += [(role.name, key, *change, said["source"]) for change in _changes(before, row)]
    for old_id, new_id in stands_for.items():
        log.append((role.name, old_id, "replaced", "mapped", new_id or "not in the layer", "planner"))
    gone = [*rows, *stands_for]
    table = _joined(frame[~frame.index.isin(gone)], rows, role, frame.crs)
    return table, pd.DataFrame(sorted(log), columns=list(OVERRIDE_COLUMNS), dtype=object)


def _row(frame: gpd.GeoDataFrame, key: str | None) -> Row | None:
    """Return a row as a dict, None for unknown values."""
    if key is None:
        return None
    row = frame.loc[key]
    return {str(name): None if _unknown(value) else value for name, value in row.items() if name != "geometry"} | {
        "geometry": row.geometry
    }


def _unknown(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _new_row(old: Row | None, said: Mapping[str, Any], role: Role, shape: Any) -> Row:
    row = dict.fromkeys(role.table.columns) | dict(role.defaults) | {"geometry": None} | (old or {})
    if role.name == "hydrants":
        row["kind"] = "hydrant"
    source = said["source"]
    row |= {name: value for name, value in said.items() if name != "source"}
    if shape is not None:
        row["geometry"] = shape
    if old is None or shape is not None or role.name not in _OUTLINE_ROLES:
        row["source"] = source
    if role.field_name == "buildings":
        _set_building_sources(row, said, source)
    return row


def _set_building_sources(row: Row, said: Mapping[str, Any], source: str) -> None:
    """Say where height and households come from; new storeys without a height outdate an estimated one."""
    if "households" in said:
        row["households_source"] = source
    if "height_m" in said:
        row["height_source"] = "estimate" if source == "open" else source  # measured from above, by a machine
    elif "levels" in said and row["height_source"] in (None, "estimate"):
        row["height_m"], row["height_source"] = METRES_PER_LEVEL * said["levels"], "estimate"


def _require(row: Row, key: str, role: Role) -> None:
    missing = [name for name in role.required if row[name] is None]
    if missing:
        choices = ", ".join((role.table.columns[missing[0]].metadata or {})["choices"])
        message = f"layer {role.name}: {key}: {missing[0]} is missing; say one of {choices}"
        raise LayerError(message)


def _changes(old: Row | None, row: Row) -> Iterator[tuple[str, str, str]]:
    """Yield (key, old, new) for everything a layer changed of one object."""
    if old is None:
        yield "added", "", ""
        return
    for name, value in row.items():
        if name == "geometry" and value is not None and not value.equals(old[name]):
            yield name, "mapped", "redrawn"
        elif name not in ("geometry", "source") and value != old.get(name):
            yield name, _as_text(old.get(name)), _as_text(value)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _joined(kept: gpd.GeoDataFrame, rows: Mapping[str, Row], role: Role, crs: Any) -> gpd.GeoDataFrame:
    """Return kept and new rows as one table, sorted by id, with the contract's types."""
    index = [*map(str, kept.index), *rows]
    shapes = [*kept.geometry, *(row["geometry"] for row in rows.values())]
    columns = {}
    for name, column in role.table.columns.items():
        known = kept[name].tolist() if name in kept else [None] * len(kept)  # a column that need not be there
        cells = [*known, *(row[name] for row in rows.values())]
        kind = (column.metadata or {})["kind"]
        columns[name] = _typed([None if _unknown(cell) else cell for cell in cells], kind)
    table = gpd.GeoDataFrame(
        pd.DataFrame(columns, index=pd.Index(index, name=role.table.index, dtype=object)), geometry=shapes, crs=crs
    )
    return table.sort_index()


def _typed(cells: list[Any], kind: str) -> Any:
    if kind == "float":
        return np.array([np.nan if cell is None else float(cell) for cell in cells], dtype=float)
    if kind == "bool":
        return np.array([bool(cell) for cell in cells], dtype=bool)
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column
