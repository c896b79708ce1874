"""Facts: from an OpenStreetMap file and the planner's layers to one `District`, step by step."""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from siting.district.blocks import compounds_from_blocks
from siting.district.compounds import compounds_from_osm
from siting.district.far import middle_of, without_far
from siting.district.osm import OsmFacts, read_osm
from siting.district.record import DISTRICT_TABLES, District, InputFile
from siting.district.settle import cut, link
from siting.district.tabulate import Raw, project, tabulate
from siting.errors import SourceError, UsageError
from siting.geo import WGS84, metric_crs
from siting.kinds import Choice, Completeness

__all__ = ["FEATURE_CLASSES", "OSM_CREDIT", "CompoundSource", "SourceOptions", "read_district"]

OSM_CREDIT = "© OpenStreetMap contributors, ODbL 1.0"
MADE_UP_CREDIT = "made-up data (siting synthetic); no real place"

#: Classes of objects that a planner may declare surveyed: complete, so that what is not listed is not there.
FEATURE_CLASSES = (
    "barrier",
    "bicycle_parking",
    "building",
    "charging_station",
    "climbing_area",
    "elderly_care",
    "entrance",
    "exit",
    "fire_lane",
    "fire_station",
    "fuel",
    "gas",
    "gate",
    "green",
    "heritage",
    "hospital",
    "hydrant",
    "kindergarten",
    "parking",
    "pitch",
    "playground",
    "road",
    "school",
    "substation",
    "tank",
    "transformer",
    "tree",
    "water",
)
_MAPPED_BY_OSM = ("building", "fire_lane", "road")

Progress = Callable[[str], None]


class CompoundSource(Choice):
    """Where compounds come from unless a planner's layer gives them."""

    OSM = "osm"  # residential polygons
    BLOCKS = "blocks"  # the ground between streets


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """What to read a district from.

    `bbox_deg` is (west, south, east, north) in degrees. `halo_m` is how far facts beyond the study area count: a walk
    of twice that length between two places in the area cannot leave it, and no clause reaches as far as 300 m.
    `position_error_m` is the stated error of a mapped outline. `surveyed` names classes declared complete
    (`FEATURE_CLASSES`). `layers` are `siting.district.layers.LayerSpec`.
    """

    osm: Path | None = None
    name: str | None = None  # None: the OSM file's, without endings
    layers: tuple[Any, ...] = ()
    compounds_from: CompoundSource | str = CompoundSource.OSM
    bbox_deg: tuple[float, float, float, float] | None = None
    halo_m: float = 300.0
    position_error_m: float = 1.0
    surveyed: tuple[str, ...] = ()
    weights: Any = None  # siting.district.layer_weight.WeightFormula

    def __post_init__(self) -> None:
        """Check every option; raise `UsageError` naming the one that is wrong."""
        object.__setattr__(self, "compounds_from", CompoundSource.create(str(self.compounds_from)))
        for key in ("halo_m", "position_error_m"):
            value = getattr(self, key)
            if not (math.isfinite(value) and 0.0 <= value <= 10_000.0):
                message = f"{key} is {value:g}; give a distance from 0 to 10000 m"
                raise UsageError(message)
        for word in self.surveyed:
            if word not in FEATURE_CLASSES:
                near = difflib.get_close_matches(word, FEATURE_CLASSES, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(FEATURE_CLASSES)}"
                message = f"surveyed: class {word!r} is unknown; {hint}"
                raise UsageError(message)
        if self.bbox_deg is not None:
            west, south, east, north = self.bbox_deg
            if not (-180 <= west < east <= 180 and -84 <= south < north <= 84):
                message = f"bbox {self.bbox_deg} is not west, south, east, north in degrees (W < E, S < N)"
                raise UsageError(message)


def read_district(options: SourceOptions, *, progress: Progress | None = None) -> District:
    """Read, judge and link all facts of one district.

    Raises `SourceError` for an OSM file that cannot be used or gives no compounds, `LayerError` for a layer
    that cannot.
    `progress` is called with the name of each step.
    """
    say = progress or (lambda _step: None)
    if options.osm is None:
        message = "no OpenStreetMap file; give one with --osm FILE (roads and buildings come from it)"
        raise SourceError(message)
    say("read OpenStreetMap file")
    facts = read_osm(Path(options.osm))
    middle = _middle_of(facts, options)
    crs = _crs_of(middle, facts.name)
    facts, far = without_far(facts, middle)
    say("make tables")
    raw = project(facts, crs)
    content = tabulate(replace(raw, notes=raw.notes + far))
    if content["buildings"].empty:
        where = f"longitude {middle[0]:.4f}, latitude {middle[1]:.4f}"
        message = f"{facts.name}: no building that can be used stands near {where}; check the file and source.bbox_deg"
        raise SourceError(message)
    say("find compounds")
    compounds, dropped = _compounds(raw, content, options)
    content["dropped"] = pd.concat([content["dropped"], dropped], ignore_index=True)
    district = _provisional(facts, crs, options, content, compounds)
    box = _box(options, crs)
    if options.layers:
        from siting.district import layers  # only who has layers pays for them

        say("apply layers")
        district = layers.apply_layers(district, options.layers, formula=options.weights, box=box)
    say("link tables")
    district = link(district, box=box)
    if district.compounds.empty:
        raise SourceError(_no_compounds(district, options))
    return cut(district, box=box)


def _middle_of(facts: OsmFacts, options: SourceOptions) -> tuple[float, float]:
    """Return (lon, lat) of the middle of the box, else of the middle building (long ways reach far beyond)."""
    if options.bbox_deg is None:
        return middle_of(facts)
    west, south, east, north = options.bbox_deg
    return (west + east) / 2, (south + north) / 2


def _crs_of(middle: tuple[float, float], name: str) -> CRS:
    """Return the metric CRS of the place."""
    try:
        return metric_crs(*middle)
    except ValueError as error:
        message = f"{name}: lies where no metric map is made ({error}); check its coordinates"
        raise SourceError(message) from error


def _box(options: SourceOptions, crs: CRS) -> BaseGeometry | None:
    """Return the planner's box in `crs`; its sides are followed every few hundred metres, for they are curved there."""
    if options.bbox_deg is None:
        return None
    box = shapely.segmentize(shapely.box(*options.bbox_deg), 0.005)
    transform = Transformer.from_crs(WGS84, crs, always_xy=True).transform
    return shapely.transform(box, lambda xy: np.column_stack(transform(xy[:, 0], xy[:, 1])))


def _compounds(raw: Raw, content: Mapping[str, Any], options: SourceOptions) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    if options.compounds_from == CompoundSource.BLOCKS:
        return compounds_from_blocks(raw, roads=content["roads"], buildings=content["buildings"])
    return compounds_from_osm(raw)


def _provisional(
    facts: OsmFacts, crs: CRS, options: SourceOptions, content: Mapping[str, Any], compounds: gpd.GeoDataFrame
) -> District:
    """Return the district as OSM has it, nothing linked or cut yet: what a planner's layers are laid upon."""
    everything = shapely.box(*content["buildings"].total_bounds)
    made_up = facts.synthetic
    known = dict.fromkeys(_MAPPED_BY_OSM, Completeness.MAPPED) | dict.fromkeys(options.surveyed, Completeness.SURVEYED)
    notes = content["notes"]
    if made_up:
        notes = ("This district is made up (synthetic): it is no real place.", *notes)
    return District(
        name=options.name or _stem(facts.name),
        crs=crs,
        study_area=everything,
        compounds=compounds,
        **{name: content[name] for name in DISTRICT_TABLES if name != "compounds"},
        signs=content["signs"],
        dropped=content["dropped"],
        overrides=pd.DataFrame(columns=["layer", "object_id", "key", "old", "new", "source"], dtype=object),
        inputs=(InputFile(facts.name, facts.sha256, "osm", MADE_UP_CREDIT if made_up else OSM_CREDIT),),
        position_error_m=options.position_error_m,
        halo_m=options.halo_m,
        completeness=dict(sorted(known.items())),
        notes=notes,
        synthetic=made_up,
    )


def _stem(file_name: str) -> str:
    """Return a file's name without the endings of OSM files."""
    for ending in (".gz", ".bz2", ".pbf", ".xml", ".osm"):
        file_name = file_name.removesuffix(ending)
    return file_name or "district"


def _no_compounds(district: District, options: SourceOptions) -> str:
    """Return the one line that says which layer is missing and how to give it."""
    file = district.inputs[0].name
    found = int((district.dropped["layer"] == "compounds").sum())
    if options.compounds_from == CompoundSource.BLOCKS:
        what = f"no block between its streets holds a dwelling and has the size of a compound ({found} refused)"
        repair = "give their outlines with --layer compounds=FILE"
    else:
        what = "the layer of compounds is missing: " + (
            f"none of its {found} residential polygons can be a compound" if found else "it has no residential polygons"
        )
        repair = "give their outlines with --layer compounds=FILE, or use the street blocks with --compounds blocks"
    return f"{file}: {what}; {repair}"
