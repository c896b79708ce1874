"""scenario_links.csv, and the scenarios as the report shows them; only runs of uncertain demand have them."""

from pathlib import Path
from typing import Any

from siting.outputs.run import Run
from siting.outputs.tables import write_csv
from siting.outputs.words import format_number
from siting.plan.scenarios_record import SCENARIO_LINK_COLUMNS

__all__ = ["SCENARIO_FILES", "scenario_rows", "write_scenarios"]

SCENARIO_FILES = ("scenario_links.csv",)


def write_scenarios(run: Run, folder: Path) -> None:
    """Write who is served where in every scenario."""
    if run.plan.uncertain is not None:
        write_csv(run.plan.uncertain.links, SCENARIO_LINK_COLUMNS, folder / SCENARIO_FILES[0])


def scenario_rows(run: Run) -> list[dict[str, Any]]:
    """Return one row a scenario for the report: demand, served by this plan and by the plan for the estimate alone."""
    if run.plan.uncertain is None:
        return []
    return [
        {
            "scenario": row["scenario"],
            "demand": format_number(row["demand"]),
            "served": format_number(row["served"]),
            "nominal": format_number(row["served_nominal"]),
            "change": f"{row['served'] - row['served_nominal']:+,.0f}",
        }
        for row in run.plan.uncertain.rows.to_dict("records")
    ]
