"""Meaning: what a comparison reads of a written run: run.json, sites.geojson, compounds.geojson and links.csv.

Anything missing or broken is a `DataError`, one line that names the file.
"""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.errors import ShapelyError

from siting.errors import DataError
from siting.geo import WGS84

__all__ = ["WrittenRun", "read_written_run"]

_FILES = ("run.json", "sites.geojson", "compounds.geojson", "links.csv")
_SITE_COLUMNS = ("site_id", "compound_id", "compound_name", "kind", "ports", "cost_cny", "served")
_COMPOUND_COLUMNS = ("compound_id", "name", "demand", "served")
_FIGURES = ("served", "demand", "spent_cny")


@dataclass(frozen=True, eq=False, kw_only=True)
class WrittenRun:
    """One written run as a comparison needs it.

    `sites`: index site_id, WGS 84; columns compound_id, compound_name, kind, ports, cost_cny, served.
    `compounds`: index compound_id; columns name, demand, served. `served`: vehicles by building_id.
    """

    folder: Path
    run: Mapping[str, Any]
    sites: gpd.GeoDataFrame
    compounds: pd.DataFrame
    served: "pd.Series[float]"

    def figure(self, name: str) -> float | None:
        """Return a number of run.json, or None if it states none."""
        value = self.run.get(name)
        return float(value) if value is not None and _is_number(value) else None


def read_written_run(folder: Path) -> WrittenRun:
    """Read one run folder. Raises `DataError` if it is none."""
    for name in _FILES:
        if not (folder / name).is_file():
            message = f"{folder}: not a run folder ({name} is missing); give a folder that siting plan wrote"
            raise DataError(message)
    sites = _features(folder / "sites.geojson", _SITE_COLUMNS, numbers=("ports", "cost_cny", "served"))
    compounds = _features(folder / "compounds.geojson", _COMPOUND_COLUMNS, numbers=("demand", "served"))
    return WrittenRun(
        folder=folder,
        run=_run(folder / "run.json"),
        sites=sites,
        compounds=pd.DataFrame(compounds.drop(columns="geometry")),
        served=_served(folder / "links.csv"),
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path}: cannot be read as JSON ({str(error).splitlines()[0]}); plan again or restore the file"
        raise DataError(message) from error
    if not isinstance(value, dict):
        message = f"{path}: not a JSON object; plan again or restore the file"
        raise DataError(message)
    return value


def _run(path: Path) -> dict[str, Any]:
    run = _json(path)
    for name in _FIGURES:
        if not _is_number(run.get(name)):
            message = f"{path}: {name} is {run.get(name)!r}, not a number; plan again or restore the file"
            raise DataError(message)
    return run


def _features(path: Path, columns: tuple[str, ...], *, numbers: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return the features of a GeoJSON file, indexed and sorted by the first of `columns`."""
    index, *others = columns
    features = _json(path).get("features")
    if not isinstance(features, list) or not all(_is_feature(feature, index, numbers) for feature in features):
        message = f"{path}: not the features of a run ({', '.join(columns)}); plan again or restore the file"
        raise DataError(message)
    if not features:
        return gpd.GeoDataFrame(columns=[*others, "geometry"], index=pd.Index([], name=index), crs=WGS84)
    try:
        frame = gpd.GeoDataFrame.from_features(features, crs=WGS84)
    except (AttributeError, LookupError, TypeError, ValueError, ShapelyError) as error:
        message = f"{path}: a geometry cannot be read ({error}); plan again or restore the file"
        raise DataError(message) from error
    corners = frame.total_bounds
    if frame.geometry.is_empty.any() or not (np.abs(corners) <= [180.0, 84.0, 180.0, 84.0]).all():
        message = f"{path}: a geometry is empty or not in degrees; plan again or restore the file"
        raise DataError(message)
    frame = frame.reindex(columns=[index, *others, "geometry"]).set_index(index).sort_index()
    if not frame.index.is_unique:
        message = f"{path}: {index} {frame.index[frame.index.duplicated()][0]!r} occurs twice; restore the file"
        raise DataError(message)
    return frame


def _is_feature(feature: Any, index: str, numbers: tuple[str, ...]) -> bool:
    if not (isinstance(feature, dict) and isinstance(feature.get("geometry"), dict)):
        return False
    properties = feature.get("properties")
    return (
        isinstance(properties, dict)
        and isinstance(properties.get(index), str)
        and all(_is_number(properties.get(name)) for name in numbers)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _served(path: Path) -> "pd.Series[float]":
    """Return the vehicles served by building."""
    totals: dict[str, float] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                building = row["building_id"].removeprefix("'")  # written before what looks like a formula
                totals[building] = totals.get(building, 0.0) + float(row["served"])
    except (OSError, AttributeError, KeyError, TypeError, ValueError, csv.Error) as error:
        why = " ".join(str(error).split())[:120]
        message = f"{path}: cannot be read as links ({why}); plan again or restore the file"
        raise DataError(message) from error
    return pd.Series(totals, dtype=float, name="served").rename_axis("building_id").sort_index()
