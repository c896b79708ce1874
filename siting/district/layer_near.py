"""Facts: the ground that a large layer is asked for, so that nobody reads a city to keep a district.

GeoParquet and PostGIS hold whole cities, and can be asked for a box. The box is that of the district with its halo, and
2 km more on all sides: a layer in a wrong datum lies up to 1.4 km off and must still be seen, to be refused by name.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

__all__ = ["Near", "left_out"]

_MARGIN_M = 2_000.0
_EVERY_M = 1_000.0  # along the sides of the box, which are curved in another CRS

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Near:
    """The district's ground (`area` in `crs`, metres)."""

    area: BaseGeometry
    crs: CRS

    def bounds(self, crs: CRS) -> Bounds | None:
        """Return the box to ask for in another CRS (x, y order), or None where it has no coordinates there."""
        west, south, east, north = self.area.bounds
        box = shapely.box(west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)
        transform = Transformer.from_crs(self.crs, crs, always_xy=True).transform
        sides = shapely.get_coordinates(shapely.segmentize(box, _EVERY_M))
        x, y = transform(sides[:, 0], sides[:, 1])
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return None
        return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))


def left_out(name: str, read: int, held: int) -> tuple[str, ...]:
    """Return the note on rows that were not read because they lie elsewhere; none if all were."""
    if read >= held:
        return ()
    return (f"{name}: {held - read:,} of {held:,} rows lie beyond the district and 2 km around it; they were not read",)
