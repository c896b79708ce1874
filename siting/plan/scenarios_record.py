"""What is asked of uncertain demand, and what the plan says of each scenario."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["NOMINAL", "SCENARIO_LINK_COLUMNS", "Outlook", "Scenario", "Uncertain"]

#: The scenario that demand comes as estimated; always the first.
NOMINAL = "estimate 预计"

#: scenario_links.csv: who is served where in each scenario.
SCENARIO_LINK_COLUMNS = ("scenario", "building_id", "site_id", "walk_m", "served")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Demand times `factors` by compound (id or name, also from `table`), elsewhere times `factor`."""

    name: str
    weight: float = 1.0
    factor: float = 1.0
    factors: Mapping[str, float] = field(default_factory=dict)
    table: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Scenarios, the estimate first, and the goal: "worst", "worst_share" or "average"."""

    goal: str
    scenarios: tuple[Scenario, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Uncertain:
    """A plan over scenarios beside the nominal plan, the one for the estimate alone.

    `rows`: scenario, weight, demand, served, served_nominal (vehicles), weighted, weighted_nominal. `value` and
    `value_nominal` are the goal's figure of both plans. `links`: see `SCENARIO_LINK_COLUMNS`.
    """

    outlook: Outlook
    rows: pd.DataFrame
    links: pd.DataFrame
    value: float
    value_nominal: float
    sites_nominal: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the links as plain data."""
        rows = [
            {key: value if isinstance(value, str) else round(float(value), 6) for key, value in row.items()}
            for row in self.rows.to_dict("records")
        ]
        return {
            "goal": self.outlook.goal,
            "value": round(self.value, 6),
            "value_nominal": round(self.value_nominal, 6),
            "sites_nominal": list(self.sites_nominal),
            "rows": rows,
        }
