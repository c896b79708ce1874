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
from siting.sites.dense import centres_of, pack_densely
from siting.sites.garages import aisle_ground, most_stalls
from siting.sites.ground import OPEN_GROUND_KINDS, drivable_ground, host_polygons, obstacles_for, pieces_of
from siting.sites.layouts import Layout
from siting.sites.packing import (
    Anchors,
    Fits,
    axis_angles,
    edge_anchors,
    fit_layouts,
    grid_anchors,
    join_anchors,
    rectangles,
    take_anchors,
)
from siting.sites.record import Zones
from siting.sites.stalls import fit_stall_rows
from siting.sites.thinning import spread_out, thin
from siting.sites.zones import search_shadows

__all__ = ["Offer", "Search", "lawful_ground", "offers_of_kind"]

Shapes = npt.NDArray[Any]
Indices = npt.NDArray[np.intp]

_CELL_M = 2.0  # of equal layouts starting in one cell of this size only the first is looked at
_GRID_POINTS = 1500  # in one piece of ground: hectares of open ground need no fine search to keep a few dozen
_EDGE_POINTS = 1500
_CELLS = 60  # along a side of one piece of ground at most, for the same reason
_MOST_CELLS = 1 << 24  # along a side of one piece of ground
_OFF_LATTICE = 0.0137  # of a cell: no regular row of footprints runs along the border of cells
_PACKED_SHARE = 0.75  # of the quota, for one packing that uses up the ground
_WISHED_SHARE = 0.6  # of the rest goes to places that keep every should, practice and interpretation too
_COARSER = 2.0  # steps of the search for places to refuse, times those of the search proper


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


@dataclass(frozen=True, eq=False)
class _Grounds:
    """Four nested grounds of one host, and what one can drive on around it (EV only)."""

    host_id: str
    open: Any
    possible: Any
    lawful: Any
    wished: Any
    access: Any


@dataclass(frozen=True, eq=False)
class _Pool:
    """Fits of one compound, the best aligned first; `spot` numbers the anchors over all its grounds."""

    anchors: Anchors
    spot: Indices
    layout: Indices
    footprint: Shapes

    def take(self, chosen: npt.NDArray[Any]) -> "_Pool":
        """Return the chosen fits, in the order given."""
        return _Pool(self.anchors, self.spot[chosen], self.layout[chosen], self.footprint[chosen])


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
            _grounds(host_id, shape, terrain)
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
        str(row.compound_id): _grounds(str(row.host_id), row.geometry, terrain).lawful for row in hosts.itertuples()
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
        replace(_grounds(zone.host_id, zone.geometry, terrain), access=aisle_ground(zones.district, zone.host_id))
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
    )


def _grounds(host_id: str, shape: Any, terrain: _Terrain) -> _Grounds:
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


def _less(ground: Any, shapes: shapely.STRtree) -> Any:
    met = np.sort(shapes.query(ground, predicate="intersects"))
    return shapely.difference(ground, shapely.union_all(shapes.geometries[met])) if len(met) else ground


def _lawful_pool(grounds: list[_Grounds], terrain: _Terrain, search: Search) -> _Pool:
    pool = _search([(each.lawful, each.access) for each in grounds], terrain, search)
    bays = np.array([search.layouts[number].bays for number in pool.layout], dtype=np.intp)
    if len(bays) <= search.most:
        return pool
    packed = pack_densely(pool.footprint, bays, gap_m=search.gap_m)[: int(search.most * _PACKED_SHARE)]
    wished = shapely.union_all([each.wished for each in grounds])
    shapely.prepare(wished)
    others = np.setdiff1d(np.arange(len(bays)), packed)
    good = others[shapely.covers(wished, pool.footprint[others])]
    first = np.empty(0, dtype=np.intp)
    if len(good) < len(others):  # some stand where a should, a practice or an interpretation speaks against it
        most = int((search.most - len(packed)) * _WISHED_SHARE)
        first = good[thin(pool.footprint[good], bays[good], pool.spot[good], gap_m=search.gap_m, quota=most)]
    rest = np.setdiff1d(others, first)
    most = search.most - len(packed) - len(first)
    rest = rest[thin(pool.footprint[rest], bays[rest], pool.spot[rest], gap_m=search.gap_m, quota=most)]
    return pool.take(np.sort(np.concatenate((packed, first, rest))))


def _refused_pool(grounds: list[_Grounds], terrain: _Terrain, search: Search) -> _Pool:
    """Return a few spots that fit open ground but not lawful ground: half uncertain, half surely forbidden."""
    small = min(layout.bays for layout in search.layouts)
    layouts = tuple(layout for layout in search.layouts if layout.bays == small)
    coarse = replace(
        search,
        layouts=layouts,
        edge_step_m=search.edge_step_m * _COARSER,
        grid_step_m=search.grid_step_m * _COARSER,
    )
    lawful = shapely.union_all([each.lawful for each in grounds])
    possible = shapely.union_all([each.possible for each in grounds])
    uncertain = _outside(_search([(each.possible, each.access) for each in grounds], terrain, coarse), lawful)
    failing = _outside(_search([(each.open, each.access) for each in grounds], terrain, coarse), possible)
    half = search.most_refused // 2
    first, second = _spread(uncertain, search.most_refused - half), _spread(failing, half)
    number = np.array([search.layouts.index(layout) for layout in layouts], dtype=np.intp)
    return _joined([_renumbered(first, number), _renumbered(second, number)])


def _search(places: list[tuple[Any, Any]], terrain: _Terrain, search: Search) -> _Pool:
    """Return what fits on each (ground, access), thinned to one fit per layout and cell."""
    least_m2 = min(layout.length_m * layout.depth_m for layout in search.layouts)
    pools = []
    for ground, access in places:
        for piece in pieces_of(ground, least_m2):
            anchors, fits = _fits_on(piece, access, terrain, search)
            pool = _Pool(anchors, fits.anchor, fits.layout, fits.footprint)
            pools.append(pool.take(_first_in_cell(pool, search.layouts, shapely.bounds(piece)[:2], piece.area)))
    return _joined(pools)


def _fits_on(piece: Any, access: Any, terrain: _Terrain, search: Search) -> tuple[Anchors, Fits]:
    if search.kind not in OPEN_GROUND_KINDS:
        return fit_stall_rows(piece, access, search.layouts)
    edges = edge_anchors(piece, max(search.edge_step_m, round(piece.length / _EDGE_POINTS, 1)))
    step_m = max(search.grid_step_m, round(math.sqrt(piece.area / _GRID_POINTS), 1))
    grid = grid_anchors(piece, step_m, terrain.walls, terrain.angles)
    anchors = join_anchors([edges, grid])
    if not _all_near_walls(piece, terrain.walls, search.near_building_m):
        anchors = _near_walls(anchors, terrain.walls, search.near_building_m)
    return anchors, fit_layouts(piece, anchors, search.layouts)


def _all_near_walls(piece: Any, walls: shapely.STRtree, reach_m: float) -> bool:
    """Return whether the whole piece surely lies near walls (a drawn buffer lies inside the true one)."""
    near = np.sort(walls.query(piece, predicate="dwithin", distance=reach_m))
    return bool(shapely.covers(shapely.union_all(shapely.buffer(walls.geometries[near], reach_m)), piece))


def _near_walls(anchors: Anchors, walls: shapely.STRtree, reach_m: float) -> Anchors:
    """Return the anchors with a wall within reach: far from any building, open ground may be unmapped buildings."""
    near, _ = walls.query(shapely.points(anchors.origin), predicate="dwithin", distance=reach_m)
    return take_anchors(anchors, np.unique(near))


def _first_in_cell(
    pool: _Pool, layouts: tuple[Layout, ...], corner: npt.NDArray[np.float64], area_m2: float
) -> Indices:
    half = np.array([(layout.length_m / 2.0, layout.depth_m / 2.0) for layout in layouts])[pool.layout]
    anchors = take_anchors(pool.anchors, pool.spot)
    centres = anchors.origin + anchors.along * half[:, :1] + anchors.forward * half[:, 1:]
    cell_m = max(_CELL_M, math.sqrt(area_m2) / _CELLS)
    cells = np.floor((centres - corner) / cell_m + _OFF_LATTICE).astype(np.int64)
    key = (pool.layout * _MOST_CELLS + cells[:, 0]) * _MOST_CELLS + cells[:, 1]
    _, first = np.unique(key, return_index=True)  # edge anchors come first, so they win their cell
    return np.sort(first)


def _joined(pools: list[_Pool]) -> _Pool:
    empty = np.empty((0, 2))
    anchors = join_anchors([Anchors(empty, empty, empty, np.empty(0, dtype=bool)), *(pool.anchors for pool in pools)])
    offsets = np.cumsum([0, *(len(pool.anchors) for pool in pools)])
    none = np.empty(0, dtype=np.intp)
    return _Pool(
        anchors,
        np.concatenate([none, *(pool.spot + offset for pool, offset in zip(pools, offsets, strict=False))]),
        np.concatenate([none, *(pool.layout for pool in pools)]),
        np.concatenate([np.empty(0, dtype=object), *(pool.footprint for pool in pools)]),
    )


def _outside(pool: _Pool, ground: Any) -> _Pool:
    shapely.prepare(ground)
    return pool.take(~shapely.covers(ground, pool.footprint))


def _spread(pool: _Pool, most: int) -> _Pool:
    centres = centres_of(pool.footprint)
    everything = np.arange(len(pool.footprint))
    return pool.take(spread_out(centres, everything, np.empty(0, dtype=np.intp), most=most))


def _renumbered(pool: _Pool, number: Indices) -> _Pool:
    return _Pool(pool.anchors, pool.spot, number[pool.layout], pool.footprint)


def _as_offers(
    compound_id: str, pool: _Pool, grounds: list[_Grounds], search: Search, *, is_lawful: bool
) -> Iterator[Offer]:
    places = _place_ids(compound_id, pool.footprint, grounds)
    for row in range(len(pool.footprint)):
        layout, spot = search.layouts[pool.layout[row]], pool.spot[row : row + 1]
        shapes = [
            rectangles(pool.anchors, spot, (start, start + length), (0.0, layout.depth_m))[0]
            for start, length, _ in layout.groups
        ]
        yield Offer(compound_id, places[row], layout, pool.footprint[row], np.array(shapes, dtype=object), is_lawful)


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
