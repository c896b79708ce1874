"""Facts, made up: the plan of the synthetic quarter, its streets, blocks and what each compound is asked to be.

Everything here is plane geometry in metres (x east, y north) around the quarter's origin; `synthetic_compound`
fills the compounds, `synthetic_places` the rest, and `synthetic_osm` writes OpenStreetMap objects.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import shapely
from shapely.affinity import rotate
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

__all__ = [
    "GRID_ANGLE_DEG",
    "ORIGIN_LON_LAT",
    "CompoundPlan",
    "Grid",
    "Lot",
    "Ring",
    "Street",
    "Thing",
    "between",
    "free_spans",
    "hall",
    "inset",
    "lay_grid",
    "made_up",
    "part_of_block",
    "patch",
    "ring",
    "with_vertex",
]

#: Where the quarter is said to stand: the old town of Yuncheng, Shanxi (nothing there was copied).
ORIGIN_LON_LAT = (111.0, 35.03)
#: The streets stand askew to the compass by this much, as most old grids do.
GRID_ANGLE_DEG = 6.0

_EASTINGS_M = (-590.0, -292.0, 8.0, 306.0, 592.0)
_NORTHINGS_M = (-425.0, -142.0, 143.0, 430.0)
_OVERSHOOT_M = 70.0
_JITTER_M = 9.0

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Thing:
    """One OpenStreetMap object to be: a point, a line, or an area (with holes: a multipolygon)."""

    shape: BaseGeometry
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Street:
    """One public street: `space_m` is half the room between the walls on both sides."""

    line: LineString
    kind: str
    name: str
    space_m: float
    lanes: int


@dataclass(frozen=True)
class Grid:
    """The street grid and the land left between the streets; blocks are keyed (column, row) from the south-west."""

    streets: tuple[Street, ...]
    blocks: Mapping[tuple[int, int], Polygon]
    corners: Mapping[tuple[int, int], tuple[Point, Point, Point, Point]]


@dataclass(frozen=True)
class Lot:
    """A part of a compound kept out of the rows: `use` says for what."""

    use: str
    ring: Ring


@dataclass(frozen=True)
class CompoundPlan:
    """What one compound is asked to be; rings are shares (0 to 1) of its block, west to east and south to north."""

    number: int
    block: tuple[int, int]
    year: int
    ring: Ring = ((0, 0), (1, 0), (1, 1), (0, 1))
    hole: Ring = ()
    angle_deg: float = GRID_ANGLE_DEG
    row_gap_m: float = 20.0
    margin_m: float = 6.0
    lane_share: float = 0.5
    gates: str = "SN"  # sides of the compound with a gate for cars; "E" and "W" continue a row lane
    rows: tuple[int, ...] = ()  # only these rows are built (empty: all)
    levels: tuple[int, ...] = (5, 5, 6, 4, 5)
    level_tags: float = 0.7  # share of buildings whose levels are tagged
    entrances: bool = False
    barrier: str = "wall"
    lawns: float = 0.5  # share of the ground south of a slab that is a lawn
    stalls: float = 0.25  # ... that is parking
    sheds: int = 3
    kiosk: bool = True  # has a transformer of its own
    lots: tuple[Lot, ...] = field(default=())

    @property
    def name(self) -> str:
        """Name the compound so that nobody takes it for a real one."""
        return f"合成小区{self.number:02d} (synthetic)"


_NORTH_SOUTH = (
    ("secondary", "合成西街 (synthetic)", 15.0, 2),
    ("residential", "合成槐树巷 (synthetic)", 8.0, 1),
    ("primary", "合成大道 (synthetic)", 21.0, 4),
    ("tertiary", "合成学府路 (synthetic)", 11.0, 2),
    ("secondary", "合成东街 (synthetic)", 15.0, 2),
)
_EAST_WEST = (
    ("secondary", "合成南路 (synthetic)", 15.0, 2),
    ("residential", "合成盐池巷 (synthetic)", 8.0, 1),
    ("primary", "合成中路 (synthetic)", 19.0, 4),
    ("tertiary", "合成北路 (synthetic)", 11.0, 2),
)


def made_up(**tags: str) -> dict[str, str]:
    """Return `tags` plus the mark that every object of the quarter carries; `_` in a key stands for `:`."""
    return {key.replace("__", ":"): value for key, value in tags.items()} | {"siting:synthetic": "yes"}


def lay_grid(dice: random.Random) -> Grid:
    """Lay the streets and cut the land between them into blocks."""
    crossings = [
        [rotate(Point(x + _jitter(dice), y + _jitter(dice)), GRID_ANGLE_DEG, origin=(0, 0)) for y in _NORTHINGS_M]
        for x in _EASTINGS_M
    ]
    streets = [_street(column, *style) for column, style in zip(crossings, _NORTH_SOUTH, strict=True)]
    rows = [[column[row] for column in crossings] for row in range(len(_NORTHINGS_M))]
    streets += [_street(row, *style) for row, style in zip(rows, _EAST_WEST, strict=True)]
    rooms = shapely.union_all(
        [street.line.buffer(street.space_m, cap_style="flat", join_style="mitre") for street in streets]
    )
    corners = {
        (i, j): (crossings[i][j], crossings[i + 1][j], crossings[i + 1][j + 1], crossings[i][j + 1])
        for i in range(len(_EASTINGS_M) - 1)
        for j in range(len(_NORTHINGS_M) - 1)
    }
    blocks = {key: Polygon(points).difference(rooms) for key, points in corners.items()}
    return Grid(tuple(streets), blocks, corners)


def part_of_block(
    grid: Grid, block: tuple[int, int], shares: Sequence[tuple[float, float]], *, gap_m: float = 0.0
) -> Polygon:
    """Return the part of a block whose corners are given as shares of its width and depth.

    Sides that lie on the block's own edge stay there; sides inside the block step back by `gap_m`.
    """
    land = grid.blocks[block]
    sw, se, ne, nw = _corners_of(land)
    west = [[(1 - v) * sw[axis] + v * nw[axis] for axis in (0, 1)] for _, v in shares]
    east = [[(1 - v) * se[axis] + v * ne[axis] for axis in (0, 1)] for _, v in shares]
    points = [
        ((1 - u) * w[0] + u * e[0], (1 - u) * w[1] + u * e[1]) for (u, _), w, e in zip(shares, west, east, strict=True)
    ]
    part = Polygon(points)
    if gap_m == 0.0:
        return part.intersection(land)
    return part.buffer(-gap_m, join_style="mitre").intersection(land)


def ring(west: float, south: float, east: float, north: float) -> Ring:
    """Return the corners of a rectangle given as shares of a block."""
    return ((west, south), (east, south), (east, north), (west, north))


def hall(lot: Polygon, share: tuple[float, float, float, float], **tags: str) -> Thing:
    """Return a building on the given shares of a lot."""
    return Thing(patch(lot, share), made_up(**tags))


def patch(lot: Polygon, share: tuple[float, float, float, float]) -> Polygon:
    """Return the rectangle that takes the given shares (west, south, east, north) of a lot's own frame."""
    turned = rotate(lot, -GRID_ANGLE_DEG, origin=(0, 0))
    west, south, east, north = turned.bounds
    w, s, e, n = share
    width, height = east - west, north - south
    part = box(west + w * width, south + s * height, west + e * width, south + n * height)
    return rotate(part, GRID_ANGLE_DEG, origin=(0, 0))


def inset(area: BaseGeometry, distance_m: float) -> BaseGeometry:
    """Return `area` drawn in by `distance_m` with sharp corners (negative: drawn out)."""
    return area.buffer(-distance_m, join_style="mitre")


def free_spans(region: BaseGeometry, south: float, north: float) -> list[tuple[float, float]]:
    """Return the spans of x where the whole band from `south` to `north` lies in `region`, west to east."""
    west, _, east, _ = region.bounds
    outside = box(west, south, east, north).difference(region)
    blocked = sorted((part.bounds[0], part.bounds[2]) for part in shapely.get_parts(outside) if part.area > 1e-6)
    spans, reached = [], west
    for start, end in [*blocked, (east, east)]:
        if start > reached:
            spans.append((reached, start))
        reached = max(reached, end)
    return spans


def with_vertex(shape: BaseGeometry, point: tuple[float, float]) -> BaseGeometry:
    """Return a line or polygon with `point` inserted as a vertex where it is nearest to the outline."""
    if isinstance(shape, Polygon):
        rings = [shape.exterior, *shape.interiors]
        nearest = min(range(len(rings)), key=lambda i: rings[i].distance(Point(point)))
        coords = [list(ring.coords) for ring in rings]
        coords[nearest] = _inserted(coords[nearest], point)
        return Polygon(coords[0], coords[1:])
    return LineString(_inserted(list(shape.coords), point))


def between(dice: random.Random, low: float, high: float) -> float:
    """Return a number between `low` and `high`, in whole decimetres."""
    return round(dice.uniform(low, high), 1)


def _jitter(dice: random.Random) -> float:
    return between(dice, -_JITTER_M, _JITTER_M)


def _street(points: Sequence[Point], kind: str, name: str, space_m: float, lanes: int) -> Street:
    first, second, *_ = points
    *_, penultimate, last = points
    coords = [_beyond(second, first), *points, _beyond(penultimate, last)]
    return Street(LineString(coords), kind, name, space_m, lanes)


def _beyond(start: Point, end: Point) -> Point:
    length = start.distance(end)
    share = (length + _OVERSHOOT_M) / length
    return Point(start.x + share * (end.x - start.x), start.y + share * (end.y - start.y))


def _corners_of(land: Polygon) -> list[tuple[float, float]]:
    """Return the south-west, south-east, north-east and north-west corner of a block."""
    turned = rotate(land, -GRID_ANGLE_DEG, origin=(0, 0))
    west, south, east, north = turned.bounds
    points = [Point(c) for c in turned.exterior.coords[:-1]]
    wanted = [Point(west, south), Point(east, south), Point(east, north), Point(west, north)]
    nearest = [min(points, key=goal.distance) for goal in wanted]
    back = [rotate(point, GRID_ANGLE_DEG, origin=(0, 0)) for point in nearest]
    return [(point.x, point.y) for point in back]


def _inserted(coords: list[tuple[float, ...]], point: tuple[float, float]) -> list[tuple[float, ...]]:
    if any(shapely.distance(Point(c), Point(point)) < 0.05 for c in coords):
        return coords
    gaps = [LineString(pair).distance(Point(point)) for pair in pairwise(coords)]
    place = gaps.index(min(gaps)) + 1
    return [*coords[:place], point, *coords[place:]]
