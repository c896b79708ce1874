"""Reach: who wants to charge, who can walk where, and what the transformers can still carry."""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from siting import tables
from siting.sites.record import Verdicts

__all__ = ["Demand", "Links", "Power"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Demand:
    """Vehicles that want a port, per residential building inside a compound.

    `frame`: index building_id; columns compound_id (text), households (float), vehicles (float; e-bikes or EVs
    of the kinds planned, before any existing supply), weight (float, 1 unless the planner says otherwise),
    households_source (tag/estimate/planner/survey).
    """

    frame: pd.DataFrame
    vehicle: str  # "ebike" or "ev"
    assumptions: tuple[str, ...]  # sentences, for the report
    assumptions_zh: tuple[str, ...] = ()  # the same sentences in Chinese


@dataclass(frozen=True, eq=False, kw_only=True)
class Links:
    """Every pair (building, accepted candidate) within the walking limit and allowed by the sharing policy.

    No row means out of reach. `unreachable` lists objects that cannot be joined to the street network:
    columns object_id, layer ("buildings"/"candidates"), reason, nearest_m (to a way joined to the street; unknown
    on open ground).
    """

    frame: pd.DataFrame  # siting.tables.LINKS, sorted by building_id, candidate_id
    unreachable: pd.DataFrame
    openings: gpd.GeoDataFrame  # siting.tables.OPENINGS: where compounds open to the street, and why
    radius_m: float
    sharing: str  # "own" (compound), "neighbours", "groups" or "everyone"
    demand: Demand
    verdicts: Verdicts

    def __post_init__(self) -> None:
        """Check the table."""
        tables.LINKS.check(self.frame)
        tables.OPENINGS.check(self.openings)


@dataclass(frozen=True, eq=False, kw_only=True)
class Power:
    """Which transformer feeds which candidate.

    `feeds`: index candidate_id, value transformer_id or None (no transformer known: power is not a limit
    there, and the survey list says so). `kva_per_module`: index candidate_id, after demand factor.
    """

    feeds: "pd.Series[str]"
    kva_per_module: "pd.Series[float]"
    assumptions: tuple[str, ...]
    assumptions_zh: tuple[str, ...] = ()
