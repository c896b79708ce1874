"""Options: zones of stalls in garages, from a planner's layer; the map knows neither their walls nor their fire units.

A zone is a row of the car parks that a planner or a surveyor gave the kind `underground` or `multi_storey`: the floor
of one fire unit, or a part of it. Stalls are drawn in it with their aisle; what stands on its roof is no obstacle.
Levels lie above one another, so a candidate names its zone, and two on different floors never exclude each other.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from siting.district.record import District
from siting.kinds import Source

__all__ = ["aisle_ground", "floors_of", "garage_zones", "most_stalls"]

_COVERED = ("multi_storey", "underground")
_STATED = (Source.PLANNER.value, Source.SURVEY.value)


def garage_zones(district: District) -> gpd.GeoDataFrame:
    """Return the car parks that a planner's layer describes as garages, sorted by id."""
    parking = district.parking
    chosen = parking["kind"].isin(_COVERED) & parking["source"].isin(_STATED)
    return parking[chosen.to_numpy(bool)].sort_index()


def aisle_ground(district: District, zone_id: str) -> Any:
    """Return the ground a car reaches the stalls of a zone over: the zone, and the garage around it on its level."""
    parking = district.parking
    zone = parking.loc[zone_id]
    levels = _levels(parking)
    own = levels[int(parking.index.get_indexer([zone_id])[0])]
    same = parking["kind"].isin(_COVERED).to_numpy(bool) & (np.isnan(levels) | (levels == own))
    same &= shapely.intersects(parking.geometry.to_numpy(), zone.geometry)
    return shapely.union_all([zone.geometry, *parking.geometry.to_numpy()[same]])


def most_stalls(district: District, zone_id: str) -> float:
    """Return how many stalls a zone, and its fire unit, has at most; inf where nobody says."""
    zone = district.parking.loc[zone_id]
    stated = [float(zone["capacity"]), float(zone.get("fire_unit_stalls", np.nan))]
    return float(np.nanmin([*stated, np.inf]))


def floors_of(frame: gpd.GeoDataFrame, district: District) -> npt.NDArray[np.object_]:
    """Return a word for the floor of each candidate: "" on the ground, else its level, else its own garage."""
    if "garage_id" not in frame:
        return np.full(len(frame), "", dtype=object)
    levels = pd.Series(_levels(district.parking), index=district.parking.index)
    return np.array([_floor(garage, levels) for garage in frame["garage_id"]], dtype=object)


def _floor(garage: Any, levels: "pd.Series[float]") -> str:
    if not isinstance(garage, str):
        return ""
    down = levels.get(garage, np.nan)
    return f"-{down:g}" if down > 0.0 else garage


def _levels(parking: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    blank = pd.Series(np.nan, index=parking.index)
    return np.asarray(parking.get("levels_down", blank), dtype=float)
