"""Reach of power along trenches that others dig anyway: lines or areas that a planner draws, e.g. of a renovation.

A cable may run straight from its transformer to the nearest place of a trench, along it, and from the place nearest to
the site straight on. The straight legs meet no building and no water (walls are dug under); of places equally near
those are taken that leave the least way along the trench. Metres in the trench cost the cable alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import shapely

__all__ = ["Along", "along_trenches", "clear_leg", "trench_lines"]

MOST_LEG_M = 150.0
_TIE_M = 1e-6
_HAIR_M = 0.001

Clear = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Along:
    """A cable by a trench: the metres dug for it alone, and those in the trench."""

    alone_m: float
    trench_m: float


def trench_lines(shapes: Sequence[Any]) -> tuple[Any, ...]:
    """Return trenches as single lines: a line as it is, an area as its outline, rings closed."""
    lines: list[Any] = []
    for shape in shapes:
        if shapely.get_dimensions(shape) == 1:
            merged = shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape
            lines += shapely.get_parts(merged).tolist()
        else:
            lines += [shapely.LineString(part.exterior.coords) for part in shapely.get_parts(shape)]
    return tuple(lines)


def along_trenches(lines: Sequence[Any], source: Any, site: Any, clear: Clear) -> Iterator[Along]:
    """Yield the cable from `source` to `site` along each of `lines` that straight legs of at most 150 m reach."""
    for line in lines:
        found = _along(line, source, site, clear)
        if found is not None:
            yield found


def clear_leg(solids: shapely.STRtree, shape: Any, point: Any) -> bool:
    """Return whether the straight leg from a shape to a point meets none of `solids`; its ends may touch one."""
    leg = shapely.shortest_line(shape, point)
    if leg.length <= 4 * _HAIR_M:
        return True
    inner = shapely.LineString([leg.interpolate(_HAIR_M), leg.interpolate(leg.length - _HAIR_M)])
    return not len(solids.query(inner, predicate="intersects"))


def _along(line: Any, source: Any, site: Any, clear: Clear) -> Along | None:
    in_m, out_m = (float(shapely.distance(line, end)) for end in (source, site))
    if max(in_m, out_m) > MOST_LEG_M:
        return None
    starts, ends = _nearest(line, source, in_m), _nearest(line, site, out_m)
    starts, ends = _shared(line, source, in_m, starts, ends), _shared(line, site, out_m, ends, starts)
    for way_m, start, end in sorted((_way_m(line, *pair), *pair) for pair in product(starts, ends)):
        if clear(source, line.interpolate(start)) and clear(site, line.interpolate(end)):
            return Along(in_m + out_m, way_m)
    return None


def _nearest(line: Any, shape: Any, least_m: float) -> list[float]:
    """Return the places of a line (metres along it) that are nearest to a shape: where these are many, their ends."""
    corners = shapely.points(shapely.get_coordinates(shape))
    own = shapely.points(shapely.get_coordinates(line))
    met = shapely.get_point(shapely.shortest_line(line, shape), 0)
    points = [
        met,
        *corners[shapely.distance(corners, line) <= least_m + _TIE_M],
        *own[shapely.distance(own, shape) <= least_m + _TIE_M],
        *shapely.points(shapely.get_coordinates(shapely.intersection(line, shape))),
    ]
    return sorted({round(float(line.project(point)), 6) for point in points})


def _shared(line: Any, shape: Any, least_m: float, own: list[float], others: list[float]) -> list[float]:
    """Return places nearest to a shape, with those of `others` that are as near to it."""
    near = [at for at in others if shapely.distance(line.interpolate(at), shape) <= least_m + 2 * _TIE_M]
    return sorted({*own, *near})


def _way_m(line: Any, start: float, end: float) -> float:
    way_m = abs(end - start)
    return min(way_m, float(line.length) - way_m) if line.is_ring else way_m
