"""Options: what an engineer draws of a place: each bay, the aisle between the rows, the roof, the piles behind stalls.

Worked out from the groups of a layout, whose first corner is the back left one: a row of bays stands along the back,
a second one along the front, the aisle lies between them or before the only row. Metres, in the district's CRS.
"""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.kinds import Kind
from siting.sites.catalogue import KindFigures
from siting.sites.record import Candidates

__all__ = ["PARTS", "draw_parts"]

PARTS = ("aisle", "bay", "cabinet", "pile", "roof")

_PILE_M = 0.4  # a pile's foot, half a metre square with its guard
_EV_KINDS = (Kind.EV_SURFACE, Kind.EV_GARAGE)
_ROUND_OFF_M = 1e-6


def draw_parts(candidates: Candidates, names: Any) -> gpd.GeoDataFrame:
    """Return the parts of some candidates: index part_id; columns site_id, group_id, part (`PARTS`), geometry."""
    groups = candidates.groups[candidates.groups["candidate_id"].isin(list(names))]
    kinds = candidates.frame["kind"]
    rows: list[tuple[Any, ...]] = []
    for group in groups.itertuples():
        kind = Kind(kinds[group.candidate_id])
        drawn = _parts(group.geometry, int(group.bays), kind, candidates.catalogue.kind(kind))
        for number, (part, shape) in enumerate(drawn, 1):
            rows.append((f"{group.Index}.{number:03d}", str(group.candidate_id), str(group.Index), part, shape))
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [[], [], [], [], []]
    return gpd.GeoDataFrame(
        {"site_id": columns[1], "group_id": columns[2], "part": columns[3]},
        geometry=list(columns[4]),
        index=pd.Index(columns[0], name="part_id", dtype=object),
        crs=candidates.frame.crs,
    ).sort_index()


def _parts(group: Any, bays: int, kind: Kind, figures: KindFigures) -> Iterator[tuple[str, Any]]:
    corners = shapely.get_coordinates(group)
    back, length_m = corners[0], float(np.hypot(*(corners[1] - corners[0])))
    depth_m = float(np.hypot(*(corners[3] - corners[0])))
    along, forward = (corners[1] - back) / length_m, (corners[3] - back) / depth_m

    def box(left: float, right: float, near: float, far: float) -> Any:
        return shapely.Polygon([back + along * u + forward * v for u, v in
                                ((left, near), (right, near), (right, far), (left, far))])  # fmt: skip

    deep_m, wide_m = figures.bay_length_m, figures.bay_width_m
    rows = 2 if depth_m > 2 * deep_m - _ROUND_OFF_M else 1
    columns = -(-bays // rows)
    if depth_m > rows * deep_m + _ROUND_OFF_M:
        yield "aisle", box(0.0, length_m, deep_m, depth_m - deep_m * (rows - 1))
    if kind is Kind.EBIKE_CABINET:
        yield "cabinet", box(0.0, length_m, 0.0, deep_m)
        return
    for number in range(bays):
        row, column = divmod(number, columns)
        near_m = row * (depth_m - deep_m)
        yield "bay", box(column * wide_m, (column + 1) * wide_m, near_m, near_m + deep_m)
        if kind in _EV_KINDS:
            middle_m = (column + 0.5) * wide_m
            yield "pile", box(middle_m - _PILE_M / 2, middle_m + _PILE_M / 2, 0.0, _PILE_M)
    if kind is Kind.EBIKE_SHED:
        for row in range(rows):
            near_m = row * (depth_m - deep_m)
            yield "roof", box(0.0, length_m, near_m, near_m + deep_m)
