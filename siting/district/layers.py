"""Facts: the planner's own layers laid over OpenStreetMap, object by object, with a log of everything they replaced.

A layer is a file in a role (`siting.district.layer_columns.ROLES`). With geometry it brings objects: one with the id
of an object that is there replaces it, a building that covers more than half of a mapped one takes its place,
and outlines of compounds replace all mapped ones. Without geometry its rows join by id or by unique name. A blank
cell says nothing, so what OpenStreetMap knows stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from siting.district.coordinates import Datum
from siting.district.layer_columns import ROLES, Role, choose_role, read_cells, row_ids
from siting.district.layer_datum import check_datum
from siting.district.layer_files import open_layer
from siting.district.layer_merge import merged
from siting.district.layer_near import Near
from siting.district.layer_place import near_shapes, place_shapes
from siting.district.layer_spec import LayerSpec, RawLayer
from siting.district.layer_weight import WeightFormula, weigh, with_spare_power
from siting.district.record import District, InputFile
from siting.district.tabulate import drops, polygons_only
from siting.errors import LayerError

__all__ = ["Layer", "LayerSpec", "apply_layers", "read_layer"]

_COVERED_SHARE = 0.5  # of a mapped building below a planner's: the same building
_CLASH_SHARE = 0.1  # of the smaller of two outlines of compounds that both claim
_SAME_GROUND_M2 = 0.01
_DOOR_REACH_M = 3.0
_SINGLE = {"Polygon": "polygon", "LineString": "line", "Point": "point"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer:
    """One layer, read and checked: `values` by id (None: says nothing), `shapes` in the district's CRS or None."""

    role: Role
    file: InputFile
    values: pd.DataFrame
    shapes: Any
    has_ids: bool
    notes: tuple[str, ...]
    datum: Datum | None = None  # that the shapes were declared in


def read_layer(spec: LayerSpec, *, target_crs: CRS, area: BaseGeometry, within: BaseGeometry | None = None) -> Layer:
    """Read one layer into `target_crs`; `area`, in that CRS, is where the district lies.

    What can be asked for a box (GeoParquet, PostGIS) is read around `within` alone (default: `area`).

    Raises `LayerError`, one line with file, object, key and repair.
    """
    name = spec.name
    role = choose_role(spec.role, name)
    raw = open_layer(spec, Near(area if within is None else within, target_crs))
    ids, has_ids = row_ids(raw.cells, role, name)
    values, notes = read_cells(raw.cells, role, ids, name)
    shapes = _shapes_of(raw, role, ids, name)
    repaired: tuple[str, ...] = ()
    if shapes is None and not role.joins:
        message = f"{name}: has no geometry; {role.name} need a place (GeoPackage, or CSV with lon, lat, crs)"
        raise LayerError(message)
    if shapes is not None and raw.datum is not None and role.fills:
        shapes, near = near_shapes(shapes, raw.datum, target=target_crs, area=area, file_name=name)
        values = values[near].set_axis(pd.Index([f"open/{key}" for key in values.index[near]], dtype=object))
    elif shapes is not None and raw.datum is not None:
        shapes = place_shapes(shapes, raw.datum, target=target_crs, area=area, file_name=name, ids=ids)
    if shapes is not None:
        shapes, repaired = _repaired(shapes, list(map(str, values.index)), name)
    return Layer(
        role=role,
        file=InputFile(name, raw.sha256, role.name),
        values=values,
        shapes=shapes,
        has_ids=has_ids,
        notes=(*raw.notes, *notes, *repaired),
        datum=raw.datum,
    )


def apply_layers(
    district: District,
    layers: Iterable[LayerSpec],
    *,
    formula: WeightFormula | None = None,
    box: BaseGeometry | None = None,
) -> District:
    """Return `district` with `layers` laid over it; compounds first, then what refers to them.

    `formula` weighs complaints, hazards and renovation. `box` is the planner's study area: of large layers only what
    lies around it is read.

    What was replaced is in `overrides`, what was not used in `dropped` and `notes`. Raises `LayerError`.
    """
    area = district.study_area.buffer(district.halo_m)
    within = None if box is None else box.buffer(district.halo_m)
    read = [_checked(read_layer(spec, target_crs=district.crs, area=area, within=within), district) for spec in layers]
    order = list(ROLES)
    spare: dict[str, tuple[float, str]] = {}
    for layer in sorted(read, key=lambda layer: order.index(layer.role.name)):
        district, found = _applied(district, layer, formula or WeightFormula())
        spare |= found
    return with_spare_power(district, spare) if spare else district


def _checked(layer: Layer, district: District) -> Layer:
    """Return `layer` with a note if the map speaks against its datum or cannot tell; refuse a wrong one."""
    if layer.shapes is None or layer.datum is None:
        return layer
    doubt = check_datum(layer.shapes, layer.datum, role=layer.role.name, district=district, file_name=layer.file.name)
    return replace(layer, notes=(*layer.notes, doubt)) if doubt else layer


def _applied(
    district: District, layer: Layer, formula: WeightFormula
) -> tuple[District, Mapping[str, tuple[float, str]]]:
    """Return (district with one layer laid over it, spare kVA by compound that the layer states)."""
    name = layer.role.field_name
    layer = _with_references(district, layer)
    lost: list[tuple[str, str, str]] = []
    stands_for: dict[str, str] = {}
    if layer.shapes is None:
        layer, lost = _joined(district, layer)
    else:
        layer = _only_where_bare(district, layer) if layer.role.fills else _settled(layer)
        stands_for = _stand_ins(district, layer)
    weighed = weigh(layer.values, formula, layer.file.name) if name == "compounds" else None
    if weighed is not None:
        layer = _with(layer, weighed.values, layer.shapes, weighed.notes)
    table, log = merged(
        _table_of(district, layer.role), layer.values, layer.shapes, role=layer.role, stands_for=stands_for
    )
    notes = [*layer.notes]
    if lost:
        notes.append(
            f"{layer.file.name}: {len(lost)} rows meet no object here ({', '.join(key for key, _, _ in lost[:3])})"
        )
    if weighed is not None and len(weighed.log):
        log = pd.concat([log, weighed.log], ignore_index=True) if len(log) else weighed.log
    changes: dict[str, Any] = {name: table}
    if name == "buildings" and stands_for:
        doors = district.entrances
        owners = [stands_for.get(owner, owner) for owner in doors["building_id"]]
        changes["entrances"] = doors.assign(building_id=pd.Series(owners, index=doors.index, dtype=object))
    laid = district.replace(
        **changes,
        overrides=pd.concat([frame for frame in (district.overrides, log) if len(frame)] or [log], ignore_index=True),
        dropped=pd.concat([district.dropped, drops(lost)], ignore_index=True) if lost else district.dropped,
        inputs=(*district.inputs, layer.file),
        notes=(*district.notes, *notes),
    )
    return laid, {} if weighed is None else weighed.spare_kva


def _table_of(district: District, role: Role) -> gpd.GeoDataFrame:
    """Return the district's table of a role; of drawn candidates there is none before the first layer."""
    frame = getattr(district, role.field_name)
    return role.table.empty(district.crs) if frame is None else frame


def _shapes_of(raw: RawLayer, role: Role, ids: Sequence[str], name: str) -> Any:
    """Return the shapes of a layer, of the types its role allows, in their own CRS; None if it has none."""
    if raw.shapes is None or all(shape is None for shape in raw.shapes):
        return None
    allowed = role.table.geometry or frozenset()
    shapes = np.array([_single(shape) for shape in raw.shapes], dtype=object)
    for key, shape in zip(ids, shapes, strict=True):
        kind = None if shape is None or shape.is_empty else shape.geom_type
        if kind is None and not role.table.geometry_nullable:
            message = f"{name}: {key}: has no geometry; draw it, or take the row out"
            raise LayerError(message)
        if kind is not None and kind not in allowed:
            wanted = " or ".join(sorted(word for geom, word in _SINGLE.items() if geom in allowed))
            message = f"{name}: {key}: is a {kind}, but {role.name} must be a {wanted}"
            raise LayerError(message)
        if shape is not None and not np.isfinite(shapely.get_coordinates(shape)).all():
            message = f"{name}: {key}: has coordinates that are no numbers; draw it again"
            raise LayerError(message)
    return shapes


def _repaired(shapes: Any, ids: Sequence[str], name: str) -> tuple[Any, tuple[str, ...]]:
    """Return placed shapes, valid, and what was repaired; in metres, for specks are told by their area."""
    broken = ~shapely.is_valid(shapes) & np.array([shape is not None for shape in shapes], dtype=bool)
    if not broken.any():
        return shapes, ()
    fixed = shapes.copy()
    fixed[broken] = polygons_only(shapes[broken])
    for at in np.flatnonzero(broken & shapely.is_empty(fixed)):
        message = f"{name}: {ids[int(at)]}: its outline is broken beyond repair; draw it again"
        raise LayerError(message)
    names = ", ".join(ids[int(at)] for at in np.flatnonzero(broken)[:5])
    return fixed, (f"{name}: {int(broken.sum())} invalid outlines were repaired ({names})",)


def _single(shape: Any) -> Any:
    """Return the only part of a multi-part shape as itself."""
    if shape is not None and shape.geom_type.startswith("Multi") and shapely.get_num_geometries(shape) == 1:
        return shapely.get_geometry(shape, 0)
    return shape


def _with_references(district: District, layer: Layer) -> Layer:
    """Return `layer` with compounds named by id or unique name turned into ids, and doors given to their buildings."""
    if layer.role.name == "entrances":
        return _with_owners(district, layer)
    column = next((word for word in ("compound_ids", "compound_id") if word in layer.values), None)
    if column is None:
        return layer
    known = _by_id_or_name(district.compounds)
    cells: list[str | None] = []
    lost: list[str] = []
    for key, text in layer.values[column].items():
        words = [word.strip() for word in (text or "").replace("；", ";").split(";") if word.strip()]
        cells.append(";".join(dict.fromkeys(known[word] for word in words if word in known)) or None)
        lost += [f"{key}: {word}" for word in words if word not in known]
    if lost and not any(cells):
        repair = "use ids or unique names as `siting inspect` shows them"
        message = f"{layer.file.name}: {lost[0]!r} ({column}) is no compound here, nor is any other; {repair}"
        raise LayerError(message)
    note = f"{layer.file.name}: {len(lost)} compounds named there are unknown here ({', '.join(lost[:3])})"
    values = layer.values.assign(**{column: pd.Series(cells, layer.values.index, dtype=object)})
    return _with(layer, values, layer.shapes, (note,) if lost else ())


def _with_owners(district: District, layer: Layer) -> Layer:
    """Return a layer of doors where each that names no building belongs to the nearest one, if that is near enough."""
    given = list(layer.values["building_id"]) if "building_id" in layer.values else [None] * len(layer.values)
    kinds = list(layer.values["kind"]) if "kind" in layer.values else [None] * len(layer.values)
    owners = list(given)
    if not district.buildings.empty:
        outlines = shapely.boundary(district.buildings.geometry.to_numpy())
        near = shapely.STRtree(outlines).query_nearest(layer.shapes, max_distance=_DOOR_REACH_M)
        for at, which in sorted(zip(*near.tolist(), strict=True), reverse=True):
            owners[at] = given[at] or (None if kinds[at] == "garage" else str(district.buildings.index[which]))
    every = zip(layer.values.index, owners, kinds, strict=True)
    alone = [str(key) for key, owner, kind in every if owner is None and kind != "garage"]
    names = ", ".join(alone[:3])
    note = f"{layer.file.name}: {len(alone)} doors belong to no building within {_DOOR_REACH_M:g} m ({names})"
    values = layer.values.assign(building_id=pd.Series(owners, layer.values.index, dtype=object))
    return _with(layer, values, layer.shapes, (note,) if alone else ())


def _by_id_or_name(frame: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the id for every id and for every name that only one row has."""
    names = frame["name"].dropna()
    single = names[~names.duplicated(keep=False)]
    return {str(name): str(key) for key, name in single.items()} | {str(key): str(key) for key in frame.index}


def _joined(district: District, layer: Layer) -> tuple[Layer, list[tuple[str, str, str]]]:
    """Return a layer without geometry under the ids of the objects it speaks of, and the rows that met none."""
    frame = getattr(district, layer.role.field_name)
    known = _by_id_or_name(frame)
    file, columns = layer.file.name, layer.values.columns
    if not layer.has_ids and "name" not in columns:
        message = f"{file}: has neither geometry nor a column {layer.role.table.index} or name to join by; add one"
        raise LayerError(message)
    words = [(key,) if layer.has_ids else () for key in layer.values.index]
    if "name" in columns:
        words = [(*keys, name) for keys, name in zip(words, layer.values["name"], strict=True)]
    met = [next((known[word] for word in keys if word in known), None) for keys in words]
    doubled = sorted({key for key in met if key is not None and met.count(key) > 1})
    if doubled:
        message = f"{file}: two rows speak of {doubled[0]}; give each object one row"
        raise LayerError(message)
    keep = np.array([key is not None for key in met], dtype=bool)
    if not keep.any():
        shown = next(str(word) for keys in words for word in reversed(keys) if word)
        here = f"the {len(frame)} {layer.role.name} here"
        message = f"{file}: no row meets one of {here} (first: {shown!r}); check ids and names"
        raise LayerError(message)
    reason = f"row of {file} without geometry meets no object here by id or unique name"
    lost = [(str(key), layer.role.name, reason) for key in layer.values.index[~keep]]
    values = layer.values[keep].set_axis(pd.Index([key for key in met if key is not None], dtype=object))
    return _with(layer, values, None, ()), lost


def _settled(layer: Layer) -> Layer:
    """Return a layer of compounds without ground that two outlines claim; refuse outlines that clash.

    Zones of garages may lie above one another, but not share the ground of one level.
    """
    if layer.role.name == "garage_zones":
        _refuse_shared_floor(layer)
    if layer.role.name != "compounds":
        return layer
    shapes, ids, trimmed = layer.shapes.copy(), list(layer.values.index), []
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    for one, other in sorted(zip(left.tolist(), right.tolist(), strict=True)):
        shared = shapes[one].intersection(shapes[other]).area if one < other else 0.0
        if shared <= _SAME_GROUND_M2:
            continue
        if shared > _CLASH_SHARE * min(shapes[one].area, shapes[other].area):
            message = f"{layer.file.name}: {ids[one]} and {ids[other]} share {shared:,.0f} m2; draw them apart"
            raise LayerError(message)
        shapes[other] = polygons_only([shapes[other].difference(shapes[one])])[0]
        trimmed.append(str(ids[other]))
    names = ", ".join(trimmed[:5])
    note = f"{layer.file.name}: {len(trimmed)} outlines lost a strip that their neighbour claims too ({names})"
    return _with(layer, layer.values, shapes, (note,) if trimmed else ())


def _refuse_shared_floor(layer: Layer) -> None:
    levels = layer.values["levels_down"] if "levels_down" in layer.values else pd.Series(None, layer.values.index)
    ids, shapes = list(map(str, layer.values.index)), layer.shapes
    for one, other in zip(*shapely.STRtree(shapes).query(shapes, predicate="intersects").tolist(), strict=True):
        same = one < other and levels.iloc[one] == levels.iloc[other]
        shared = shapes[one].intersection(shapes[other]).area if same else 0.0
        if shared > _SAME_GROUND_M2:
            where = f"{ids[one]} and {ids[other]} share {shared:,.0f} m2 of one level"
            message = f"{layer.file.name}: {where}; draw them apart, or say their levels_down"
            raise LayerError(message)


def _only_where_bare(district: District, layer: Layer) -> Layer:
    """Return the footprints that touch no mapped building."""
    taken = shapely.STRtree(district.buildings.geometry.to_numpy())
    left, right = taken.query(layer.shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(layer.shapes[left], taken.geometries[right]))
    free = np.ones(len(layer.shapes), dtype=bool)
    free[left[shared > _SAME_GROUND_M2]] = False
    note = (
        f"{layer.file.name}: {int(free.sum())} footprints of an open set stand where no building is mapped; "
        f"{int((~free).sum())} more met mapped buildings and were left out. A machine drew them: check position_error_m"
    )
    return _with(layer, layer.values[free], layer.shapes[free], (note,))


def _stand_ins(district: District, layer: Layer) -> dict[str, str]:
    """Return {mapped id: planner's id} for every mapped object whose place a planner's object takes ("": none does)."""
    ids = [str(key) for key in layer.values.index]
    if layer.role.name == "compounds":
        return {str(key): "" for key in district.compounds.index if key not in set(ids)}
    if layer.role.name != "buildings" or district.buildings.empty:
        return {}
    outlines = district.buildings.geometry.to_numpy()
    left, right = shapely.STRtree(outlines).query(layer.shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(layer.shapes[left], outlines[right])) / shapely.area(outlines[right])
    best: dict[str, tuple[float, str]] = {}
    for row, at, share in zip(left.tolist(), right.tolist(), shared.tolist(), strict=True):
        mapped = str(district.buildings.index[at])
        if share > _COVERED_SHARE and mapped not in ids:
            best[mapped] = max(best.get(mapped, (0.0, "")), (share, ids[row]))
    return {mapped: best[mapped][1] for mapped in sorted(best)}


def _with(layer: Layer, values: pd.DataFrame, shapes: Any, notes: tuple[str, ...]) -> Layer:
    return replace(layer, values=values, shapes=shapes, notes=layer.notes + notes)
