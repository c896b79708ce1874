"""Facts, made up: a sample of every file a planner may have of the embedded quarter, and of those that go wrong.

Written after the quarter itself, so that each sample meets it by id or place. Names say what is in a file and then what
is wrong with it; `datasets/README.md` lists them. The same seed gives the same rows.
"""

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xlsxwriter
from pyproj import Transformer
from shapely.affinity import translate

from siting.district.coordinates import shapes_from_wgs84
from siting.district.synthetic import QUARTER_SEED
from siting.district.synthetic_dxf import drawing, line, point, polyline, text
from siting.district.synthetic_osm import object_ids
from siting.district.synthetic_places import draw_quarter
from siting.district.synthetic_plan import ORIGIN_LON_LAT
from siting.geo import WGS84, metric_crs

__all__ = ["DXF_ANCHOR", "write_binary_samples", "write_text_samples"]

#: Drawing point and place of the sample drawing's anchor: x, y, longitude, latitude.
DXF_ANCHOR = (1000.0, 2000.0, *ORIGIN_LON_LAT)

_BUILDINGS = 120  # of 306: enough to tell one datum from another
_ZONE_37 = 4525  # CGCS2000, 3-degree zone with its number before the easting
_HEADINGS = ("小区编号", "小区名称", "总户数（户）", "电动自行车（辆）", "投诉", "隐患", "改造年份", "剩余容量（kVA）")
_EQUIPMENT = ("火灾自动报警", "排烟", "自动喷水", "应急照明", "防火分隔", "灭火器")
_OVERTURE_IDS = "08b3dd{:010d}"


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The quarter in degrees: ids, names and shapes of its compounds, its buildings, and what a bureau knows."""

    compound_ids: tuple[str, ...]
    names: tuple[str, ...]
    outlines: Any
    buildings: Any
    metres: Any  # the buildings again, in metres from the origin
    yards: Any  # the compounds, the same
    rows: tuple[tuple[object, ...], ...]


def write_text_samples(folder: Path, *, seed: int = QUARTER_SEED) -> None:
    """Write the samples that are text: CSV, GeoJSON, DXF and SQL; same seed, same bytes."""
    drawn = _draw(seed)
    header = ",".join(_HEADINGS)
    good = _csv(_HEADINGS, drawn.rows)
    rows = [*drawn.rows, drawn.rows[0]]
    garbled = good.encode("gb18030").decode("latin-1").encode()  # as a program that knows no Chinese saves it
    swapped = good.replace(header, header.replace("小区名称,总户数（户）", "总户数（户）,小区名称"))
    for name, content in {
        "compounds.csv": good.encode(),
        "compounds_gbk.csv": good.encode("gb18030"),
        "compounds_mojibake.csv": garbled,
        "compounds_duplicate_ids.csv": _csv(_HEADINGS, rows).encode(),
        "compounds_swapped_columns.csv": swapped.encode(),
        "compounds.sql": _sql(drawn).encode(),
        "drawing_without_crs.dxf": _dxf(drawn).encode("gb18030"),
        **_places(drawn),
        **_garages(drawn),
        **_trenches(drawn),
        **_outlines(drawn),
        **_in_other_datums(drawn),
    }.items():
        (folder / name).write_bytes(content)


def write_binary_samples(folder: Path, *, seed: int = QUARTER_SEED) -> None:
    """Write the samples that are not: XLSX, GeoPackage, a GBK Shapefile, FileGDB and, with pyarrow, GeoParquet."""
    drawn = _draw(seed)
    with xlsxwriter.Workbook(folder / "compounds.xlsx") as book:
        book.set_properties({"created": pd.Timestamp("2024-11-21").to_pydatetime()})
        sheet = book.add_worksheet("小区")
        for at, row in enumerate([("合成街道小区台账 (synthetic)",), _HEADINGS, *drawn.rows]):
            sheet.write_row(at, 0, row)
    frame = gpd.GeoDataFrame({"编号": drawn.compound_ids, "名称": drawn.names}, geometry=list(drawn.outlines), crs=4490)
    frame.to_file(folder / "compounds_gbk.shp", engine="pyogrio", encoding="GB18030")
    (folder / "compounds_gbk.cpg").unlink(missing_ok=True)
    frame.to_file(folder / "compounds.gpkg", layer="compounds", driver="GPKG", engine="pyogrio")
    frame.to_file(folder / "compounds.gdb", layer="compounds", driver="OpenFileGDB", engine="pyogrio")
    _footprints(drawn).to_parquet(folder / "footprints.parquet")


def _draw(seed: int) -> _Drawn:
    quarter = draw_quarter(seed)
    ids = object_ids(quarter.things, origin=ORIGIN_LON_LAT)
    dice = random.Random(seed + 2)
    homes = [thing.shape for thing in quarter.things if "building" in thing.tags and thing.shape.geom_type == "Polygon"]
    homes = homes[:_BUILDINGS]
    size = len(quarter.compounds)
    names = tuple(compound.plan.name for compound in quarter.compounds)
    rows = tuple(
        (
            ids[at],
            names[at],
            households := round(sum(house.floor_area_m2 for house in quarter.compounds[at].houses) / 92.5),
            round(households * dice.uniform(0.7, 1.1)),
            dice.randrange(0, 12),
            dice.randrange(0, 6),
            dice.choice(("", "", 2026, 2027)),
            dice.choice((40, 63, 80, 100)),
        )
        for at in range(size)
    )
    yards = np.array([thing.shape for thing in quarter.things[:size]], dtype=object)
    metres = np.array(homes, dtype=object)
    return _Drawn(tuple(ids[:size]), names, _degrees(yards), _degrees(homes), metres, yards, rows)


def _degrees(shapes: Any) -> Any:
    """Return shapes in metres around the origin in degrees of WGS 84, on the lattice of OpenStreetMap."""
    crs = metric_crs(*ORIGIN_LON_LAT)
    east, north = Transformer.from_crs(WGS84, crs, always_xy=True).transform(*ORIGIN_LON_LAT)
    back = Transformer.from_crs(crs, WGS84, always_xy=True).transform
    return shapely.transform(
        np.array(shapes, dtype=object),
        lambda xy: np.round(np.column_stack(back(xy[:, 0] + east, xy[:, 1] + north)), 7),
    )


def _csv(header: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return file.getvalue()


def _places(drawn: _Drawn) -> dict[str, bytes]:
    """Return gates, exits, hydrants and candidates, as somebody with a handheld receiver writes them down."""
    corners = [shapely.get_coordinates(shape)[0] for shape in drawn.outlines]
    doors = [shapely.get_coordinates(shape)[:2].mean(axis=0) for shape in drawn.buildings[:8]]
    yard = shapely.centroid(drawn.outlines[2])
    surveyed = [(f"S{at}", f"{x:.7f}", f"{y:.7f}", "wgs84", "实测") for at, (x, y) in enumerate(corners, 1)]
    exits = [(f"E{at}", f"{x:.7f}", f"{y:.7f}", "wgs84", "安全出口", "实测") for at, (x, y) in enumerate(doors, 1)]
    boxes = [shapely.box(yard.x, yard.y, yard.x + 0.0002, yard.y + 0.0001)]
    drawn_rows = [("规划1", "充电棚", 20, "wgs84", boxes[0].wkt), ("规划2", "充电棚", "", "wgs84", yard.wkt)]
    place = ("编号", "经度", "纬度", "坐标系", "来源")
    swapped = [(key, y, x, *rest) for key, x, y, *rest in surveyed]
    return {
        "gates.csv": _csv(place, surveyed).encode(),
        "hydrants.csv": _csv(place, surveyed).encode(),
        "hydrants_swapped_columns.csv": _csv(place, swapped).encode(),
        "exits.csv": _csv(("编号", "经度", "纬度", "坐标系", "类型", "来源"), exits).encode(),
        "candidates.csv": _csv(("编号", "类型", "车位数", "坐标系", "wkt"), drawn_rows).encode(),
    }


def _garages(drawn: _Drawn) -> dict[str, bytes]:
    """Return zones of garages as an institute draws them, and the ways down to them.

    Two levels one above the other: the upper equipped, the lower without sprinklers. A third zone of which little is
    known. Zones lie under houses and yards alike.
    """
    shapes, doors = [], []
    for at in (2, 6):
        middle = drawn.yards[at].representative_point()
        x, y = round(middle.x), round(middle.y)
        shapes.append(shapely.box(x - 22, y - 8.1, x + 22, y + 8.1))
        doors.append(shapely.Point(x - 24, y))
    equipped = dict.fromkeys(_EQUIPMENT, "有")
    upper = {"编号": "车库A-1", "类型": "地下车库", "小区": drawn.compound_ids[2], "车位数": 30, "地下层": 1,
             "防火单元面积": 960, "防火单元车位": 20, "出入口间距": 8.0, **equipped}  # fmt: skip
    lower = upper | {"编号": "车库A-2", "地下层": 2, "自动喷水": "无"}
    other = {"编号": "车库B-1", "类型": "地下车库", "小区": drawn.compound_ids[6], "入口步行距离": 25.0}
    zones = [(upper, shapes[0]), (lower, shapes[0]), (other, shapes[1])]
    features = [
        {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(_degrees([shape])[0])}
        for row, shape in zones
    ]
    owners = ("车库A-1", "车库A-2", "")
    ways = _degrees([doors[0], doors[0], doors[1]])
    rows = [
        (f"口{at}", owner, "车库入口", "wgs84", f"{point.x:.7f}", f"{point.y:.7f}", "实测")
        for at, (owner, point) in enumerate(zip(owners, ways, strict=True), 1)
    ]
    return {
        "garage_zones.geojson": json.dumps(
            {"type": "FeatureCollection", "features": features}, ensure_ascii=False
        ).encode(),
        "garage_entrances.csv": _csv(("编号", "车库", "类型", "坐标系", "经度", "纬度", "来源"), rows).encode(),
    }


def _trenches(drawn: _Drawn) -> dict[str, bytes]:
    """Return where a renovation digs: a line through one compound from west to east, and a strip of another."""
    first, second = (drawn.yards[at] for at in (2, 9))
    west, _, east, _ = first.bounds
    y = first.representative_point().y
    line = shapely.LineString([(west + 8, y), ((west + east) / 2, y + 3), (east - 8, y)])
    left, low, right, _ = second.bounds
    strip = shapely.box(left + 10, low + 30, right - 10, low + 33)
    return {"trenches.geojson": _geojson(["管沟1", "管沟2"], _degrees([line, strip]))}


def _outlines(drawn: _Drawn) -> dict[str, bytes]:
    """Return outlines of compounds: overlapping ones, and one file with every odd shape there is."""
    one, two, three, four, five = (drawn.outlines[at] for at in (0, 1, 2, 3, 4))
    wide = translate(one, 0.5 * (one.bounds[2] - one.bounds[0]))
    west, south, east, north = three.bounds
    bow = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    x0, y0, x1, y1 = two.bounds
    crossing = shapely.Polygon([(x0, y0), (x1, y0), (x1, y1), ((x0 + x1) / 2, y0 - 0.0002), (x0, y1)])
    left, lower, right, upper = four.bounds
    yard = shapely.box(left, lower, right, upper)
    middle = shapely.box(
        *(left + 0.4 * (right - left), lower + 0.4 * (upper - lower)),
        *(left + 0.6 * (right - left), lower + 0.6 * (upper - lower)),
    )
    beside = translate(shapely.box(0, 0, 0.0003, 0.0003), one.bounds[0] - 0.001, one.bounds[1])
    island = shapely.MultiPolygon([one, beside])
    return {
        "compounds_overlapping.geojson": _geojson(["甲", "乙"], [one, wide]),
        "compounds_odd_shapes.geojson": _geojson(
            ["自交", "蝴蝶结", "带洞", "飞地"], [crossing, bow, yard.difference(middle), island]
        ),
        "compounds_with_hole.geojson": _geojson(["带洞"], [five]),
    }


def _in_other_datums(drawn: _Drawn) -> dict[str, bytes]:
    """Return the buildings as other maps have them; no format can say GCJ-02 or BD-09, so they say WGS 84."""
    ids = [f"B{at}" for at in range(1, len(drawn.buildings) + 1)]
    to_zone = Transformer.from_crs(WGS84, _ZONE_37, always_xy=True).transform
    zoned = shapely.transform(drawn.buildings, lambda xy: np.column_stack(to_zone(xy[:, 0], xy[:, 1])))
    rows = [(key, shapely.to_wkt(shape, rounding_precision=3)) for key, shape in zip(ids, zoned, strict=True)]
    return {
        "buildings_gcj02.geojson": _geojson(ids, shapes_from_wgs84(drawn.buildings, "gcj02")),
        "buildings_bd09.geojson": _geojson(ids, shapes_from_wgs84(drawn.buildings, "bd09")),
        "buildings_cgcs2000_zone37.csv": _csv(("编号", "wkt"), rows).encode(),
    }


def _geojson(ids: Sequence[str], shapes: Sequence[Any]) -> bytes:
    features = [
        {"type": "Feature", "properties": {"id": key}, "geometry": shapely.geometry.mapping(_rounded(shape))}
        for key, shape in zip(ids, shapes, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _rounded(shape: Any) -> Any:
    return shapely.transform(shape, lambda xy: np.round(xy, 7))


def _dxf(drawn: _Drawn) -> str:
    """Return a drawing in its own coordinates: buildings closed, nearly closed and in pieces, a wall, a hydrant."""
    east, north, *_ = DXF_ANCHOR
    rings = [
        [(round(x + east, 3), round(y + north, 3)) for x, y in shapely.get_coordinates(shape)[:-1]]
        for shape in drawn.metres[:40]
    ]
    entities: list[str] = []
    for at, ring in enumerate(rings):
        handle = f"{0x100 + at:X}"
        entities.append(_DRAW[at % 3](ring, handle))
        centre = np.mean(ring, axis=0).round(3).tolist()
        entities.append(text("楼名", (centre[0], centre[1]), f"{at + 1}号楼", f"{0x400 + at:X}"))
    wall = line("围墙", rings[0][0], rings[1][0], "800")
    return drawing(*entities, wall, point("消火栓", rings[2][0], "801"))


def _closed(ring: list[tuple[float, float]], handle: str) -> str:
    return polyline("建筑", ring, handle, closed=True)


def _nearly_closed(ring: list[tuple[float, float]], handle: str) -> str:
    return polyline("建筑", [*ring, (ring[0][0] + 0.2, ring[0][1])], handle)


def _in_two_pieces(ring: list[tuple[float, float]], handle: str) -> str:
    return polyline("建筑", ring[:3], handle) + polyline("建筑", [*ring[2:], ring[0]], f"{handle}0")


_DRAW: tuple[Callable[[list[tuple[float, float]], str], str], ...] = (_closed, _nearly_closed, _in_two_pieces)


def _sql(drawn: _Drawn) -> str:
    """Return a table for PostGIS."""
    lines = [
        "CREATE EXTENSION IF NOT EXISTS postgis;",
        'CREATE TABLE compounds ("小区编号" text PRIMARY KEY, "户数" integer, geom geometry(Polygon, 4490));',
    ]
    for key, row, shape in zip(drawn.compound_ids, drawn.rows, drawn.outlines, strict=True):
        wkt = shapely.to_wkt(shape, rounding_precision=7)
        lines.append(f"INSERT INTO compounds VALUES ('{key}', {row[2]}, ST_GeomFromText('{wkt}', 4490));")
    return "\n".join(lines) + "\n"


def _footprints(drawn: _Drawn) -> gpd.GeoDataFrame:
    """Return footprints in Overture's buildings schema: some on mapped buildings, some on the unmapped compound."""
    bare = drawn.outlines[8]
    west, south, east, north = bare.bounds
    new = [
        shapely.box(x, y, x + 0.0004, y + 0.0001)
        for x in np.linspace(west + 0.0004, east - 0.0008, 4)
        for y in np.linspace(south + 0.0003, north - 0.0004, 5)
    ]
    shapes = [*drawn.buildings[:10], *(shape for shape in new if bare.contains(shape))]
    size = len(shapes)
    return gpd.GeoDataFrame(
        {
            "id": [_OVERTURE_IDS.format(at) for at in range(size)],
            "names": [{"primary": f"合成{at}号楼 (synthetic)"} if at % 2 else None for at in range(size)],
            "subtype": ["residential"] * size,
            "class": ["apartments"] * size,
            "height": [18.0] * size,
            "num_floors": [6] * size,
        },
        geometry=shapes,
        crs=4326,
    )
