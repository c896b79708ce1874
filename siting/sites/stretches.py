"""Options: stretches of ground that a line of places may fill, as figures in a frame turned to the ground.

Pure kernels on arrays: how many bays a stretch holds and in which places, which stretches stand too near to one
another, and what is left of one when another is cut out. `siting.sites.lines` packs them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from siting.sites.layouts import Layout

__all__ = [
    "Frame",
    "Row",
    "Stretches",
    "cut_out",
    "fill_stretch",
    "frame_of",
    "join_stretches",
    "rows_of",
    "too_near",
    "turn",
]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_UNIT_M = 0.05  # lengths of stretches are rounded down to it
_HAIR_M = 1e-4
_ROUND_OFF_M = 1e-6


@dataclass(frozen=True)
class Row:
    """The layouts of one depth worth using in a line, shortest first; `number` is their place in the list given."""

    depth_m: float
    length_m: tuple[float, ...]
    bays: tuple[int, ...]
    number: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Stretches:
    """In the turned frame: from and to along their own axis (north if upright), where they start across, which row."""

    start: Floats
    end: Floats
    across: Floats
    row: Indices
    upright: Mask

    def __len__(self) -> int:
        """Return the number of stretches."""
        return len(self.start)

    def take(self, rows: npt.NDArray[Any]) -> "Stretches":
        """Return the chosen stretches, in the order given."""
        return Stretches(*(getattr(self, each.name)[rows] for each in fields(self)))


@dataclass(frozen=True, eq=False)
class Frame:
    """A piece of ground moved by `-origin` and turned by `-angle`, its edges (x0, y0, x1, y1), what lines are made of.

    Stretches keep a hair more than the gap, so that the round-off of the places in them takes nothing of it.
    """

    ground: Any
    edges: Floats
    origin: Floats
    angle: float
    rows: tuple[Row, ...]
    inner_gap_m: float

    @property
    def gap_m(self) -> float:
        """Return what two stretches keep."""
        return self.inner_gap_m + _HAIR_M

    def bays(self, some: Stretches) -> Indices:
        """Return the most bays each stretch holds; none if it ends before it starts."""
        units = np.maximum(np.floor((some.end - some.start + self.inner_gap_m) / _UNIT_M + 1e-6), 0).astype(np.intp)
        size = _table_size(int(units.max(initial=0)))
        held = np.zeros(len(some), dtype=np.intp)
        for number, row in enumerate(self.rows):
            mine = some.row == number
            held[mine] = _table(row, self.inner_gap_m, size)[0][units[mine]]
        return held

    def bounds(self, some: Stretches) -> Floats:
        """Return west, south, east, north of each stretch."""
        depth_m = np.array([row.depth_m for row in self.rows])[some.row]
        flat = np.column_stack((some.start, some.across, some.end, some.across + depth_m))
        return np.where(some.upright[:, None], flat[:, [1, 0, 3, 2]], flat)


def rows_of(layouts: Sequence[Layout]) -> tuple[Row, ...]:
    """Return the layouts by depth, without those that no line needs: as long as another that holds as many."""
    rows = []
    for depth_m in sorted({layout.depth_m for layout in layouts}):
        sizes = [(each.length_m, -each.bays, at) for at, each in enumerate(layouts) if each.depth_m == depth_m]
        kept: list[tuple[float, int, int]] = []
        for length_m, less, at in sorted(sizes):
            if not kept or -less > kept[-1][1]:
                kept.append((length_m, -less, at))
        lengths, bays, numbers = zip(*kept, strict=True)
        rows.append(Row(depth_m, lengths, bays, numbers))
    return tuple(rows)


def frame_of(piece: Any, angle: float, rows: tuple[Row, ...], gap_m: float) -> Frame:
    """Return the frame in which lines of `angle` (radians) run east, rounded: moving the ground changes nothing."""
    origin = np.array(shapely.bounds(piece)[:2])
    turned = shapely.transform(piece, lambda xy: np.round((xy - origin) @ turn(angle).T, 6))
    shapely.prepare(turned)
    xy, ring = shapely.get_coordinates(shapely.get_rings(turned), return_index=True)
    edges = np.column_stack((xy[:-1], xy[1:]))[ring[1:] == ring[:-1]]
    return Frame(turned, edges, origin, angle, rows, gap_m)


def turn(angle: float) -> Floats:
    """Return the matrix that turns columns by `-angle`; rows are turned by `angle`."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def fill_stretch(row: Row, length_m: float, gap_m: float) -> list[tuple[float, int]]:
    """Return where along a stretch places start, and which of the row each is: as many bays as it can hold."""
    at = int((length_m + gap_m) / _UNIT_M + 1e-6)
    last = _table(row, gap_m, _table_size(at))[1]
    needs = _needs(row, gap_m)
    found, start_m = [], 0.0
    while at > 0:
        which = int(last[at])
        if which >= 0:
            found.append((start_m, which))
            start_m += row.length_m[which] + gap_m + _ROUND_OFF_M
        at -= needs[which] if which >= 0 else 1
    return found


@lru_cache(maxsize=64)
def _table(row: Row, gap_m: float, size: int) -> tuple[Indices, Indices]:
    """Return the most bays, and the last place taken, of stretches (a gap added) of each number of units below."""
    need = _needs(row, gap_m)
    best, last = [0] * size, [-1] * size
    for at in range(need[0], size):
        best[at] = best[at - 1]
        for which, takes in enumerate(need):
            if takes <= at and best[at - takes] + row.bays[which] >= best[at]:  # of equals the longest place
                best[at], last[at] = best[at - takes] + row.bays[which], which
    return np.array(best, dtype=np.intp), np.array(last, dtype=np.intp)


def _needs(row: Row, gap_m: float) -> list[int]:
    return [int(np.ceil((length_m + gap_m) / _UNIT_M - 1e-6)) for length_m in row.length_m]


def _table_size(units: int) -> int:
    """Return a power of two above: few sizes, so that tables are shared."""
    return max(1 << (units + 1).bit_length(), 4096)


def too_near(one: Floats, other: Floats, gap_m: float) -> Mask:
    """Return which rectangles (west, south, east, north) overlap or lie nearer than the gap, east or north."""
    apart_m = gap_m - _ROUND_OFF_M
    return np.asarray(
        (one[..., 0] < other[..., 2] + apart_m)
        & (one[..., 2] > other[..., 0] - apart_m)
        & (one[..., 1] < other[..., 3] + apart_m)
        & (one[..., 3] > other[..., 1] - apart_m)
    )


def cut_out(some: Stretches, bounds: Floats, gap_m: float) -> tuple[Stretches, Stretches]:
    """Return what is left before and behind of each stretch if a rectangle and the gap around it are cut out."""
    until = np.where(some.upright, bounds[:, 1], bounds[:, 0]) - gap_m
    since = np.where(some.upright, bounds[:, 3], bounds[:, 2]) + gap_m
    return (
        replace(some, end=np.minimum(until, some.end)),
        replace(some, start=np.maximum(since, some.start)),
    )


def join_stretches(parts: Sequence[Stretches]) -> Stretches:
    """Return all stretches of several sets as one."""
    none = np.empty(0)
    some = (Stretches(none, none, none, none.astype(np.intp), none.astype(bool)), *parts)
    return Stretches(*(np.concatenate([getattr(part, each.name) for part in some]) for each in fields(Stretches)))
