"""Make a District from a few boxes in one line: ``district(building((0, 0, 10, 10)), road([(0, 20), (30, 20)]))``.

A shape is (x, y) for a point, (x0, y0, x1, y1) for a box, a list of (x, y) for a line, or any shapely geometry.
Coordinates are metres, ids are made up in order ("building/1") unless given, and the position error is 0 unless
stated, so that a limit is a plain limit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from siting import tables
from siting.contract import Table
from siting.district.record import DISTRICT_TABLES, District
from siting.kinds import Completeness

__all__ = [
    "CRS_M",
    "MAPPED",
    "Item",
    "barrier",
    "building",
    "compound",
    "district",
    "entrance",
    "gate",
    "obstacle",
    "parking",
    "road",
    "shape",
    "transformer",
]

Shape = BaseGeometry | Sequence[float] | Sequence[tuple[float, float]]

#: CGCS2000, central meridian 111 E (Yuncheng).
CRS_M = CRS.from_epsg(4546)
#: What OpenStreetMap shows well enough to be judged on.
MAPPED: Mapping[str, Completeness] = {"building": Completeness.MAPPED, "fire_lane": Completeness.MAPPED}


@dataclass(frozen=True, eq=False)
class Item:
    """One row of one table."""

    table: str
    geometry: BaseGeometry | None
    values: Mapping[str, Any]
    name: str | None = None  # its id


def shape(what: Shape) -> BaseGeometry:
    """Return a point, a box, a line or the geometry itself."""
    if isinstance(what, BaseGeometry):
        return what
    if np.ndim(what) == 2:
        return shapely.LineString(what)
    return shapely.Point(*what) if len(what) == 2 else shapely.box(*what)


def building(where: Shape, *, id: str | None = None, **values: Any) -> Item:
    """Return a residential building of unknown height and fire class unless `values` say otherwise."""
    known = {"compound_id": None, "name": None, "use": "residential", "levels": np.nan, "height_m": np.nan}
    known |= {"height_source": None, "fire_class": "unknown", "households": np.nan, "households_source": None}
    known |= {"source": "tag"} | values
    if np.isfinite(known["height_m"]) and known["height_source"] is None:
        known["height_source"] = "tag"
    return Item("buildings", shape(where), known, id)


def entrance(where: Shape, *, id: str | None = None, **values: Any) -> Item:
    """Return a safety exit of no building in particular."""
    return Item("entrances", shape(where), {"building_id": None, "kind": "exit", "source": "tag"} | values, id)


def road(where: Shape, *, id: str | None = None, **values: Any) -> Item:
    """Return a service road of unknown width that a fire engine may use."""
    known = {"kind": "service", "name": None, "walkable": True, "drivable": True, "fire_lane": True}
    return Item("roads", shape(where), known | {"width_m": np.nan, "access": None, "source": "tag"} | values, id)


def obstacle(kind: str, where: Shape, *, id: str | None = None, **values: Any) -> Item:
    """Return an obstacle of a kind of `siting.tables.OBSTACLES`."""
    return Item("obstacles", shape(where), {"kind": kind, "name": None, "source": "tag"} | values, id)


def compound(where: Shape, *, id: str | None = None, **values: Any) -> Item:
    """Return a compound that is ready to be planned, with households unknown."""
    known = {"name": None, "households": np.nan, "ebikes": np.nan, "evs": np.nan, "weight": 1.0}
    known |= {"building_cover_share": 0.3, "state": "ready", "source": "tag"}
    return Item("compounds", shape(where), known | values, id)


def barrier(where: Shape, *, id: str | None = None, **values: Any) -> Item:
    """Return a wall."""
    return Item("barriers", shape(where), {"kind": "wall", "source": "tag"} | values, id)


def gate(where: Shape, *, id: str | None = None, **values: Any) -> Item:
    """Return a gate."""
    return Item("gates", shape(where), {"kind": "gate", "access": None, "source": "tag"} | values, id)


def parking(where: Shape, *, id: str | None = None, **values: Any) -> Item:
    """Return a car park on the ground."""
    known = {"compound_id": None, "name": None, "kind": "surface", "capacity": np.nan, "access": None}
    known |= dict.fromkeys(("levels_down", "fire_unit_m2", "fire_unit_stalls", "entrance_gap_m"), np.nan)
    known |= dict.fromkeys(tables.GARAGE_SYSTEMS)
    return Item("parking", shape(where), known | {"source": "tag"} | values, id)


def transformer(compound_ids: str, where: Shape | None = None, *, id: str | None = None, **values: Any) -> Item:
    """Return a transformer that feeds `compound_ids` (";" between them), with spare kVA unknown."""
    known = {"name": None, "compound_ids": compound_ids, "spare_kva": np.nan, "upgrade_steps": "[]"}
    geometry = None if where is None else shape(where)
    return Item("transformers", geometry, known | {"source": "planner"} | values, id)


def district(
    *items: Item,
    position_error_m: float = 0.0,
    completeness: Mapping[str, Completeness] = MAPPED,
    origin: tuple[float, float] = (0.0, 0.0),
    crs: CRS = CRS_M,
    **changes: Any,
) -> District:
    """Return a district of `items`; `origin` is added to every coordinate, `changes` are further fields."""
    frames = {name: _frame(name, table, items, (origin, crs)) for name, table in DISTRICT_TABLES.items()}
    drawn = [item.geometry for item in items if item.geometry is not None]
    bounds = shapely.total_bounds(drawn) if drawn else np.array([0.0, 0.0, 100.0, 100.0])
    x0, y0, x1, y1 = bounds
    area = shapely.box(x0 - 10.0, y0 - 10.0, x1 + 10.0, y1 + 10.0)
    values = {
        "name": "drawn",
        "study_area": affinity.translate(area, *origin),
        "dropped": tables.DROPPED.empty(),
        "overrides": pd.DataFrame(columns=["layer", "object_id", "key", "old", "new", "source"], dtype=object),
        "inputs": (),
        "synthetic": True,
    }
    return District(
        crs=crs, position_error_m=position_error_m, completeness=dict(completeness), **(values | frames | changes)
    )


def _frame(name: str, table: Table, items: Sequence[Item], place: tuple[tuple[float, float], CRS]) -> gpd.GeoDataFrame:
    origin, crs = place
    rows = [item for item in items if item.table == name]
    if not rows:
        return table.empty(crs)
    stem = str(table.index).removesuffix("_id")
    ids = [item.name or f"{stem}/{number}" for number, item in enumerate(rows, start=1)]
    shapes = [None if item.geometry is None else affinity.translate(item.geometry, *origin) for item in rows]
    said = [key for key, column in table.columns.items() if column.required or any(key in item.values for item in rows)]
    columns = {key: [item.values.get(key) for item in rows] for key in said}
    unknown = {key for item in rows for key in item.values} - set(table.columns)
    if unknown:
        message = f"{name} have no {', '.join(sorted(unknown))}"
        raise ValueError(message)
    frame = pd.DataFrame(columns, index=pd.Index(ids, name=table.index, dtype=object))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=crs), crs=crs).sort_index()
