"""Facts: the district as one frozen record of tables, in metres, with what is known and what is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from siting import tables
from siting.contract import Table
from siting.errors import TableError
from siting.kinds import Completeness

if TYPE_CHECKING:
    from siting.district.attestation import Attestation

__all__ = ["DISTRICT_TABLES", "District", "InputFile"]

#: Every geometry table of a district, by the name of its field.
DISTRICT_TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "compounds": tables.COMPOUNDS,
        "buildings": tables.BUILDINGS,
        "entrances": tables.ENTRANCES,
        "roads": tables.ROADS,
        "barriers": tables.BARRIERS,
        "gates": tables.GATES,
        "obstacles": tables.OBSTACLES,
        "parking": tables.PARKING,
        "transformers": tables.TRANSFORMERS,
    }
)


@dataclass(frozen=True)
class InputFile:
    """One file that facts came from: its name (no folder), SHA-256, what it gave and whom to credit."""

    name: str
    sha256: str
    role: str  # "osm" or the layer's name
    credit: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class District:
    """One district with its halo: facts only, in one projected CRS in metres.

    Every table keeps its contract in `siting.tables` (checked on construction) and is sorted by its text index.
    `study_area` is a polygon in `crs`; compounds lie inside it, the halo of neighbours reaches beyond.
    `position_error_m` is the stated error of a mapped outline (one standard figure for the district).
    `completeness` says how well a class of objects is known; a class that is not listed is UNKNOWN.
    `dropped` lists every object that was read but not used, with the reason; `overrides` logs what a
    planner's layer replaced; `notes` are sentences for the planner (guesses made, doubts); `attestations` are the
    facts that somebody signed for (see `siting.district.attestation`).
    """

    name: str
    crs: CRS
    study_area: BaseGeometry
    compounds: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    obstacles: gpd.GeoDataFrame
    parking: gpd.GeoDataFrame
    transformers: gpd.GeoDataFrame
    dropped: pd.DataFrame
    overrides: pd.DataFrame  # columns: layer, object_id, key, old, new, source (all text)
    inputs: tuple[InputFile, ...]
    position_error_m: float = 1.0
    halo_m: float = 0.0
    completeness: Mapping[str, Completeness] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    synthetic: bool = False
    attestations: tuple["Attestation", ...] = ()
    signs: gpd.GeoDataFrame | None = None  # siting.tables.SIGNS: of buildings that are not mapped
    trenches: gpd.GeoDataFrame | None = None  # siting.tables.TRENCHES: dug by others anyway, None without any
    drawn: gpd.GeoDataFrame | None = None  # siting.tables.DRAWN: candidates by a planner's hand, None without any

    def __post_init__(self) -> None:
        """Check every table and that all share the district's CRS."""
        for name, table in DISTRICT_TABLES.items():
            frame = table.check(getattr(self, name))
            if frame.crs != self.crs:
                message = f"table {name}: CRS {frame.crs.to_string()} is not the district's {self.crs.to_string()}"
                raise TableError(message)
        tables.DROPPED.check(self.dropped)
        if self.signs is not None:
            tables.SIGNS.check(self.signs)
        if self.trenches is not None:
            tables.TRENCHES.check(self.trenches)
        if self.drawn is not None:
            tables.DRAWN.check(self.drawn)

    def known(self, feature_class: str) -> Completeness:
        """Return how well `feature_class` (e.g. "hydrant", "exit", "building") is known here."""
        return self.completeness.get(feature_class, Completeness.UNKNOWN)

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each geometry table."""
        return {name: len(getattr(self, name)) for name in DISTRICT_TABLES}

    def replace(self, **changes: Any) -> "District":
        """Return a new district with some fields changed; this one stays as it is."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return District(**(values | changes))
