"""Facts, made up: what is public in the synthetic quarter: streets, hydrants, school, market, park, canal, fuel."""

from collections.abc import Sequence

import shapely
from shapely.affinity import scale, translate
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from siting.district.synthetic_compound import Compound
from siting.district.synthetic_plan import (
    Grid,
    Street,
    Thing,
    hall,
    inset,
    made_up,
    part_of_block,
    patch,
    ring,
    with_vertex,
)

__all__ = ["public_places", "street_things"]


def street_things(grid: Grid, compounds: Sequence[Compound]) -> list[Thing]:
    """Return the streets, joined where they cross and where a lane comes in, and their hydrants."""
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


def public_places(grid: Grid, compounds: Sequence[Compound]) -> list[Thing]:
    """Return everything that is neither street nor compound."""
    return [
        *_school(part_of_block(grid, (1, 0), ring(0.6, 0, 1, 1), gap_m=0.6)),
        *_market(part_of_block(grid, (3, 0), ring(0.54, 0.49, 1, 1), gap_m=0.6)),
        *_works(part_of_block(grid, (0, 1), ring(0.6, 0.4, 0.86, 0.66), gap_m=1.0)),
        *_shops(part_of_block(grid, (1, 1), ring(0, 0, 0.78, 0.17), gap_m=0.5), 6),
        *_fuel(part_of_block(grid, (1, 1), ring(0.82, 0, 1, 0.17), gap_m=0.5)),
        *_park(grid),
        *_care(part_of_block(grid, (2, 2), ring(0.65, 0, 1, 0.9), gap_m=0.6)),
        *_canal(grid),
        *_charging(compounds),
        *_roadside_stalls(grid, compounds),
    ]


def _school(lot: Polygon) -> list[Thing]:
    return [
        Thing(lot, made_up(amenity="school", name="合成小学 (synthetic)")),
        Thing(LineString(lot.exterior.coords), made_up(barrier="wall")),
        hall(lot, (0.12, 0.06, 0.8, 0.13), building="school", building__levels="4"),
        hall(lot, (0.12, 0.2, 0.8, 0.27), building="school", building__levels="4"),
        hall(lot, (0.12, 0.34, 0.5, 0.41), building="school", building__levels="3"),
        Thing(patch(lot, (0.15, 0.5, 0.85, 0.92)), made_up(leisure="pitch", sport="athletics")),
    ]


def _market(lot: Polygon) -> list[Thing]:
    return [
        hall(
            lot,
            (0.1, 0.12, 0.6, 0.5),
            building="retail",
            building__levels="2",
            name="合成农贸市场 (synthetic)",
            amenity="marketplace",
        ),
        Thing(
            patch(lot, (0.1, 0.6, 0.9, 0.92)), made_up(amenity="parking", parking="surface", capacity="84", fee="yes")
        ),
        hall(lot, (0.68, 0.12, 0.9, 0.3), building="commercial", building__levels="5"),
        hall(lot, (0.72, 0.4, 0.8, 0.45), building="toilets", amenity="toilets", building__levels="1"),
    ]


def _works(lot: Polygon) -> list[Thing]:
    return [
        Thing(lot, made_up(landuse="industrial", name="合成纺织机械厂 (synthetic)")),
        hall(lot, (0.1, 0.15, 0.6, 0.45), building="industrial", building__levels="1"),
        hall(lot, (0.1, 0.6, 0.85, 0.85), building="industrial", building__levels="2"),
        hall(lot, (0.72, 0.2, 0.88, 0.4), power="substation", substation="distribution", building="service"),
    ]


def _shops(lot: Polygon, count: int) -> list[Thing]:
    share = 1.0 / count
    return [
        hall(
            lot,
            (k * share + 0.006, 0.3, (k + 1) * share - 0.006, 0.72),
            building="retail",
            building__levels=str(2 + k % 2),
        )
        for k in range(count)
    ]


def _fuel(lot: Polygon) -> list[Thing]:
    return [
        Thing(lot, made_up(amenity="fuel", name="合成加油站 (synthetic)")),
        hall(lot, (0.2, 0.2, 0.65, 0.55), building="roof", layer="1"),
        hall(lot, (0.2, 0.7, 0.6, 0.92), building="retail", building__levels="1"),
    ]


def _park(grid: Grid) -> list[Thing]:
    block = (2, 1)
    shape = ((0, 0), (1, 0), (1, 1), (0.36, 1), (0.36, 0.6), (0, 0.6))
    lot = part_of_block(grid, block, shape, gap_m=0.6)
    centre = part_of_block(grid, block, ring(0.5, 0.3, 0.8, 0.6)).centroid
    water = translate(scale(Point(0, 0).buffer(1.0, quad_segs=5), 38, 24, origin=(0, 0)), centre.x, centre.y)
    walk = LineString(water.buffer(9, quad_segs=3).exterior.simplify(1.0).coords)
    paths = [_shortest_path(walk, grid.streets[row]) for row in (3, 6, 7)]
    return [
        Thing(lot, made_up(leisure="park", name="合成公园 (synthetic)")),
        Thing(water, made_up(natural="water", water="pond")),
        Thing(walk, made_up(highway="footway")),
        *(Thing(path, made_up(highway="footway")) for path in paths),
        Thing(patch(lot, (0.08, 0.08, 0.24, 0.2)), made_up(leisure="playground")),
    ]


def _shortest_path(walk: LineString, street: Street) -> LineString:
    """Return the path from the corner of `walk` that is nearest to `street`."""
    corner = min(map(Point, walk.coords), key=street.line.distance)
    return LineString([corner, nearest_points(street.line, corner)[0]])


def _care(lot: Polygon) -> list[Thing]:
    south = inset(patch(lot, (0.03, 0.05, 0.97, 0.4)), 0.5)
    north = inset(patch(lot, (0.03, 0.5, 0.97, 0.95)), 0.5)
    return [
        Thing(
            south,
            made_up(
                amenity="social_facility",
                social_facility="nursing_home",
                social_facility__for="senior",
                name="合成敬老院 (synthetic)",
            ),
        ),
        hall(south, (0.1, 0.45, 0.85, 0.68), building="nursing_home", building__levels="3"),
        hall(south, (0.1, 0.1, 0.35, 0.3), building="public", building__levels="2"),
        Thing(north, made_up(amenity="clinic", name="合成社区卫生服务中心 (synthetic)")),
        hall(north, (0.1, 0.5, 0.8, 0.75), building="public", building__levels="4"),
        Thing(patch(north, (0.1, 0.1, 0.6, 0.35)), made_up(amenity="parking", parking="surface", capacity="30")),
    ]


def _canal(grid: Grid) -> list[Thing]:
    """Return the canal along the north street; it runs in culverts below the streets it meets."""
    banks = [part_of_block(grid, (column, 2), ring(0, 0.93, 1, 0.985)) for column in range(4)]
    return [Thing(bank, made_up(natural="water", water="canal", name="合成渠 (synthetic)")) for bank in banks]


def _roadside_stalls(grid: Grid, compounds: Sequence[Compound]) -> list[Thing]:
    """Return the marked stalls between the wall of two compounds and the street beside it."""
    things = []
    for number, street, side, shares in (
        (1, grid.streets[0], "left", (0.14, 0.25)),
        (8, grid.streets[4], "right", (0.41, 0.58)),
    ):
        area = compounds[number - 1].area
        for share in shares:
            kerb = [street.line.interpolate(street.line.length * share + ahead) for ahead in (0, 45)]
            wall = LineString([nearest_points(area, point)[0] for point in kerb])
            strip = wall.parallel_offset(3.2, side).buffer(1.3, cap_style="flat")
            things.append(Thing(strip, made_up(amenity="parking", parking="street_side", capacity="8")))
    return things


def _charging(compounds: Sequence[Compound]) -> list[Thing]:
    """Return the charging place that stands already: in the garden compound, beside its main lane."""
    compound = next(compound for compound in compounds if compound.plan.number == 12)
    lot = next(lot for use, lot in compound.lots if use == "garden")
    roof = patch(lot, (0.1, 0.02, 0.3, 0.12))
    return [
        Thing(
            roof,
            made_up(
                amenity="charging_station", bicycle="yes", motorcar="no", capacity="10", name="合成充电棚 (synthetic)"
            ),
        )
    ]
