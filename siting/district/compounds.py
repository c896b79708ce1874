"""Facts: which residential polygons are compounds. Their area decides, not only their tag.

OSM draws landuse=residential around one courtyard or around a whole district of 44 ha (GROUND.md section 4), draws
a quarter around the compounds in it, and lets neighbours overlap by the width of a fence. What comes out is a set of
polygons that do not overlap, each a size a compound can have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from siting import tables
from siting.district import classes
from siting.district.tabulate import Raw, drops, polygons_only
from siting.district.tags import count, name_of

__all__ = ["LEAST_COVER_SHARE", "Bounds", "compound_frame", "compounds_from_osm", "cover_shares", "without_overlaps"]

#: Mapped compounds are covered by buildings to 0.07-0.43; below, their buildings are not mapped (GROUND.md section 4).
LEAST_COVER_SHARE = 0.07
_SAME_SHARE = 0.9  # of both areas shared: the same compound drawn twice
_FILLED_SHARE = 0.5  # of an outer polygon taken by inner ones: the outer one is a quarter, not a compound
_SLIVER_M2 = 100.0


@dataclass(frozen=True)
class Bounds:
    """What size a compound can have, in hectares."""

    least_ha: float = 0.1
    most_ha: float = 25.0

    def fault(self, area_m2: float) -> str | None:
        """Return why a polygon of this area is no compound, or None."""
        hectares = area_m2 / 1e4
        if hectares < self.least_ha:
            return f"{hectares:.2f} ha is less than the {self.least_ha:g} ha of the smallest compound"
        if hectares > self.most_ha:
            return f"{hectares:.1f} ha is a district, not a compound (most {self.most_ha:g} ha)"
        return None


def compounds_from_osm(raw: Raw, bounds: Bounds | None = None) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return (compounds, dropped): the residential polygons of an OSM file that can be compounds, without overlaps.

    Covers and states are not known before buildings are assigned; they stand at 0 and "ready".
    """
    bounds = bounds or Bounds()
    kinds = [classes.compound_kind(tags) for tags in raw.areas["tags"]]
    areas = raw.areas[np.array([kind is not None for kind in kinds], dtype=bool)]
    faults = [bounds.fault(area) for area in areas.area]
    rows = [(str(key), "compounds", fault) for key, fault in zip(areas.index, faults, strict=True) if fault]
    fit = areas[np.array([fault is None for fault in faults], dtype=bool)]
    shapes, lost = without_overlaps(list(fit.index), list(fit.geometry), bounds=bounds)
    rows += [(key, "compounds", reason) for key, reason in lost]
    tags = fit["tags"]
    frame = compound_frame(
        shapes,
        names={key: name_of(tags[key]) for key in shapes},
        households={key: count(tags[key].get("building:flats")) for key in shapes},
        crs=raw.crs,
    )
    return frame, drops(sorted(rows))


def without_overlaps(
    ids: Sequence[str], shapes: Sequence[Any], *, bounds: Bounds
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return (shapes by id, lost as (id, reason)): the smaller polygon wins what two share, the id breaks a tie.

    An outer polygon that inner ones fill by half or more is a quarter and goes; otherwise it keeps the rest.
    """
    order = sorted(range(len(ids)), key=lambda at: (round(shapes[at].area, 3), ids[at]))
    tree = shapely.STRtree(list(shapes))
    kept: dict[int, Any] = {}
    lost: list[tuple[str, str]] = []
    for at in order:
        rivals = [int(other) for other in sorted(tree.query(shapes[at], predicate="intersects")) if int(other) in kept]
        shape, reason = _rest(at, rivals, ids, shapes, kept)
        reason = reason or bounds.fault(shape.area)
        if reason:
            lost.append((ids[at], reason))
        else:
            kept[at] = shape
    return {ids[at]: kept[at] for at in sorted(kept, key=lambda at: ids[at])}, lost


def _rest(
    at: int, rivals: list[int], ids: Sequence[str], shapes: Sequence[Any], kept: dict[int, Any]
) -> tuple[Any, str | None]:
    """Return what is left of a polygon after its smaller `rivals`, and why it goes altogether if it does."""
    shape = shapes[at]
    shared = {other: shape.intersection(kept[other]).area for other in rivals}
    for other, area in shared.items():
        if area >= _SAME_SHARE * max(shape.area, shapes[other].area):
            return shape, f"is the same ground as {ids[other]}"
    rivals = [other for other, area in shared.items() if area > 0.01]
    if not rivals:
        return shape, None
    taken = shapely.union_all([kept[other] for other in rivals])
    if shape.intersection(taken).area >= _FILLED_SHARE * shape.area:
        names = ", ".join(ids[other] for other in rivals[:3]) + (" ..." if len(rivals) > 3 else "")
        return shape, f"is mostly taken by smaller compounds ({names})"
    rest = polygons_only([shape.difference(taken)])[0]
    parts = [part for part in shapely.get_parts(rest) if part.area >= _SLIVER_M2]
    return (parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)), None


def compound_frame(
    shapes: dict[str, Any],
    *,
    names: dict[str, str | None],
    households: dict[str, float],
    crs: CRS,
    source: str = "tag",
) -> gpd.GeoDataFrame:
    """Return the table of compounds for polygons by id; what is not known yet stands at its neutral value."""
    if not shapes:
        return tables.COMPOUNDS.empty(crs)
    ids = sorted(shapes)
    size = len(ids)
    columns = {
        "name": np.array([names.get(key) for key in ids], dtype=object),
        "households": np.array([households.get(key, np.nan) for key in ids], dtype=float),
        "ebikes": np.full(size, np.nan),
        "evs": np.full(size, np.nan),
        "subdistrict": np.full(size, None, dtype=object),
        "weight": np.ones(size),
        "building_cover_share": np.zeros(size),
        "state": np.full(size, "ready", dtype=object),
        "source": np.full(size, source, dtype=object),
    }
    index = pd.Index(ids, name="compound_id", dtype=object)
    return gpd.GeoDataFrame(columns, geometry=[shapes[key] for key in ids], index=index, crs=crs)


def cover_shares(compounds: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> Any:
    """Return the share of each compound's ground under buildings (overlapping outlines count once)."""
    if compounds.empty or buildings.empty:
        return np.zeros(len(compounds))
    outlines, grounds = buildings.geometry.to_numpy(), compounds.geometry.to_numpy()
    right, left = shapely.STRtree(outlines).query(grounds, predicate="intersects")
    pieces = pd.Series(list(shapely.intersection(grounds[right], outlines[left])), dtype=object).groupby(right)
    covered = {at: shapely.union_all(part.to_numpy()).area for at, part in pieces}
    return np.array([covered.get(at, 0.0) for at in range(len(grounds))]) / shapely.area(grounds)
