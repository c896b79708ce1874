"""Facts: a planner's layer in the district's metric CRS, or one clear refusal if it lies elsewhere."""

from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from siting.errors import LayerError

__all__ = ["FARTHEST_M", "place_shapes"]

#: An object farther than this from the district is a slip, not a neighbour.
FARTHEST_M = 50_000.0


def place_shapes(shapes: Any, crs: CRS, *, target: CRS, area: BaseGeometry, file_name: str, ids: Any) -> Any:
    """Return `shapes` (None where there is none) in `target`.

    Raises `LayerError` if the coordinates are no place on the globe, look swapped, or lie elsewhere: not one
    shape within `area` (in `target`), or a single one farther than 50 km from it.
    """
    present = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    if not present.any():
        return shapes
    flat = shapely.force_2d(shapes)
    moved = _moved(flat, crs, target)
    distances = _distances(moved[present], area)
    if (distances == 0.0).any() and (distances <= FARTHEST_M).all():
        return moved
    culprit = int(np.argmax(~(distances <= FARTHEST_M)))  # the first stray object, or the first of all
    shape = flat[present][culprit]
    where = f"{file_name}: {np.asarray(ids, dtype=object)[present][culprit]}"
    turned = shapely.transform(shape, lambda xy: xy[:, ::-1])
    if _distances(_moved(np.array([turned]), crs, target), area)[0] <= FARTHEST_M < distances[culprit]:
        first, second = ("longitude", "latitude") if crs.is_geographic else ("easting", "northing")
        message = f"{where}: {first} and {second} are swapped; write the {first} first"
        raise LayerError(message)
    raise LayerError(_elsewhere(shape, distances, culprit, crs, where))


def _elsewhere(shape: BaseGeometry, distances: Any, culprit: int, crs: CRS, where: str) -> str:
    west, south, east, north = shape.bounds
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


def _moved(shapes: Any, crs: CRS, target: CRS) -> Any:
    transform = Transformer.from_crs(crs, target, always_xy=True).transform
    return shapely.transform(shapes, lambda xy: np.column_stack(transform(xy[:, 0], xy[:, 1])))
