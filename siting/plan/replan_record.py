"""What is asked of a re-plan, and what it says became of every site."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["CHANGE_COLUMNS", "Again", "Replanned"]

#: changes.csv: what became of every old site, and what is new, with the reason in both languages.
CHANGE_COLUMNS = ("change", "old_site", "site", "compound_id", "kind", "moved_m", "clause_id", "reason_en", "reason_zh")


@dataclass(frozen=True, kw_only=True)
class Again:
    """The run to start from, and how much may change.

    `built` are ids of its sites that stand; without any, those of its years before the first of this plan. A planned
    site is given up only where that brings `least_gain` weighted vehicles, and at most `most_changes` are.
    """

    run: Path
    built: tuple[str, ...] = ()
    least_gain: float = 0.0
    most_changes: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Replanned:
    """`changes`: rows of `CHANGE_COLUMNS`; change is built, kept, added, moved, dropped or unlawful.

    `prices`: (which plan, mean weighted service, planned sites kept) of the plan asked for, the free one and the one
    that keeps all planned sites, where there is one.
    """

    again: Again
    changes: pd.DataFrame
    prices: tuple[tuple[str, float, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        rows = [{key: _plain(value) for key, value in row.items()} for row in self.changes.to_dict("records")]
        return {
            "run": self.again.run.name,
            "least_gain": self.again.least_gain,
            "most_changes": self.again.most_changes,
            "changes": rows,
            "price_of_least_change": [
                {"plan": name, "weighted": round(value, 6), "kept": kept} for name, value, kept in self.prices
            ],
        }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return None if pd.isna(value) else round(float(value), 3)
