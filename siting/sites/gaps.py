"""Options: the ground between two objects that a place may not take, drawn; `siting.sites.zones` draws the rest.

A place at p leaves at most d(p, one) + d(p, other) free. Where that is below what the two owe each other (less both
position errors) and p lies in their hull, a place surely fails; drawn as the meeting of buffers around both, step by
step, so that nothing is drawn that does not fail.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from siting.district.record import District
from siting.rules.clause import Clause
from siting.rules.measures import gap_needs

__all__ = ["gap_zones"]

_STEPS = 24  # a gap narrower than owed by less than a 24th of itself is drawn in strips, or not
_QUAD_SEGS = 8
_HAIR_M = 0.02  # what is thinner than two of these is not drawn: files round to a lattice of a centimetre


def gap_zones(clause: Clause, district: District) -> pd.DataFrame:
    """Return clause_id, feature_id ("one + other"), distance_m (least that must stay free) and geometry of each gap."""
    one, other, needs = gap_needs(clause, district)
    among = one is other
    reach_m = float(needs.low.max(initial=0.0))
    i, j = shapely.STRtree(other.shapes).query(one.shapes, predicate="dwithin", distance=reach_m)
    if among:
        i, j = i[i < j], j[i < j]
    apart_m = shapely.distance(one.shapes[i], other.shapes[j])
    slack_m = one.errors_m[i] + other.errors_m[j]
    owed_m = needs.low[needs.one_class[i], needs.other_class[j]]
    kept = (apart_m > 1e-9) & (apart_m < owed_m - slack_m) & (apart_m <= needs.served_m - slack_m)
    kept &= ~one.doubtful[i] & ~other.doubtful[j]
    i, j, owed_m, free_m = i[kept], j[kept], owed_m[kept], (owed_m - slack_m)[kept]
    frame = pd.DataFrame(
        {
            "clause_id": clause.clause_id,
            "feature_id": [f"{one.ids[a]} + {other.ids[b]}" for a, b in zip(i, j, strict=True)],
            "distance_m": owed_m,
            "geometry": _between(one.shapes[i], other.shapes[j], free_m),
        }
    )
    drawable: pd.DataFrame = frame[shapely.area(frame["geometry"].to_numpy(dtype=object)) > 0.0]
    return drawable.sort_values("feature_id", kind="stable")


def _between(
    one: npt.NDArray[np.object_], other: npt.NDArray[np.object_], free_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.object_]:
    if not len(one):
        return np.empty(0, dtype=object)
    steps = []
    for share in (np.arange(_STEPS) + 0.5) / _STEPS:
        near_one = shapely.buffer(one, share * free_m, quad_segs=_QUAD_SEGS)
        near_other = shapely.buffer(other, (1.0 - share) * free_m, quad_segs=_QUAD_SEGS)
        steps.append(shapely.intersection(near_one, near_other))
    met = shapely.union_all(np.stack(steps), axis=0)
    hulls = shapely.convex_hull(shapely.geometrycollections(np.stack((one, other), axis=1)))
    ground = shapely.difference(shapely.difference(shapely.intersection(met, hulls), one), other)
    thick = shapely.buffer(shapely.buffer(ground, -_HAIR_M, quad_segs=2), _HAIR_M, quad_segs=2)
    return np.array([_areas_of(shape) for shape in thick], dtype=object)


def _areas_of(shape: Any) -> Any:
    """Return the areas of a drawing; where two outlines only touch, the drawing has lines and points too."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0.0]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
