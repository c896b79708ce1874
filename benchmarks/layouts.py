"""Zones, layouts and candidates, seconds for each 1,000 buildings and their growth, beside what a user would write.

    python -m benchmarks layouts [FACTOR] [--json]

The work is the embedded quarter (306 buildings in twelve compounds of 0.8-7 ha), laid side by side: COPIES of it, then
FACTOR (10) times as many. We draw the zones of the national rules and offer candidates of sheds. The other contestant
writes the usual script with geopandas on the same buildings: buffers around walls and lanes, overlay difference per
compound, a grid of points every 2 m, one rectangle of 20 bays in two directions at each point, kept where it lies
within; it knows no classes of walls, no groups, no aisles and no position error, and keeps whatever fits. `agree` says
that no candidate of ours surely breaks the distance to walls that the script draws (the larger town is not judged).
"""

import time
from datetime import date
from typing import Any

from benchmarks.harness import compare, contest

HERE = "benchmarks.layouts"
COPIES = 3  # 918 buildings
ROW = 8  # copies side by side
WALL_M, LANE_M, STEP_M = 7.0, 2.0, 2.0


def run(arguments: list[str]) -> dict[str, Any]:
    factor = int(arguments[0]) if arguments else 10
    contestants = {
        "siting": contest(HERE, "with_siting", [str(COPIES)]),
        "geopandas script": contest(HERE, "with_geopandas", [str(COPIES)]),
    }
    report = compare("layouts", f"{COPIES} quarters, {306 * COPIES} buildings", contestants, agree=_lawful)
    large = contest(HERE, "with_siting", [str(factor * COPIES), "unjudged"])
    report[f"siting, {factor} times the buildings"] = large
    small = contestants["siting"]
    if small["result"] and large["result"]:
        report["seconds_per_1000_buildings"] = small["result"]["seconds_per_1000_buildings"]
        report["growth"] = round(large["result"]["cpu_seconds"] / small["result"]["cpu_seconds"], 2)
    return report


def _lawful(results: list[Any]) -> bool:
    return bool(results[0]["nearest_wall_m"] >= WALL_M - 1e-6)


def _town(copies: int) -> Any:
    """Return the embedded quarter laid side by side, its ids numbered by copy."""
    import geopandas as gpd
    import pandas as pd
    import shapely
    from shapely.affinity import translate

    from siting.district.build import SourceOptions, read_district
    from siting.district.synthetic import dataset_path

    quarter = read_district(SourceOptions(osm=dataset_path("quarter.osm.pbf")))
    west, south, east, north = quarter.compounds.total_bounds
    names = (
        "compounds",
        "buildings",
        "entrances",
        "roads",
        "barriers",
        "gates",
        "obstacles",
        "parking",
        "transformers",
    )
    parts: dict[str, list[Any]] = {name: [] for name in names}
    for number in range(copies):
        step = number % ROW * (east - west + 60.0), number // ROW * (north - south + 60.0)
        for name in names:
            frame = getattr(quarter, name)
            moved = frame.set_geometry(frame.geometry.translate(*step))
            moved.index = frame.index + f"~{number:03d}"
            for column in {"compound_id", "building_id"} & set(frame.columns):
                moved[column] = frame[column].where(
                    frame[column].isna(), frame[column].astype(object) + f"~{number:03d}"
                )
            parts[name].append(moved)
    frames = {name: gpd.GeoDataFrame(pd.concat(some), crs=quarter.crs).sort_index() for name, some in parts.items()}
    areas = [translate(quarter.study_area, n % ROW * (east - west + 60.0), n // ROW * (north - south + 60.0))
             for n in range(copies)]  # fmt: skip
    return quarter.replace(study_area=shapely.union_all(areas), **frames)


def with_siting(count: str, unjudged: str = "") -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    import shapely

    from siting.kinds import Kind
    from siting.rules.profiles import load_rulebook
    from siting.sites.candidates import offer_candidates
    from siting.sites.catalogue import load_catalogue
    from siting.sites.verdicts import judge
    from siting.sites.zones import draw_zones

    district = _town(int(count))
    rulebook, catalogue = load_rulebook("national", on=date(2026, 1, 1)), load_catalogue(None)
    prepared, cpu = time.perf_counter() - start, time.process_time()
    zones = draw_zones(district, rulebook, (Kind.EBIKE_SHED,), catalogue)
    candidates = offer_candidates(zones, catalogue)
    spent, wall = time.process_time() - cpu, time.perf_counter() - start - prepared
    walls = district.buildings.geometry.to_numpy()
    figures = {
        "buildings": len(walls),
        "zones": len(zones.frame),
        "candidates": len(candidates.frame),
        "cpu_seconds": round(spent, 3),
        "seconds_per_1000_buildings": round(1000 * spent / len(walls), 3),
    }
    if not unjudged:
        accepted = candidates.frame.loc[list(judge(candidates).accepted)].geometry.to_numpy()
        apart = shapely.distance(accepted, walls[shapely.STRtree(walls).nearest(accepted)])
        figures["nearest_wall_m"] = round(float(apart.min()), 3)
    return figures, time.perf_counter() - start - wall


def with_geopandas(count: str) -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    import geopandas as gpd
    import numpy as np
    import shapely

    district = _town(int(count))
    prepared = time.perf_counter() - start
    crs = district.crs
    walls = gpd.GeoDataFrame(geometry=district.buildings.buffer(WALL_M), crs=crs)
    lanes = gpd.GeoDataFrame(geometry=district.roads.buffer(LANE_M), crs=crs)
    free = district.compounds[["geometry"]].overlay(walls, how="difference").overlay(lanes, how="difference")
    kept = 0
    for shape in free.geometry:
        west, south, east, north = shape.bounds
        x, y = np.meshgrid(np.arange(west, east, STEP_M), np.arange(south, north, STEP_M))
        x, y = x.ravel(), y.ravel()
        for wide, high in ((8.0, 5.5), (5.5, 8.0)):
            boxes = gpd.GeoSeries(shapely.box(x, y, x + wide, y + high), crs=crs)
            kept += int(boxes.within(shape).sum())
    return {"buildings": len(district.buildings), "rectangles": kept}, prepared
