"""Options: zones, candidates and verdicts, each keeping the record it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from siting import tables
from siting.district.record import District
from siting.kinds import Kind, Outcome
from siting.rules.clause import Rulebook
from siting.sites.catalogue import Catalogue

if TYPE_CHECKING:
    from siting.sites.waiver import Waiver

__all__ = ["Candidates", "Verdicts", "Zones"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Zones:
    """Where not: the drawn shadow of each clause, per kind. Zones draw and search; they never decide."""

    frame: gpd.GeoDataFrame  # siting.tables.ZONES
    kinds: tuple[Kind, ...]
    district: District
    rulebook: Rulebook

    def __post_init__(self) -> None:
        """Check the table."""
        tables.ZONES.check(self.frame)


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidates:
    """Footprints offered, lawful or not yet known: a layout of bays in groups, with ports, power and cost."""

    frame: gpd.GeoDataFrame  # siting.tables.CANDIDATES
    groups: gpd.GeoDataFrame  # siting.tables.GROUPS; the groups of one candidate lie inside its footprint
    zones: Zones
    catalogue: Catalogue
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check both tables."""
        tables.CANDIDATES.check(self.frame)
        tables.GROUPS.check(self.groups)


@dataclass(frozen=True, eq=False, kw_only=True)
class Verdicts:
    """The ledger: every clause on every candidate, decided by true distance.

    `outcomes` (index candidate_id) is the worst outcome over the must clauses of each candidate;
    `accepted` are the ids that may enter the optimiser; `clearance_m` (index candidate_id) is the true
    distance to the nearest building. `waived` lists the breaches that `waivers` cover: the ledger keeps them, the
    outcomes do not count them.
    """

    frame: pd.DataFrame  # siting.tables.VERDICTS
    outcomes: "pd.Series[str]"
    accepted: tuple[str, ...]
    clearance_m: "pd.Series[float]"
    admitted: tuple[Outcome, ...]
    candidates: Candidates
    waivers: "tuple[Waiver, ...]" = ()
    waived: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["candidate_id", "clause_id", "waiver_id"])
    )

    def __post_init__(self) -> None:
        """Check the table."""
        tables.VERDICTS.check(self.frame)

    def counts(self) -> Mapping[str, int]:
        """Return the number of candidates by outcome, worst first."""
        found = self.outcomes.value_counts()
        return {outcome.value: int(found.get(outcome.value, 0)) for outcome in Outcome}
