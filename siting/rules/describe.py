"""A rulebook as a table for people: every clause with its figure, force, source and confidence."""

import pandas as pd

from siting.rules.clause import Clause, Rulebook

__all__ = ["condition_text", "rulebook_facts", "rulebook_table", "value_text"]

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
    "systems",
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


def rulebook_facts(rulebook: Rulebook) -> dict[str, object]:
    """Return what a rulebook is, as plain data: its chain, day, stage, and what was set aside, found and noted."""
    return {
        "profile": rulebook.profile,
        "title_en": rulebook.title_en,
        "title_zh": rulebook.title_zh,
        "on": rulebook.on.isoformat(),
        "stage": rulebook.stage,
        "chain": list(rulebook.chain),
        "clauses": len(rulebook.clauses),
        "set_aside": [
            {"clause_id": clause.clause_id, "why": _why_aside(clause, rulebook)} for clause in rulebook.set_aside
        ],
        "findings": list(rulebook.findings),
        "notes": list(rulebook.notes),
    }


def _why_aside(clause: Clause, rulebook: Rulebook) -> str:
    if clause.in_force(rulebook.on):
        return f"for {clause.applies_to} compounds only"
    since, until = clause.in_force_from, clause.in_force_to
    return f"in force {f'from {since}' if since else ''}{f' until {until}' if until else ''}".strip().replace("  ", " ")


def value_text(clause: Clause) -> str:
    """Return the figure with operator and unit: ">= 3 m", or ">= 6 to 14 m by class or case"."""
    if clause.value is not None:
        return f"{clause.op} {clause.value:g} {clause.unit}"
    figures = clause.values.values()
    return f"{clause.op} {min(figures):g} to {max(figures):g} {clause.unit} by class or case"


def condition_text(clause: Clause) -> str:
    """Return the clause's condition and systems: " if min_bays 101", " of cctv", or nothing."""
    when = ", ".join(f"{key} {limit:g}" for key, limit in clause.when.items())
    return (f" of {', '.join(clause.systems)}" if clause.systems else "") + (f" if {when}" if when else "")


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
    if column in ("exemptions", "systems"):
        return "; ".join(value)
    if column in ("in_force_from", "in_force_to"):
        return None if value is None else value.isoformat()
    return getattr(value, "value", value)
