"""A rulebook as a table for people: every clause with its figure, force, source and confidence."""

import pandas as pd

from siting.rules.clause import Clause, Rulebook

__all__ = ["rulebook_table", "value_text"]

_COLUMNS = (
    "clause_id",
    "kinds",
    "asks",
    "to",
    "force",
    "title_en",
    "title_zh",
    "jurisdiction",
    "standard",
    "clause",
    "confidence",
    "source",
    "row",
    "metric",
    "measure_from",
    "op",
    "value",
    "unit",
    "when",
    "exemptions",
    "in_force_from",
    "in_force_to",
    "applies_to",
    "quote",
    "note",
)


def rulebook_table(rulebook: Rulebook) -> pd.DataFrame:
    """Return one row per clause in the order of the rulebook, indexed 0..n-1; unknown dates are None.

    `asks` is the sentence a person reads (">= 3 m"), `value` the bare figure or all figures by case.
    """
    rows = [[_cell(clause, column) for column in _COLUMNS] for clause in rulebook.clauses]
    return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object)


def value_text(clause: Clause) -> str:
    """Return the figure with operator and unit: ">= 3 m", or ">= 6 to 14 m by class or case"."""
    if clause.value is not None:
        return f"{clause.op} {clause.value:g} {clause.unit}"
    figures = clause.values.values()
    return f"{clause.op} {min(figures):g} to {max(figures):g} {clause.unit} by class or case"


def _cell(clause: Clause, column: str) -> object:
    if column == "asks":
        return value_text(clause)
    if column == "value" and clause.value is None:
        return "; ".join(
            f"{key} {value:g} [{clause.values_confidence.get(key, clause.confidence).value}]"
            for key, value in clause.values.items()
        )
    value = getattr(clause, column)
    if column == "kinds":
        return ", ".join(value)
    if column == "when":
        return ", ".join(f"{key} {limit:g}" for key, limit in value.items())
    if column == "exemptions":
        return "; ".join(value)
    if column in ("in_force_from", "in_force_to"):
        return None if value is None else value.isoformat()
    return getattr(value, "value", value)
