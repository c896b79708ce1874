"""The fire lanes of a district as a graph of straight segments between mapped vertices."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siting.district.record import District

__all__ = ["STREETS", "Lanes", "lanes_of"]

#: Kinds of road that a fire engine comes from; lanes inside compounds are service roads and the like.
STREETS = frozenset(
    {"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential"}
    | {"motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link"}
)
_GRID_M = 0.01  # vertices nearer than this are one

_Shapes = NDArray[np.object_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Lanes:
    """Segments of fire lanes: `ends` are node numbers, `widths` the lane's width, `kept` what must stay free of it."""

    lines: _Shapes
    corridors: _Shapes
    tree: shapely.STRtree
    ends: NDArray[np.int_]  # (n, 2)
    widths: NDArray[np.floating[Any]]
    kept: NDArray[np.floating[Any]]
    road_ids: _Shapes
    entries: tuple[int, ...]

    def stands(self, step_m: float) -> tuple[_Shapes, NDArray[np.int_]]:
        """Return points every `step_m` along each segment, from its first end, and the segment of each."""
        lengths = shapely.length(self.lines)
        counts = np.floor(lengths / step_m).astype(int) + 1
        segments = np.repeat(np.arange(len(self.lines)), counts)
        along = step_m * (np.arange(len(segments)) - np.repeat(np.cumsum(counts) - counts, counts))
        points: _Shapes = shapely.line_interpolate_point(self.lines[segments], along)
        return points, segments

    def dead_ends(self, least_m: float) -> list[tuple[int, int]]:
        """Return (node, segment) of each end that is no street and lies more than `least_m` from a junction."""
        at: dict[int, list[int]] = {}
        for segment, (u, v) in enumerate(self.ends.tolist()):
            at.setdefault(u, []).append(segment)
            at.setdefault(v, []).append(segment)
        lengths = shapely.length(self.lines)
        entries = set(self.entries)
        found = []
        for node in sorted(at):
            if len(at[node]) != 1 or node in entries:
                continue
            here, segment, walked = node, at[node][0], 0.0
            while True:
                walked += float(lengths[segment])
                u, v = self.ends[segment].tolist()
                here = v if here == u else u
                ahead = [other for other in at[here] if other != segment]
                if len(ahead) != 1 or here in entries or walked > least_m:
                    break
                segment = ahead[0]
            if walked > least_m:
                found.append((node, at[node][0]))
        return found


def lanes_of(district: District, lane_m: float) -> Lanes:
    """Return the graph of the mapped fire lanes; an unknown width is `lane_m`."""
    roads = district.roads[district.roads["fire_lane"].astype(bool)]
    nodes: dict[tuple[int, int], int] = {}
    ends, lines, widths, names, entries = [], [], [], [], set()
    for road in roads.itertuples():
        width = float(road.width_m) if np.isfinite(float(road.width_m)) else lane_m
        for part in shapely.get_parts(road.geometry):
            points = shapely.get_coordinates(part)
            keys = [tuple(np.round(point / _GRID_M).astype(int).tolist()) for point in points]
            numbers = [nodes.setdefault(key, len(nodes)) for key in keys]
            if road.kind in STREETS:
                entries.update(numbers)
            for at in range(len(points) - 1):
                if numbers[at] != numbers[at + 1]:
                    ends.append((numbers[at], numbers[at + 1]))
                    lines.append(shapely.LineString(points[at : at + 2]))
                    widths.append(width)
                    names.append(str(road.Index))
    shapes = np.array(lines, dtype=object)
    wide = np.array(widths, dtype=float)
    corridors = shapely.buffer(shapes, wide / 2.0, cap_style="flat")
    return Lanes(
        lines=shapes,
        corridors=corridors,
        tree=shapely.STRtree(corridors),
        ends=np.array(ends, dtype=int).reshape(-1, 2),
        widths=wide,
        kept=np.minimum(wide, lane_m),
        road_ids=np.array(names, dtype=object),
        entries=tuple(sorted(entries)),
    )
