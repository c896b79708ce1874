"""Reach over open ground, kernel: corners that a shortest walk can bend at, feet on outlines, free lines of sight.

A walk among obstacles bends only at corners where the free side is wider than 180 degrees. Every spot has two
places: `xy`, which lengths are taken from, and `test`, a millimetre away on its free side, which lines of sight
start from. So a line of sight that slides along a wall is free and one that goes through it is not, whatever the
rounding, and a spot on a wall is seen from one side only. Metres.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from siting.access.network import Bools, Floats, Ints

__all__ = [
    "ASIDE_M",
    "Outlines",
    "Spots",
    "Touch",
    "corners",
    "line_corners",
    "outlines",
    "sight",
    "tangent",
    "touches",
    "turns",
]

#: How far the tested place of a spot lies on its free side; a gap narrower than twice this is no passage.
ASIDE_M = 0.001

_MOST_MITRE = 4.0
_STRAIGHT = 1e-9
_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Spots:
    """Places of walkers, one row each: `xy`, `test`; `before` and `after` point along the obstacle (NaN: no obstacle).

    All are (n, 2). A walk that bends at a corner leaves both of its arms on one side.
    """

    xy: Floats
    test: Floats
    before: Floats
    after: Floats

    def __getitem__(self, rows: Any) -> "Spots":
        """Return some rows."""
        return Spots(xy=self.xy[rows], test=self.test[rows], before=self.before[rows], after=self.after[rows])

    def __len__(self) -> int:
        """Return the number of spots."""
        return len(self.xy)

    @classmethod
    def free(cls, xy: Any, test: Any) -> "Spots":
        """Return spots at no corner: walks pass them in any direction."""
        places = np.asarray(xy, dtype=float).reshape(-1, 2)
        nothing = np.full(places.shape, np.nan)
        return cls(xy=places, test=np.asarray(test, dtype=float).reshape(-1, 2), before=nothing, after=nothing)

    @classmethod
    def joined(cls, parts: Iterable["Spots"]) -> "Spots":
        """Return the spots of all parts, in order."""
        held = [cls.free([], []), *parts]
        return cls(
            xy=np.vstack([part.xy for part in held]),
            test=np.vstack([part.test for part in held]),
            before=np.vstack([part.before for part in held]),
            after=np.vstack([part.after for part in held]),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Outlines:
    """The edges of polygons, solid on the left: `owner` (number of the polygon), `start`, and vectors from there.

    `before` points from the start of an edge back along the ring, `after` to its end; `aside` is the step of one
    unit from the start to the outside (mitred), `right` the unit normal of the edge to the outside.
    """

    owner: Ints
    start: Floats
    before: Floats
    after: Floats
    aside: Floats
    right: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Touch:
    """Straight legs from points to the near places of outlines: `point`, `owner`, `length_m`, `xy`, `test`."""

    point: Ints
    owner: Ints
    length_m: Floats
    xy: Floats
    test: Floats

    def __getitem__(self, rows: Any) -> "Touch":
        """Return some rows."""
        return Touch(
            point=self.point[rows],
            owner=self.owner[rows],
            length_m=self.length_m[rows],
            xy=self.xy[rows],
            test=self.test[rows],
        )


def outlines(polygons: Any, *, hollow: bool = False) -> Outlines:
    """Return the edges of polygons (or multipolygons); `hollow`: what is solid lies outside of them."""
    parts, owner_of_part = shapely.get_parts(np.asarray(polygons, dtype=object), return_index=True)
    rings, part_of_ring = shapely.get_rings(shapely.orient_polygons(parts, exterior_cw=hollow), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = np.append(np.any(xy[1:] != xy[:-1], axis=1) | (ring[1:] != ring[:-1]), True)[: len(xy)]
    xy, ring = xy[same], ring[same]  # a repeated vertex has no direction
    inner = np.flatnonzero(ring[1:] == ring[:-1]) if len(ring) else np.empty(0, dtype=np.int64)
    first = np.searchsorted(ring, ring[inner])
    last = np.searchsorted(ring, ring[inner], side="right") - 1
    previous = np.where(inner == first, last - 1, inner - 1)
    after, before = xy[inner + 1] - xy[inner], xy[previous] - xy[inner]
    right = _unit(np.column_stack([after[:, 1], -after[:, 0]]))
    right_before = _unit(np.column_stack([-before[:, 1], before[:, 0]]))
    return Outlines(
        owner=owner_of_part[part_of_ring[ring[inner]]].astype(np.int64),
        start=xy[inner],
        before=before,
        after=after,
        aside=_mitred(right, right_before),
        right=right,
    )


def corners(edges: Outlines) -> Spots:
    """Return the corners of solids that a walk can bend at: those where the free side is wider than 180 degrees."""
    bends = turns(edges)
    start = edges.start[bends]
    return Spots(
        xy=start,
        test=start + ASIDE_M * edges.aside[bends],
        before=edges.before[bends],
        after=edges.after[bends],
    )


def turns(edges: Outlines) -> Bools:
    """Return which edges start at a corner whose free side is wider than 180 degrees."""
    turn = _cross(-edges.before, edges.after)
    return np.asarray(turn > _STRAIGHT * _norm(edges.before) * _norm(edges.after), dtype=bool)


def line_corners(lines: Any) -> Spots:
    """Return the corners of thin obstacles: free ends, and bends and junctions on their wide side."""
    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    xy, part = shapely.get_coordinates(parts, return_index=True)
    step = np.flatnonzero((part[1:] == part[:-1]) & np.any(xy[1:] != xy[:-1], axis=1)) if len(xy) else np.array([], int)
    start = np.vstack([xy[step], xy[step + 1]])
    arm = np.vstack([xy[step + 1] - xy[step], xy[step] - xy[step + 1]])
    place = np.round(start * 1000.0).astype(np.int64)
    angle = np.arctan2(arm[:, 1], arm[:, 0])
    order = np.lexsort((angle, place[:, 1], place[:, 0]))
    start, arm, angle, place = start[order], arm[order], angle[order], place[order]
    fresh = np.append(True, np.any(place[1:] != place[:-1], axis=1))[: len(place)]
    first = np.flatnonzero(fresh)
    following = np.arange(len(place)) + 1
    following[np.append(first[1:], len(place))[: len(first)] - 1] = first
    gap = angle[following] - angle + np.where(following > np.arange(len(place)), 0.0, 2 * np.pi)
    wide = gap > np.pi + 1e-7
    middle = angle + gap / 2
    aside = np.column_stack([np.cos(middle), np.sin(middle)])[wide]
    return Spots(xy=start[wide], test=start[wide] + ASIDE_M * aside, before=arm[wide], after=arm[following][wide])


def tangent(spots: Spots, rows: Ints, towards: Floats) -> Bools:
    """Return whether a walk that arrives at spots in direction `towards` can go on past the corner without a detour."""
    side = _cross(towards, spots.before[rows]) * _cross(towards, spots.after[rows])
    least = -_STRAIGHT * _norm(spots.before[rows]) * _norm(spots.after[rows]) * np.sum(towards**2, axis=1)
    return np.asarray(np.isnan(side) | (side >= least), dtype=bool)


def touches(points: Floats, edges: Outlines, *, limit_m: float, inside: bool = False) -> Touch:
    """Return every straight leg from points to a place of an outline that is nearest among the places beside it.

    These are right angles on edges and corners that point at the walker. A leg that ends anywhere else could be
    shortened by sliding its end, so no shortest walk has one. `inside` puts the tested end inside the outline (a
    site is walked into), otherwise outside (a facade is walked up to). Legs beyond `limit_m` are left out.
    """
    rows = max(1, _CELLS_AT_ONCE // max(1, len(edges.start)))
    pieces = [
        _touches(points[first : first + rows], first, edges, limit_m, -1.0 if inside else 1.0)
        for first in range(0, max(1, len(points)), rows)
    ]
    return Touch(
        point=np.concatenate([piece.point for piece in pieces]),
        owner=np.concatenate([piece.owner for piece in pieces]),
        length_m=np.concatenate([piece.length_m for piece in pieces]),
        xy=np.vstack([piece.xy for piece in pieces]),
        test=np.vstack([piece.test for piece in pieces]),
    )


def _touches(points: Floats, offset: int, edges: Outlines, limit_m: float, sign: float) -> Touch:
    from_start = points[:, np.newaxis, :] - edges.start
    along = np.einsum("pej,ej->pe", from_start, edges.after)
    back = np.einsum("pej,ej->pe", from_start, edges.before)
    length2 = np.sum(edges.after**2, axis=1)
    outward = np.einsum("pej,ej->pe", from_start, edges.right)
    near = np.hypot(from_start[..., 0], from_start[..., 1]) <= limit_m
    tips = (along <= 0.0) & (back <= 0.0) & near
    feet = (along > 0.0) & (along < length2) & (outward >= 0.0) & (outward <= limit_m)
    point, edge = np.nonzero(tips)
    foot_point, foot_edge = np.nonzero(feet)
    share = along[foot_point, foot_edge] / length2[foot_edge]
    foot_xy = edges.start[foot_edge] + share[:, np.newaxis] * edges.after[foot_edge]
    xy = np.vstack([edges.start[edge], foot_xy])
    aside = np.vstack([edges.aside[edge], edges.right[foot_edge]])
    both = np.concatenate([point, foot_point])
    return Touch(
        point=both + offset,
        owner=edges.owner[np.concatenate([edge, foot_edge])],
        length_m=_norm(points[both] - xy),
        xy=xy,
        test=xy + sign * ASIDE_M * aside,
    )


def sight(obstacles: Any, start: Floats, end: Floats) -> Bools:
    """Return which straight lines meet none of `obstacles` (one prepared geometry of lines)."""
    if not len(start):
        return np.zeros(0, dtype=bool)
    return np.asarray(~shapely.intersects(obstacles, shapely.linestrings(np.stack([start, end], axis=1))), dtype=bool)


def _mitred(right: Floats, right_before: Floats) -> Floats:
    """Return the step that leaves both edges of a corner by one unit, cut off at sharp corners."""
    both = right + right_before
    size2 = np.sum(both**2, axis=1)
    blunt = size2 > 1e-12
    scale = np.minimum(2.0 / np.where(blunt, size2, 1.0), _MOST_MITRE / np.sqrt(np.where(blunt, size2, 1.0)))
    # a spike turns back on itself: its outside lies straight ahead
    ahead = np.column_stack([-right[:, 1], right[:, 0]])
    return np.where(blunt[:, np.newaxis], both * scale[:, np.newaxis], -ahead)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / _norm(vectors)[:, np.newaxis], dtype=float)


def _norm(vectors: Floats) -> Floats:
    return np.asarray(np.hypot(vectors[:, 0], vectors[:, 1]), dtype=float)


def _cross(left: Floats, right: Floats) -> Floats:
    return np.asarray(left[:, 0] * right[:, 1] - left[:, 1] * right[:, 0], dtype=float)
