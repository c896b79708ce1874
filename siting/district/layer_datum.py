"""Facts: does a layer lie where its declared datum says? What it shows is held against what the map shows there.

A wrong datum moves a layer by 0.2-1.4 km. Then its buildings no longer stand on mapped ones (100 % in the right datum,
1-22 % in a wrong one, GROUND.md section 5), its outlines of compounds cut through buildings, its doors and roads lie
beside the mapped ones. The layer is tried under every datum; a clear winner other than the declared one is named.
Hydrants, trees or transformers prove nothing, so the planner is told that nobody could check.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from siting.district.coordinates import Datum, shapes_from_wgs84, shapes_to_wgs84
from siting.district.record import District
from siting.errors import LayerError
from siting.geo import WGS84

__all__ = ["check_datum", "fits"]

_FEWEST = 10  # things to look at: fewer prove nothing
_FEWEST_HITS = 8
_MANY = 20
_TIMES = 2.0  # so much better must another datum be ...
_SIGMAS = 3.0  # ... and not by chance
_DOUBT_SHARE = 0.3
_DOOR_M, _LANE_M, _LANE_STEP_M = 3.0, 6.0, 25.0
_WHOLE_SHARE = 0.9  # of a building inside an outline: the outline does not cut it
#: An outline may keep many buildings whole by chance; in the right datum it cuts hardly any (measured: 0-6 %).
_CUT_LESS = 0.08

#: What coordinates may really be, with what the planner should declare or do then.
_TRIED: Mapping[str, str] = MappingProxyType(
    {
        "": "declare crs = \"wgs84\" (or cgcs2000)",
        "gcj02": "declare crs = \"gcj02\"",
        "bd09": "declare crs = \"bd09\"",
        "-gcj02": "they look straightened once too often; take the file from before that conversion",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """How a layer lies on the map: `hits` of `total` things are where they should be."""

    hits: int
    total: int

    @property
    def share(self) -> float:
        """Return the share of hits, 0 where there is nothing to look at."""
        return self.hits / self.total if self.total else 0.0


def check_datum(shapes: Any, datum: Datum, *, role: str, district: District, file_name: str) -> str:
    """Return a note of doubt, "" if the layer lies well.

    `shapes` are in the district's CRS, moved there by `datum`. Raises `LayerError` that names the likely right datum
    if the layer lies clearly better under another one.
    """
    found = fits(shapes, datum, role=role, district=district)
    if not found:
        return f"{file_name}: nothing on the map tells whether its datum ({datum.label}) is right; look at it"
    declared = found[datum.shift]
    best = max(found, key=lambda shift: (_merit(found[shift], role), shift == datum.shift))
    if best != datum.shift and _beats(found[best], declared, role):
        message = (
            f"{file_name}: its datum is not {datum.label}: {_says(role, declared)}, "
            f"but {found[best].share:.0%} if it is {_name(best)}; {_TRIED[best]}"
        )
        raise LayerError(message)
    if max(fit.total for fit in found.values()) < _FEWEST:
        return f"{file_name}: too few of its {role} meet the map to tell whether its datum ({datum.label}) is right"
    if role != "compounds" and found[best].hits >= max(_FEWEST_HITS, _TIMES * declared.hits):
        return f"{file_name}: {_says(role, declared)}, but {found[best].share:.0%} if it is {_name(best)}; look at it"
    if role == "buildings" and declared.share < _DOUBT_SHARE:
        return (
            f"{file_name}: only {declared.share:.0%} of its buildings stand on mapped ones; "
            "if the map is complete, the layer may be in another datum than it says, none of those known here"
        )
    return ""


def fits(shapes: Any, datum: Datum, *, role: str, district: District) -> dict[str, Fit]:
    """Return how the layer lies under every datum, {} for a role that the map cannot tell anything about.

    The keys are "" (WGS 84), "gcj02", "bd09" and "-gcj02" (WGS 84 that somebody straightened by mistake).
    """
    look = _LOOKS.get(role)
    present = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if look is None or not len(present):
        return {}
    away = Transformer.from_crs(district.crs, WGS84, always_xy=True).transform
    back = Transformer.from_crs(WGS84, district.crs, always_xy=True).transform
    degrees = shapely.transform(present, lambda xy: np.column_stack(away(xy[:, 0], xy[:, 1])))
    given = shapes_from_wgs84(degrees, datum.shift, everywhere=datum.everywhere)
    tried = {shift: shapes_to_wgs84(given, _as(shift)) for shift in ("", "gcj02", "bd09")}
    tried["-gcj02"] = shapes_from_wgs84(given, "gcj02")
    return {
        shift: look(shapely.transform(moved, lambda xy: np.column_stack(back(xy[:, 0], xy[:, 1]))), district)
        for shift, moved in tried.items()
    }


def _as(shift: str) -> Datum:
    return Datum(label=shift or "wgs84", crs=WGS84, shift=shift, everywhere=True)


def _merit(fit: Fit, role: str) -> float:
    """Return what to rank by: outlines by how few buildings they cut, all else by the number of hits."""
    return fit.share if role == "compounds" and fit.total >= _FEWEST else float(fit.hits) * (role != "compounds")


def _beats(best: Fit, declared: Fit, role: str) -> bool:
    """Return whether `best` is better than chance allows."""
    if best.hits < _FEWEST_HITS or best.total < _FEWEST:
        return False
    if role == "compounds":
        if (
            declared.total < _FEWEST
        ):  # on bare ground, where outlines cut nothing, only many whole buildings elsewhere tell
            return best.share >= 1.0 - _CUT_LESS and best.total >= _MANY
        spread = np.sqrt(0.25 / best.total + 0.25 / declared.total)
        return bool(best.share >= 1.0 - _CUT_LESS and best.share - declared.share > max(_CUT_LESS, 2.0 * spread))
    return bool(
        best.hits >= _TIMES * declared.hits and best.hits - declared.hits > _SIGMAS * np.sqrt(best.hits + declared.hits)
    )


def _says(role: str, fit: Fit) -> str:
    words = {
        "buildings": "of its buildings stand on mapped ones",
        "footprints": "of its buildings stand on mapped ones",
        "compounds": "of the buildings it meets lie wholly inside its outlines",
        "entrances": "of its doors are in the wall of a mapped building",
        "gates": "of its gates lie on a mapped way",
        "roads": "of its roads follow mapped ways",
    }
    return f"{fit.share:.0%} {words[role]}"


def _name(shift: str) -> str:
    return {"": "WGS 84 or CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09", "-gcj02": "WGS 84 moved by mistake"}[shift]


def _buildings(shapes: Any, district: District) -> Fit:
    return _within(shapely.point_on_surface(shapes), district.buildings.geometry.to_numpy(), 0.0)


def _doors(shapes: Any, district: District) -> Fit:
    return _within(shapes, shapely.boundary(district.buildings.geometry.to_numpy()), _DOOR_M)


def _gates(shapes: Any, district: District) -> Fit:
    return _within(shapes, district.roads.geometry.to_numpy(), _LANE_M)


def _roads(shapes: Any, district: District) -> Fit:
    lines = shapely.get_parts(shapes)
    points = [
        point
        for line in lines
        for point in shapely.line_interpolate_point(line, np.arange(0.0, line.length, _LANE_STEP_M))
    ]
    return _within(np.array(points, dtype=object), district.roads.geometry.to_numpy(), _LANE_M)


def _within(points: Any, mapped: Any, reach_m: float) -> Fit:
    """Return how many of the points within the map's bounds lie in or near something mapped."""
    if not len(mapped) or not len(points):
        return Fit(0, 0)
    bounds = shapely.box(*shapely.total_bounds(mapped))
    points = points[shapely.intersects(bounds, points)]
    found = shapely.STRtree(mapped).query(points, predicate="dwithin", distance=reach_m)[0]
    return Fit(len(np.unique(found)), len(points))


def _outlines(shapes: Any, district: District) -> Fit:
    """Return how many of the mapped buildings that an outline meets lie wholly inside it."""
    buildings = district.buildings.geometry.to_numpy()
    shapes = np.where(shapely.is_valid(shapes), shapes, shapely.buffer(shapes, 0.0))
    left, right = shapely.STRtree(buildings).query(shapes, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[left], buildings[right])) / shapely.area(buildings[right])
    most = np.zeros(len(buildings))
    np.maximum.at(most, right, share)
    met = most > 1.0 - _WHOLE_SHARE
    return Fit(int((most >= _WHOLE_SHARE).sum()), int(met.sum()))


_LOOKS: Mapping[str, Callable[[Any, District], Fit]] = MappingProxyType(
    {
        "buildings": _buildings,
        "footprints": _buildings,
        "compounds": _outlines,
        "entrances": _doors,
        "gates": _gates,
        "roads": _roads,
    }
)
