"""Audit of cables along trenches that a planner drew, measured again from the clause's text alone.

From the transformer (or the building it stands in) straight to the nearest place of the trench, along it (an area:
along its outline, the shorter way round), and from its place nearest to the site straight to the site; of places
equally near those that leave the least way. Straight legs are 150 m long at most and meet no building and no water.
"""

import math
from collections.abc import Iterable
from typing import Any

import shapely

__all__ = ["by_trenches"]

_LEG_M, _TIE_M, _HAIR_M = 150.0, 1e-6, 0.001


def by_trenches(shapes: Iterable[Any], source: Any, site: Any, solids: Any) -> list[tuple[float, float]]:
    """Return (metres dug alone, metres in the trench) of the cable along each trench that can be used."""
    found = []
    for shape in shapes:
        for part in shapely.get_parts(shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape):
            line = part if part.geom_type == "LineString" else shapely.LineString(part.exterior.coords)
            legs_m = source.distance(line), site.distance(line)
            ways = [
                (_between(line, start, end), sum(legs_m))
                for start in _touching(line, source, legs_m[0], site)
                for end in _touching(line, site, legs_m[1], source)
                if _free(source, line.interpolate(start), solids) and _free(site, line.interpolate(end), solids)
            ]
            if ways and max(legs_m) <= _LEG_M:
                way_m, alone_m = min(ways)
                found.append((alone_m, way_m))
    return found


def _touching(line: Any, shape: Any, least_m: float, other: Any) -> list[float]:
    """Return the places along a line that are nearest to `shape`, those of its ends and of the other's among them."""
    tried = {float(line.project(shapely.Point(shapely.shortest_line(line, shape).coords[0])))}
    for end in (shape, other):
        tried |= {float(line.project(shapely.Point(xy))) for xy in shapely.get_coordinates(end)}
    tried.add(float(line.project(shapely.Point(shapely.shortest_line(line, other).coords[0]))))
    tried |= {float(line.project(shapely.Point(xy))) for xy in shapely.get_coordinates(line)}
    for end in (shape, other):
        tried |= {float(line.project(shapely.Point(xy))) for xy in shapely.get_coordinates(line.intersection(end))}
    return [at for at in sorted(tried) if line.interpolate(at).distance(shape) <= least_m + _TIE_M]


def _between(line: Any, start: float, end: float) -> float:
    way_m = abs(start - end)
    return min(way_m, line.length - way_m) if line.is_ring else way_m


def _free(shape: Any, point: Any, solids: Any) -> bool:
    leg = shapely.shortest_line(shape, point)
    if leg.length <= 4 * _HAIR_M or not len(solids):
        return True
    inner = shapely.LineString([leg.interpolate(_HAIR_M), leg.interpolate(leg.length - _HAIR_M)])
    return not bool(shapely.intersects(inner, solids).any()) and math.isfinite(leg.length)
