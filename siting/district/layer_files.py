"""Facts: one planner's file as raw rows, whatever its format; what it says of its own CRS, and nothing guessed.

GeoPackage, GeoJSON, Shapefile and CSV are told by their ending and checked by their first bytes, so that no
other GDAL driver is ever handed a foreign file.
"""

import csv
import hashlib
import io
import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from siting.district.coordinates import Datum, parse_datum
from siting.errors import LayerError

__all__ = ["FORMATS", "LayerSpec", "RawLayer", "open_layer"]

FORMATS = ("gpkg", "geojson", "json", "shp", "csv")
_PLACE_COLUMNS = (("lon", "lat"), ("x", "y"))
_SHAPE_COLUMNS = ("wkt", "geometry")


@dataclass(frozen=True, kw_only=True)
class LayerSpec:
    """One layer of the planner's: its role, its file, and the CRS if the file does not say it."""

    role: str
    path: Path
    crs: str | None = None
    layer_name: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class RawLayer:
    """The rows of one file as they are: `cells` is text or numbers by column name, `shapes` None without geometry."""

    sha256: str
    cells: pd.DataFrame
    shapes: Any = None
    datum: Datum | None = None
    notes: tuple[str, ...] = ()


def open_layer(spec: LayerSpec) -> RawLayer:
    """Read the file of `spec`.

    Raises `LayerError`, one line, for a missing, empty, foreign or damaged file and for geometry without a CRS.
    """
    name = spec.path.name
    ending = spec.path.suffix.removeprefix(".").casefold()
    if ending not in FORMATS:
        message = (
            f"{name}: format {ending or 'without ending'!r} is not read; save it as GeoPackage, GeoJSON, SHP or CSV"
        )
        raise LayerError(message)
    data = _bytes_of(spec.path)
    digest = hashlib.sha256(data).hexdigest()
    raw = _open_csv(spec, data, digest) if ending == "csv" else _open_spatial(spec, data, digest, ending)
    if not len(raw.cells):
        message = f"{name}: holds no row; leave the layer out if there is nothing to say"
        raise LayerError(message)
    return raw


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        message = f"{path.name}: no such file; check the path of the layer"
        raise LayerError(message)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{path.name}: cannot be opened ({error.strerror}); check its permissions"
        raise LayerError(message) from error
    if not data.strip():
        message = f"{path.name}: the file is empty; export the layer again"
        raise LayerError(message)
    return data


def _open_spatial(spec: LayerSpec, data: bytes, digest: str, ending: str) -> RawLayer:
    name = spec.path.name
    says_crs = _check_content(data, ending, name)
    options: dict[str, Any] = {"encoding": _encoding_of(spec.path)} if ending == "shp" else {}
    try:
        with warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always")
            if ending == "gpkg":
                options["layer"] = _layer_of(spec)
            frame = pyogrio.read_dataframe(spec.path, **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError) as error:
        message = f"{name}: cannot be read ({_one_line(error)}); export the layer again"
        raise LayerError(message) from error
    except (shapely.errors.ShapelyError, UnicodeDecodeError, ValueError) as error:
        message = f"{name}: holds something that cannot be read ({_one_line(error)}); export the layer again"
        raise LayerError(message) from error
    notes = tuple(sorted({f"{name}: {_one_line(remark.message)}" for remark in remarks}))
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
    name = spec.path.name
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
        message = f"{name}: is not GeoJSON ({_one_line(error)}); export the layer again"
        raise LayerError(message) from error
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        message = f"{name}: is JSON, but not a GeoJSON FeatureCollection; export the layer again"
        raise LayerError(message)
    if not content.get("features"):
        message = f"{name}: holds no feature; leave the layer out if there is nothing to say"
        raise LayerError(message)
    return "crs" in content


def _layer_of(spec: LayerSpec) -> str:
    """Return the layer of a GeoPackage to read: the named one, the only one, or the one called like the role."""
    name = spec.path.name
    found = [str(layer) for layer in pyogrio.list_layers(spec.path)[:, 0]]
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


def _open_csv(spec: LayerSpec, data: bytes, digest: str) -> RawLayer:
    name = spec.path.name
    rows = _rows_of(data, name)
    header = [title.strip() for title in rows[0]]
    doubled = sorted({title for title in header if title and header.count(title) > 1})
    if doubled or not any(header):
        message = f"{name}: column {(doubled or [''])[0]!r} stands twice in the first line; name each column once"
        raise LayerError(message)
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            message = f"{name}: line {number} has {len(row)} cells, the first line {len(header)}; separate by commas"
            raise LayerError(message)
    cells = pd.DataFrame(rows[1:], columns=header, dtype=object)
    shapes = _csv_shapes(cells, name)
    if shapes is None:
        return RawLayer(sha256=digest, cells=cells)
    return RawLayer(sha256=digest, cells=cells, shapes=shapes, datum=_csv_datum(spec, cells))


def _rows_of(data: bytes, name: str) -> list[list[str]]:
    if b"\0" in data[:4096]:
        message = f"{name}: is not text; save it as CSV (comma separated, UTF-8)"
        raise LayerError(message)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            message = f"{name}: is neither UTF-8 nor GB18030 text; save it as CSV UTF-8"
            raise LayerError(message) from error
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(map(str.strip, row))]
    except csv.Error as error:
        message = f"{name}: is not comma separated text ({error}); save it as CSV UTF-8"
        raise LayerError(message) from error


def _csv_shapes(cells: pd.DataFrame, name: str) -> Any:
    """Return the geometry of a CSV from a WKT column or from lon and lat, None if it has neither."""
    titles = {title.casefold(): title for title in cells.columns}
    for column in (titles[word] for word in _SHAPE_COLUMNS if word in titles):
        texts = cells[column].to_numpy(dtype=object)
        shapes = shapely.from_wkt(texts, on_invalid="ignore")
        bad = np.flatnonzero([shape is None for shape in shapes])
        if len(bad):
            message = f"{name}: line {bad[0] + 2}: {column} {str(texts[bad[0]])[:40]!r} is not WKT; e.g. POINT (111 35)"
            raise LayerError(message)
        return shapes
    for pair in _PLACE_COLUMNS:
        if all(word in titles for word in pair):
            x, y = (_numbers(cells, titles[word], name) for word in pair)
            return np.where(np.isnan(x) | np.isnan(y), None, shapely.points(x, y))
        one = [word for word in pair if word in titles]
        if one:
            message = f"{name}: has column {one[0]} but not both of {' and '.join(pair)}; give both"
            raise LayerError(message)
    return None


def _numbers(cells: pd.DataFrame, column: str, name: str) -> Any:
    """Return a column of coordinates; a blank cell is unknown (NaN)."""
    texts = cells[column].str.strip()
    values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float)
    bad = np.flatnonzero(~np.isfinite(values) & (texts != "").to_numpy())
    if len(bad):
        text = cells[column].iloc[bad[0]]
        message = f"{name}: line {bad[0] + 2}: {column} {text!r} is not a number; give degrees or metres"
        raise LayerError(message)
    return values


def _csv_datum(spec: LayerSpec, cells: pd.DataFrame) -> Datum:
    name = spec.path.name
    columns = [title for title in cells.columns if title.casefold() == "crs"]
    said = sorted({text.strip() for text in cells[columns[0]]}) if columns else []
    if len(said) > 1:
        message = f"{name}: column crs says {' and '.join(map(repr, said[:3]))}; one file has one CRS, split it"
        raise LayerError(message)
    text = said[0] if said and said[0] else spec.crs
    if not text:
        message = f"{name}: does not say the CRS of its coordinates; add a column crs or declare crs= (--layer-crs ...)"
        raise LayerError(message)
    return parse_datum(text, name)


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:160]
