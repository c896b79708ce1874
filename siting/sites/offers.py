"""Options: the search itself, compound by compound: grounds, anchors, fits, and which of them to keep."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from siting.kinds import Kind
from siting.sites.catalogue import Catalogue
from siting.sites.dense import pack_densely, pack_greedily, take_boxes
from siting.sites.garages import aisle_ground, most_stalls
from siting.sites.ground import OPEN_GROUND_KINDS, drivable_ground, host_polygons, obstacles_for, pieces_of
from siting.sites.layouts import Layout
from siting.sites.lines import edge_angles, pack_lines
from siting.sites.packing import axis_angles, edge_anchors, find_fits, grid_anchors, join_anchors, rectangles
from siting.sites.pools import Pool, first_in_cell, join_pools, outside, spread
from siting.sites.record import Zones
from siting.sites.stalls import fit_stall_rows
from siting.sites.stretches import rows_of
from siting.sites.thinning import nearest_apart, thin
from siting.sites.zones import search_shadows

__all__ = ["Offer", "Search", "lawful_ground", "offers_of_kind"]

Shapes = npt.NDArray[Any]
Indices = npt.NDArray[np.intp]

_GRID_POINTS = 1500  # in one piece of ground: hectares of open ground need no fine search to keep a few dozen
_EDGE_POINTS = 1500
_CELLS = 60  # along a side of one piece of ground at most; of equal layouts centred in one only the first is looked at
_LINE_STEP_M = 0.5  # between lines that are tried
_LINE_ANGLES = 2  # of edges of one piece of ground that are tried, beside that of the wall nearest to it
_SAME_ANGLE = math.radians(1.5)
_USUAL = 40  # candidates of one kind in one compound; more only where the packing itself has more places
_CAPACITY = 0.995  # of the packing that uses up the ground is kept, the largest places first
_PACKED_SHARE = 0.75  # of the quota at most for it
_VARIETY_SHARE = 0.25  # of the usual number at least beside it
_WISHED_SHARE = 0.6  # of the rest goes to places that keep every should, practice and interpretation too
_NEAR_POWER = 3  # places of each size nearest to a transformer: the cable is what makes one place dearer than another
_VARIETY_CELL_M = 5.0  # places beside the packing are chosen among fewer
_COARSER = 3.0  # steps of the search for places to refuse, times those of the search proper
_SEGMENTS = 8


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to look for: layouts sorted by depth then length, the lawful gap, steps in metres, and how many."""

    kind: Kind
    layouts: tuple[Layout, ...]
    gap_m: float
    edge_step_m: float
    grid_step_m: float
    most: int
    most_refused: int
    parking_reach_m: float
    near_building_m: float


@dataclass(frozen=True, eq=False)
class Offer:
    """One footprint found, with the polygons of its groups; `is_lawful` says it was searched on allowed ground."""

    compound_id: str
    place_id: str
    layout: Layout
    footprint: Any
    group_shapes: Shapes
    is_lawful: bool
    garage_id: str | None = None


@dataclass(frozen=True, eq=False)
class _Terrain:
    """What the search of one kind looks up: what stands in the way, what the law shades, and which way walls run."""

    blocked: shapely.STRtree
    failing: shapely.STRtree
    doubtful: shapely.STRtree
    unwished: shapely.STRtree
    walls: shapely.STRtree
    angles: npt.NDArray[np.float64]
    lanes: shapely.STRtree
    power: shapely.STRtree


@dataclass(frozen=True, eq=False)
class _Grounds:
    """Four nested grounds of one host, and what one can drive on around it (EV only)."""

    host_id: str
    open: Any
    possible: Any
    lawful: Any
    wished: Any
    access: Any


def offers_of_kind(zones: Zones, catalogue: Catalogue, search: Search) -> Iterator[Offer]:
    """Yield the offers of one kind, compound by compound in the order of their ids, lawful ones first.

    The ground of a compound is searched at once, its garages one by one: their levels lie above one another.
    """
    hosts = host_polygons(zones.district, search.kind, search.parking_reach_m)
    terrain = _terrain(zones, search.kind, catalogue)
    for compound_id, members in hosts.groupby("compound_id", sort=True):
        if search.kind is Kind.EV_GARAGE:
            for row in members.itertuples():
                yield from _garage_offers(str(compound_id), row, zones, terrain, _share_of(search, len(members)))
            continue
        grounds = [
            _grounds(host_id, shape, terrain, search)
            for host_id, shape in zip(members["host_id"], members["geometry"], strict=True)
        ]
        lawful = _lawful_pool(grounds, terrain, search)
        yield from _as_offers(str(compound_id), lawful, grounds, search, is_lawful=True)
        refused = _refused_pool(grounds, terrain, search)
        yield from _as_offers(str(compound_id), refused, grounds, search, is_lawful=False)


def lawful_ground(zones: Zones, kind: Kind, catalogue: Catalogue) -> dict[str, Any]:
    """Return, per compound that is ready, the ground on which every must clause the search draws surely passes."""
    terrain = _terrain(zones, kind, catalogue)
    hosts = host_polygons(zones.district, kind, 0.0)
    return {
        str(row.compound_id): _less(_less(_less(row.geometry, terrain.blocked), terrain.failing), terrain.doubtful)
        for row in hosts.itertuples()
    }


def _share_of(search: Search, count: int) -> Search:
    """Return the search with an even share of its quotas for each of `count` garages."""
    return replace(search, most=max(search.most // count, 1), most_refused=search.most_refused // count)


def _garage_offers(compound_id: str, zone: Any, zones: Zones, terrain: _Terrain, search: Search) -> Iterator[Offer]:
    most = most_stalls(zones.district, zone.host_id)
    fitting = replace(search, layouts=tuple(layout for layout in search.layouts if layout.bays <= most))
    if not fitting.layouts:
        return
    grounds = [
        replace(
            _grounds(zone.host_id, zone.geometry, terrain, search), access=aisle_ground(zones.district, zone.host_id)
        )
    ]
    for pool, is_lawful in (
        (_lawful_pool(grounds, terrain, fitting), True),
        (_refused_pool(grounds, terrain, fitting), False),
    ):
        for offer in _as_offers(compound_id, pool, grounds, fitting, is_lawful=is_lawful):
            yield replace(offer, garage_id=zone.host_id)


def _terrain(zones: Zones, kind: Kind, catalogue: Catalogue) -> _Terrain:
    district = zones.district
    shadows = search_shadows(zones, kind, catalogue)
    walls = district.buildings.geometry.to_numpy()
    lined = walls if len(walls) else district.compounds.geometry.to_numpy()
    return _Terrain(
        blocked=shapely.STRtree(obstacles_for(district, kind)),
        failing=shapely.STRtree(shadows.failing),
        doubtful=shapely.STRtree(shadows.doubtful),
        unwished=shapely.STRtree(shadows.unwished),
        walls=shapely.STRtree(lined),
        angles=axis_angles(lined),
        lanes=shapely.STRtree(drivable_ground(district)),
        power=shapely.STRtree(district.transformers.geometry.dropna().to_numpy()),
    )


def _grounds(host_id: str, shape: Any, terrain: _Terrain, search: Search) -> _Grounds:
    if search.kind in OPEN_GROUND_KINDS:
        shape = _near_walls(shape, terrain.walls, search.near_building_m)
    open_ground = _less(shape, terrain.blocked)
    possible = _less(open_ground, terrain.failing)
    lawful = _less(possible, terrain.doubtful)
    lanes = terrain.lanes.geometries[terrain.lanes.query(shape, predicate="intersects")]
    return _Grounds(
        host_id=host_id,
        open=open_ground,
        possible=possible,
        lawful=lawful,
        wished=_less(lawful, terrain.unwished),
        access=shapely.union_all([shape, *lanes]),
    )


def _near_walls(shape: Any, walls: shapely.STRtree, reach_m: float) -> Any:
    """Return the ground with a wall within reach: far from any building, open ground may be unmapped buildings.

    A drawn buffer lies inside the true one.
    """
    near = np.sort(walls.query(shape, predicate="dwithin", distance=reach_m))
    reached = shapely.union_all(shapely.buffer(walls.geometries[near], reach_m, quad_segs=_SEGMENTS))
    return shape if shapely.covers(reached, shape) else shapely.intersection(shape, reached)


def _less(ground: Any, shapes: shapely.STRtree) -> Any:
    met = np.sort(shapes.query(ground, predicate="intersects"))
    return shapely.difference(ground, shapely.union_all(shapes.geometries[met])) if len(met) else ground


def _lawful_pool(grounds: list[_Grounds], terrain: _Terrain, search: Search) -> Pool:
    """Return what the ground can hold first, then other places and sizes, mostly such as nothing speaks against.

    Some of every size are those with the shortest cables: money decides among places more often than ground does.
    """
    pool = _search([(each.lawful, each) for each in grounds], terrain, search)
    if search.kind in OPEN_GROUND_KINDS:
        laid = _lines([each.lawful for each in grounds], terrain, search)
        pool = join_pools([laid, pool], search.layouts)
        packed = pack_greedily(laid.boxes, laid.bays, gap_m=search.gap_m, most=len(laid))
    else:
        packed = pack_densely(pool.boxes, pool.bays, gap_m=search.gap_m)
    if len(pool) <= min(search.most, _USUAL):
        return pool
    boxes, bays = pool.boxes, pool.bays
    packed = packed[: min(_enough(bays[packed]), max(int(search.most * _PACKED_SHARE), 1))]
    room = min(max(_USUAL - len(packed), int(_USUAL * _VARIETY_SHARE)), search.most - len(packed))

    def chosen(rows: Indices, most: int) -> Indices:
        some = thin(take_boxes(boxes, rows), bays[rows], pool.spot[rows], gap_m=search.gap_m, quota=most)
        return np.asarray(rows[some])

    others = np.setdiff1d(first_in_cell(pool, pool.anchors.origin.min(axis=0), _VARIETY_CELL_M), packed)
    first = np.empty(0, dtype=np.intp)
    if any(each.wished is not each.lawful for each in grounds):  # where a should, a practice, … speaks against some
        wished = _united([each.wished for each in grounds])
        shapely.prepare(wished)
        good = others[shapely.covers(wished, pool.take(others).drawn())]
        first = chosen(good, int(room * _WISHED_SHARE)) if len(good) < len(others) else first
    rest = chosen(np.setdiff1d(others, first), room - len(first))
    powered = _near_power(pool, terrain.power, search.gap_m)
    return pool.take(np.unique(np.concatenate((packed, first, rest, powered))))


def _near_power(pool: Pool, power: shapely.STRtree, gap_m: float) -> Indices:
    if not len(power.geometries):
        return np.empty(0, dtype=np.intp)
    centres = shapely.points(pool.boxes.centre)
    cable_m = shapely.distance(centres, power.geometries[power.nearest(centres)])
    return nearest_apart(pool.boxes, pool.bays, cable_m, gap_m=gap_m, each=_NEAR_POWER)


def _lines(grounds: list[Any], terrain: _Terrain, search: Search) -> Pool:
    """Return the places of whole lines across each piece of ground, in line with its edges or with the nearest wall."""
    rows = rows_of(search.layouts)
    pools = []
    for piece in (piece for ground in grounds for piece in pieces_of(ground, _least_m2(search))):
        angles = edge_angles(piece, _LINE_ANGLES)
        wall = terrain.angles[terrain.walls.nearest(piece)]
        apart = np.abs(np.mod(angles - wall + math.pi / 4, math.pi / 2) - math.pi / 4)
        angles = angles if (apart < _SAME_ANGLE).any() else np.append(angles, wall)
        anchors, layout = pack_lines(piece, angles, rows, gap_m=search.gap_m, step_m=_LINE_STEP_M)
        pools.append(Pool(anchors, np.arange(len(layout)), layout, search.layouts))
    return join_pools(pools, search.layouts)


def _least_m2(search: Search) -> float:
    return min(layout.length_m * layout.depth_m for layout in search.layouts)


def _united(grounds: list[Any]) -> Any:
    return grounds[0] if len(grounds) == 1 else shapely.union_all(grounds)


def _enough(bays: Indices) -> int:
    """Return how many of a packing, sorted by bays, hold nearly all of it."""
    return int(np.searchsorted(np.cumsum(bays), _CAPACITY * bays.sum()) + 1)


def _refused_pool(grounds: list[_Grounds], terrain: _Terrain, search: Search) -> Pool:
    """Return a few spots that fit open ground but not lawful ground: half uncertain, half surely forbidden."""
    small = min(layout.bays for layout in search.layouts)
    layouts = tuple(layout for layout in search.layouts if layout.bays == small)
    coarse = replace(
        search,
        layouts=layouts,
        edge_step_m=search.edge_step_m * _COARSER,
        grid_step_m=search.grid_step_m * _COARSER,
    )
    lawful = _united([each.lawful for each in grounds])
    possible = _united([each.possible for each in grounds])
    uncertain = outside(_search([(each.possible, each) for each in grounds], terrain, coarse), lawful)
    failing = outside(_search([(each.open, each) for each in grounds], terrain, coarse), possible)
    half = search.most_refused // 2
    both = join_pools([spread(uncertain, search.most_refused - half), spread(failing, half)], layouts)
    number = np.array([search.layouts.index(layout) for layout in layouts], dtype=np.intp)
    return Pool(both.anchors, both.spot, number[both.layout], search.layouts)


def _search(places: list[tuple[Any, _Grounds]], terrain: _Terrain, search: Search) -> Pool:
    """Return what fits on each ground, thinned to one fit per layout and cell."""
    pools = []
    for ground, around in places:
        for piece in pieces_of(ground, _least_m2(search)):
            pool = _fits_on(piece, around, terrain, search)
            cell_m = max(search.grid_step_m, math.sqrt(piece.area) / _CELLS)
            pools.append(pool.take(first_in_cell(pool, shapely.bounds(piece)[:2], cell_m)))
    return join_pools(pools, search.layouts)


def _fits_on(piece: Any, around: _Grounds, terrain: _Terrain, search: Search) -> Pool:
    if search.kind not in OPEN_GROUND_KINDS:
        rows, fits = fit_stall_rows(piece, around.access, search.layouts)
        return Pool(rows, fits.anchor, fits.layout, search.layouts)
    edges = edge_anchors(piece, max(search.edge_step_m, round(piece.length / _EDGE_POINTS, 1)))
    step_m = max(search.grid_step_m, round(math.sqrt(piece.area / _GRID_POINTS), 1))
    anchors = join_anchors([edges, grid_anchors(piece, step_m, terrain.walls, terrain.angles)])
    return Pool(anchors, *find_fits(piece, anchors, search.layouts), search.layouts)


def _as_offers(
    compound_id: str, pool: Pool, grounds: list[_Grounds], search: Search, *, is_lawful: bool
) -> Iterator[Offer]:
    footprints = pool.drawn()
    places = _place_ids(compound_id, footprints, grounds)
    for row in range(len(pool)):
        layout, spot = search.layouts[pool.layout[row]], pool.spot[row : row + 1]
        shapes = [
            rectangles(pool.anchors, spot, (start, start + length), (0.0, layout.depth_m))[0]
            for start, length, _ in layout.groups
        ]
        yield Offer(compound_id, places[row], layout, footprints[row], np.array(shapes, dtype=object), is_lawful)


def _place_ids(compound_id: str, footprints: Shapes, grounds: list[_Grounds]) -> list[str]:
    """Return the piece of open ground each footprint lies on: `compound#p3`, or `car park#p1` for EV stalls."""
    pieces: list[Any] = []
    names: list[str] = []
    for each in grounds:
        parts = pieces_of(each.open, 0.0)
        stem = compound_id if each.host_id == compound_id else f"{compound_id}#{each.host_id}"
        pieces.extend(parts)
        names.extend(f"{stem}#p{number:02d}" for number in range(1, len(parts) + 1))
    if not len(footprints):
        return []
    found = shapely.STRtree(pieces).nearest(shapely.centroid(footprints))
    return [names[number] for number in found]
