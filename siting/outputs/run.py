"""What the files are written from: one finished run and the chain of records behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from siting.access.record import Demand, Links
from siting.district.record import District
from siting.rules.clause import Rulebook
from siting.sites.record import Candidates, Verdicts, Zones

if TYPE_CHECKING:
    from siting.plan.plan import Plan

__all__ = ["Run"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """One finished run.

    `study` is the resolved study as plain data; `timestamp` (UTC, fixed by the study) is the only time that
    any file carries; `seconds` by stage may be empty; `audit` is None until the written files were audited,
    then what `AuditReport.as_dict` returns.
    """

    plan: "Plan"
    study: Mapping[str, Any]
    parameters: Mapping[str, Any]
    seconds: Mapping[str, float]
    timestamp: datetime
    versions: Mapping[str, str]
    audit: Mapping[str, Any] | None = None
    moves: pd.DataFrame | None = None  # of each refused candidate; see siting.sites.moves
    worth: pd.DataFrame | None = None  # of each chosen site, where asked for; see siting.plan.worth
    walks: gpd.GeoDataFrame | None = None  # siting.tables.WALKS: each served pair as a line; see siting.access.paths

    @property
    def links(self) -> Links:
        """Who can walk where."""
        links: Links = self.plan.framing.links
        return links

    @property
    def demand(self) -> Demand:
        """Who wants to charge."""
        return self.links.demand

    @property
    def verdicts(self) -> Verdicts:
        """Every clause on every candidate."""
        return self.links.verdicts

    @property
    def candidates(self) -> Candidates:
        """Every footprint offered."""
        return self.verdicts.candidates

    @property
    def zones(self) -> Zones:
        """Where not."""
        return self.candidates.zones

    @property
    def district(self) -> District:
        """The facts."""
        return self.zones.district

    @property
    def rulebook(self) -> Rulebook:
        """The law in force."""
        return self.zones.rulebook
