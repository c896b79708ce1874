"""Options: where not, the rules drawn on the district. Zones draw and search; verdicts are by true distance.

A zone is the drawn shadow of one clause around one object: where a place surely fails as the map stands. If a
requirement is an interval, because a fact is unknown, the zone shows its lower end: between zone and upper end a
place is uncertain, not failed. A zone is circumscribed: it covers every point nearer than its distance.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from siting import tables
from siting.district.record import District
from siting.kinds import Kind
from siting.rules.clause import Clause, Force, Metric, Rulebook
from siting.rules.measures import FacilityFacts, gap_needs, requirement_of
from siting.rules.passages import gap_grounds
from siting.sites.catalogue import Catalogue
from siting.sites.gaps import gap_zones
from siting.sites.record import Zones

__all__ = ["QUAD_SEGS", "Shadows", "circumscribed_buffer", "draw_zones", "search_shadows"]

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[Any]

QUAD_SEGS = 16

#: GEOS straightens its input by up to this share of the radius before it draws a buffer.
_STRAIGHTENED_SHARE = 0.01
_DRAWN = frozenset(
    {
        Metric.ADJACENCY,
        Metric.KEEP_CLEAR,
        Metric.ROAD_DISTANCE,
        Metric.SEPARATION,
        Metric.SEPARATION_BY_CLASS,
        Metric.TURNING_AREA,
    }
)
_NO_TOUCH_M = 0.1  # a touch is a breach at distance 0, so the search keeps this far
_HOST_REACH_M = 60.0  # candidates stand in or just beside a compound


@dataclass(frozen=True, eq=False)
class Shadows:
    """Where the clauses of one kind reach, one polygon per object: what the search keeps away from."""

    failing: Shapes  # a must surely fails
    doubtful: Shapes  # a must does not surely pass; covers `failing`
    unwished: Shapes  # a should, a practice or an interpretation does not surely pass


def circumscribed_buffer(shapes: Shapes, distance_m: Floats | float) -> Shapes:
    """Return buffers that cover every point nearer than `distance_m` to their shape.

    A drawn circle is a polygon inside the true one, and GEOS first straightens the outline by up to 1 % of the
    radius; the radius is enlarged for both.
    """
    enlarged = np.asarray(distance_m, dtype=float) * (1.0 + _STRAIGHTENED_SHARE) / math.cos(math.pi / (4 * QUAD_SEGS))
    return np.asarray(shapely.buffer(shapes, enlarged, quad_segs=QUAD_SEGS))


def draw_zones(district: District, rulebook: Rulebook, kinds: tuple[Kind, ...], catalogue: Catalogue) -> Zones:
    """Draw the shadow of every clause on `kinds` that measures to an object near a compound.

    A clause with a condition is not drawn: whether it holds depends on the place. A clause on several kinds is drawn
    with the least distance any of them needs, so that a zone says the same for
    all. Clauses that count a touch, or forbid an overlap, are drawn as the object itself (distance 0). Of a gap that
    two objects owe each other the ground between them is drawn (`siting.sites.gaps`).
    """
    parts = []
    for clause in rulebook.clauses:
        concerned = [kind for kind in kinds if kind in clause.kinds]
        if concerned and clause.metric in _DRAWN and not clause.when:
            parts.append(_zones_of(clause, district, [catalogue.facts(kind) for kind in concerned]))
        elif concerned and clause.metric is Metric.GAP_KEPT and not clause.when:
            gaps = gap_zones(clause, district)
            shapes = gaps["geometry"].to_numpy(dtype=object)
            parts.append(gaps[_near_compounds(district, shapes, np.zeros(len(shapes)))])
    filled = [part for part in parts if len(part)]
    if not filled:
        return Zones(frame=tables.ZONES.empty(district.crs), kinds=kinds, district=district, rulebook=rulebook)
    frame = pd.concat(filled, ignore_index=True)
    repeats = frame.groupby(["clause_id", "feature_id"]).cumcount()
    suffix = repeats.map(lambda number: f"~{number + 1}" if number else "")
    frame.index = pd.Index(frame["clause_id"] + "@" + frame["feature_id"] + suffix, name="zone_id", dtype=object)
    frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=district.crs).sort_index()
    return Zones(frame=frame, kinds=kinds, district=district, rulebook=rulebook)


def search_shadows(zones: Zones, kind: Kind, catalogue: Catalogue) -> Shadows:
    """Return what to search around for `kind`: the shadows of its clauses, with every doubt and position error."""
    facts = catalogue.facts(kind)
    failing, doubtful, unwished = [], [], []
    for clause in zones.rulebook.for_kind(kind):
        if clause.to == "building_gap" and clause.force is Force.MUST:
            buildings, _, owed = gap_needs(clause, zones.district)
            gaps = gap_grounds(buildings, owed)
            gaps = gaps[_near_compounds(zones.district, gaps, np.zeros(len(gaps)))]
            doubtful.append(circumscribed_buffer(gaps, zones.district.position_error_m))
        if clause.metric not in _DRAWN or clause.when:
            continue
        features, needs = requirement_of(clause, zones.district, facts)
        touch_m = _NO_TOUCH_M if clause.metric is Metric.ADJACENCY else 0.0
        sure_m = np.maximum(needs.low - features.errors_m, 0.0)
        doubt_m = needs.high + features.errors_m + touch_m
        near = _near_compounds(zones.district, features.shapes, doubt_m)
        wide = circumscribed_buffer(features.shapes[near], doubt_m[near])
        if clause.force is not Force.MUST:
            unwished.append(wide)
            continue
        sure = near & ~features.doubtful
        failing.append(circumscribed_buffer(features.shapes[sure], sure_m[sure]))
        doubtful.append(wide)
    return Shadows(_filled(failing), _filled(doubtful), _filled(unwished))


def _filled(parts: Iterable[Shapes]) -> Shapes:
    shapes = np.concatenate([np.empty(0, dtype=object), *parts])
    return np.asarray(shapes[shapely.area(shapes) > 0.0])


def _zones_of(clause: Clause, district: District, facts: list[FacilityFacts]) -> pd.DataFrame:
    found = [requirement_of(clause, district, each) for each in facts]
    features = found[0][0]
    distance_m = np.min([needs.low for _, needs in found], axis=0)
    drawn = ~features.doubtful & _near_compounds(district, features.shapes, distance_m)
    shapes = circumscribed_buffer(features.shapes[drawn], distance_m[drawn])
    frame = pd.DataFrame(
        {
            "clause_id": clause.clause_id,
            "feature_id": features.ids[drawn],
            "distance_m": distance_m[drawn],
            "geometry": shapes,
        }
    )
    drawable: pd.DataFrame = frame[shapely.area(shapes) > 0.0]  # a point at distance 0 has no shadow
    return drawable


def _near_compounds(district: District, shapes: Shapes, distance_m: Floats) -> npt.NDArray[np.bool_]:
    near = np.zeros(len(shapes), dtype=bool)
    compounds = district.compounds.geometry.to_numpy()
    if len(shapes) and len(compounds):
        found, _ = shapely.STRtree(compounds).query(shapes, predicate="dwithin", distance=distance_m + _HOST_REACH_M)
        near[found] = True
    return near
