"""Audit of reach: what a metre of a steep way counts, from the study file and the ways as mapped.

A way is steep if its `slope_percent` is known and at least the study's `steep_percent`, or if it is stairs; a metre of
it counts `slope_factor`, every other metre one. An unknown slope is no slope. Over open ground slopes count nothing.
"""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

__all__ = ["added_by_slopes", "with_counts"]

_ON_WAY_M = 0.01


def with_counts(roads: gpd.GeoDataFrame, factor: float, steep_percent: float) -> gpd.GeoDataFrame:
    """Return ways with a column `counts`: what a metre of each counts in a walk."""
    counts = []
    for row in roads.itertuples():
        slope = float(getattr(row, "slope_percent", math.nan))
        counts.append(factor if row.kind == "steps" or slope >= steep_percent else 1.0)
    return roads.assign(counts=pd.Series(counts, index=roads.index, dtype=float))


def added_by_slopes(line: Any, roads: gpd.GeoDataFrame, grounds: Iterable[Any]) -> tuple[float, float]:
    """Return the least and the most metres that steep ways add to a walk drawn as `line`.

    Metres on `grounds`, and where a level way runs along a steep one, may have been walked without the slope.
    """
    walkable = roads[roads["walkable"].astype(bool) & (shapely.distance(roads.geometry.to_numpy(), line) <= _ON_WAY_M)]
    steep = walkable[walkable["counts"] > 1.0]
    if not len(steep):
        return 0.0, 0.0
    more = float(steep["counts"].max()) - 1.0
    level = shapely.union_all(walkable.geometry[walkable["counts"] == 1.0].to_numpy()).buffer(_ON_WAY_M)
    free = shapely.union_all([*grounds]).buffer(_ON_WAY_M)
    sure_m = most_m = 0.0
    for start, end in pairwise(line.coords):
        step = shapely.LineString([start, end])
        if any(
            step.hausdorff_distance(step.intersection(way.buffer(_ON_WAY_M))) <= _ON_WAY_M for way in steep.geometry
        ):
            most_m += step.length
            sure_m += step.difference(level).difference(free).length
    return more * sure_m, more * most_m
