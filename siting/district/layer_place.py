"""Facts: a planner's layer moved from its declared datum into the district's metric CRS, or one clear refusal."""

from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from siting.district.coordinates import Datum, in_separate_region, shapes_to_wgs84
from siting.errors import LayerError
from siting.geo import WGS84, gauss_kruger_epsg

__all__ = ["FARTHEST_M", "near_shapes", "place_shapes"]

#: An object farther than this from the district is a slip, not a neighbour.
FARTHEST_M = 50_000.0


def place_shapes(shapes: Any, datum: Datum, *, target: CRS, area: BaseGeometry, file_name: str, ids: Any) -> Any:
    """Return `shapes` (None where there is none), given in `datum`, in `target`.

    Raises `LayerError` if the coordinates are no place on the globe, look swapped, or lie elsewhere: not one
    shape within `area` (in `target`), or a single one farther than 50 km from it. So it does for a bent datum where
    providers differ on it (Hong Kong, Macau, Taiwan) and the layer does not say "everywhere".
    """
    present = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    if not present.any():
        return shapes
    crs = datum.crs
    flat = shapely.force_2d(shapes)
    moved = _moved(flat, datum, target)
    distances = _distances(moved[present], area)
    if (distances == 0.0).any() and (distances <= FARTHEST_M).all():
        _refuse_where_providers_differ(flat[present], datum, file_name)
        return moved
    culprit = int(np.argmax(~(distances <= FARTHEST_M)))  # the first stray object, or the first of all
    shape = flat[present][culprit]
    where = f"{file_name}: {np.asarray(ids, dtype=object)[present][culprit]}"
    turned = shapely.transform(shape, lambda xy: xy[:, ::-1])
    if _distances(_moved(np.array([turned]), datum, target), area)[0] <= FARTHEST_M < distances[culprit]:
        first, second = ("longitude", "latitude") if crs.is_geographic else ("easting", "northing")
        message = f"{where}: {first} and {second} are swapped; write the {first} first"
        raise LayerError(message)
    hint = _zone_hint(shape, crs, target, area) or _datum_hint(flat[present], datum, target, area)
    raise LayerError(_elsewhere(shape, distances, culprit, datum, where) + hint)


def near_shapes(shapes: Any, datum: Datum, *, target: CRS, area: BaseGeometry, file_name: str) -> tuple[Any, Any]:
    """Return (shapes in `target` that meet `area`, which rows they are): of a set that reaches far beyond.

    Raises `LayerError` if none does.
    """
    flat = shapely.force_2d(shapes)
    moved = _moved(flat, datum, target)
    fit = np.isfinite(shapely.bounds(moved)).all(axis=1)
    fit[fit] = shapely.intersects(moved[fit], area)
    if not fit.any():
        hint = _datum_hint(flat, datum, target, area)
        message = f"{file_name}: none of its {len(shapes):,} footprints lies in the district; check its CRS{hint}"
        raise LayerError(message)
    _refuse_where_providers_differ(flat[fit], datum, file_name)
    return moved[fit], fit


def _refuse_where_providers_differ(shapes: Any, datum: Datum, file_name: str) -> None:
    if not datum.shift or datum.everywhere:
        return
    region = in_separate_region(shapely.get_coordinates(shapes))
    if region:
        message = (
            f"{file_name}: lies in {region}, where maps in {datum.label} differ; declare {datum.label}-everywhere "
            "if this one is bent there too, else wgs84"
        )
        raise LayerError(message)


def _zone_hint(shape: BaseGeometry, crs: CRS, target: CRS, area: BaseGeometry) -> str:
    """Return the CRS that metres in degrees' place probably are in: their zone is written, or is the district's."""
    easting = shape.bounds[0]
    zone = int(easting // 1e6)
    if not crs.is_geographic or easting < 1000.0:
        return ""
    if 25 <= zone <= 45:
        return f"; likely cgcs2000 zone {zone}"
    to_degrees = Transformer.from_crs(target, WGS84, always_xy=True).transform
    code = gauss_kruger_epsg(to_degrees(area.centroid.x, area.centroid.y)[0])
    return f"; likely EPSG:{code}, the 3-degree zone of the district" if 1e5 <= easting < 1e6 else ""


def _datum_hint(shapes: Any, datum: Datum, target: CRS, area: BaseGeometry) -> str:
    """Return the one other bent datum under which the layer would meet the district."""
    others = {"": "wgs84", "gcj02": "gcj02", "bd09": "bd09"}
    tried = (replace(datum, shift=shift, everywhere=True) for shift in others if shift != datum.shift)
    met = [each.shift for each in tried if (_distances(_moved(shapes, each, target), area) == 0.0).any()]
    return f"; it would meet the district in {others[met[0]]}" if len(met) == 1 else ""


def _elsewhere(shape: BaseGeometry, distances: Any, culprit: int, datum: Datum, where: str) -> str:
    west, south, east, north = shape.bounds
    crs = datum.crs
    if crs.is_geographic and not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return (
            f"{where}: coordinates ({west:.6g}, {south:.6g}) are no longitude and latitude; "
            f"declare the CRS they are in with crs= (--layer-crs EPSG:...)"
        )
    if not np.isfinite(distances[culprit]):
        return f"{where}: coordinates ({west:.6g}, {south:.6g}) do not fit {crs.name}; declare the right CRS with crs="
    if distances[culprit] > FARTHEST_M:
        return (
            f"{where}: lies {distances[culprit] / 1000:,.0f} km away from the district; check its CRS and coordinates"
        )
    return f"{where}: the layer does not overlap the district (nearest {distances.min():,.0f} m away); check its CRS"


def _distances(shapes: Any, area: BaseGeometry) -> Any:
    """Return the distance of each shape to `area`, infinite where its coordinates are."""
    fit = np.isfinite(shapely.bounds(shapes)).all(axis=1)
    distances = np.full(len(shapes), np.inf)
    distances[fit] = shapely.distance(shapes[fit], area)
    return distances


def _moved(shapes: Any, datum: Datum, target: CRS) -> Any:
    source = WGS84 if datum.shift else datum.crs
    shapes = shapes_to_wgs84(shapes, datum) if datum.shift else shapes
    transform = Transformer.from_crs(source, target, always_xy=True).transform
    return shapely.transform(shapes, lambda xy: np.column_stack(transform(xy[:, 0], xy[:, 1])))
