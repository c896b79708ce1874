"""Facts, made up: the whole synthetic quarter, its twelve compounds calibrated and joined to the streets."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shapely import STRtree
from shapely.affinity import rotate
from shapely.geometry import LineString, Point, Polygon, box

from siting.district.synthetic_compound import Compound, House, fill_compound
from siting.district.synthetic_plan import (
    GRID_ANGLE_DEG,
    CompoundPlan,
    Grid,
    Lot,
    Thing,
    hall,
    inset,
    lay_grid,
    made_up,
    part_of_block,
    patch,
    ring,
    with_vertex,
)
from siting.district.synthetic_public import public_places, street_things

__all__ = ["COMPOUND_PLANS", "FLOOR_AREA_PER_BUILDING_M2", "Quarter", "draw_quarter"]

#: 1.96 million m2 in 655 buildings of the renewal programme of Yanhu, 2021-2025.
FLOOR_AREA_PER_BUILDING_M2 = 2992.0

_TO_THE_SOUTH_DEG = 0.0
_TOWERS = (  # column, row, storeys
    (0, 0, 11),
    (1, 0, 6),
    (0, 1, 18),
    (1, 1, 15),
)

COMPOUND_PLANS = (
    CompoundPlan(
        1, (0, 0), 1991, lane_share=0.47, entrances=True, lots=(Lot("kindergarten", ring(0.62, 0.36, 0.97, 0.62)),)
    ),
    CompoundPlan(
        2, (1, 0), 1989, ring(0, 0, 0.58, 1), angle_deg=_TO_THE_SOUTH_DEG, row_gap_m=18.5, levels=(4, 4, 5), sheds=4
    ),
    CompoundPlan(
        3,
        (2, 0),
        1996,
        lane_share=0.42,
        gates="SNE",
        row_gap_m=21.0,
        stalls=0.35,
        lots=(Lot("open", ring(0.68, 0.68, 0.99, 0.99)), Lot("parking", ring(0.03, 0.03, 0.3, 0.2))),
    ),
    CompoundPlan(
        4,
        (3, 0),
        1994,
        ((0, 0), (1, 0), (1, 0.47), (0.52, 0.47), (0.52, 1), (0, 1)),
        lane_share=0.27,
        gates="SN",
        entrances=True,
        angle_deg=_TO_THE_SOUTH_DEG,
    ),
    CompoundPlan(5, (0, 1), 1992, hole=ring(0.6, 0.4, 0.86, 0.66), lane_share=0.46, row_gap_m=19.5),
    CompoundPlan(6, (1, 1), 1990, ring(0, 0.2, 1, 1), lane_share=0.55, gates="NW", row_gap_m=19.0, levels=(4, 5, 5, 6)),
    CompoundPlan(
        7,
        (2, 1),
        1985,
        ring(0, 0.62, 0.34, 1),
        lane_share=0.12,
        gates="N",
        row_gap_m=16.0,
        levels=(3, 4),
        margin_m=5.0,
        sheds=1,
        kiosk=False,
        lawns=0.2,
        stalls=0.2,
    ),
    CompoundPlan(
        8,
        (3, 1),
        1987,
        lane_share=0.5,
        gates="SE",
        row_gap_m=14.0,
        margin_m=4.6,
        lawns=0.6,
        stalls=0.35,
        sheds=9,
        levels=(4, 5, 4),
        level_tags=0.4,
    ),
    CompoundPlan(
        9,
        (0, 2),
        1998,
        ring(0, 0, 1, 0.9),
        rows=(1,),
        lane_share=0.5,
        gates="S",
        lawns=0.0,
        stalls=0.0,
        sheds=0,
        barrier="fence",
    ),
    CompoundPlan(
        10,
        (1, 2),
        1997,
        ring(0, 0, 1, 0.9),
        gates="SE",
        lane_share=0.6,
        row_gap_m=21.0,
        angle_deg=_TO_THE_SOUTH_DEG,
        entrances=True,
        lots=(Lot("strip", ring(0.0, 0.02, 0.2, 0.98)),),
    ),
    CompoundPlan(
        11,
        (2, 2),
        1999,
        ring(0, 0, 0.62, 0.9),
        lane_share=0.45,
        gates="S",
        level_tags=0.9,
        row_gap_m=21.0,
        lots=(Lot("towers", ring(0.01, 0.42, 0.24, 0.89)), Lot("towers", ring(0.32, 0.42, 0.58, 0.89))),
    ),
    CompoundPlan(
        12,
        (3, 2),
        1995,
        ring(0, 0, 1, 0.9),
        lane_share=0.52,
        gates="SW",
        row_gap_m=22.0,
        stalls=0.35,
        lots=(Lot("open", ring(0.02, 0.55, 0.36, 0.88)), Lot("garden", ring(0.62, 0.34, 0.9, 0.56))),
    ),
)


@dataclass(frozen=True)
class Quarter:
    """The whole quarter in metres around its origin; the first things are the outlines of the compounds."""

    compounds: tuple[Compound, ...]
    things: tuple[Thing, ...]


def draw_quarter(seed: int) -> Quarter:
    """Draw the quarter for `seed`; the same seed gives the same quarter."""
    dice = random.Random(seed)
    grid = lay_grid(dice)
    compounds = [_compound(plan, grid, dice) for plan in COMPOUND_PLANS]
    compounds = _calibrated([_with_towers(compound) for compound in compounds])
    outlines = [_outline(compound) for compound in compounds]
    inner = [thing for compound in compounds for thing in _compound_things(compound)]
    places = [*outlines, *street_things(grid, compounds), *inner, *public_places(grid, compounds)]
    return Quarter(tuple(compounds), tuple(_knit(places)))


def _compound(plan: CompoundPlan, grid: Grid, dice: random.Random) -> Compound:
    area = part_of_block(grid, plan.block, plan.ring, gap_m=0.6)
    if plan.hole:
        area = area.difference(part_of_block(grid, plan.block, plan.hole))
    within = inset(area, 2.0)
    lots = [(lot.use, part_of_block(grid, plan.block, lot.ring).intersection(within)) for lot in plan.lots]
    return fill_compound(plan, area, lots, grid.streets, dice)


def _with_towers(compound: Compound) -> Compound:
    """Return `compound` with towers and a point block on each of its lots for towers."""
    houses = list(compound.houses)
    for lot in [lot for use, lot in compound.lots if use == "towers"]:
        turned = rotate(lot, -GRID_ANGLE_DEG, origin=(0, 0))
        west, south, east, north = turned.bounds
        for column, row, levels in _TOWERS:
            width, depth = (24.0, 16.0) if levels > 6 else (18.0, 17.0)
            x = west + 6 + column * (east - west - 12 - width)
            y = south + 10 + row * (north - south - 34)
            bay = [box(x, y, x + 4, y + 3), box(x + width - 4, y, x + width, y + 3)]
            block = box(x, y, x + width, y + depth).difference(bay[0]).difference(bay[1])
            houses.append(House(rotate(block, GRID_ANGLE_DEG, origin=(0, 0)), levels, tagged=True))
    return replace(compound, houses=tuple(houses))


def _calibrated(compounds: Sequence[Compound]) -> list[Compound]:
    """Return `compounds` with storeys added or taken until the mean floor area is the programme's.

    Levels change by one at a time, between 4 and 6, on buildings in a fixed order.
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


def _outline(compound: Compound) -> Thing:
    plan, area = compound.plan, compound.area
    for gate in compound.gates:
        area = with_vertex(area, gate)
    return Thing(area, made_up(landuse="residential", name=plan.name, start_date=str(plan.year)))


def _compound_things(compound: Compound) -> list[Thing]:
    plan = compound.plan
    outline = _outline(compound).shape
    rings = (outline.exterior, *outline.interiors)
    things = [Thing(LineString(line.coords), made_up(barrier=plan.barrier)) for line in rings]
    for number, gate in enumerate(compound.gates):
        kind = "gate" if number % 2 == 0 else "lift_gate"
        things.append(Thing(Point(gate), made_up(barrier=kind, access="private", foot="permissive")))
    for house in compound.houses:
        things += _house_things(house, mapped=plan.entrances)
    main, *sides = compound.lanes
    things.append(Thing(main, made_up(highway="living_street", width="4.5")))
    things += [Thing(side, made_up(highway="service", width="3.5")) for side in sides]
    things += compound.things
    for use, lot in compound.lots:
        things += _lot_things(use, lot)
    return things


def _house_things(house: House, *, mapped: bool) -> list[Thing]:
    outline = house.outline
    doors: list[Thing] = []
    if mapped:
        for stair in house.stairs:
            outline = with_vertex(outline, stair)
            doors.append(Thing(Point(stair), made_up(entrance="staircase")))
    tags = made_up(building="apartments")
    if house.tagged:
        tags["building:levels"] = str(house.levels)
    return [Thing(outline, tags), *doors]


def _lot_things(use: str, lot: Polygon) -> list[Thing]:
    """Return what stands on a lot that the rows left free; "open" and "strip" stay open ground."""
    if use == "kindergarten":
        return [
            Thing(lot, made_up(amenity="kindergarten", name="合成幼儿园 (synthetic)")),
            Thing(LineString(lot.exterior.coords), made_up(barrier="fence")),
            hall(lot, (0.12, 0.5, 0.88, 0.85), building="kindergarten", building__levels="3"),
            Thing(patch(lot, (0.15, 0.1, 0.5, 0.4)), made_up(leisure="playground")),
        ]
    if use == "parking":
        stalls = inset(lot, 1.5)
        capacity = str(int(stalls.area // 27))
        return [Thing(stalls, made_up(amenity="parking", parking="surface", access="private", capacity=capacity))]
    if use == "garden":
        return [
            Thing(inset(lot, 2.0), made_up(leisure="garden")),
            Thing(patch(lot, (0.35, 0.35, 0.65, 0.65)), made_up(leisure="playground")),
        ]
    if use == "open":
        middle = lot.representative_point()
        spots = [Point(round(middle.x + dx, 2), round(middle.y + 14, 2)) for dx in (-12, 0, 12)]
        return [Thing(spot, made_up(natural="tree")) for spot in spots]
    return []


def _knit(things: Sequence[Thing]) -> list[Thing]:
    """Return `things` with every end of a way made a vertex of the ways it meets, and stray paths left out."""
    ways = [i for i, thing in enumerate(things) if "highway" in thing.tags]
    tree = STRtree([things[i].shape for i in ways])
    knit = list(things)
    stray = set()
    for i in ways:
        shape, kind = things[i].shape, things[i].tags["highway"]
        for end in (shape.coords[0], shape.coords[-1]):
            met = sorted({ways[k] for k in tree.query(Point(end), predicate="dwithin", distance=0.02)} - {i})
            for k in met:
                knit[k] = Thing(with_vertex(knit[k].shape, end), knit[k].tags)
            if not met and kind == "footway" and not shape.is_ring:
                stray.add(i)
    return [thing for i, thing in enumerate(knit) if i not in stray]
