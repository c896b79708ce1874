"""Facts: what lies or reaches far beyond the district, where one metric map no longer measures truly.

A node at 0, 0 or with two figures swapped is an everyday slip; it must not bend the map nor stop the work.
"""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.district import classes
from siting.district.osm import OsmFacts

__all__ = ["FARTHEST_M", "WIDEST_BUILDING_M", "middle_of", "without_far"]

#: Facts farther than this from the middle of the district, north-south or east-west, are not used.
FARTHEST_M = 100_000.0
#: The largest buildings on earth are about 1 km long.
WIDEST_BUILDING_M = 3_000.0
_M_PER_DEGREE = 111_320.0


def middle_of(facts: OsmFacts) -> tuple[float, float]:
    """Return (lon, lat) of the middle building of a file from west to east: a real place, whatever strays."""
    buildings = facts.areas.geometry.to_numpy()[_are_buildings(facts.areas)]
    fit = _widths_m(buildings) <= WIDEST_BUILDING_M
    places = shapely.centroid(buildings[fit] if fit.any() else buildings)
    lon, lat = shapely.get_x(places), shapely.get_y(places)
    at = np.lexsort((lat, lon))[(len(lon) - 1) // 2]
    return float(lon[at]), float(lat[at])


def without_far(facts: OsmFacts, middle: tuple[float, float]) -> tuple[OsmFacts, tuple[str, ...]]:
    """Return (facts, notes): objects far from `middle` (lon, lat) dropped by name, those that reach there cut.

    An outline of a building wider than any building is dropped: one of its nodes stands elsewhere.
    """
    box = _box(*middle)
    rows: list[tuple[str, str, str]] = []
    cut: list[str] = []
    kept: dict[str, Any] = {}
    for name, layer_of in (
        ("points", classes.point_layer),
        ("lines", classes.line_layer),
        ("areas", classes.area_layer),
    ):
        frame: gpd.GeoDataFrame = getattr(facts, name)
        if name == "areas":
            frame = _without_giants(frame, rows)
        near = shapely.intersects(shapely.box(*shapely.bounds(frame.geometry.to_numpy()).T), box)
        for key, tags in frame.loc[~near, "tags"].items():
            why = f"lies more than {FARTHEST_M / 1000:g} km from the district or across the 180th meridian"
            rows.append((str(key), layer_of(tags) or name, why))
        kept[name], reaching = _cut(frame[near], box)
        cut += reaching
    dropped = pd.DataFrame(sorted(rows), columns=["object_id", "layer", "reason"], dtype=object)
    notes = []
    if rows:
        notes.append(
            f"{len(rows)} objects stand far away or have a misplaced node ({_names([row[0] for row in rows])})"
        )
    if cut:
        notes.append(f"{len(cut)} objects reach farther than {FARTHEST_M / 1000:g} km and are cut ({_names(cut)})")
    if rows:
        kept["dropped"] = pd.concat([facts.dropped, dropped], ignore_index=True)
    return replace(facts, **kept), tuple(notes)


def _are_buildings(areas: gpd.GeoDataFrame) -> Any:
    return np.array([classes.building_use(tags) is not None for tags in areas["tags"]], dtype=bool)


def _box(lon: float, lat: float) -> Any:
    """Return the square around a place, in degrees; it ends at the 180th meridian and short of the poles."""
    high = FARTHEST_M / _M_PER_DEGREE
    wide = high / max(np.cos(np.radians(lat)), 0.05)
    return shapely.box(max(lon - wide, -180.0), max(lat - high, -89.0), min(lon + wide, 180.0), min(lat + high, 89.0))


def _without_giants(areas: gpd.GeoDataFrame, rows: list[tuple[str, str, str]]) -> gpd.GeoDataFrame:
    widths_m = _widths_m(areas.geometry.to_numpy())
    giants = _are_buildings(areas) & (widths_m > WIDEST_BUILDING_M)
    for key, width_m in zip(areas.index[giants], widths_m[giants], strict=True):
        rows.append((str(key), "buildings", f"its outline is {width_m / 1000:,.0f} km wide; a node is misplaced"))
    return areas[~giants]


def _widths_m(shapes: Any) -> Any:
    west, south, east, north = shapely.bounds(shapes).T
    wide = (east - west) * np.cos(np.radians((south + north) / 2.0))
    return np.maximum(wide, north - south) * _M_PER_DEGREE


def _cut(frame: gpd.GeoDataFrame, box: Any) -> tuple[gpd.GeoDataFrame, list[str]]:
    shapes = frame.geometry.to_numpy()
    reaching = ~shapely.covered_by(shapely.box(*shapely.bounds(shapes).T), box)
    if not reaching.any():
        return frame, []
    shapes = shapes.copy()
    shapes[reaching] = shapely.intersection(shapely.make_valid(shapes[reaching]), box)
    stays = ~shapely.is_empty(shapes)
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    return frame[stays], [str(key) for key in frame.index[reaching]]


def _names(ids: list[str]) -> str:
    return ", ".join(sorted(ids)[:5]) + (", ..." if len(ids) > 5 else "")
