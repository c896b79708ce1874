"""Reach: who may use whose site."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from siting.access.network import Bools
from siting.errors import UsageError
from siting.kinds import Choice

__all__ = ["Group", "Sharing", "may_use"]


class Sharing(Choice):
    """Who may use whose site."""

    OWN = "own"  # a compound's residents use the sites of that compound only
    NEIGHBOURS = "neighbours"  # and those of compounds beside it
    GROUPS = "groups"  # and those of compounds in a group with it
    EVERYONE = "everyone"  # everybody within the limit


@dataclass(frozen=True)
class Group:
    """Compounds (ids or names) that share their sites."""

    name: str
    compounds: tuple[str, ...]


def may_use(
    compounds: gpd.GeoDataFrame, sharing: Sharing, *, groups: Sequence[Group] = (), neighbour_m: float = 30.0
) -> Bools:
    """Return the square matrix of whether the residents of one compound (row) may use the sites of another (column).

    Neighbours are compounds whose polygons are at most `neighbour_m` apart. Raises `UsageError` for a group that
    names an unknown compound, or a name that several compounds have.
    """
    size = len(compounds)
    if sharing is Sharing.EVERYONE:
        return np.ones((size, size), dtype=bool)
    allowed = np.eye(size, dtype=bool)
    if sharing is Sharing.NEIGHBOURS:
        shapes = compounds.geometry.to_numpy()
        left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=neighbour_m)
        allowed[left, right] = True
    if sharing is Sharing.GROUPS:
        for group in groups:
            rows = np.array([_row_of(compounds, name, group.name) for name in group.compounds], dtype=np.int64)
            allowed[np.ix_(rows, rows)] = True
    return allowed


def _row_of(compounds: gpd.GeoDataFrame, name: str, group: str) -> int:
    found: Any = np.flatnonzero(compounds.index == name)
    if not len(found):
        found = np.flatnonzero((compounds["name"] == name).to_numpy(dtype=bool))
    if len(found) != 1:
        fault = "no compound has this id or name" if not len(found) else f"{len(found)} compounds are called so"
        message = f"reach.groups: {group}: compound {name!r}: {fault}; give its compound_id"
        raise UsageError(message)
    return int(found[0])
