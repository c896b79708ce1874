"""plan.gpkg: every layer of a run in the metric CRS, the authority for geometry, styled for QGIS.

Layers are written through GDAL with a fixed time stamp (the study's), so that the same run gives the same bytes.
The text index of a table is its first column; unknown values are NULL; values held in records are JSON text.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from siting.contract import Table
from siting.district.record import DISTRICT_TABLES
from siting.errors import DataError
from siting.outputs import view
from siting.outputs.run import Run
from siting.outputs.styles import STYLED, style_qml
from siting.outputs.texts import Texts
from siting.sites.bays import draw_parts
from siting.tables import CANDIDATES, GROUPS, OPENINGS, POLYGONS, SITES, TRENCHES, WALKS, ZONES

__all__ = ["FACT_LAYERS", "read_layers", "write_geopackage"]

#: The layers that hold facts, as the district's tables are called.
FACT_LAYERS = tuple(DISTRICT_TABLES)

#: GDAL writes 1.4 unless told otherwise; QGIS 3.22 and GDAL 3.6 warn about that.
_VERSION = "1.3"

_LINES = frozenset({"LineString", "MultiLineString"})


@dataclass(frozen=True, eq=False)
class _Layer:
    name: str
    frame: Any
    geometry_type: str | None  # None: a table without geometry


def write_geopackage(run: Run, path: Path) -> None:
    """Write every layer and table of `run` to a new file `path`."""
    texts = {lang: Texts.load(lang) for lang in ("zh", "en")}
    stamp = run.timestamp.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    with _gdal_options(stamp):
        for layer in (*_spatial(run), *_tables(run)):
            pyogrio.write_dataframe(
                layer.frame,
                path,
                layer=layer.name,
                driver="GPKG",
                geometry_type=layer.geometry_type,
                dataset_options={} if path.exists() else {"VERSION": _VERSION},
                layer_options={
                    "IDENTIFIER": f"{layer.name} {texts['zh'].t(f'layer.{layer.name}')}",
                    "DESCRIPTION": texts["en"].t(f"layer.{layer.name}"),
                },
            )
    _add_styles(path, run.timestamp)


def read_layers(path: Path) -> dict[str, Any]:
    """Return every geometry layer of a plan.gpkg under its text index, as the tables were when written.

    The names are those of the tables; the CRS is the metric one; unknown text is None, unknown numbers NaN.
    Raises `DataError` if the file cannot be read or lacks a layer.
    """
    tables: dict[str, Table] = dict(DISTRICT_TABLES) | {
        table.name: table for table in (ZONES, CANDIDATES, GROUPS, SITES)
    }
    try:
        return {name: _read(path, table) for name, table in tables.items()}
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        message = f"{path}: is no GeoPackage of a run ({str(error).splitlines()[0]})"
        raise DataError(message) from error


def _read(path: Path, table: Table) -> gpd.GeoDataFrame:
    frame = pyogrio.read_dataframe(path, layer=table.name).set_index(table.index)
    for name, column in table.columns.items():
        kind = (column.metadata or {})["kind"]
        if name not in frame.columns:
            continue
        if kind == "text":
            values = frame[name].astype(object)
            frame[name] = values.where(values.notna(), None)
        else:
            frame[name] = frame[name].astype({"float": float, "int": "int64", "bool": bool}[kind])
    shapes = frame.geometry.to_numpy()
    single = np.array([getattr(shape, "geom_type", "").startswith("Multi") for shape in shapes], dtype=bool)
    single &= shapely.get_num_geometries(shapes) == 1
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _spatial(run: Run) -> Iterator[_Layer]:
    district = run.district
    for name, table in DISTRICT_TABLES.items():
        yield _geometry_layer(name, getattr(district, name), table)
    if district.trenches is not None:
        yield _geometry_layer("trenches", district.trenches, TRENCHES)
    yield _geometry_layer("zones", run.zones.frame, ZONES)
    candidates = run.candidates.frame
    worst = view.worst_verdicts(view.ledger_rows(run))
    judged = candidates.assign(
        outcome=run.verdicts.outcomes.reindex(candidates.index),
        accepted=candidates.index.isin(run.verdicts.accepted),
        clearance_m=run.verdicts.clearance_m.reindex(candidates.index).astype(float),
        clause_id=worst["clause_id"].reindex(candidates.index),
        chosen=candidates.index.isin(run.plan.sites.index),
    )
    yield _geometry_layer("candidates", judged, CANDIDATES)
    yield _geometry_layer("groups", run.candidates.groups, GROUPS)
    yield _geometry_layer("sites", run.plan.sites, SITES)
    parts = draw_parts(run.candidates, run.plan.sites.index)
    yield _Layer("parts", _promoted(_storable(parts.reset_index())), "MultiPolygon")
    yield _geometry_layer("openings", run.links.openings, OPENINGS)
    yield _geometry_layer("walks", view.walks(run), WALKS)
    service = gpd.GeoDataFrame(
        view.building_service(run), geometry=district.buildings.geometry.reindex(run.demand.frame.index)
    )
    yield _geometry_layer("service", service.rename_axis("building_id"), DISTRICT_TABLES["buildings"])
    area = gpd.GeoDataFrame({"district": [district.name]}, geometry=[district.study_area], crs=district.crs)
    yield _Layer("study_area", _promoted(area), "MultiPolygon")


def _geometry_layer(name: str, frame: gpd.GeoDataFrame, table: Table) -> _Layer:
    kinds = table.geometry or frozenset()
    if kinds <= POLYGONS:
        kind = "MultiPolygon"
    elif kinds <= _LINES:
        kind = "MultiLineString"
    elif kinds <= {"Point"}:
        kind = "Point"
    else:
        kind = "Unknown"
    flat = _storable(frame.reset_index())
    return _Layer(name, _promoted(flat) if kind.startswith("Multi") else flat, kind)


def _promoted(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = [
        shape if shape is None or shape.geom_type.startswith("Multi") else _MULTI[shape.geom_type]([shape])
        for shape in frame.geometry
    ]
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


_MULTI: Mapping[str, Any] = {
    "Polygon": shapely.MultiPolygon,
    "LineString": shapely.MultiLineString,
}


def _tables(run: Run) -> Iterator[_Layer]:
    frames = {
        "verdicts": run.verdicts.frame,
        "links": run.plan.links,
        "reach": run.links.frame,
        "unreachable": run.links.unreachable,
        "dropped": run.district.dropped,
        "overrides": run.district.overrides,
        "clauses": view.clause_table(run).reset_index(),
        "about": _about(run),
    }
    for name, frame in frames.items():
        yield _Layer(name, _storable(pd.DataFrame(frame)), None)


def _about(run: Run) -> pd.DataFrame:
    district = run.district
    facts = {
        "name": district.name,
        "synthetic": district.synthetic,
        "crs": district.crs.to_string(),
        "position_error_m": district.position_error_m,
        "halo_m": district.halo_m,
        "completeness": {key: str(value) for key, value in sorted(district.completeness.items())},
        "inputs": [{"name": item.name, "sha256": item.sha256, "role": item.role} for item in district.inputs],
        "notes": list(district.notes),
        "credit": list(view.credits(run)),
        "rules_profile": run.rulebook.profile,
        "rules_on": run.rulebook.on.isoformat(),
        "radius_m": run.links.radius_m,
        "sharing": run.links.sharing,
    }
    values = [json.dumps(value, ensure_ascii=False, sort_keys=True) for value in facts.values()]
    return pd.DataFrame({"key": list(facts), "json": values})


def _storable(frame: Any) -> Any:
    """Return `frame` with columns a GeoPackage holds: text with None for unknown, float, int64, bool, JSON text."""
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    changed = {name: _storable_column(frame[name]) for name in frame.columns if name != geometry}
    return frame.assign(**changed)


def _storable_column(values: "pd.Series[Any]") -> "pd.Series[Any]":
    if values.dtype != object and not isinstance(values.dtype, pd.StringDtype):
        return values
    held = [_storable_value(value) for value in values]
    return pd.Series(held, index=values.index, dtype="str")


def _storable_value(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return None if value is None or pd.isna(value) else str(value)


@contextmanager
def _gdal_options(stamp: str) -> Iterator[None]:
    # the file is a draft until the whole folder is renamed, so waiting for the disk after each layer gains nothing
    wanted = {"OGR_CURRENT_DATE": stamp, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in wanted}
    pyogrio.set_gdal_config_options(wanted)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _add_styles(path: Path, timestamp: datetime) -> None:
    """Add the table QGIS reads default styles from, listed in gpkg_contents as the standard asks."""
    stamp = timestamp.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),"
            " f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30),"
            " styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),"
            " update_time DATETIME)"
        )
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', 'QGIS styles', ?)",
            (stamp,),
        )
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
            " styleQML, styleSLD, useAsDefault, description, owner, ui, update_time)"
            " VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', NULL, ?)",
            [(name, name, style_qml(name), Texts.load("zh").t(f"layer.{name}"), stamp) for name in STYLED],
        )
