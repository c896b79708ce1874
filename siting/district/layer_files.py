"""Facts: one planner's file as raw rows, whatever its format; what it says of its own CRS, and nothing guessed.

Formats are told by their ending and checked by their first bytes, so that no other GDAL driver is ever handed a
foreign file. Tables are read by `layer_text`, drawings by `layer_dxf`, GeoParquet by `layer_parquet`, databases by
`postgis`.
"""

import hashlib
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from siting.district.coordinates import Datum, parse_datum
from siting.district.layer_dxf import open_drawing
from siting.district.layer_near import Near
from siting.district.layer_parquet import open_parquet
from siting.district.layer_spec import LayerSpec, RawLayer, one_line
from siting.district.layer_text import open_csv, open_workbook
from siting.district.layer_words import headings, refuse_garbled
from siting.district.postgis import open_table
from siting.errors import LayerError

__all__ = ["FORMATS", "open_layer"]

FORMATS = ("gpkg", "geojson", "json", "shp", "gdb", "dxf", "parquet", "csv", "xlsx")
_OPENERS = {"csv": open_csv, "xlsx": open_workbook, "dxf": open_drawing}
_LAYERED = ("gpkg", "gdb")
_GDB_CATALOGUE = "a00000001.gdbtable"


def open_layer(spec: LayerSpec, near: Near | None = None) -> RawLayer:
    """Read the file or the database table of `spec`; of GeoParquet and tables only what lies `near` the district.

    Raises `LayerError`, one line, for a missing, empty, foreign, garbled or damaged file and for geometry without a
    CRS.
    """
    name = spec.name
    raw = open_table(spec, near) if spec.path is None else _open_file(spec, spec.path, near)
    if not len(raw.cells):
        message = f"{name}: holds no row; leave the layer out if there is nothing to say"
        raise LayerError(message)
    repair = "export it again as UTF-8"
    if spec.path is not None and spec.path.with_suffix(".cpg").exists() and spec.path.suffix.casefold() == ".shp":
        repair = "delete its .cpg file, which names the wrong encoding"
    for column in (raw.cells.columns, *(raw.cells[title] for title in raw.cells.columns)):
        refuse_garbled(list(column), name, repair)
    return replace(raw, cells=raw.cells.set_axis(headings(raw.cells.columns, spec.role, name), axis="columns"))


def _open_file(spec: LayerSpec, path: Path, near: Near | None) -> RawLayer:
    ending = path.suffix.removeprefix(".").casefold()
    if ending not in FORMATS:
        message = (
            f"{spec.name}: format {ending or 'without ending'!r} is not read; "
            "save it as GeoPackage, GeoJSON, SHP, GDB, DXF, GeoParquet, XLSX or CSV"
        )
        raise LayerError(message)
    if ending == "gdb":
        return _open_spatial(spec, path, b"", _digest_of_folder(path), ending)
    if ending == "parquet":
        _refuse_missing(path)
        return open_parquet(spec, path, near)
    data = _bytes_of(path)
    digest = hashlib.sha256(data).hexdigest()
    if ending in _OPENERS:
        return _OPENERS[ending](spec, data, digest)
    return _open_spatial(spec, path, data, digest, ending)


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        message = f"{path.name}: no such file; check the path of the layer"
        raise LayerError(message)


def _bytes_of(path: Path) -> bytes:
    _refuse_missing(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{path.name}: cannot be opened ({error.strerror}); check its permissions"
        raise LayerError(message) from error
    if not data.strip():
        message = f"{path.name}: the file is empty; export the layer again"
        raise LayerError(message)
    return data


def _digest_of_folder(path: Path) -> str:
    """Return one SHA-256 for a FileGDB: of the names and contents of its files, locks left out."""
    if not (path / _GDB_CATALOGUE).is_file():
        message = (
            f"{path.name}: is not a FileGDB, which is a folder; check the path of the layer, unpack it if it is zipped"
        )
        raise LayerError(message)
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()):
        if file.is_file() and file.suffix != ".lock":
            digest.update(file.name.encode() + b"\0" + hashlib.sha256(_content(file)).digest())
    return digest.hexdigest()


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"{file.parent.name}: {file.name} cannot be opened ({error.strerror}); check its permissions"
        raise LayerError(message) from error


def _open_spatial(spec: LayerSpec, path: Path, data: bytes, digest: str, ending: str) -> RawLayer:
    name = spec.name
    says_crs = _check_content(data, ending, name)
    options: dict[str, Any] = {"encoding": _encoding_of(path)} if ending == "shp" else {}
    try:
        with warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always")
            if ending in _LAYERED:
                options["layer"] = _layer_of(spec, path)
            frame = pyogrio.read_dataframe(path, **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError) as error:
        message = f"{name}: cannot be read ({one_line(error)}); export the layer again"
        raise LayerError(message) from error
    except (shapely.errors.ShapelyError, UnicodeDecodeError, ValueError) as error:
        message = f"{name}: holds something that cannot be read ({one_line(error)}); export the layer again"
        raise LayerError(message) from error
    notes = tuple(sorted({f"{name}: {one_line(remark.message)}" for remark in remarks}))
    if not isinstance(frame, gpd.GeoDataFrame):
        return RawLayer(sha256=digest, cells=frame.astype(object), notes=notes)
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name)).astype(object)
    shapes = frame.geometry.to_numpy()
    datum, doubt = _datum_of(spec, frame.crs if says_crs else None, ending)
    return RawLayer(sha256=digest, cells=cells, shapes=shapes, datum=datum, notes=notes + doubt)


def _datum_of(spec: LayerSpec, own: CRS | None, ending: str) -> tuple[Datum, tuple[str, ...]]:
    """Return the datum of a spatial file: its own; else the declared one; GeoJSON without either is WGS 84 (RFC 7946).

    No format can say GCJ-02 or BD-09: files in them say WGS 84. So a declared bent datum bends what the file says.
    """
    name = spec.name
    declared = parse_datum(spec.crs, name) if spec.crs else None
    if own is not None and not (own.is_engineering or own.name.startswith("Undefined")):
        stated = parse_datum(own.to_string(), name)
        if declared is not None and declared.shift:
            return replace(declared, crs=stated.crs), ()
        note = f"{name}: says {own.name} itself; the declared {spec.crs} was not used"
        return stated, (note,) if declared is not None and declared.crs != own else ()
    if declared is not None:
        return declared, ()
    if ending in ("geojson", "json"):
        return parse_datum("wgs84", name), ()
    message = f"{name}: does not say its CRS; declare it with crs= (--layer-crs EPSG:...)"
    raise LayerError(message)


def _check_content(data: bytes, ending: str, name: str) -> bool:
    """Refuse a file that is not what its ending says; return whether it says its CRS itself."""
    if ending == "gpkg" and not data.startswith(b"SQLite format 3\0"):
        message = f"{name}: is not a GeoPackage, whatever its name says; export the layer again"
        raise LayerError(message)
    if ending == "shp" and not data.startswith(b"\x00\x00\x27\x0a"):
        message = f"{name}: is not a Shapefile, whatever its name says; export the layer again"
        raise LayerError(message)
    if ending not in ("geojson", "json"):
        return True
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        message = f"{name}: is not GeoJSON ({one_line(error)}); export the layer again"
        raise LayerError(message) from error
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        message = f"{name}: is JSON, but not a GeoJSON FeatureCollection; export the layer again"
        raise LayerError(message)
    if not content.get("features"):
        message = f"{name}: holds no feature; leave the layer out if there is nothing to say"
        raise LayerError(message)
    return "crs" in content


def _layer_of(spec: LayerSpec, path: Path) -> str:
    """Return the layer of a GeoPackage or FileGDB to read: the named one, the only one, or the one of the role."""
    name = spec.name
    found = [str(layer) for layer in pyogrio.list_layers(path)[:, 0]]
    if spec.layer_name is not None and spec.layer_name not in found:
        message = f"{name}: has no layer {spec.layer_name!r}; it has {', '.join(found) or 'none'}"
        raise LayerError(message)
    wanted = spec.layer_name or (found[0] if len(found) == 1 else spec.role)
    if wanted not in found:
        message = f"{name}: has {len(found)} layers ({', '.join(found[:8])}); say which one with layer="
        raise LayerError(message)
    return wanted


def _encoding_of(path: Path) -> str | None:
    """Return GB18030 for a Shapefile that says no encoding and whose text is not UTF-8; None to believe the file."""
    table = path.with_suffix(".dbf")
    if path.with_suffix(".cpg").exists() or not table.exists():
        return None
    data = table.read_bytes()
    start = int.from_bytes(data[8:10], "little")
    try:
        data[start:].decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8"
