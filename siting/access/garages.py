"""Reach into garages: a walk to stalls under a roof leads to a way down first, then along inside to the stalls.

A way down is an entrance of kind `garage`: the planner's, named for its garage, or unnamed and then of every garage of
the compound it stands in. Inside, the walk is what the drawings say (`entrance_walk_m`), else the straight line.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from siting.access.network import Floats, Ints
from siting.access.network_walks import Unreachable
from siting.access.reach import Pairs, shortest
from siting.district.record import District

__all__ = ["Targets", "candidate_pairs", "in_garages", "walk_targets"]

_HATCH_M = 0.05  # half the side of the square that stands for a way down
_NEAR_M = 30.0  # an unnamed way down may stand this far outside its compound
_NO_WAY_DOWN = "no way down into its garage is known: give it as an entrance of kind garage"


@dataclass(frozen=True, eq=False)
class Targets:
    """What walks lead to (`frame`: compound_id, geometry), and which candidate each target stands for.

    `row` of the frame serves `candidate` after `inside_m` more metres; `ways_down` are the ids of targets that are
    entrances, `stranded` the candidates without any target.
    """

    frame: gpd.GeoDataFrame
    row: Ints
    candidate: Ints
    inside_m: Floats
    ways_down: frozenset[str] = frozenset()
    stranded: tuple[Unreachable, ...] = ()


def walk_targets(district: District, candidates: gpd.GeoDataFrame) -> Targets:
    """Return the targets of walks to `candidates`: themselves on the ground, ways down for those in garages."""
    inside = _garages_of(candidates)
    below = np.flatnonzero([garage is not None for garage in inside])
    ground = np.setdiff1d(np.arange(len(candidates)), below)
    frame = candidates[["compound_id", "geometry"]].iloc[ground]
    rows, owners, inside_m = [ground * 0 + np.arange(len(ground))], [ground], [np.zeros(len(ground))]
    hatches: dict[tuple[str, str], int] = {}
    stranded = []
    for at in below.tolist():
        home = str(candidates["compound_id"].iloc[at])
        doors = _ways_down(district, str(inside[at]), home)
        stranded += [Unreachable(str(candidates.index[at]), "candidates", _NO_WAY_DOWN, np.nan)] * (not len(doors))
        for key, door in doors.geometry.items():
            row = hatches.setdefault((home, str(key)), len(ground) + len(hatches))
            rows.append(np.array([row]))
            owners.append(np.array([at]))
            inside_m.append(np.array([_inside_m(district, str(inside[at]), door, candidates.geometry.iloc[at])]))
    doors = district.entrances.geometry
    below_frame = gpd.GeoDataFrame(
        {"compound_id": [home for home, _ in hatches]},
        geometry=[_hatch(doors[key]) for _, key in hatches],
        index=pd.Index([key for _, key in hatches], dtype=object),
        crs=candidates.crs,
    )
    return Targets(
        frame=pd.concat([frame, below_frame]) if len(hatches) else frame,
        row=np.concatenate(rows).astype(np.int64),
        candidate=np.concatenate(owners).astype(np.int64),
        inside_m=np.concatenate(inside_m),
        ways_down=frozenset(key for _, key in hatches),
        stranded=tuple(stranded),
    )


def candidate_pairs(pairs: Pairs, targets: Targets, *, limit_m: float) -> Pairs:
    """Return walks to candidates made of walks to targets and of what is walked inside, the shortest of each pair."""
    order = np.argsort(targets.row, kind="stable")
    first = np.searchsorted(targets.row[order], pairs.target, side="left")
    last = np.searchsorted(targets.row[order], pairs.target, side="right")
    count = last - first
    pair = np.repeat(np.arange(len(count)), count)
    served = order[np.repeat(first - np.cumsum(count) + count, count) + np.arange(len(pair))]
    walk_m = pairs.walk_m[pair] + targets.inside_m[served]
    near = walk_m <= limit_m
    return shortest(pairs.source[pair[near]], targets.candidate[served[near]], walk_m[near])


def in_garages(candidates: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Return which candidates lie in a garage (n)."""
    return np.array([name is not None for name in _garages_of(candidates)], dtype=bool)


def _garages_of(candidates: gpd.GeoDataFrame) -> list[str | None]:
    if "garage_id" not in candidates:
        return [None] * len(candidates)
    return [name if isinstance(name, str) else None for name in candidates["garage_id"]]


def _ways_down(district: District, garage_id: str, compound_id: str) -> gpd.GeoDataFrame:
    doors = district.entrances[(district.entrances["kind"] == "garage").to_numpy(bool)]
    named = (doors["building_id"] == garage_id).to_numpy(bool)
    compound = district.compounds.geometry[compound_id]
    here = shapely.dwithin(doors.geometry.to_numpy(), compound, _NEAR_M) & doors["building_id"].isna().to_numpy(bool)
    return doors[named] if named.any() else doors[here]


def _inside_m(district: District, garage_id: str, door: Any, footprint: Any) -> float:
    """Return the metres walked inside, from the way down to the stalls."""
    stated = float(district.parking.get("entrance_walk_m", pd.Series(dtype=float)).get(garage_id, np.nan))
    return float(shapely.distance(door, footprint)) if np.isnan(stated) else stated


def _hatch(door: Any) -> Any:
    return shapely.box(door.x - _HATCH_M, door.y - _HATCH_M, door.x + _HATCH_M, door.y + _HATCH_M)
