"""Meaning: sites that somebody drew in QGIS or elsewhere, read for the audit."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from siting.errors import LayerError
from siting.geo import WGS84
from siting.kinds import Kind

__all__ = ["read_drawn_sites"]


def read_drawn_sites(path: Path, crs: CRS, *, kind: Kind | None) -> gpd.GeoDataFrame:
    """Read drawn sites (points or polygons) into `crs`, indexed by site_id, with the columns kind and geometry.

    A file without site_id gets the ids drawn/1, drawn/2, ...; one without kind needs `kind`. GeoPackage: the layer
    "sites", or the only layer. Raises `LayerError` with one line naming the file, the site and the repair.
    """
    frame = _read(path)
    if frame.crs is None:
        if path.suffix.lower() not in (".json", ".geojson"):
            message = f"{path}: has no CRS; declare one in the file"
            raise LayerError(message)
        frame = frame.set_crs(WGS84)
    frame = frame.to_crs(crs)
    ids = (
        frame["site_id"].astype(str) if "site_id" in frame else pd.Series([f"drawn/{n + 1}" for n in range(len(frame))])
    )
    sites = gpd.GeoDataFrame(
        {"kind": _kinds(frame, kind, path)},
        geometry=frame.geometry.to_numpy(),
        index=pd.Index(ids.to_numpy(dtype=object), name="site_id", dtype=object),
        crs=crs,
    )
    shapes = sites.geometry.to_numpy()
    broken = shapely.is_missing(shapes) | shapely.is_empty(shapes) | ~shapely.is_valid(shapes)
    if broken.any():
        message = f"{path}: {sites.index[broken][0]} has no valid geometry; redraw it"
        raise LayerError(message)
    if not sites.index.is_unique:
        message = f"{path}: site_id {sites.index[sites.index.duplicated()][0]!r} is there twice"
        raise LayerError(message)
    return sites.sort_index()


def _read(path: Path) -> gpd.GeoDataFrame:
    if not path.exists():
        message = f"{path}: no such file"
        raise LayerError(message)
    try:
        layers = [name for name, geometry in pyogrio.list_layers(path) if geometry is not None]
        layer = "sites" if "sites" in layers else layers[0] if len(layers) == 1 else None
        if layer is None:
            message = f"{path}: has {len(layers)} layers ({', '.join(layers)}); call the one to audit 'sites'"
            raise LayerError(message)
        frame = gpd.read_file(path, layer=layer)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        ValueError,
        shapely.errors.ShapelyError,
    ) as error:
        message = f"{path}: cannot be read as GeoJSON or GeoPackage ({' '.join(str(error).split())[:120]})"
        raise LayerError(message) from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        message = f"{path}: holds no sites"
        raise LayerError(message)
    return frame.reset_index(drop=True)


def _kinds(frame: gpd.GeoDataFrame, kind: Kind | None, path: Path) -> list[str]:
    given = frame["kind"] if "kind" in frame else pd.Series([None] * len(frame), dtype=object)
    kinds = []
    for row, text in enumerate(given):
        if isinstance(text, str) and text in set(Kind):
            kinds.append(text)
        elif kind is not None and not isinstance(text, str):
            kinds.append(kind.value)
        else:
            message = f"{path}: site {row + 1} has kind {text!r}; write one of {', '.join(Kind)}, or give --kind"
            raise LayerError(message)
    return kinds
