"""Facts: a CAD drawing (DXF) as a layer. Which of its lines are outlines, what they are called, and where they lie.

A drawing knows no CRS and hardly any polygon. So the planner says which DXF layers to take and either the CRS of the
coordinates or an anchor; closed lines and lines closed but for a small gap become polygons, and so do rings drawn as
loose pieces. Blocks count where they are inserted, turned and scaled; arcs, bulges and circles as fine polygons (steps
of 4 degrees). What stays open is named, never guessed. Coordinates are drawing units until they are placed.
"""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from siting.district.coordinates import Datum, parse_datum, shapes_to_wgs84
from siting.district.layer_columns import choose_role
from siting.district.layer_spec import DxfAnchor, DxfMapping, LayerSpec, RawLayer, one_line
from siting.errors import LayerError

__all__ = ["open_drawing"]

_BINARY = b"AutoCAD Binary DXF"
_UTF8_VERSIONS = ("AC1021", "AC1024", "AC1027", "AC1032")


def open_drawing(spec: LayerSpec, data: bytes, digest: str) -> RawLayer:
    """Return the shapes of the mapped DXF layers, each with its id (the DXF handle), its name and its DXF layer.

    Raises `LayerError` for a file that is no DXF, names no known layer, or does not say where it lies.
    """
    name, mapping = spec.name, spec.dxf or DxfMapping()
    if not data.startswith(_BINARY) and b"SECTION" not in data[:4096]:
        message = f"{name}: is not a DXF drawing (DWG is not read); save it as DXF in the CAD program"
        raise LayerError(message)
    frame = _entities(data, name)
    chosen = frame[_named(frame["Layer"], mapping.layers) & frame["Text"].isna().to_numpy()]
    if chosen.empty:
        found = ", ".join(sorted(set(map(str, frame["Layer"])))[:12])
        message = f"{name}: has nothing on the layers {', '.join(mapping.layers) or '*'}; it has {found}"
        raise LayerError(message)
    shapes, rows, notes = _shapes_for(chosen, spec.role, mapping, name)
    titles = _titles(frame, shapes, mapping)
    cells = pd.DataFrame({"id": [f"dxf/{chosen['EntityHandle'].iloc[at]}" for at in rows]}, dtype=object)
    if any(titles):
        cells["name"] = titles
    datum, placed = _placed(np.array(shapes, dtype=object), spec, mapping)
    return RawLayer(sha256=digest, cells=cells, shapes=placed, datum=datum, notes=notes)


def _entities(data: bytes, name: str) -> pd.DataFrame:
    """Return every entity with its DXF layer, handle, text and geometry."""
    with tempfile.TemporaryDirectory(prefix="siting-") as folder:
        path = Path(folder) / "drawing.dxf"
        path.write_bytes(data)
        try:
            with _encoding(data), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # GDAL remarks on entities it leaves out, such as hatches and blocks
                frame = pyogrio.read_dataframe(path)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
            message = f"{name}: cannot be read as DXF ({one_line(error)}); save it again"
            raise LayerError(message) from error
    return _pieces(frame[~frame.geometry.isna()].reset_index(drop=True))


def _pieces(frame: Any) -> pd.DataFrame:
    """Return one row for each shape: what a block of several shapes draws where it is inserted, as 1A.1, 1A.2, ..."""
    parts, row = shapely.get_parts(frame.geometry.to_numpy(), return_index=True)
    several = np.bincount(row, minlength=len(frame)) > 1
    pieces: pd.DataFrame = frame.iloc[row].set_geometry(gpd.GeoSeries(parts, index=frame.index[row])).copy()
    turn = pieces.groupby(level=0).cumcount().to_numpy() + 1
    handles = pieces["EntityHandle"].astype(object).to_numpy()
    pieces["EntityHandle"] = [
        f"{handle}.{number}" if several[at] else handle for handle, number, at in zip(handles, turn, row, strict=True)
    ]
    return pieces.reset_index(drop=True)


@contextmanager
def _encoding(data: bytes) -> Iterator[None]:
    """Tell GDAL the encoding of a text DXF: newer versions are UTF-8 whatever their code page says, older ones not."""
    newer = any(version.encode() in data[:4096] for version in _UTF8_VERSIONS)
    try:
        data.decode("utf-8")
        encoding: str | None = "UTF-8"
    except UnicodeDecodeError:
        encoding = None if data.startswith(_BINARY) or (not newer and b"ANSI_936" in data[:8192]) else "GB18030"
    pyogrio.set_gdal_config_options({"DXF_ENCODING": encoding})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"DXF_ENCODING": None})


def _named(layers: Any, patterns: tuple[str, ...]) -> Any:
    """Return which DXF layers are meant; without patterns, all."""
    if not patterns:
        return np.ones(len(layers), dtype=bool)
    wanted = [pattern.casefold() for pattern in patterns]
    return np.array([any(fnmatchcase(str(layer).casefold(), each) for each in wanted) for layer in layers], dtype=bool)


def _shapes_for(
    chosen: pd.DataFrame, role: str, mapping: DxfMapping, name: str
) -> tuple[list[Any], list[int], tuple[str, ...]]:
    """Return the shapes of a kind the role allows, the rows they come from, and what was left out."""
    allowed = choose_role(role, name).table.geometry or frozenset()
    flat = shapely.force_2d(chosen.geometry.to_numpy())
    kinds = [str(shape.geom_type) for shape in flat]
    found: list[tuple[Any, int]] = []
    used: set[int] = set()
    if "Polygon" in allowed and role != "barriers":  # a wall that closes is still a wall
        found, used = _outlines(flat, mapping.close_m / mapping.unit_m)
    kept = [kind for kind in ("LineString", "Point") if kind in allowed]
    found = sorted(
        [*found, *((flat[at], at) for at in range(len(flat)) if at not in used and kinds[at] in kept)],
        key=lambda item: item[1],
    )
    used |= {at for _, at in found}
    if not found:
        message = f"{name}: its chosen layers hold no shape that {role} can have ({', '.join(sorted(set(kinds)))})"
        raise LayerError(message)
    lost = [at for at in range(len(kinds)) if at not in used]
    handles = ", ".join(str(chosen["EntityHandle"].iloc[at]) for at in lost[:5])
    note = f"{name}: {len(lost)} things are open, or no {role}, and are left out (handles {handles})"
    return [shape for shape, _ in found], [at for _, at in found], (note,) if lost else ()


def _outlines(shapes: Any, close: float) -> tuple[list[tuple[Any, int]], set[int]]:
    """Return (polygons with the row each comes from, rows used): closed lines, nearly closed ones, rings of pieces."""
    found: list[tuple[Any, int]] = []
    loose: list[int] = []
    for at, shape in enumerate(shapes):
        if shape.geom_type == "Polygon":
            found.append((shape, at))
        elif shape.geom_type == "LineString":
            points = shapely.get_coordinates(shape)
            if len(points) >= 4 and np.hypot(*(points[0] - points[-1])) <= close:
                found.append((shapely.Polygon([*points[:-1], points[0]]), at))
            else:
                loose.append(at)
    rings, pieces = _rings(shapes, loose, close)
    return sorted([*found, *rings], key=lambda item: item[1]), {at for _, at in found} | pieces


def _rings(shapes: Any, loose: list[int], close: float) -> tuple[list[tuple[Any, int]], set[int]]:
    """Return the rings that loose pieces form once ends within `close` of each other are one point, and their rows."""
    if not loose:
        return [], set()
    ends = shapely.points([point for at in loose for point in shapely.get_coordinates(shapes[at])[[0, -1]]])
    left, right = shapely.STRtree(ends).query(ends, predicate="dwithin", distance=close)
    first = np.arange(len(ends))
    np.minimum.at(first, left, right)
    corner = shapely.get_coordinates(ends)[first]
    lines = []
    for number, at in enumerate(loose):
        points = shapely.get_coordinates(shapes[at]).copy()
        points[0], points[-1] = corner[2 * number], corner[2 * number + 1]
        lines.append(shapely.LineString(points))
    found: list[tuple[Any, int]] = []
    used: set[int] = set()
    for ring in shapely.get_parts(shapely.polygonize(lines)):
        pieces = [at for at, line in zip(loose, lines, strict=True) if shapely.covers(shapely.boundary(ring), line)]
        found.append((ring, min(pieces)))
        used.update(pieces)
    return found, used


def _titles(frame: pd.DataFrame, shapes: list[Any], mapping: DxfMapping) -> list[str | None]:
    """Return the text that stands in each outline, None without one; two texts are joined as they come."""
    texts = frame[frame["Text"].notna().to_numpy() & _named(frame["Layer"], mapping.text_layers)]
    if texts.empty or not mapping.text_layers:
        return [None] * len(shapes)
    outlines = np.array(shapes, dtype=object)
    points = shapely.centroid(shapely.force_2d(texts.geometry.to_numpy()))
    left, right = shapely.STRtree(points).query(outlines, predicate="intersects")
    words: list[list[str]] = [[] for _ in shapes]
    for outline, text in sorted(zip(left.tolist(), right.tolist(), strict=True)):
        words[outline].append(str(texts["Text"].iloc[text]).strip())
    return [" ".join(each) or None for each in words]


def _placed(shapes: Any, spec: LayerSpec, mapping: DxfMapping) -> tuple[Datum, Any]:
    """Return (datum, shapes): in the declared CRS, or in metres around the anchor."""
    name = spec.name
    declared = parse_datum(spec.crs, name) if spec.crs else None
    if mapping.anchor is None:
        if declared is None:
            message = f"{name}: a drawing says no CRS; declare crs= (--layer-crs EPSG:...) or an anchor in [layers.dxf]"
            raise LayerError(message)
        return declared, shapely.transform(shapes, lambda xy: xy * mapping.unit_m)
    anchor = _straight(mapping.anchor, declared or parse_datum("wgs84", name), name)
    angle = np.radians(anchor.rotation_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * mapping.unit_m
    crs = CRS.from_user_input(f"+proj=aeqd +lat_0={anchor.lat!r} +lon_0={anchor.lon!r} +datum=WGS84 +units=m")
    placed = shapely.transform(shapes, lambda xy: (xy - (anchor.x, anchor.y)) @ turn)
    return Datum(label="the anchor", crs=crs), placed


def _straight(anchor: DxfAnchor, datum: Datum, name: str) -> DxfAnchor:
    """Return the anchor with its place in WGS 84: it may have been picked on a map in GCJ-02 or BD-09."""
    if not datum.crs.is_geographic:
        message = f"{name}: an anchor is a longitude and latitude; declare crs= wgs84, gcj02 or bd09 beside it"
        raise LayerError(message)
    place = np.array([shapely.Point(anchor.lon, anchor.lat)], dtype=object)
    lon, lat = shapely.get_coordinates(shapes_to_wgs84(place, datum))[0].tolist()
    return replace(anchor, lon=lon, lat=lat)
