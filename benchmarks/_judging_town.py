"""A made-up district of 10,000 buildings and footprints strewn over it, for the benchmark on judging.

250 compounds in a grid, with everything a clause may measure to. The same every time.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting import tables
from siting.district.record import DISTRICT_TABLES, District
from siting.kinds import Completeness, Kind
from siting.rules.measures import FacilityFacts, Shapes

CRS = "EPSG:4546"
SIDE = 16  # compounds along a side of the grid; 250 of them are built
COMPOUNDS, ROWS, COLUMNS = 250, 8, 5
STEP_M, SLAB_M, DEPTH_M = 400.0, 55.0, 13.0
SEED = 20260101


def facility(kind: str) -> FacilityFacts:
    return FacilityFacts(Kind(kind), "I-II" if kind == "ebike_shed" else "unknown", 0.8, 2, 0.25)


def town() -> District:
    random = np.random.default_rng(SEED)
    corner = np.array([(i % SIDE * STEP_M, i // SIDE * STEP_M) for i in range(COMPOUNDS)])
    slot = np.array([(30 + c * 70.0, 30 + r * 42.0) for r in range(ROWS) for c in range(COLUMNS)])
    places = (corner[:, None, :] + slot[None, :, :]).reshape(-1, 2)
    places += random.uniform(-3.0, 3.0, places.shape)
    count = len(places)
    buildings = {
        "compound_id": [f"compound/{i // len(slot):05d}" for i in range(count)],
        "name": None,
        "use": random.choice(
            ["residential", "unknown", "kindergarten", "commercial"], count, p=[0.7, 0.27, 0.01, 0.02]
        ),
        "levels": random.choice([5.0, 6.0, 9.0, 18.0, 33.0, np.nan], count),
        "height_m": np.nan,
        "height_source": None,
        "fire_class": random.choice(["I-II", "III", "IV", "unknown"], count, p=[0.4, 0.05, 0.05, 0.5]),
        "households": np.nan,
        "households_source": None,
    }
    slabs = shapely.box(places[:, 0], places[:, 1], places[:, 0] + SLAB_M, places[:, 1] + DEPTH_M)
    lanes, lane_names = _lanes(corner)
    around = shapely.box(corner[:, 0] + 5, corner[:, 1] + 5, corner[:, 0] + 390, corner[:, 1] + 385)
    doors = shapely.points(places + np.array([SLAB_M / 2, 0.0]))
    kinds = random.choice(["hydrant", "tree", "green", "substation", "fuel", "gas", "climbing_area"], 2500,
                          p=[0.4, 0.3, 0.1, 0.1, 0.02, 0.05, 0.03])  # fmt: skip
    spots = random.uniform(0.0, SIDE * STEP_M, (2500, 2))
    areas = np.isin(kinds, ("green", "fuel", "climbing_area"))
    things = np.where(areas, shapely.buffer(shapely.points(spots), 8.0, cap_style="square"), shapely.points(spots))
    lots = shapely.box(corner[:, 0] + 378, corner[:, 1] + 40, corner[:, 0] + 388, corner[:, 1] + 300)
    road_columns = {"kind": "service", "name": None, "walkable": True, "drivable": True, "fire_lane": True,
                    "width_m": np.where(np.arange(len(lanes)) % 3 == 0, 6.0, np.nan), "access": None}  # fmt: skip
    frames = {
        "compounds": _frame("compounds", around, {
            "name": None, "households": np.nan, "ebikes": np.nan, "evs": np.nan, "weight": 1.0,
            "building_cover_share": 0.2, "state": "ready"}),
        "buildings": _frame("buildings", slabs, buildings),
        "entrances": _frame("entrances", doors[::4], {"building_id": None, "kind": "exit"}),
        "roads": _frame("roads", lanes, road_columns, names=lane_names),
        "barriers": _frame("barriers", shapely.boundary(around), {"kind": "wall"}),
        "gates": tables.GATES.empty(CRS),
        "obstacles": _frame("obstacles", things, {"kind": kinds, "name": None}),
        "parking": _frame("parking", lots, {
            "compound_id": None, "name": None, "kind": "surface", "capacity": np.nan, "access": None}),
        "transformers": tables.TRANSFORMERS.empty(CRS),
    }  # fmt: skip
    return District(
        name="town",
        crs=frames["buildings"].crs,
        study_area=shapely.box(0, 0, SIDE * STEP_M, SIDE * STEP_M),
        dropped=tables.DROPPED.empty(),
        overrides=pd.DataFrame(columns=["layer", "object_id", "key", "old", "new", "source"], dtype=object),
        inputs=(),
        position_error_m=1.0,
        completeness={"hydrant": Completeness.SURVEYED},
        synthetic=True,
        **frames,
    )


def footprints_of(count: int) -> Shapes:
    """Return `count` places of two groups each, turned any way, anywhere but on top of a building's middle."""
    random = np.random.default_rng(SEED + 1)
    corner = random.integers(0, COMPOUNDS, count)
    x = corner % SIDE * STEP_M + random.uniform(5.0, 390.0, count)
    y = corner // SIDE * STEP_M + random.uniform(5.0, 385.0, count)
    angle = random.uniform(0.0, np.pi, count)
    bays = random.integers(2, 6, count) * 10
    length, depth = bays * 0.4 + 2.0, 5.5

    def rectangle(start: Any, end: Any) -> Any:
        along, across = np.stack((np.cos(angle), np.sin(angle)), 1), np.stack((-np.sin(angle), np.cos(angle)), 1)
        ends = np.stack((start, end, end, start), 1)
        sides = np.array([0.0, 0.0, depth, depth])
        rings = np.stack((x, y), 1)[:, None] + ends[:, :, None] * along[:, None] + sides[:, None] * across[:, None]
        return np.asarray(shapely.polygons(rings), dtype=object)

    zero, middle = np.zeros(count), length / 2
    groups = np.concatenate((rectangle(zero, middle - 1.0), rectangle(middle + 1.0, length)))
    half = bays // 2
    return Shapes(
        footprints=rectangle(zero, length),
        bays=bays,
        group_shapes=groups,
        group_of=np.tile(np.arange(count), 2),
        group_bays=np.concatenate((half, bays - half)),
        group_length_m=np.tile(middle - 1.0, 2),
    )


def _lanes(corner: Any) -> tuple[Any, list[str]]:
    """Return a ring of lanes with shared vertices in each compound, a street to the next one, and a dead end."""
    lines = []
    for x, y in corner:
        junction = (x + 180.0, y + 15.0)
        lines.append([(x, y), (x + 15, y + 15), junction, (x + 370, y + 15), (x + 370, y + 375)])
        lines.append([(x + 15, y + 15), (x + 15, y + 375), (x + 370, y + 375)])
        lines.append([junction, (x + 180, y + 160)])
        lines.append([(x, y), (x + STEP_M, y)])
    return np.array([shapely.LineString(line) for line in lines], dtype=object), [
        f"way/{i:05d}" for i in range(len(lines))
    ]


def _frame(name: str, shapes: Any, columns: dict[str, Any], *, names: list[str] | None = None) -> gpd.GeoDataFrame:
    table = DISTRICT_TABLES[name]
    ids = names or [f"{name}/{number:05d}" for number in range(len(shapes))]
    index = pd.Index(ids, name=table.index, dtype=object)
    frame = pd.DataFrame(columns | {"source": "tag"}, index=index)
    for column, facts in table.columns.items():
        if column in frame and (facts.metadata or {})["kind"] == "text":
            frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=index, crs=CRS), crs=CRS).sort_index()
