"""GeoJSON by RFC 7946: WGS 84, right-hand rule, 7 digits (a lattice of about 1 cm), with the credit.

These files are copies for other tools; plan.gpkg is the authority for geometry.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from siting.geo import WGS84
from siting.outputs import signed, view
from siting.outputs.run import Run
from siting.outputs.values import plain
from siting.sites.labels import labels, not_evaluated

__all__ = ["to_lattice", "write_geojson", "write_layers"]

_DIGITS = 7
_COLLECTION, _AREA = 7, 2  # type of a geometry collection, dimensions of an area
_SITE_COLUMNS = (
    "compound_id",
    "compound_name",
    "place_id",
    "kind",
    "bays",
    "modules",
    "ports",
    "power_kw",
    "cost_cny",
    "served",
    "households_served",
    "clearance_m",
    "outcome",
    "transformer_id",
    "year",
    "tier",
)
_CABLE_COLUMNS = ("cable_m", "cable_straight_m")  # where a transformer has a place
_CANDIDATE_COLUMNS = (
    "compound_id",
    "place_id",
    "kind",
    "bays",
    "ports",
    "power_kw",
    "cost_cny",
    "outcome",
    "label",
    "musts_not_evaluated",
    "accepted",
    "clearance_m",
    "clause_id",
    "measured",
    "required",
    "unit",
    "feature_id",
)


def write_layers(run: Run, folder: Path) -> None:
    """Write sites, candidates, zones, compounds and walks .geojson into `folder`."""
    members = {"credit": "; ".join(view.credits(run)), "synthetic": run.district.synthetic}
    for name, frame in (
        ("sites", _sites(run)),
        ("candidates", _candidates(run)),
        ("zones", _zones(run)),
        ("compounds", _compounds(run)),
        ("walks", view.walks(run)),
    ):
        write_geojson(frame, folder / f"{name}.geojson", members={"name": name} | members)


def write_geojson(frame: gpd.GeoDataFrame, path: Path, *, members: Mapping[str, Any]) -> None:
    """Write one FeatureCollection: the index is id and first property, `members` are top-level foreign members.

    `frame` may have any CRS. Unknown values become null; an empty geometry becomes null.
    """
    head = json.dumps({"type": "FeatureCollection"} | dict(members), ensure_ascii=False)[:-1]
    lines = ",\n".join(_features(frame))
    path.write_text(f'{head}, "features": [\n{lines}\n]}}\n', encoding="utf-8", newline="\n")


def to_lattice(shapes: gpd.GeoSeries) -> Any:
    """Return an array of WGS 84 geometries on the 7-digit lattice: valid, exterior rings counter-clockwise."""
    degrees = shapes.to_crs(WGS84).to_numpy()
    degrees = np.where(shapely.is_valid(degrees), degrees, shapely.make_valid(degrees))  # a side may curve over another
    snapped = shapely.set_precision(degrees, 10.0**-_DIGITS, mode="valid_output")
    mixed = shapely.get_type_id(snapped) == _COLLECTION  # a sliver of an area that fell onto a line or a point
    snapped[mixed] = [_areas_of(shape) for shape in snapped[mixed]]
    return shapely.orient_polygons(shapely.force_2d(snapped), exterior_cw=False)


def _areas_of(shape: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == _AREA]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _features(frame: gpd.GeoDataFrame) -> Iterator[str]:
    geometry = to_lattice(frame.geometry)
    names = [name for name in frame.columns if name != frame.geometry.name]
    columns = [frame[name].tolist() for name in names]
    for key, shape, *values in zip(frame.index, geometry, *columns, strict=True):
        properties = {frame.index.name: key} | {name: plain(value) for name, value in zip(names, values, strict=True)}
        feature = {"type": "Feature", "id": key, "properties": properties, "geometry": _geometry(shape)}
        yield json.dumps(feature, ensure_ascii=False, allow_nan=False)


def _geometry(shape: BaseGeometry | None) -> dict[str, Any] | None:
    if shape is None or shape.is_empty:
        return None
    mapping = shapely.geometry.mapping(shape)
    return {"type": mapping["type"], "coordinates": _rounded(mapping["coordinates"])}


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, float):
        return round(coordinates, _DIGITS)
    return [_rounded(item) for item in coordinates]


def _sites(run: Run) -> gpd.GeoDataFrame:
    """Return the sites; where any needs a waiver, with the waivers it needs."""
    waivers = signed.waivers_of_sites(run)
    held = [name for name in _CABLE_COLUMNS if name in run.plan.sites]
    sites = run.plan.sites[[*_SITE_COLUMNS, *_garage(run.plan.sites), *held, "geometry"]]
    if not waivers:
        return sites
    return sites.assign(waivers=[waivers.get(str(name), "") for name in sites.index])


def _candidates(run: Run) -> gpd.GeoDataFrame:
    frame = run.candidates.frame
    worst = view.worst_verdicts(view.ledger_rows(run))
    known = {
        name: worst[name].reindex(frame.index) for name in ("clause_id", "measured", "required", "unit", "feature_id")
    }
    return frame.assign(
        outcome=run.verdicts.outcomes.reindex(frame.index),
        label=labels(run.verdicts).reindex(frame.index),
        musts_not_evaluated=not_evaluated(run.verdicts).reindex(frame.index),
        accepted=frame.index.isin(run.verdicts.accepted),
        clearance_m=run.verdicts.clearance_m.reindex(frame.index),
        **known,
    )[[*_CANDIDATE_COLUMNS, *_garage(frame), "geometry"]]


def _garage(frame: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the column that names garages, where there are any."""
    return ("garage_id",) if "garage_id" in frame else ()


def _zones(run: Run) -> gpd.GeoDataFrame:
    frame = run.zones.frame
    clauses = view.clause_table(run)
    return frame.assign(
        title_en=frame["clause_id"].map(clauses["title_en"]),
        title_zh=frame["clause_id"].map(clauses["title_zh"]),
        force=frame["clause_id"].map(clauses["force"]),
    )[["clause_id", "title_en", "title_zh", "force", "feature_id", "distance_m", "geometry"]]


def _compounds(run: Run) -> gpd.GeoDataFrame:
    figures = view.compound_figures(run)
    return gpd.GeoDataFrame(figures, geometry=run.district.compounds.geometry, crs=run.district.crs)
