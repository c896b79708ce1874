"""Facts, made up: one old compound, filled with rows of slabs, lanes, gates, stalls, lawns and sheds.

A compound is laid in its own frame, turned so that the rows run west to east, and turned back at the end.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.affinity import rotate
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from siting.district.synthetic_plan import (
    CompoundPlan,
    Street,
    Thing,
    between,
    free_spans,
    inset,
    made_up,
)

__all__ = ["Compound", "House", "fill_compound"]

_DEPTH_M = (11.0, 11.4, 11.8, 12.2)
_UNIT_M = (14.6, 15.0, 15.4)  # one stair with two flats a floor
_LANE_NORTH_OF_ROW_M = 4.5
_LANE_ROOM_M = 2.6  # half a lane and its kerb


@dataclass(frozen=True)
class House:
    """A building of dwellings as it truly is; OpenStreetMap may know less."""

    outline: Polygon
    levels: int
    tagged: bool
    stairs: tuple[tuple[float, float], ...] = ()

    @property
    def floor_area_m2(self) -> float:
        """Return the floor area of all levels."""
        return float(self.outline.area) * self.levels


@dataclass(frozen=True)
class Compound:
    """A filled compound, back in the quarter's frame."""

    plan: CompoundPlan
    area: Polygon
    houses: tuple[House, ...]
    things: tuple[Thing, ...]  # everything but the houses and the outline
    lanes: tuple[LineString, ...]
    gates: tuple[tuple[float, float], ...]
    street_joints: tuple[tuple[float, float], ...]
    lots: tuple[tuple[str, Polygon], ...] = field(default=())


@dataclass(frozen=True)
class _Row:
    y: float
    depth: float
    houses: tuple[House, ...]

    @property
    def lane_y(self) -> float:
        return self.y + self.depth + _LANE_NORTH_OF_ROW_M


def fill_compound(
    plan: CompoundPlan,
    area: Polygon,
    lots: Sequence[tuple[str, Polygon]],
    streets: Sequence[Street],
    dice: random.Random,
) -> Compound:
    """Return the compound `plan` on its land `area`, joined to the nearest streets through its gates."""
    ground = _turned(area, -plan.angle_deg)
    kept = [(use, _turned(lot, -plan.angle_deg)) for use, lot in lots]
    reserved = shapely.union_all([lot for _, lot in kept])
    west, _, east, _ = ground.bounds
    lane_x = west + plan.lane_share * (east - west)
    rows = _lay_rows(plan, ground, reserved, lane_x, dice)
    houses = [house for row in rows for house in row.houses]
    lanes, gates = _lay_lanes(plan, ground, reserved, rows, lane_x)
    pavements = [_turned(street.line, -plan.angle_deg) for street in streets]
    lanes, joints = _join_streets(lanes, gates, pavements)
    taken = (
        [house.outline for house in houses] + [lane.buffer(_LANE_ROOM_M) for lane in lanes] + [lot for _, lot in kept]
    )
    things = _fill_gaps(plan, rows, taken, inset(ground, 2.5), dice)
    taken += [thing.shape for thing in things if thing.shape.geom_type == "Polygon"]
    things += _line_walls(plan, ground, taken, dice)
    things += _stair_paths(rows) if plan.entrances else []
    back = plan.angle_deg
    return Compound(
        plan=plan,
        area=area,
        houses=tuple(_turned_house(house, back) for house in houses),
        things=tuple(Thing(_turned(thing.shape, back), thing.tags) for thing in things),
        lanes=tuple(_turned(lane, back) for lane in lanes),
        gates=tuple(_turned(Point(gate), back).coords[0] for gate in gates),
        street_joints=tuple(_turned(Point(joint), back).coords[0] for joint in joints),
        lots=tuple(lots),
    )


def _lay_rows(
    plan: CompoundPlan, ground: Polygon, reserved: BaseGeometry, lane_x: float, dice: random.Random
) -> list[_Row]:
    """Return the rows of slabs from south to north."""
    _, south, _, north = ground.bounds
    corridor = box(lane_x - 5.0, south, lane_x + 5.0, north)
    region = inset(ground, plan.margin_m).difference(reserved.buffer(4.0, join_style="mitre")).difference(corridor)
    rows, y, number = [], south + plan.margin_m + between(dice, 0.0, 3.0), 0
    while y < north:
        depth = dice.choice(_DEPTH_M)
        spans = free_spans(region, y, y + depth)
        if not any(end - start > 2 * min(_UNIT_M) for start, end in spans):
            y += 2.0
            continue
        built = not plan.rows or number in plan.rows
        houses = [house for span in spans for house in _fill_span(plan, span, y, depth, dice)] if built else []
        rows.append(_Row(y, depth, tuple(houses)))
        y = round(y + depth + plan.row_gap_m + between(dice, -1.0, 1.0), 1)
        number += 1
    return rows


def _fill_span(
    plan: CompoundPlan, span: tuple[float, float], y: float, depth: float, dice: random.Random
) -> list[House]:
    """Fill one span with slabs of two to four stairs, or a point block where no slab fits."""
    houses, (start, end) = [], span
    unit = dice.choice(_UNIT_M)
    gap = between(dice, 7.0, 9.0)
    lengths = _best_fill(end - start, unit, gap, dice)
    if not lengths:
        return []
    slack = end - start - sum(lengths) * unit - gap * (len(lengths) - 1)
    stretch = min(slack / len(lengths), 5.0)
    x = start + (slack - stretch * (len(lengths) - 1)) / 2
    for stairs in lengths:
        houses.append(_slab(plan, (round(x, 1), y), (stairs, unit, depth), dice))
        x += stairs * unit + gap + stretch
    return houses


def _best_fill(room: float, unit: float, gap: float, dice: random.Random) -> list[int]:
    """Return the numbers of stairs of the slabs that fill `room` best, in a shuffled order."""
    best: list[int] = []
    for fours in range(8):
        for threes in range(8):
            for twos in range(3):
                stairs = [4] * fours + [3] * threes + [2] * twos
                if sum(stairs) * unit + gap * (len(stairs) - 1) > room:
                    break
                if (sum(stairs), -twos) > (sum(best), -best.count(2)):
                    best = stairs
    return dice.sample(best, len(best))


def _slab(
    plan: CompoundPlan, corner: tuple[float, float], size: tuple[int, float, float], dice: random.Random
) -> House:
    """Return one slab; every fourth one steps back by a metre and a half halfway along."""
    (x, y), (stairs, unit, depth) = corner, size
    step = 1.5 if stairs == 4 and dice.random() < 0.25 else 0.0
    middle, east = round(x + stairs // 2 * unit, 1), round(x + stairs * unit, 1)
    north = round(y + depth, 1)
    outline = Polygon(
        [
            (x, y),
            (middle, y),
            (middle, y - step),
            (east, y - step),
            (east, north - step),
            (middle, north - step),
            (middle, north),
            (x, north),
        ]
        if step
        else [(x, y), (east, y), (east, north), (x, north)]
    )
    doors = [round(x + (k + 0.5) * unit, 1) for k in range(stairs)]
    facade = [(door, north - (step if door > middle else 0.0)) for door in doors]
    return House(outline, dice.choice(plan.levels), dice.random() < plan.level_tags, tuple(facade))


def _lay_lanes(
    plan: CompoundPlan, ground: Polygon, reserved: BaseGeometry, rows: Sequence[_Row], lane_x: float
) -> tuple[list[LineString], list[tuple[float, float]]]:
    """Return the main lane first, then a lane north of every row, and the gates on the outline."""
    _, south, _, north = ground.bounds
    spine = ground.intersection(LineString([(lane_x, south - 1), (lane_x, north + 1)]))
    spine = max(shapely.get_parts(spine), key=lambda part: part.length)
    (_, bottom), (_, top) = sorted(spine.coords, key=lambda c: c[1])
    blocked = shapely.union_all([house.outline.buffer(1.8) for row in rows for house in row.houses])
    free = inset(ground, 3.5).difference(reserved.buffer(1.5)).difference(blocked)
    gates: list[tuple[float, float]] = []
    sides: list[LineString] = []
    middle: list[tuple[float, float]] = []
    if "S" in plan.gates:
        gates.append((lane_x, bottom))
    if "N" in plan.gates:
        gates.append((lane_x, top))
    heights = [row.lane_y for row in rows if bottom + 4 < row.lane_y < top - 3]
    through = heights[len(heights) // 2] if heights else None
    for height in heights:
        side = _lane_across(ground, free, (lane_x, height), plan.gates if height == through else "")
        if side is None:
            continue
        sides.append(side)
        middle.append((lane_x, height))
        ends = [side.coords[0], side.coords[-1]]
        gates += [end for end in ends if ground.exterior.distance(Point(end)) < 1e-6]
    ends = [(lane_x, bottom)] if "S" in plan.gates else []
    last = [(lane_x, top)] if "N" in plan.gates else []
    if not middle:
        middle = [(lane_x, (bottom + top) / 2)]
    tip = (lane_x, top - 9.0)
    if "N" not in plan.gates and tip[1] > middle[-1][1] + 8.0 and LineString([middle[-1], tip]).within(free):
        middle.append(tip)
    main = LineString(sorted({*ends, *middle, *last}, key=lambda point: point[1]))
    return [main, *sides], gates


def _lane_across(ground: Polygon, free: BaseGeometry, crossing: tuple[float, float], gates: str) -> LineString | None:
    """Return the lane west to east through `crossing`, out through the wall where `gates` says so."""
    x, y = crossing
    west, _, east, _ = ground.bounds
    line = LineString([(west - 1, y), (east + 1, y)])
    inside = [part for part in shapely.get_parts(line.intersection(free)) if part.distance(Point(crossing)) < 1e-6]
    if not inside:
        return None
    start, _, end, _ = inside[0].bounds
    edge = sorted(point.x for point in shapely.get_parts(line.intersection(ground.exterior)))
    if "W" in gates and start - edge[0] < 6.0:
        start = edge[0]
    if "E" in gates and edge[-1] - end < 6.0:
        end = edge[-1]
    points = [(start, y)] if x - start > 8.0 else []
    points += [(x, y)]
    points += [(end, y)] if end - x > 8.0 else []
    return LineString(points) if len(points) > 1 else None


def _join_streets(
    lanes: list[LineString], gates: Sequence[tuple[float, float]], pavements: Sequence[LineString]
) -> tuple[list[LineString], list[tuple[float, float]]]:
    """Lengthen each lane that ends at a gate to the nearest street."""
    joints, joined = [], []
    for lane in lanes:
        coords = list(lane.coords)
        for gate in gates:
            if Point(gate).distance(lane) > 1e-6:
                continue
            street = pavements[int(np.argmin(shapely.distance(list(pavements), Point(gate))))]
            joint = nearest_points(street, Point(gate))[0].coords[0]
            joints.append(joint)
            coords = [joint, *coords] if coords[0] == gate else [*coords, joint]
        joined.append(LineString(coords))
    return joined, joints


def _fill_gaps(
    plan: CompoundPlan, rows: Sequence[_Row], taken: Sequence[BaseGeometry], ground: BaseGeometry, dice: random.Random
) -> list[Thing]:
    """Lay stalls and lawns on the ground north of each row's lane."""
    things: list[Thing] = []
    built = shapely.union_all([shape.buffer(0.5) for shape in taken])
    for row in rows:
        south = row.lane_y + 2.7
        for house in row.houses:
            west, _, east, _ = house.outline.bounds
            middle = round((west + east) / 2, 1)
            for left, right in ((west, middle - 2.0), (middle + 2.0, east)):
                luck = dice.random()
                depth = 5.3 if luck < plan.stalls else plan.row_gap_m - 9.0
                patch = box(left, south, right, south + depth).intersection(ground).difference(built)
                whole = max(shapely.get_parts(patch), key=lambda part: part.area, default=Polygon())
                whole = shapely.set_precision(whole, 0.01)
                if whole.geom_type != "Polygon" or whole.area < 50.0 or whole.interiors:
                    continue
                if luck < plan.stalls:
                    things.append(Thing(whole, _stalls(whole)))
                elif luck < plan.stalls + plan.lawns:
                    things.append(Thing(whole, made_up(landuse="grass")))
                    things += _trees(whole, dice)
    return things


def _stalls(patch: Polygon) -> dict[str, str]:
    capacity = max(int(patch.area // 13.25), 1)  # 2.5 x 5.3 m a stall
    return made_up(amenity="parking", parking="surface", access="private", capacity=str(capacity))


def _trees(lawn: Polygon, dice: random.Random) -> list[Thing]:
    west, south, east, north = lawn.bounds
    points = [
        Point(between(dice, west + 1.5, east - 1.5), between(dice, south + 1.0, north - 1.0))
        for _ in range(int(lawn.area // 150))
    ]
    return [Thing(point, made_up(natural="tree")) for point in points if lawn.contains(point)]


def _line_walls(plan: CompoundPlan, ground: Polygon, taken: Sequence[BaseGeometry], dice: random.Random) -> list[Thing]:
    """Stand bicycle sheds and one transformer kiosk along the walls, where nothing stands yet."""
    things: list[Thing] = []
    shapes = list(taken)
    edge = inset(ground, 1.0)
    wanted = [("kiosk", 4.4, 2.6)] if plan.kiosk else []
    wanted += [("shed", between(dice, 14.0, 24.0), 2.6) for _ in range(plan.sheds)]
    for what, length, depth in wanted:
        for _ in range(60):
            patch = _along(edge.exterior, dice.random() * edge.exterior.length, length, depth)
            if edge.contains(patch) and min(patch.distance(shape) for shape in shapes) > 1.5:
                shapes.append(patch)
                things.append(Thing(patch, _shed() if what == "shed" else _kiosk()))
                break
    return things


def _along(ring: LineString, at: float, length: float, depth: float) -> Polygon:
    """Return a rectangle on the inner side of `ring`, from the point `at` metres along it."""
    a, b = ring.interpolate(at), ring.interpolate(at + length)
    dx, dy = (b.x - a.x) / length, (b.y - a.y) / length
    turn = 1.0 if ring.is_ccw else -1.0
    nx, ny = -dy * turn * depth, dx * turn * depth
    corners = [(a.x, a.y), (b.x, b.y), (b.x + nx, b.y + ny), (a.x + nx, a.y + ny)]
    return Polygon([(round(x, 2), round(y, 2)) for x, y in corners]).buffer(-0.02, join_style="mitre")


def _shed() -> dict[str, str]:
    return made_up(building="shed", amenity="bicycle_parking", bicycle_parking="shed", building__levels="1")


def _kiosk() -> dict[str, str]:
    return made_up(power="substation", substation="minor_distribution", location="kiosk", building="service")


def _stair_paths(rows: Sequence[_Row]) -> list[Thing]:
    return [
        Thing(LineString([stair, (stair[0], row.lane_y)]), made_up(highway="footway"))
        for row in rows
        for house in row.houses
        for stair in house.stairs
    ]


def _turned(shape: BaseGeometry, angle_deg: float) -> BaseGeometry:
    return rotate(shape, angle_deg, origin=(0, 0))


def _turned_house(house: House, angle_deg: float) -> House:
    stairs = tuple(_turned(Point(stair), angle_deg).coords[0] for stair in house.stairs)
    return House(_turned(house.outline, angle_deg), house.levels, house.tagged, stairs)
