"""Options: how bays are arranged, rows facing an aisle, cut into lawful groups, as rectangles in their own frame.

A layout is drawn from its back left corner: `u` runs along the rows, `v` from the back (the wall or kerb it stands
against) to the front. All lengths are metres. `siting.sites.packing` lays layouts on the ground.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from siting.kinds import Kind
from siting.rules.clause import Clause, Force, Metric, Rulebook
from siting.sites.catalogue import KindFigures

__all__ = ["GroupLimits", "Layout", "arrange", "group_limits", "layouts_for"]

_ROUND_OFF_M = 1e-9
_WALL_M = 0.24  # a brick wall between two groups (assumption: its thickness is in no clause)
_EV_KINDS = frozenset({Kind.EV_SURFACE, Kind.EV_GARAGE})


@dataclass(frozen=True, kw_only=True)
class GroupLimits:
    """The strictest lawful group: its length, its vehicles, the gap to the next, and vehicles at one place.

    `gap_m` is kept between the groups of one layout; `place_gap_m` excludes two places from each other, so only
    what must be counts there.
    """

    length_m: float
    size: int
    gap_m: float
    place_gap_m: float
    place_size: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One arrangement of bays.

    `groups` holds (offset along u, length along u, bays) of each group; a group takes the whole depth, so its
    polygon is the ground its bays and their part of the aisle take. `access_m` is the depth of the strip in
    front that must be open to drive in (0: the aisle is part of the footprint).
    """

    kind: Kind
    bays: int
    rows: int
    length_m: float
    depth_m: float
    access_m: float
    groups: tuple[tuple[float, float, int], ...]


def group_limits(
    rulebook: Rulebook, kind: Kind, figures: KindFigures, walls: Callable[[Clause], bool] = lambda _: False
) -> GroupLimits:
    """Return the strictest group limits of every clause in force for `kind`, whatever its force.

    A layout can as well keep a should, so all clauses count; where the rulebook is silent the catalogue's figures
    stand in (practice). Two places exclude each other by musts alone, else by the catalogue. Clauses with a
    condition count too: the layout is then lawful whether or not it holds. `walls` says of a clause on gaps whether
    a signed wall stands in for it: then only the wall itself lies between the groups of a place.
    """
    clauses = rulebook.for_kind(kind)
    open_gaps = [clause for clause in clauses if not walls(clause)]
    between = figures.group_gap_m if len(open_gaps) == len(clauses) else _WALL_M
    musts = [clause for clause in clauses if clause.force is Force.MUST]
    return GroupLimits(
        length_m=min(_values(clauses, Metric.GROUP_LENGTH), default=figures.group_length_m),
        size=int(min(_values(clauses, Metric.GROUP_SIZE), default=figures.group_size)),
        gap_m=max(_values(open_gaps, Metric.GROUP_GAP), default=between),
        place_gap_m=max(_values(musts, Metric.GROUP_GAP), default=figures.group_gap_m),
        place_size=min(_values(clauses, Metric.PLACE_SIZE), default=math.inf),
    )


def _values(clauses: Iterable[Clause], metric: Metric) -> list[float]:
    return [clause.value for clause in clauses if clause.metric is metric and clause.value is not None]


def layouts_for(kind: Kind, figures: KindFigures, limits: GroupLimits, sizes: Iterable[int]) -> tuple[Layout, ...]:
    """Return every layout worth trying for `kind`: each size in a single row and, for e-bikes, in a double row.

    A size is rounded down to whole modules; sizes above the lawful size of a place are left out. Sorted by depth,
    then by length, so that within one depth each layout lies inside the next.
    """
    whole = sorted({size - size % figures.ports_per_module for size in sizes})
    rows = (1, 2) if kind in (Kind.EBIKE_OPEN, Kind.EBIKE_SHED) else (1,)
    layouts = [
        arrange(kind, figures, limits, bays=bays, rows=count)
        for bays in whole
        for count in rows
        if 0 < bays <= limits.place_size
    ]
    return tuple(sorted(layouts, key=lambda layout: (layout.depth_m, layout.length_m, layout.bays)))


def arrange(kind: Kind, figures: KindFigures, limits: GroupLimits, *, bays: int, rows: int) -> Layout:
    """Arrange `bays` in one row, or in two rows facing one aisle, cut into as few even groups as the limits allow."""
    columns_max = math.floor(limits.length_m / figures.bay_width_m + _ROUND_OFF_M)
    largest = min(limits.size, rows * columns_max)
    if largest < 1:
        message = f"a group of {kind} may be {limits.length_m:g} m long and hold {limits.size}: no bay fits"
        raise ValueError(message)
    count = math.ceil(bays / largest)
    groups: list[tuple[float, float, int]] = []
    offset_m = 0.0
    for number in range(count):
        held = bays // count + (1 if number < bays % count else 0)
        length_m = math.ceil(held / rows) * figures.bay_width_m
        groups.append((offset_m, length_m, held))
        offset_m += length_m + limits.gap_m
    is_ev = kind in _EV_KINDS
    return Layout(
        kind=kind,
        bays=bays,
        rows=rows,
        length_m=offset_m - limits.gap_m,
        depth_m=rows * figures.bay_length_m + (0.0 if is_ev else figures.aisle_width_m),
        access_m=figures.aisle_width_m if is_ev else 0.0,
        groups=tuple(groups),
    )
