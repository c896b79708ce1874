"""Reach over open ground: the shortest walks of one compound between buildings, openings and sites, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from siting.access.ground import Edges, Ground, contacts, facades_of, is_free, joined, smallest
from siting.access.network import Bools, Floats, Ints
from siting.access.spots import ASIDE_M, Outlines, Spots, Touch, outlines, sight, tangent, touches, turns

__all__ = ["GroundWalks", "Sources", "walk_ground"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Sources:
    """Where people start: the `outline` of each building, and its `doors`.

    A building none of whose doors lies on the ground is left anywhere along its outline.
    """

    outline: Any
    doors: Sequence[Sequence[Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class GroundWalks:
    """Shortest walks on the ground in metres, inf beyond the limit.

    `to_sites` (buildings, sites), `to_openings` (buildings, openings), `from_openings` (openings, sites).
    """

    to_sites: Floats
    to_openings: Floats
    from_openings: Floats


@dataclass(frozen=True, eq=False)
class _Starts:
    """Where walks start: `spots` with their `building` (doors and pockets, then corners of facades), and `facades`.

    `blocks` has the outline of every building; `plain` numbers those without doors, which own `facades` in order.
    """

    spots: Spots
    building: Ints
    is_point: Bools
    facades: Outlines
    plain: Ints
    blocks: Any
    buildings: int


def walk_ground(ground: Ground, sources: Sources, sites: Sequence[Any], *, limit_m: float) -> GroundWalks:
    """Return the shortest walks of at most `limit_m` between buildings, openings and sites of one compound.

    Nobody walks over the ground of a building to leave it: a start on a facade is on its free side.
    """
    starts = _starts(ground, sources)
    targets, own = facades_of(ground, sites, inside=True)
    count, middle = len(sources.outline), len(ground.spots)
    tail, head, length_m = count + ground.edges.tail, count + ground.edges.head, ground.edges.length_m
    edges = [
        Edges(tail=tail, head=head, length_m=length_m),
        Edges(tail=head, head=tail, length_m=length_m),
        *_from_starts(ground, starts, limit_m),
        *_to_sites(ground, starts, (targets, own), limit_m),
    ]
    size = count + middle + len(targets)
    matrix = smallest(joined(edges), size)
    first = np.arange(count + ground.openings)
    walks = dijkstra(matrix, directed=True, indices=first, limit=limit_m) if len(first) else np.empty((0, size))
    ends = slice(count + middle, None)
    return GroundWalks(
        to_sites=walks[:count, ends],
        to_openings=walks[:count, count : count + ground.openings],
        from_openings=walks[count:, ends],
    )


def _starts(ground: Ground, sources: Sources) -> _Starts:
    shapes, _ = facades_of(ground, sources.outline)
    doors = [
        (number, *place)
        for number, doors in enumerate(sources.doors)
        for door in doors
        if is_free(ground, (place := _door(shapes[number], door))[1][np.newaxis])[0]
    ]
    plain = np.setdiff1d(np.arange(len(shapes)), [number for number, *_ in doors])
    doors += [(int(number), *place) for number in plain for place in contacts(ground, shapes[number])]
    facades = outlines(shapes[plain])
    tips = turns(facades)
    spots = Spots.free(
        [*(xy for _, xy, _ in doors), *facades.start[tips]],
        [*(test for *_, test in doors), *(facades.start + ASIDE_M * facades.aside)[tips]],
    )
    building = np.array([*(number for number, *_ in doors), *plain[facades.owner[tips]]], dtype=np.int64)
    free = is_free(ground, spots.test)
    return _Starts(
        spots=spots[free],
        building=building[free],
        is_point=(np.arange(len(spots)) < len(doors))[free],
        facades=facades,
        plain=plain,
        blocks=shapes,
        buildings=len(shapes),
    )


def _door(shape: Any, door: Any) -> tuple[Floats, Floats]:
    """Return the place of a door on its building's outline, and the tested place before it."""
    xy = shapely.get_coordinates(shapely.shortest_line(shape.boundary, door))[0]
    around = shapely.buffer(shape, ASIDE_M, join_style="mitre").boundary
    return xy, shapely.get_coordinates(shapely.shortest_line(around, shapely.Point(xy)))[0]


def _from_starts(ground: Ground, starts: _Starts, limit_m: float) -> list[Edges]:
    """Return the first legs: from a facade to the spots of the ground, and from each door to them."""
    spots = ground.spots
    count = starts.buildings
    legs = _seen_from(ground, touches(spots.xy, starts.facades, limit_m=limit_m))
    legs = legs[np.flatnonzero(sight(ground.lines, spots.test[legs.point], legs.test))]
    doors = np.flatnonzero(starts.is_point)
    door, spot = (pairs.ravel() for pairs in np.meshgrid(doors, ground.seeing, indexing="ij"))
    step = spots.xy[spot] - starts.spots.xy[door]
    length_m = np.hypot(step[:, 0], step[:, 1])
    fit = np.flatnonzero((length_m <= limit_m) & tangent(spots, spot, step))
    fit = fit[sight(ground.lines, starts.spots.test[door[fit]], spots.test[spot[fit]])]
    return [
        Edges(tail=starts.plain[legs.owner], head=count + legs.point, length_m=legs.length_m),
        Edges(tail=starts.building[door[fit]], head=count + spot[fit], length_m=length_m[fit]),
    ]


def _seen_from(ground: Ground, legs: Touch) -> Touch:
    """Return the legs that start at spots on free ground and can be part of a shortest walk."""
    spots = ground.spots
    seeing = np.zeros(len(spots), dtype=bool)
    seeing[ground.seeing] = True
    legs = legs[np.flatnonzero(seeing[legs.point])]
    return legs[np.flatnonzero(tangent(spots, legs.point, legs.xy - spots.xy[legs.point]))]


def _to_sites(ground: Ground, starts: _Starts, sites: Any, limit_m: float) -> list[Edges]:
    """Return the last legs: from spots of the ground to outlines of sites, and straight from starts to sites."""
    spots, count = ground.spots, starts.buildings
    first = count + len(spots)
    found = []
    for numbers, edges, inside in _targets(sites):
        legs = _seen_from(ground, touches(spots.xy, edges, limit_m=limit_m, inside=inside))
        found.append(_leg_edges(ground, legs, spots.test, (count + np.arange(len(spots)), first + numbers)))
        legs = touches(starts.spots.xy, edges, limit_m=limit_m, inside=inside)
        found.append(_leg_edges(ground, legs, starts.spots.test, (starts.building, first + numbers)))
        tips = turns(edges)
        places = (edges.start + (-ASIDE_M if inside else ASIDE_M) * edges.aside)[tips]
        legs = touches(edges.start[tips], starts.facades, limit_m=limit_m)
        back = _leg_edges(ground, legs, places, (first + numbers[edges.owner[tips]], starts.plain))
        found.append(Edges(tail=back.head, head=back.tail, length_m=back.length_m))
    return [*found, _nothing_between(starts, sites, first)]


def _targets(sites: tuple[Any, Bools]) -> list[tuple[Ints, Outlines, bool]]:
    """Return (numbers, outlines, whether the tested end lies inside) of the sites on the ground, and of the others."""
    shapes, own = sites
    groups = [(np.flatnonzero(own), True), (np.flatnonzero(~own), False)]
    return [(numbers, outlines(shapes[numbers]), inside) for numbers, inside in groups if len(numbers)]


def _leg_edges(ground: Ground, legs: Touch, tests: Floats, numbers: tuple[Ints, Ints]) -> Edges:
    """Return the legs that nothing stands in, as edges between the numbers of their points and of their owners."""
    legs = legs[np.flatnonzero(sight(ground.lines, tests[legs.point], legs.test))]
    return Edges(tail=numbers[0][legs.point], head=numbers[1][legs.owner], length_m=legs.length_m)


def _nothing_between(starts: _Starts, sites: tuple[Any, Bools], first: int) -> Edges:
    """Return an edge of no length for each start that already stands at a site, and each facade that a site meets."""
    shapes = sites[0]
    tree = shapely.STRtree(shapes)
    spot, site = tree.query(shapely.points(starts.spots.xy), predicate="intersects")
    plain, met = tree.query(starts.blocks[starts.plain], predicate="intersects")
    tail = np.concatenate([starts.building[spot], starts.plain[plain]])
    head = first + np.concatenate([site, met])
    return Edges(tail=tail, head=head, length_m=np.zeros(len(tail)))
