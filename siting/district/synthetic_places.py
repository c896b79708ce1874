"""Facts, made up: what each block of the synthetic quarter holds, compounds and everything around them."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import shapely
from shapely.affinity import rotate, translate
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from siting.district.synthetic_compound import Compound, House, fill_compound
from siting.district.synthetic_plan import (
    GRID_ANGLE_DEG,
    CompoundPlan,
    Grid,
    Lot,
    Ring,
    Thing,
    between,
    inset,
    lay_grid,
    made_up,
    part_of_block,
    with_vertex,
)

__all__ = ["FLOOR_AREA_PER_BUILDING_M2", "Quarter", "draw_quarter"]

#: 1.96 million m2 in 655 buildings of the renewal programme of Yanhu, 2021-2025.
FLOOR_AREA_PER_BUILDING_M2 = 2992.0

_SOUTH_ALIGNED = 0.0
_WHOLE: Ring = ((0, 0), (1, 0), (1, 1), (0, 1))


def _ring(west: float, south: float, east: float, north: float) -> Ring:
    return ((west, south), (east, south), (east, north), (west, north))


COMPOUND_PLANS = (
    CompoundPlan(1, (0, 0), 1991, lane_share=0.47, entrances=True, lots=(Lot("kindergarten", _ring(0.62, 0.36, 0.97, 0.62)),)),
    CompoundPlan(2, (1, 0), 1989, _ring(0, 0, 0.58, 1), angle_deg=_SOUTH_ALIGNED, row_gap_m=18.5, levels=(4, 4, 5), sheds=4),
    CompoundPlan(
        3, (2, 0), 1996, lane_share=0.42, gates="SNE", row_gap_m=21.0, stalls=0.35,
        lots=(Lot("open", _ring(0.68, 0.68, 0.99, 0.99)), Lot("parking", _ring(0.03, 0.03, 0.3, 0.2))),
    ),
    CompoundPlan(
        4, (3, 0), 1994, ((0, 0), (1, 0), (1, 0.47), (0.52, 0.47), (0.52, 1), (0, 1)),
        lane_share=0.27, gates="SN", entrances=True, angle_deg=_SOUTH_ALIGNED,
    ),
    CompoundPlan(5, (0, 1), 1992, hole=_ring(0.6, 0.4, 0.86, 0.66), lane_share=0.46, row_gap_m=19.5),
    CompoundPlan(6, (1, 1), 1990, _ring(0, 0.2, 1, 1), lane_share=0.55, gates="NW", row_gap_m=19.0, levels=(4, 5, 5, 6)),
    CompoundPlan(7, (2, 1), 1985, _ring(0, 0.62, 0.34, 1), lane_share=0.12, gates="N", row_gap_m=16.0, levels=(3, 4), margin_m=5.0, sheds=1, lawns=0.2, stalls=0.2),
    CompoundPlan(
        8, (3, 1), 1987, lane_share=0.5, gates="SE", row_gap_m=14.0, margin_m=4.6, lawns=0.6, stalls=0.35, sheds=9,
        levels=(4, 5, 4), level_tags=0.4,
    ),
    CompoundPlan(9, (0, 2), 1998, _ring(0, 0, 1, 0.9), rows=(1,), lane_share=0.5, gates="S", lawns=0.0, stalls=0.0, sheds=0, barrier="fence"),
    CompoundPlan(
        10, (1, 2), 1997, _ring(0, 0, 1, 0.9), gates="SE", lane_share=0.6, row_gap_m=21.0, angle_deg=_SOUTH_ALIGNED, entrances=True,
        lots=(Lot("strip", _ring(0.0, 0.02, 0.2, 0.98)),),
    ),
    CompoundPlan(
        11, (2, 2), 1999, _ring(0, 0, 0.62, 0.9), lane_share=0.45, gates="S", level_tags=0.9, row_gap_m=21.0,
        lots=(Lot("towers", _ring(0.02, 0.42, 0.6, 0.86)),),
    ),
    CompoundPlan(
        12, (3, 2), 1995, _ring(0, 0, 1, 0.9), lane_share=0.52, gates="SW", row_gap_m=22.0, stalls=0.35,
        lots=(Lot("open", _ring(0.02, 0.55, 0.36, 0.88)), Lot("garden", _ring(0.62, 0.34, 0.9, 0.56))),
    ),
)


@dataclass(frozen=True)
class Quarter:
    """The whole quarter in metres around its origin: compounds first, then everything else."""

    compounds: tuple[Compound, ...]
    things: tuple[Thing, ...]


def draw_quarter(seed: int) -> Quarter:
    """Draw the quarter for `seed`; the same seed gives the same quarter."""
    dice = random.Random(seed)
    grid = lay_grid(dice)
    compounds = [_compound(plan, grid, dice) for plan in COMPOUND_PLANS]
    compounds = _calibrated([_with_towers(compound, dice) for compound in compounds])
    inner = [thing for compound in compounds for thing in _compound_things(compound, dice)]
    places = [*_street_things(grid, compounds), *inner, *_public_places(grid, compounds, dice)]
    return Quarter(tuple(compounds), tuple(_knit(places)))


def _compound(plan: CompoundPlan, grid: Grid, dice: random.Random) -> Compound:
    area = part_of_block(grid, plan.block, plan.ring, gap_m=0.6)
    lots = [(lot.use, part_of_block(grid, plan.block, lot.ring)) for lot in plan.lots]
    if plan.hole:
        hole = part_of_block(grid, plan.block, plan.hole)
        area = area.difference(hole)
    lots = [(use, lot.intersection(inset(area, 2.0))) for use, lot in lots]
    return fill_compound(plan, area, lots, grid.streets, dice)


def _with_towers(compound: Compound, dice: random.Random) -> Compound:
    """Return `compound` with towers and point blocks on its lot for towers."""
    houses = list(compound.houses)
    for use, lot in compound.lots:
        if use != "towers":
            continue
        turned = rotate(lot, -GRID_ANGLE_DEG, origin=(0, 0))
        west, south, east, north = turned.bounds
        for column, row, levels in ((0, 0, 18), (1, 0, 11), (0, 1, 18), (1, 1, 15), (2, 0, 6), (2, 1, 6)):
            width, depth = (24.0, 16.0) if levels > 6 else (18.0, 17.0)
            x = west + 5 + column * (east - west - 30) / 2
            y = south + 8 + row * (north - south - 32)
            block = box(x, y, x + width, y + depth).difference(box(x, y, x + 4, y + 3)).difference(box(x + width - 4, y, x + width, y + 3))
            if turned.contains(block):
                houses.append(House(rotate(block, GRID_ANGLE_DEG, origin=(0, 0)), levels, True))
    return replace(compound, houses=tuple(houses))


def _calibrated(compounds: Sequence[Compound]) -> list[Compound]:
    """Return `compounds` with storeys added or taken until the mean floor area is the programme's.

    Levels change by one at a time, between 3 and 6, on buildings in a fixed order.
    """
    houses = [list(compound.houses) for compound in compounds]
    flat = [(i, k) for i, group in enumerate(houses) for k in range(len(group)) if group[k].levels <= 6]
    goal = FLOOR_AREA_PER_BUILDING_M2 * sum(len(group) for group in houses)
    excess = sum(house.floor_area_m2 for group in houses for house in group) - goal
    for i, k in sorted(flat, key=lambda pair: (pair[1] * 7 + pair[0] * 3) % 31):
        house = houses[i][k]
        step = -1 if excess > 0 else 1
        if abs(excess) < house.outline.area / 2 or not 4 <= house.levels + step <= 6:
            continue
        houses[i][k] = replace(house, levels=house.levels + step)
        excess += step * house.outline.area
    return [replace(compound, houses=tuple(group)) for compound, group in zip(compounds, houses, strict=True)]


def _compound_things(compound: Compound, dice: random.Random) -> list[Thing]:
    plan, outline = compound.plan, compound.area
    for gate in compound.gates:
        outline = with_vertex(outline, gate)
    tags = made_up(landuse="residential", residential="compound", name=plan.name, start_date=str(plan.year))
    things = [Thing(outline, tags)]
    things += [Thing(LineString(ring.coords), made_up(barrier=plan.barrier)) for ring in (outline.exterior, *outline.interiors)]
    for number, gate in enumerate(compound.gates):
        things.append(Thing(Point(gate), made_up(barrier="gate" if number % 2 == 0 else "lift_gate", access="private", foot="permissive")))
    for house in compound.houses:
        things += _house_things(house, mapped=plan.entrances)
    main, *sides = compound.lanes
    things.append(Thing(main, made_up(highway="living_street", width="4.5")))
    things += [Thing(side, made_up(highway="service", width="3.5")) for side in sides]
    things += compound.things
    for use, lot in compound.lots:
        things += _lot_things(use, lot, dice)
    return things


def _house_things(house: House, *, mapped: bool) -> list[Thing]:
    outline = house.outline
    doors: list[Thing] = []
    if mapped:
        for stair in house.stairs:
            outline = with_vertex(outline, stair)
            doors.append(Thing(Point(stair), made_up(entrance="staircase")))
    tags = dict(house.tags) | made_up()
    if house.tagged:
        tags["building:levels"] = str(house.levels)
    return [Thing(outline, tags), *doors]


def _lot_things(use: str, lot: Polygon, dice: random.Random) -> list[Thing]:
    """Return what stands on a lot that the rows left free; "open" and "strip" stay open ground."""
    middle = lot.representative_point()
    if use == "kindergarten":
        house = _hall(lot, (0.12, 0.5, 0.88, 0.85), building="kindergarten", building__levels="3")
        return [
            Thing(lot, made_up(amenity="kindergarten", name="合成幼儿园 (synthetic)")),
            Thing(LineString(lot.exterior.coords), made_up(barrier="fence")),
            house,
            Thing(_patch(lot, (0.15, 0.1, 0.5, 0.4)), made_up(leisure="playground")),
        ]
    if use == "parking":
        patch = inset(lot, 1.5)
        return [Thing(patch, made_up(amenity="parking", parking="surface", access="private", capacity=str(int(patch.area // 27))))]
    if use == "garden":
        lawn = inset(lot, 2.0)
        return [
            Thing(lawn, made_up(leisure="garden")),
            Thing(_patch(lot, (0.35, 0.35, 0.65, 0.65)), made_up(leisure="playground")),
        ]
    if use == "open":
        return [Thing(Point(round(middle.x + dx, 2), round(middle.y + 14, 2)), made_up(natural="tree")) for dx in (-12, 0, 12)]
    return []


def _hall(lot: Polygon, share: tuple[float, float, float, float], **tags: str) -> Thing:
    return Thing(_patch(lot, share), made_up(**tags))


def _patch(lot: Polygon, share: tuple[float, float, float, float]) -> Polygon:
    """Return the rectangle that takes the given shares (west, south, east, north) of a lot's own frame."""
    turned = rotate(lot, -GRID_ANGLE_DEG, origin=(0, 0))
    west, south, east, north = turned.bounds
    w, s, e, n = share
    patch = box(west + w * (east - west), south + s * (north - south), west + e * (east - west), south + n * (north - south))
    return rotate(patch, GRID_ANGLE_DEG, origin=(0, 0))


def _street_things(grid: Grid, compounds: Sequence[Compound]) -> list[Thing]:
    joints = [joint for compound in compounds for joint in compound.street_joints]
    things = []
    crossings = shapely.union_all([street.line for street in grid.streets])
    for street in grid.streets:
        line = street.line
        for other in grid.streets:
            meeting = street.line.intersection(other.line)
            if other is not street and meeting.geom_type == "Point":
                line = with_vertex(line, meeting.coords[0])
        for joint in joints:
            if street.line.distance(Point(joint)) < 1e-6:
                line = with_vertex(line, joint)
        tags = made_up(highway=street.kind, name=street.name, lanes=str(street.lanes))
        if street.lanes > 1:
            tags |= {"sidewalk": "both", "lit": "yes"}
        things.append(Thing(line, tags))
        things += _hydrants(street.line, street.space_m, crossings)
    return things


def _hydrants(line: LineString, space_m: float, crossings: BaseGeometry) -> list[Thing]:
    """Return a hydrant on the pavement every 115 m, alternating sides, none on a crossing."""
    things = []
    for number, at in enumerate(range(60, int(line.length) - 40, 115)):
        here, ahead = line.interpolate(at), line.interpolate(at + 1.0)
        side = (space_m - 2.0) * (1 if number % 2 == 0 else -1)
        point = Point(round(here.x - side * (ahead.y - here.y), 2), round(here.y + side * (ahead.x - here.x), 2))
        if crossings.distance(point) > space_m - 2.5:
            things.append(Thing(point, made_up(emergency="fire_hydrant", fire_hydrant__type="pillar")))
    return things


def _public_places(grid: Grid, compounds: Sequence[Compound], dice: random.Random) -> list[Thing]:
    return [
        *_school(part_of_block(grid, (1, 0), _ring(0.6, 0, 1, 1), gap_m=0.6)),
        *_market(part_of_block(grid, (3, 0), _ring(0.54, 0.49, 1, 1), gap_m=0.6)),
        *_works(part_of_block(grid, (0, 1), _ring(0.6, 0.4, 0.86, 0.66), gap_m=1.0)),
        *_shops(part_of_block(grid, (1, 1), _ring(0, 0, 0.78, 0.17), gap_m=0.5), 6),
        *_fuel(part_of_block(grid, (1, 1), _ring(0.82, 0, 1, 0.17), gap_m=0.5)),
        *_park(grid),
        *_care(part_of_block(grid, (2, 2), _ring(0.65, 0, 1, 0.9), gap_m=0.6)),
        *_canal(grid),
        *_charging(compounds),
    ]


def _school(lot: Polygon) -> list[Thing]:
    return [
        Thing(lot, made_up(amenity="school", name="合成小学 (synthetic)")),
        Thing(LineString(lot.exterior.coords), made_up(barrier="wall")),
        _hall(lot, (0.12, 0.06, 0.8, 0.13), building="school", building__levels="4"),
        _hall(lot, (0.12, 0.2, 0.8, 0.27), building="school", building__levels="4"),
        _hall(lot, (0.12, 0.34, 0.5, 0.41), building="school", building__levels="3"),
        Thing(_patch(lot, (0.15, 0.5, 0.85, 0.92)), made_up(leisure="pitch", sport="athletics")),
    ]


def _market(lot: Polygon) -> list[Thing]:
    return [
        _hall(lot, (0.1, 0.12, 0.6, 0.5), building="retail", building__levels="2", name="合成农贸市场 (synthetic)", amenity="marketplace"),
        Thing(_patch(lot, (0.1, 0.6, 0.9, 0.92)), made_up(amenity="parking", parking="surface", capacity="84", fee="yes")),
        _hall(lot, (0.68, 0.12, 0.9, 0.3), building="commercial", building__levels="5"),
        _hall(lot, (0.72, 0.4, 0.8, 0.45), building="toilets", amenity="toilets", building__levels="1"),
    ]


def _works(lot: Polygon) -> list[Thing]:
    return [
        Thing(lot, made_up(landuse="industrial", name="合成纺织机械厂 (synthetic)")),
        _hall(lot, (0.1, 0.15, 0.6, 0.45), building="industrial", building__levels="1"),
        _hall(lot, (0.1, 0.6, 0.85, 0.85), building="industrial", building__levels="2"),
        _hall(lot, (0.72, 0.2, 0.88, 0.4), power="substation", substation="distribution", building="service"),
    ]


def _shops(lot: Polygon, count: int) -> list[Thing]:
    share = 1.0 / count
    return [
        _hall(lot, (k * share + 0.006, 0.3, (k + 1) * share - 0.006, 0.72), building="retail", building__levels=str(2 + k % 2))
        for k in range(count)
    ]


def _fuel(lot: Polygon) -> list[Thing]:
    return [
        Thing(lot, made_up(amenity="fuel", name="合成加油站 (synthetic)")),
        _hall(lot, (0.2, 0.2, 0.65, 0.55), building="roof", layer="1"),
        _hall(lot, (0.2, 0.7, 0.6, 0.92), building="retail", building__levels="1"),
    ]


def _park(grid: Grid) -> list[Thing]:
    lot = part_of_block(grid, (2, 1), ((0, 0), (1, 0), (1, 1), (0.36, 1), (0.36, 0.6), (0, 0.6)), gap_m=0.6)
    pond = translate(shapely.set_precision(Point(0, 0).buffer(1.0, quad_segs=5), 0.001), 0, 0)
    centre = part_of_block(grid, (2, 1), _ring(0.5, 0.3, 0.8, 0.6)).centroid
    water = translate(shapely.affinity.scale(pond, 38, 24, origin=(0, 0)), centre.x, centre.y)
    walk = LineString(water.buffer(9, quad_segs=3).exterior.simplify(1.0).coords)
    return [
        Thing(lot, made_up(leisure="park", name="合成公园 (synthetic)")),
        Thing(water, made_up(natural="water", water="pond")),
        Thing(walk, made_up(highway="footway")),
        Thing(_patch(lot, (0.08, 0.08, 0.24, 0.2)), made_up(leisure="playground")),
    ]


def _care(lot: Polygon) -> list[Thing]:
    south = inset(_patch(lot, (0.03, 0.05, 0.97, 0.4)), 0.5)
    north = inset(_patch(lot, (0.03, 0.5, 0.97, 0.95)), 0.5)
    return [
        Thing(south, made_up(amenity="social_facility", social_facility="nursing_home", social_facility__for="senior", name="合成敬老院 (synthetic)")),
        _hall(south, (0.1, 0.45, 0.85, 0.68), building="residential", building__levels="3"),
        _hall(south, (0.1, 0.1, 0.35, 0.3), building="public", building__levels="2"),
        Thing(north, made_up(amenity="clinic", name="合成社区卫生服务中心 (synthetic)")),
        _hall(north, (0.1, 0.5, 0.8, 0.75), building="public", building__levels="4"),
        Thing(_patch(north, (0.1, 0.1, 0.6, 0.35)), made_up(amenity="parking", parking="surface", capacity="30")),
    ]


def _canal(grid: Grid) -> list[Thing]:
    """Return the canal along the north street; streets cross it on bridges that nobody mapped."""
    banks = [part_of_block(grid, (column, 2), _ring(0, 0.93, 1, 0.985)) for column in range(4)]
    middles = [bank.centroid for bank in banks]
    water = [Thing(bank, made_up(natural="water", water="canal")) for bank in banks]
    return [*water, Thing(LineString(middles), made_up(waterway="canal", name="合成渠 (synthetic)"))]


def _charging(compounds: Iterable[Compound]) -> list[Thing]:
    """Return the charging place that stands already: in the garden compound, beside its main lane."""
    compound = next(compound for compound in compounds if compound.plan.number == 12)
    lot = next(lot for use, lot in compound.lots if use == "garden")
    patch = _patch(lot, (0.1, 0.02, 0.3, 0.12))
    return [Thing(patch, made_up(amenity="charging_station", bicycle="yes", motorcar="no", capacity="10", name="合成充电棚 (synthetic)"))]


def _knit(things: Sequence[Thing]) -> list[Thing]:
    """Return `things` with every end of a way made a vertex of the ways it meets, and stray paths left out."""
    ways = [i for i, thing in enumerate(things) if "highway" in thing.tags]
    knit = list(things)
    stray = set()
    for i in ways:
        for end in (things[i].shape.coords[0], things[i].shape.coords[-1]):
            met = False
            for k in ways:
                if k != i and knit[k].shape.distance(Point(end)) < 0.02:
                    knit[k] = Thing(with_vertex(knit[k].shape, end), knit[k].tags)
                    met = True
            if not met and things[i].tags["highway"] == "footway" and not things[i].shape.is_ring:
                stray.add(i)
    return [thing for i, thing in enumerate(knit) if i not in stray]
