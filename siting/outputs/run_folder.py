"""Files: everything a run leaves behind, written into one folder (DESIGN section 9).

`write_run` fills an empty folder before the audit; `write_audited` adds the audit and rewrites the files that
show its result. The pipeline renames the folder into place only then (`siting.outputs.folder`).
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from siting.outputs.geojson import write_layers
from siting.outputs.geopackage import write_geopackage
from siting.outputs.ledger import write_ledger
from siting.outputs.map import write_map
from siting.outputs.programme import PROGRAMME_FILES, write_programme
from siting.outputs.replan import REPLAN_FILES, write_replan
from siting.outputs.report import write_report
from siting.outputs.run import Run
from siting.outputs.run_json import write_run_json
from siting.outputs.scenarios import SCENARIO_FILES, write_scenarios
from siting.outputs.tables import write_tables
from siting.outputs.toml import dump_toml

if TYPE_CHECKING:
    from siting.plan.audit_record import AuditReport

__all__ = ["ASKED_FILES", "EXTRA_FILES", "RUN_FILES", "write_audited", "write_run"]

#: The files of a run folder; audit.json and audit.html join them once the run is audited.
RUN_FILES = (
    "candidates.geojson",
    "compounds.geojson",
    "ledger.xlsx",
    "links.csv",
    "map.html",
    "moves.csv",
    "plan.gpkg",
    "report.html",
    "run.json",
    "sites.geojson",
    "study.toml",
    "survey.csv",
    "verdicts.csv",
    "walks.geojson",
    "zones.geojson",
)

#: Files that a run folder holds only where somebody asked for them.
ASKED_FILES = ("menu.npz", "worth.csv")
#: Files that only some runs have: those over years, those of uncertain demand, those planned again.
EXTRA_FILES = (*PROGRAMME_FILES, *SCENARIO_FILES, *REPLAN_FILES)


def write_run(run: Run, folder: Path) -> None:
    """Write every file of a run into an existing, empty `folder`; the same run gives the same bytes."""
    (folder / "study.toml").write_text(dump_toml(run.study), encoding="utf-8", newline="\n")
    write_geopackage(run, folder / "plan.gpkg")
    write_layers(run, folder)
    write_tables(run, folder)
    write_programme(run, folder)
    write_scenarios(run, folder)
    write_replan(run, folder)
    write_ledger(run, folder / "ledger.xlsx")
    _write_pages(run, folder)


def write_audited(run: Run, report: "AuditReport", folder: Path) -> None:
    """Add audit.json and audit.html, and write again what shows the audit's result: run.json, map and report."""
    from siting.plan.audit_page import audit_page

    text = json.dumps(report.as_dict(), ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    (folder / "audit.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    (folder / "audit.html").write_text(audit_page(report), encoding="utf-8", newline="\n")
    _write_pages(run, folder)


def _write_pages(run: Run, folder: Path) -> None:
    write_run_json(run, folder / "run.json")
    write_map(run, folder / "map.html")
    write_report(run, folder / "report.html")
