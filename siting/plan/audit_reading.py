"""The audit's own reader: a written run folder becomes facts, candidates, sites and what was claimed of them.

It reads the files of a run folder and nothing else; `plan.gpkg` is the authority for geometry.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyproj import CRS
from shapely.errors import ShapelyError

from siting.contract import Table
from siting.district.record import DISTRICT_TABLES, District
from siting.errors import DataError, TableError, UsageError
from siting.kinds import Completeness, Kind, Outcome
from siting.plan.audit_slopes import with_counts
from siting.rules.clause import Rulebook
from siting.rules.profiles import load_rulebook
from siting.tables import CANDIDATES, GROUPS, SITES, TRENCHES, WALKS

__all__ = ["SIGNED", "DemandRates", "Facts", "RunFolder", "Settings", "facts_of", "read_run_folder", "rulebook_of"]

_FILES = ("run.json", "study.toml", "plan.gpkg", "sites.geojson", "candidates.geojson", "verdicts.csv", "links.csv")
_VERDICT_COLUMNS = ("candidate_id", "clause_id", "measured", "required", "tolerance", "outcome", "force")
_LINK_COLUMNS = ("building_id", "site_id", "walk_m", "served")
_GEOPACKAGE = "plan.gpkg"

#: What json, tomllib, pandas, shapely and GDAL raise for a broken file.
_UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    RecursionError,
    ShapelyError,
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
)
#: What a signed statement has to say.
SIGNED = ("id", "subject", "fact", "value", "who", "when", "document")


#: Planning default (evidence rows P19, P26, P46) where the study does not say.
EVS_PER_HOUSEHOLD = 0.05


@dataclass(frozen=True, kw_only=True)
class DemandRates:
    """What the study says of demand; `vehicle` is "ebike" or "ev"."""

    vehicle: str
    per_household: float
    m2_per_household: float
    default_levels: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Facts:
    """What is measured against: the district's tables (names as in `DISTRICT_TABLES`), in metres."""

    tables: Mapping[str, gpd.GeoDataFrame]
    crs: CRS
    position_error_m: float
    completeness: Mapping[str, Completeness]
    signed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # {subject: {fact: (value, attestation id)}}

    def known(self, feature_class: str) -> Completeness:
        """Return how well a class of objects is known; unknown unless somebody says more."""
        return self.completeness.get(feature_class, Completeness.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What was asked for, as study.toml says; run.json has to say the same."""

    profile: str
    on: date
    stage: str
    admit: tuple[Outcome, ...]
    kinds: tuple[Kind, ...]
    budget_cny: float | None
    radius_m: float
    max_leg_m: float
    slopes: tuple[float, float]  # what a metre of a steep way counts, and from how many percent on
    sharing: str
    ground: str
    boundary: str
    neighbour_m: float
    groups: tuple[tuple[str, ...], ...]
    position_error_m: float
    surveyed: tuple[str, ...]
    rates: DemandRates
    catalogue: Mapping[str, Any]
    require: tuple[str, ...] = ()
    attestations: tuple[Mapping[str, Any], ...] = ()
    waivers: tuple[Mapping[str, Any], ...] = ()
    turnover: Mapping[str, float] | None = None
    goal: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class RunFolder:
    """One written run, as read: nothing in it is believed yet.

    `sites`, `candidates`, `groups` come from plan.gpkg in metres; `sites_copy` and `candidates_copy` are
    the GeoJSON copies (WGS 84); `verdicts` and `links` are the CSV files.
    """

    folder: Path
    run: Mapping[str, Any]
    settings: Settings
    facts: Facts
    sites: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    groups: gpd.GeoDataFrame
    sites_copy: gpd.GeoDataFrame
    candidates_copy: gpd.GeoDataFrame
    verdicts: pd.DataFrame
    links: pd.DataFrame
    walks: gpd.GeoDataFrame | None = None  # lines; None in runs from before there were any
    trenches: gpd.GeoDataFrame | None = None  # drawn by the planner

    def parameter(self, name: str) -> Any:
        """Return a parameter of the run; raise `DataError` if run.json does not state it."""
        parameters = self.run.get("parameters", {})
        if name not in parameters:
            message = f"{self.folder / 'run.json'}: parameters.{name} is missing; the audit cannot judge without it"
            raise DataError(message)
        return parameters[name]

    def figure(self, *names: str) -> float:
        """Return a number of run.json by its path of keys; raise `DataError` if it is none."""
        value: Any = self.run
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            message = f"{self.folder / 'run.json'}: {'.'.join(names)} is {value!r}; a number is needed"
            raise DataError(message)
        return float(value)


def facts_of(district: District) -> Facts:
    """Return the facts of a district that was just read."""
    return Facts(
        tables=MappingProxyType({name: getattr(district, name) for name in DISTRICT_TABLES}),
        crs=district.crs,
        position_error_m=district.position_error_m,
        completeness=MappingProxyType(dict(district.completeness)),
        signed=_by_subject([item.as_dict() for item in district.attestations], "the study"),
    )


def rulebook_of(settings: Settings) -> Rulebook:
    """Return the law that a study asked for."""
    return load_rulebook(settings.profile, on=settings.on, stage=settings.stage, require=settings.require)


def read_run_folder(folder: Path) -> RunFolder:
    """Read a run folder; raise `DataError`, one line naming the file, for anything missing or broken."""
    if not folder.is_dir():
        message = f"{folder}: no such run folder; give the folder that siting plan --out wrote"
        raise DataError(message)
    for name in _FILES:
        if not (folder / name).is_file():
            message = f"{folder / name}: missing from the run folder; plan again or restore the file"
            raise DataError(message)
    run = _read(folder / "run.json", _read_json)
    for name in ("parameters", "rules"):
        if not isinstance(run.get(name), dict):
            message = f"{folder / 'run.json'}: {name} is missing or not an object; restore the file"
            raise DataError(message)
    study = _read(folder / "study.toml", lambda path: tomllib.loads(path.read_text(encoding="utf-8")))
    settings = _settings(study, folder / "study.toml")
    layers = {name: _layer(folder, table) for name, table in DISTRICT_TABLES.items()}
    layers["roads"] = with_counts(layers["roads"], *settings.slopes)
    return RunFolder(
        folder=folder,
        run=run,
        settings=settings,
        facts=Facts(
            tables=MappingProxyType(layers),
            crs=layers["compounds"].crs,
            position_error_m=settings.position_error_m,
            completeness=MappingProxyType(dict.fromkeys(settings.surveyed, Completeness.SURVEYED)),
            signed=_by_subject(settings.attestations, folder / "study.toml"),
        ),
        sites=_layer(folder, SITES),
        candidates=_layer(folder, CANDIDATES),
        groups=_layer(folder, GROUPS),
        sites_copy=_read(folder / "sites.geojson", _read_geojson),
        candidates_copy=_read(folder / "candidates.geojson", _read_geojson),
        verdicts=_table(folder / "verdicts.csv", _VERDICT_COLUMNS),
        links=_table(folder / "links.csv", _LINK_COLUMNS),
        walks=_layer_if_any(folder, WALKS),
        trenches=_layer_if_any(folder, TRENCHES),
    )


def _layer_if_any(folder: Path, table: Table) -> gpd.GeoDataFrame | None:
    names = _read(folder / _GEOPACKAGE, lambda source: dict(pyogrio.list_layers(source)))
    return _layer(folder, table) if names.get(table.name) is not None else None


def _read(path: Path, reader: Callable[[Path], Any]) -> Any:
    """Return what `reader` makes of a file; foreign errors become one line with the file's name."""
    try:
        return reader(path)
    except _UNREADABLE as error:
        first = (str(error).splitlines() or [""])[0]
        message = f"{path}: cannot be read ({first}); plan again or restore the file"
        raise DataError(message) from error


def _read_json(path: Path) -> Any:
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        message = "not a JSON object"
        raise ValueError(message)
    return value


def _read_geojson(path: Path) -> gpd.GeoDataFrame:
    """Read RFC 7946 GeoJSON without GDAL, which would guess at empty files and mixed columns."""
    features = _read_json(path).get("features")
    if not isinstance(features, list):
        message = "no list of features"
        raise ValueError(message)
    for number, feature in enumerate(features, 1):
        if not _is_feature(feature):
            message = f"feature {number} is no object of a run"
            raise ValueError(message)
    if not features:
        return gpd.GeoDataFrame(geometry=[], crs="EPSG:4326")
    return gpd.GeoDataFrame.from_features(features, crs="EPSG:4326")


def _is_feature(feature: Any) -> bool:
    """Return whether a feature has a shape or null, and properties that are single values, its id among them."""
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        return False
    values = feature["properties"]
    ids = [values[name] for name in ("site_id", "candidate_id") if name in values]
    return (
        isinstance(feature.get("geometry"), dict | None)
        and all(isinstance(key, str) for key in ids)
        and not any(isinstance(value, dict | list) for value in values.values())
    )


def _layer(folder: Path, table: Table) -> gpd.GeoDataFrame:
    """Return one layer of plan.gpkg under its text index, columns as its contract says."""
    path = folder / _GEOPACKAGE
    frame = _read(path, lambda source: pyogrio.read_dataframe(source, layer=table.name))
    needed = [name for name, column in table.columns.items() if column.required]
    missing = [name for name in (table.index, *needed) if name not in frame.columns]
    if missing:
        message = f"{path}: layer {table.name} has no column {', '.join(map(str, missing))}; restore the file"
        raise DataError(message)
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
        message = f"{path}: layer {table.name} has no geometry with a CRS; restore the file"
        raise DataError(message)
    for name, column in table.columns.items():
        kind = (column.metadata or {})["kind"]
        if name not in frame.columns:
            continue
        if kind == "bool":
            frame[name] = frame[name].astype(bool)
        elif kind in ("float", "int"):
            frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    shapes = [_single(shape) for shape in frame.geometry]
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    frame = frame.set_index(table.index).sort_index()
    try:
        table.check(frame[~frame.index.duplicated()])  # repeated ids are a finding, not a broken file
    except TableError as error:
        message = f"{path}: {error}"
        raise DataError(message) from error
    return frame


def _single(shape: Any) -> Any:
    """Return the one part of a multipart shape that has one: a layer of polygons stores every polygon so."""
    parts: Any = getattr(shape, "geoms", ())
    return parts[0] if len(parts) == 1 else shape


def _table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    frame: pd.DataFrame = _read(
        path, lambda source: pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    )
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        message = f"{path}: no column {', '.join(missing)}; restore the file"
        raise DataError(message)
    frame = frame.map(lambda text: text.removeprefix("'"))  # written before what a spreadsheet would take for a formula
    numeric = [name for name in ("measured", "required", "tolerance", "walk_m", "served") if name in frame.columns]
    return frame.assign(**{name: pd.to_numeric(frame[name], errors="coerce") for name in numeric})


def _rates(section: Mapping[str, Any], first_kind: str) -> DemandRates:
    vehicle = first_kind.split("_")[0]
    rates = {"evs_per_household": EVS_PER_HOUSEHOLD} | dict(section)
    return DemandRates(
        vehicle=vehicle,
        per_household=float(rates[f"{vehicle}s_per_household"]),
        m2_per_household=float(section["m2_per_household"]),
        default_levels=float(section["default_levels"]),
    )


def _with_signed(catalogue: Mapping[str, Any], signed: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the planner's figures with the fire class that somebody signed for of a kind of facility."""
    figures = {kind: dict(values) for kind, values in catalogue.items()}
    for item in signed:
        if item["fact"] == "fire_class" and item["subject"] in set(Kind):
            figures.setdefault(str(item["subject"]), {})["fire_class"] = item["value"]
    return figures


def _by_subject(statements: Iterable[Mapping[str, Any]], where: Any) -> Mapping[str, Mapping[str, Any]]:
    """Return {subject: {fact: (value, id)}}; raise `DataError` for a statement that is not signed in full."""
    held: dict[str, dict[str, Any]] = {}
    for item in statements:
        missing = [name for name in SIGNED if str(item.get(name, "")).strip() == ""]
        if missing:
            message = f"{where}: attestation {item.get('id', '?')} does not say {', '.join(missing)}"
            raise DataError(message)
        held.setdefault(str(item["subject"]), {})[str(item["fact"])] = (item["value"], str(item["id"]))
    return MappingProxyType(held)


def _turnover(section: Mapping[str, Any] | None) -> Mapping[str, float] | None:
    names = ("charges_per_day", "hours", "peak_share", "wait_share", "wait_minutes")
    return None if section is None else {name: float(section[name]) for name in names}


def _budget(study: Mapping[str, Any]) -> float | None:
    """Return the money of a study; only a goal of least cost, walking or margin may leave it open."""
    if study.get("goal", {}).get("aim") in ("cost", "walking", "margin") and "budget_cny" not in study["limits"]:
        return None
    return float(study["limits"]["budget_cny"])


def _settings(study: Mapping[str, Any], path: Path) -> Settings:
    """Return what was asked for; raise `DataError` for a study.toml that does not say."""
    signed = tuple(study.get("attestations", ()))
    try:
        surveyed = [str(item["subject"]) for item in signed if item["fact"] == "surveyed"]
        return Settings(
            profile=str(study["rules"]["profile"]),
            on=date.fromisoformat(str(study["rules"]["on"])),
            stage=str(study["rules"].get("stage", "existing")),
            require=tuple(map(str, study["rules"].get("require", ()))),
            admit=tuple(Outcome.create(name) for name in study["rules"]["admit"]),
            kinds=tuple(Kind.create(name) for name in study["facility"]["kinds"]),
            budget_cny=_budget(study),
            radius_m=float(study["reach"]["radius_m"]),
            max_leg_m=float(study["reach"]["max_leg_m"]),
            slopes=(float(study["reach"].get("slope_factor", 1.0)), float(study["reach"].get("steep_percent", 8.0))),
            sharing=str(study["reach"]["sharing"]),
            ground=str(study["reach"].get("ground", "network")),  # what runs were before there was a choice
            boundary=str(study["reach"].get("boundary", "gates")),
            neighbour_m=float(study["reach"].get("neighbour_m", 0.0)),
            groups=tuple(tuple(map(str, group["compounds"])) for group in study["reach"].get("groups", ())),
            position_error_m=float(study["source"]["position_error_m"]),
            surveyed=tuple(sorted({*map(str, study["source"].get("surveyed", ())), *surveyed})),
            rates=_rates(study["demand"], str(study["facility"]["kinds"][0])),
            catalogue=_with_signed(study["facility"].get("catalogue", {}), signed),
            attestations=signed,
            waivers=tuple(study.get("waivers", ())),
            turnover=_turnover(study["demand"].get("turnover")),
            goal=dict(study.get("goal", {})),
            limits=dict(study["limits"]),
        )
    except KeyError as error:
        message = f"{path}: key {error} is missing; restore the file"
        raise DataError(message) from error
    except (AttributeError, IndexError, TypeError, ValueError, UsageError) as error:
        message = f"{path}: cannot be used ({error}); restore the file"
        raise DataError(message) from error
