"""Facts: what belongs to which compound, and where the district ends; the last step, after the planner's layers."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from siting.district.compounds import LEAST_COVER_SHARE, cover_shares
from siting.district.record import DISTRICT_TABLES, District
from siting.district.tabulate import drops, largest_overlap
from siting.kinds import Completeness

__all__ = ["cut", "link"]

#: A building belongs to a compound only if half of it stands inside (outlines are drawn 1-3 m apart).
_LEAST_SHARE = 0.5
#: A sign this near to an outline is that building's: doors and shop fronts are drawn a little outside.
_SIGN_REACH_M = 3.0
_PRIVATE = ("private", "permit", "residents")


def link(district: District, *, box: BaseGeometry | None) -> District:
    """Return `district` with every link between its tables worked out, and without compounds that hold no building.

    `box` is the planner's study area in the district's CRS; compounds that lie mostly outside it are left out.
    """
    district = _without_empty_compounds(_with_owners(_inside(district, box)))
    return _with_signs(_with_covers(district))


def _with_signs(district: District) -> District:
    """Keep the signs of buildings that stand inside a compound and in no building known here, mapped or planner's."""
    signs = district.signs
    if signs is None or signs.empty:
        return district
    points = signs.geometry.to_numpy()
    astray = np.ones(len(points), dtype=bool)
    for shapes, inside in ((district.buildings, False), (district.compounds, True)):
        met = np.zeros(len(points), dtype=bool)
        reach_m = 0.0 if inside else _SIGN_REACH_M
        tree = shapely.STRtree(shapes.geometry.to_numpy())
        met[tree.query(points, predicate="dwithin", distance=reach_m)[0]] = True
        astray &= met == inside
    return district.replace(signs=signs[astray])


def _inside(district: District, box: BaseGeometry | None) -> District:
    """Leave out compounds of which more than half lies outside the planner's box; none is cut."""
    if box is None or district.compounds.empty:
        return district
    shapes = district.compounds.geometry
    inside = (shapely.area(shapely.intersection(shapes.to_numpy(), box)) >= 0.5 * shapes.area).to_numpy()
    out = district.compounds.index[~inside]
    notes = (f"{len(out)} compounds lie outside the box and are left out",) if len(out) else ()
    return district.replace(compounds=district.compounds[inside], notes=district.notes + notes)


def _with_owners(district: District) -> District:
    """Assign buildings, parking and transformers to compounds; a planner's word stands."""
    compounds = district.compounds
    return district.replace(
        buildings=_assigned(district.buildings, compounds),
        parking=_assigned(district.parking, compounds),
        transformers=_fed(district.transformers, compounds),
        roads=_walkable_for_residents(district.roads, compounds),
    )


def _assigned(frame: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if frame.empty:
        return frame
    given = frame["compound_id"].where(frame["compound_id"].isin(compounds.index), None).to_numpy(dtype=object)
    found = largest_overlap(frame.geometry.to_numpy(), compounds, least_share=_LEAST_SHARE)
    owners = np.where(pd.isna(given), found, given)
    return frame.assign(compound_id=pd.Series(owners, index=frame.index, dtype=object))


def _fed(transformers: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Say of a mapped transformer without a list of compounds that it feeds the one it stands in."""
    shapes = transformers.geometry
    blank = (transformers["compound_ids"] == "").to_numpy() & ~(shapes.isna() | shapes.is_empty).to_numpy()
    if not blank.any() or compounds.empty:
        return transformers
    points = shapely.centroid(shapes.to_numpy()[blank])
    left, right = shapely.STRtree(compounds.geometry.to_numpy()).query(points, predicate="intersects")
    first = pd.Series(right, dtype=int).groupby(left).min()
    ids = transformers["compound_ids"].to_numpy(dtype=object).copy()
    ids[np.flatnonzero(blank)[first.index.to_numpy(dtype=int)]] = compounds.index.to_numpy()[first.to_numpy(dtype=int)]
    return transformers.assign(compound_ids=ids)


def _walkable_for_residents(roads: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Close private ways that touch no compound: inside one, the residents are the private."""
    private = roads["access"].isin(_PRIVATE).to_numpy() & roads["walkable"].to_numpy(dtype=bool)
    if not private.any():
        return roads
    homes = shapely.union_all(compounds.geometry.to_numpy())
    walkable = roads["walkable"].to_numpy(dtype=bool).copy()
    walkable[private] = shapely.intersects(roads.geometry.to_numpy()[private], homes)
    return roads.assign(walkable=walkable)


def _without_empty_compounds(district: District) -> District:
    """Leave out mapped compounds without a building; a planner's compound stays, to be surveyed."""
    homes = set(district.buildings["compound_id"].dropna())
    compounds = district.compounds
    keep = compounds.index.isin(homes) | compounds["source"].isin(["planner", "survey"]).to_numpy()
    reasons = [(key, "compounds", "no mapped building stands mostly inside") for key in compounds.index[~keep]]
    return district.replace(
        compounds=compounds[keep], dropped=pd.concat([district.dropped, drops(reasons)], ignore_index=True)
    )


def _with_covers(district: District) -> District:
    covers = np.round(cover_shares(district.compounds, district.buildings), 6)
    doubtful = (covers < LEAST_COVER_SHARE) & (district.known("building") is not Completeness.SURVEYED)
    states = np.where(doubtful, "survey_first", "ready").astype(object)
    return district.replace(compounds=district.compounds.assign(building_cover_share=covers, state=states))


def cut(district: District, *, box: BaseGeometry | None) -> District:
    """Set the study area and keep what lies within it or within the halo around it; whole objects, never cut ones.

    The study area is the hull of the compounds, and of `box` if the planner gave one.
    """
    shapes = [*district.compounds.geometry, *([box] if box is not None else [])]
    area = shapely.convex_hull(shapely.union_all(shapes))
    reach = area.buffer(district.halo_m)
    shapely.prepare(reach)
    kept: dict[str, Any] = {}
    left_out = []
    for name in DISTRICT_TABLES:
        frame = getattr(district, name)
        near = shapely.intersects(reach, frame.geometry.to_numpy())
        if name == "transformers":  # one that feeds compounds here counts, wherever it stands, even unplaced
            near = near | (frame["compound_ids"] != "").to_numpy() | frame.geometry.isna().to_numpy()
        kept[name] = frame[near]
        if not near.all():
            left_out.append(f"{int((~near).sum())} {name}")
    note = f"{', '.join(left_out)} lie beyond the halo of {district.halo_m:g} m and are left out" if left_out else ""
    known = kept["buildings"].index.union(kept["parking"].index)  # a way down belongs to a garage
    doors = kept["entrances"]
    owners = doors["building_id"].where(doors["building_id"].isin(known), None)
    kept["entrances"] = doors.assign(building_id=pd.Series(owners, index=doors.index, dtype=object))
    dropped = district.dropped.sort_values(["object_id", "layer", "reason"], ignore_index=True)
    notes = district.notes + ((note,) if note else ())
    return district.replace(study_area=area, dropped=dropped, notes=notes, **kept)
