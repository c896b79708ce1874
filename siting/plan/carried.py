"""Options once more: the footprints of an earlier run's sites, offered and judged again beside the ones of today.

The search for ground depends on rules and facts, so a site of last year may not be among today's candidates although
it would be lawful. Its own outline and groups are taken from the old `plan.gpkg` and priced by today's catalogue.
Ground that is taken today (a building, a way) is physics, not law: such a site is not offered again.
"""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from siting import tables
from siting.contract import Table
from siting.errors import DataError
from siting.kinds import Kind
from siting.sites.ground import obstacles_for
from siting.sites.record import Candidates

__all__ = ["carry_over"]

_SAME_M = 1e-3
_TAKEN_M2 = 1e-6
_SUFFIX = "-old"


def carry_over(candidates: Candidates, run: Path) -> Candidates:
    """Return the candidates with the sites of the run folder `run` that are not offered anyway; ids end in "-old".

    Raises `DataError` if the folder's plan.gpkg cannot be read, or holds the sites of another district.
    """
    crs = candidates.frame.crs
    sites, old, groups = (
        _layer(run / "plan.gpkg", table, crs) for table in (tables.SITES, tables.CANDIDATES, tables.GROUPS)
    )
    area = candidates.zones.district.study_area
    if len(sites) and not shapely.intersects(sites.geometry.to_numpy(), area).any():
        message = f"{run}: none of its {len(sites)} sites lies in this district; name an earlier run of this district"
        raise DataError(message)
    ready = candidates.zones.district.compounds
    ready = ready[ready["state"].eq("ready")]
    kinds = {kind.value for kind in candidates.zones.kinds}
    old = old[old.index.isin(sites.index) & old["kind"].isin(kinds) & old["compound_id"].isin(ready.index)]
    fresh = [name for name, row in old.iterrows() if not _offered(candidates, row) and _is_free(candidates, row)]
    if not fresh:
        return candidates
    frame = _priced(candidates, old.loc[fresh])
    mine = groups[groups["candidate_id"].isin(fresh)]
    mine = mine.assign(candidate_id=mine["candidate_id"] + _SUFFIX).set_axis(mine.index + _SUFFIX)
    return replace(
        candidates,
        frame=_joined(candidates.frame, frame, tables.CANDIDATES),
        groups=_joined(candidates.groups, mine, tables.GROUPS),
        notes=(*candidates.notes, f"{len(fresh)} sites of {run.name} are offered again under their ids with {_SUFFIX}"),
    )


def _layer(path: Path, table: Table, crs: object) -> gpd.GeoDataFrame:
    try:
        frame = pyogrio.read_dataframe(path, layer=table.name)
        shapes = [shape.geoms[0] if shape.geom_type.startswith("Multi") else shape for shape in frame.geometry]
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs)).to_crs(crs)
        known = [name for name in table.columns if name in frame.columns]
        return frame.set_index(table.index)[[*known, "geometry"]].sort_index()
    except (OSError, ValueError, LookupError, AttributeError, pyogrio.errors.DataSourceError) as error:
        message = f"{path}: layer {table.name} cannot be read ({error}); plan again or restore the file"
        raise DataError(message) from error


def _offered(candidates: Candidates, row: pd.Series) -> bool:
    """Return whether today's search found the same outline of the same kind and bays."""
    frame = candidates.frame
    alike = frame[frame["kind"].eq(row["kind"]) & frame["compound_id"].eq(row["compound_id"])]
    alike = alike[alike["bays"].eq(row["bays"])]
    near = shapely.hausdorff_distance(alike.geometry.to_numpy(), row["geometry"]) <= _SAME_M
    return bool(np.any(near))


def _is_free(candidates: Candidates, row: pd.Series) -> bool:
    district = candidates.zones.district
    taken = shapely.STRtree(obstacles_for(district, Kind(row["kind"])))
    met = taken.geometries[taken.query(row["geometry"], predicate="intersects")]
    inside = shapely.difference(row["geometry"], district.compounds.geometry[row["compound_id"]]).area <= _TAKEN_M2
    free = float(shapely.area(shapely.intersection(met, row["geometry"])).sum()) <= _TAKEN_M2
    return free and (inside or row["kind"].startswith("ev"))


def _priced(candidates: Candidates, old: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the old candidates under new ids, with ports, power and cost by today's catalogue."""
    figures = [candidates.catalogue.kind(Kind(kind)) for kind in old["kind"]]
    module = np.array([each.ports_per_module for each in figures])
    modules = old["bays"].to_numpy(np.int64) // module
    open_cost = np.array(
        [round(each.open_cost_cny(int(bays)), 2) for each, bays in zip(figures, old["bays"], strict=True)]
    )
    module_cost = np.array([float(each.module_cost_cny) for each in figures])
    names = old.index + _SUFFIX
    return old.assign(
        place_id=[f"{home}#{name}" for home, name in zip(old["compound_id"], names, strict=True)],
        bays=old["bays"].astype(np.int64),
        groups=old["groups"].astype(np.int64),
        ports_per_module=module,
        max_modules=modules,
        ports=modules * module,
        power_kw=modules * module * np.array([each.port_kw for each in figures]),
        open_cost_cny=open_cost,
        module_cost_cny=module_cost,
        cost_cny=np.round(open_cost + modules * module_cost, 2),
    ).set_axis(names)


def _joined(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame, table: Table) -> gpd.GeoDataFrame:
    typed = other.reindex(columns=one.columns).astype({name: one[name].dtype for name in one.columns if len(one)})
    frame = pd.concat([one, typed])
    frame.index = pd.Index(frame.index.astype(object), name=table.index)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=one.crs).sort_index()
