"""verdicts.csv, links.csv, survey.csv and moves.csv: ledger, walks, missing facts and smallest moves for programs.

UTF-8 without a byte order mark: the columns are a contract for programs, and a mark would stick to the first column's
name in a plain reader. People open ledger.xlsx. Numbers keep 9 digits after the point, the length below which a
shortfall counts as round-off, so a written distance never contradicts its outcome. Text that a spreadsheet would
take for a formula gets an apostrophe in front, and so does text that begins with one: a reader takes one away.
"""

import csv
from pathlib import Path

import pandas as pd

from siting.outputs import view
from siting.outputs.foreign import inert_cell
from siting.outputs.run import Run
from siting.outputs.survey import SURVEY_COLUMNS, survey_facts
from siting.outputs.values import plain
from siting.plan.worth import WORTH_COLUMNS

__all__ = ["LINK_COLUMNS", "MOVE_COLUMNS", "VERDICT_COLUMNS", "write_csv", "write_tables"]

VERDICT_COLUMNS = (
    "candidate_id",
    "clause_id",
    "metric",
    "measured",
    "required",
    "unit",
    "tolerance",
    "outcome",
    "force",
    "feature_id",
)
MOVE_COLUMNS = ("candidate_id", "dx_m", "dy_m", "move_m", "reason")
LINK_COLUMNS = ("building_id", "site_id", "walk_m", "served")

_DIGITS = 9


def write_tables(run: Run, folder: Path) -> None:
    """Write verdicts.csv (every clause on every candidate), links.csv (who walks where), survey.csv, moves.csv."""
    write_csv(run.verdicts.frame, VERDICT_COLUMNS, folder / "verdicts.csv")
    write_csv(run.plan.links, LINK_COLUMNS, folder / "links.csv")
    write_csv(survey_facts(run), SURVEY_COLUMNS, folder / "survey.csv")
    write_csv(view.moves(run).reset_index(), MOVE_COLUMNS, folder / "moves.csv")
    if run.worth is not None:
        write_csv(run.worth, WORTH_COLUMNS, folder / "worth.csv")


def write_csv(frame: pd.DataFrame, columns: tuple[str, ...], path: Path) -> None:
    """Write the named columns of `frame` in its own order; unknown values are empty cells."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*(frame[name].tolist() for name in columns), strict=True):
            writer.writerow(_cell(value) for value in row)


def _cell(value: object) -> object:
    known = plain(value, _DIGITS)
    if isinstance(known, str):
        return inert_cell(known)
    return "" if known is None else known
