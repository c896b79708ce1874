"""Reach over open ground: the shortest walks of one compound between buildings, openings and sites, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from siting.access.edges import Edges, joined, shortest_edges, steps
from siting.access.ground import Ground, contacts, facades_of, is_free
from siting.access.network import Bools, Floats, Ints
from siting.access.spots import ASIDE_M, Outlines, Spots, Touch, outlines, sight, tangent, touches, turns

__all__ = ["GroundWalks", "Sources", "Web", "walk_ground", "weave"]


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


@dataclass(frozen=True, eq=False, kw_only=True)
class Web:
    """The steps of one compound, numbered: `buildings`, then `openings` and the other spots, then sites."""

    edges: Edges
    buildings: int
    openings: int
    first_site: int
    size: int


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
    web = weave(ground, sources, sites, limit_m=limit_m)
    first = np.arange(web.buildings + web.openings)
    matrix = web.edges.matrix(web.size)
    walks = dijkstra(matrix, directed=True, indices=first, limit=limit_m) if len(first) else np.empty((0, web.size))
    return GroundWalks(
        to_sites=walks[: web.buildings, web.first_site :],
        to_openings=walks[: web.buildings, web.buildings : web.buildings + web.openings],
        from_openings=walks[web.buildings :, web.first_site :],
    )


def weave(ground: Ground, sources: Sources, sites: Sequence[Any], *, limit_m: float) -> Web:
    """Return every step that a shortest walk of at most `limit_m` between buildings, openings and sites can have."""
    starts = _starts(ground, sources)
    targets, own = facades_of(ground, sites, inside=True)
    count = len(sources.outline)
    inner = ground.edges.shifted(count)
    edges = [
        inner,
        inner.back(),
        *_from_starts(ground, starts, limit_m),
        *_to_sites(ground, starts, (targets, own), limit_m),
    ]
    return Web(
        edges=shortest_edges(joined(edges)),
        buildings=count,
        openings=ground.openings,
        first_site=count + len(ground.spots),
        size=count + len(ground.spots) + len(targets),
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
        steps(starts.plain[legs.owner], count + legs.point, legs.xy, spots.xy[legs.point]),
        steps(starts.building[door[fit]], count + spot[fit], starts.spots.xy[door[fit]], spots.xy[spot[fit]]),
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
        middle = (count + np.arange(len(spots)), first + numbers)
        found.append(_leg_edges(ground, legs, (spots.xy, spots.test), middle))
        legs = touches(starts.spots.xy, edges, limit_m=limit_m, inside=inside)
        direct = (starts.building, first + numbers)
        found.append(_leg_edges(ground, legs, (starts.spots.xy, starts.spots.test), direct))
        tips = turns(edges)
        corners = edges.start[tips]
        places = (edges.start + (-ASIDE_M if inside else ASIDE_M) * edges.aside)[tips]
        legs = touches(corners, starts.facades, limit_m=limit_m)
        turned = (first + numbers[edges.owner[tips]], starts.plain)
        found.append(_leg_edges(ground, legs, (corners, places), turned).back())
    return [*found, _nothing_between(starts, sites, first)]


def _targets(sites: tuple[Any, Bools]) -> list[tuple[Ints, Outlines, bool]]:
    """Return (numbers, outlines, whether the tested end lies inside) of the sites on the ground, and of the others."""
    shapes, own = sites
    groups = [(np.flatnonzero(own), True), (np.flatnonzero(~own), False)]
    return [(numbers, outlines(shapes[numbers]), inside) for numbers, inside in groups if len(numbers)]


def _leg_edges(ground: Ground, legs: Touch, points: tuple[Floats, Floats], numbers: tuple[Ints, Ints]) -> Edges:
    """Return the legs that nothing stands in, as edges between the numbers of their points and of their owners.

    `points` are the places that legs start from, and the tested places beside them.
    """
    xy, tests = points
    legs = legs[np.flatnonzero(sight(ground.lines, tests[legs.point], legs.test))]
    return steps(numbers[0][legs.point], numbers[1][legs.owner], xy[legs.point], legs.xy)


def _nothing_between(starts: _Starts, sites: tuple[Any, Bools], first: int) -> Edges:
    """Return an edge of no length for each start that already stands at a site, and each facade that a site meets."""
    shapes = sites[0]
    tree = shapely.STRtree(shapes)
    spot, site = tree.query(shapely.points(starts.spots.xy), predicate="intersects")
    plain, met = tree.query(starts.blocks[starts.plain], predicate="intersects")
    meeting = shapely.shortest_line(starts.blocks[starts.plain][plain], shapes[met])
    places = np.vstack([starts.spots.xy[spot], shapely.get_coordinates(shapely.get_point(meeting, 0))])
    tail = np.concatenate([starts.building[spot], starts.plain[plain]])
    return steps(tail, first + np.concatenate([site, met]), places, places)
