"""changes.csv, and what became of every site as the report shows it; only runs planned from an earlier one have it."""

from pathlib import Path
from typing import Any

from siting.outputs.run import Run
from siting.outputs.tables import write_csv
from siting.outputs.words import format_number
from siting.plan.replan_record import CHANGE_COLUMNS

__all__ = ["REPLAN_FILES", "change_table", "price_rows", "write_replan"]

REPLAN_FILES = ("changes.csv",)


def write_replan(run: Run, folder: Path) -> None:
    """Write what became of every old site and what is new."""
    if run.plan.replanned is not None:
        write_csv(run.plan.replanned.changes, CHANGE_COLUMNS, folder / REPLAN_FILES[0])


def change_table(run: Run) -> list[dict[str, Any]]:
    """Return one row a change for the report."""
    if run.plan.replanned is None:
        return []
    return [
        {
            "change": row["change"],
            "old": row["old_site"] if isinstance(row["old_site"], str) else "–",
            "new": row["site"] if isinstance(row["site"], str) else "–",
            "en": row["reason_en"],
            "zh": row["reason_zh"],
        }
        for row in run.plan.replanned.changes.to_dict("records")
    ]


def price_rows(run: Run) -> list[dict[str, Any]]:
    """Return what least change costs: the plan asked for, the free one, and the one that keeps all."""
    if run.plan.replanned is None:
        return []
    return [
        {"plan": name.replace(" ", "_"), "weighted": format_number(value, 1), "kept": str(kept)}
        for name, value, kept in run.plan.replanned.prices
    ]
