"""What a programme is asked for and what it says: years, tiers, actions, and who is served when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from siting.model.parts import IntArray
from siting.model.programme import Insist

__all__ = [
    "ACTION_COLUMNS",
    "RESERVE_YEAR",
    "YEAR_COLUMNS",
    "YEAR_LINK_COLUMNS",
    "Base",
    "Programme",
    "Terms",
    "Together",
]

#: The year of what is planned but has no money yet.
RESERVE_YEAR = 0

#: programme.csv: what is built, bought or held in reserve, one row each, at the prices of its year.
ACTION_COLUMNS = ("year", "tier", "what", "object_id", "amount", "price", "cost_cny")
#: programme_links.csv: who is served where in each year (year 0: once the reserve is built).
YEAR_LINK_COLUMNS = ("year", "building_id", "site_id", "walk_m", "served")
YEAR_COLUMNS = (
    *("year", "tier", "weight", "price", "budget_cny", "available_cny", "spent_cny"),
    *("sites", "modules", "served", "weighted"),
)


@dataclass(frozen=True)
class Together:
    """Sites of these compounds (id or name) cost `factor` of their price if built in `year`, along with other works."""

    year: int
    compounds: tuple[str, ...]
    factor: float


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Years in order: what each gives, counts, costs, and which tier it is."""

    first_year: int
    budgets_cny: tuple[float, ...]
    weights: tuple[float, ...]
    prices: tuple[float, ...]
    tiers: tuple[str, ...]
    carry_over: bool = True
    reserve_cny: float = 0.0
    lead_years: int | None = None  # of every upgrade step; None: as its months say
    together: tuple[Together, ...] = ()

    @property
    def years(self) -> tuple[int, ...]:
        """Return the calendar years."""
        return tuple(range(self.first_year, self.first_year + len(self.budgets_cny)))

    def tier_of(self, year: int) -> str:
        """Return the tier of a year; what stood before is implemented."""
        if year == RESERVE_YEAR:
            return "reserve"
        return self.tiers[year - self.first_year] if year >= self.first_year else "implement"


@dataclass(frozen=True, eq=False, kw_only=True)
class Base:
    """What an earlier run left: modules that stand per site and steps per transformer step, and what to insist on.

    `year_of` gives a standing site its year.
    """

    standing: IntArray
    bought: IntArray
    insist: Insist | None = None
    year_of: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Programme:
    """A plan over years.

    `years`: one row a year (`YEAR_COLUMNS`), the reserve last under year 0; sites, modules and served are what stands
    by then. `actions` and `links`: see `ACTION_COLUMNS` and `YEAR_LINK_COLUMNS`. `guess` is the mean weighted service
    of the first guess; `reserve_gap` is None without a reserve.
    """

    terms: Terms
    years: pd.DataFrame
    actions: pd.DataFrame
    links: pd.DataFrame
    guess: float
    reserve_gap: float | None = None
    kept: int = 0

    @property
    def standing_sites(self) -> int:
        """Return how many sites stand before the first year."""
        return int(self.actions["what"].eq("standing").sum())

    def as_dict(self) -> dict[str, Any]:
        """Return the years and how they were found as plain data."""
        rows = [{key: _plain(value) for key, value in row.items()} for row in self.years.to_dict("records")]
        return {
            "years": rows,
            "carry_over": self.terms.carry_over,
            "first_guess": _plain(self.guess),
            "reserve_gap": None if self.reserve_gap is None else _plain(self.reserve_gap),
        }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    return round(float(value), 6) if np.isfinite(value) else None
