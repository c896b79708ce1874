"""Shapes as short numbers for a page: WGS 84 on the 7-digit lattice, counted from an origin, each step from the last.

A polygon is a list of parts, a part a list of rings, a ring a flat list x0, y0, dx1, dy1, ... in 1e-7 degrees; the
closing point is left out. A line is a list of flat lists, a point one pair.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from siting.geo import WGS84

__all__ = ["dissolved", "encode", "origin_of"]

_PER_DEGREE = 1e7


def origin_of(shapes: gpd.GeoSeries) -> tuple[float, float]:
    """Return the south-west corner of `shapes` in degrees (lon, lat), on the lattice."""
    west, south, _, _ = shapes.to_crs(WGS84).total_bounds
    return (round(float(west), 4), round(float(south), 4))


def encode(shapes: gpd.GeoSeries, origin: tuple[float, float]) -> list[Any]:
    """Return each geometry of `shapes` (any CRS) in the form of this module; None for a missing one."""
    degrees = shapes.to_crs(WGS84).to_numpy()
    return [_encode_one(shape, origin) for shape in degrees]


def dissolved(shapes: gpd.GeoSeries, tolerance_m: float) -> gpd.GeoSeries:
    """Return one shape that covers `shapes`, its outline simplified by at most `tolerance_m`: for drawing only."""
    merged = shapely.simplify(shapely.union_all(shapes.to_numpy()), tolerance_m)
    return gpd.GeoSeries([merged], crs=shapes.crs)


def _encode_one(shape: Any, origin: tuple[float, float]) -> Any:
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type == "Point":
        return _steps(shapely.get_coordinates(shape), origin)
    parts = shapely.get_parts(shape)
    if shape.geom_type in ("LineString", "MultiLineString"):
        return [_steps(shapely.get_coordinates(part), origin) for part in parts]
    return [
        [_steps(shapely.get_coordinates(ring)[:-1], origin) for ring in (part.exterior, *part.interiors)]
        for part in parts
    ]


def _steps(coordinates: Any, origin: tuple[float, float]) -> list[int]:
    lattice = np.rint((coordinates - np.asarray(origin)) * _PER_DEGREE).astype(np.int64)
    steps: list[int] = np.diff(lattice, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
    return steps
