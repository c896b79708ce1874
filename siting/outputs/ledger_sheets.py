"""The sheets of ledger.xlsx as plain rows: what stands in them, not how they look."""

from typing import Any

import pandas as pd

from siting.outputs import view
from siting.outputs.evidence_words import source_in_chinese
from siting.outputs.ledger_base import Sheet, both_or_name, make_sheet, unit_text
from siting.outputs.ledger_open import signed_sheet, survey_sheet
from siting.outputs.run import Run
from siting.outputs.texts import LANGUAGES
from siting.outputs.words import Words, both

__all__ = ["sheets"]


def sheets(run: Run) -> tuple[Sheet, ...]:
    """Return every sheet of the workbook, in order."""
    words = Words.of(run)
    ledger = view.ledger_rows(run)
    return (
        _sites(run),
        _refused(run, ledger, words),
        _compounds(run),
        _clauses(run),
        signed_sheet(run),
        survey_sheet(run),
        _assumptions(run),
    )


def _sites(run: Run) -> Sheet:
    columns = [
        ("number", "count", 6),
        ("site_id", "text", 24),
        ("compound_name", "text", 18),
        ("compound_id", "text", 16),
        ("kind", "text", 18),
        ("bays", "count", 7),
        ("modules", "count", 8),
        ("ports", "count", 7),
        ("power_kw", "figure", 9),
        ("cost_cny", "money", 11),
        ("served", "figure", 10),
        ("households_served", "figure", 10),
        ("clearance_m", "metres", 10),
        ("outcome", "outcome", 18),
        ("transformer_id", "text", 16),
        ("year", "year", 7),
        ("tier", "text", 12),
    ]
    frame = run.plan.sites
    rows = [
        [
            number,
            site_id,
            *(
                both(f"{name}.{row[name]}") if name in ("kind", "outcome", "tier") else row[name]
                for name, _, _ in columns[2:]
            ),
        ]
        for number, (site_id, row) in enumerate(frame.iterrows(), start=1)
    ]
    return make_sheet("sites", columns, rows, run)


def _refused(run: Run, ledger: Any, words: Words) -> Sheet:
    columns = [
        ("candidate_id", "text", 24),
        ("compound_name", "text", 18),
        ("kind", "text", 16),
        ("clause_id", "text", 18),
        ("clause_title", "text", 40),
        ("outcome", "outcome", 16),
        ("measured", "metres", 10),
        ("required", "metres", 10),
        ("margin", "metres", 10),
        ("unit", "text", 7),
        ("feature_id", "text", 18),
        ("feature_name", "text", 16),
        ("force", "text", 12),
        ("standard", "text", 22),
        ("move_m", "metres", 10),
        ("move", "text", 30),
    ]
    titles: Any = view.clause_table(run)
    moves: Any = view.moves(run)
    refused = ledger[~ledger["accepted"] & ledger["rank"].lt(2) & ledger["force"].eq("must")]
    ordered = refused.sort_values(["compound_id", "candidate_id", "rank", "clause_rank"], kind="stable")
    rows = [
        [
            item.candidate_id,
            words.name(item.compound_id),
            both(f"kind.{item.kind}"),
            item.clause_id,
            f"{titles.loc[item.clause_id, 'title_zh']} {titles.loc[item.clause_id, 'title_en']}",
            both(f"outcome.{item.outcome}"),
            item.measured,
            item.required,
            item.margin,
            unit_text(item.unit),
            item.feature_id,
            words.name(item.feature_id),
            both(f"force.{item.force}"),
            f"{titles.loc[item.clause_id, 'standard']} {titles.loc[item.clause_id, 'clause']}".strip(),
            moves["move_m"].get(item.candidate_id, float("nan")),
            move_text(moves, item.candidate_id),
        ]
        for item in ordered.itertuples(index=False)
    ]
    return make_sheet("refused", columns, rows, run)


def move_text(moves: Any, candidate_id: str) -> str:
    """Return the smallest move of a candidate in both languages, or why there is none; "" where none was sought."""
    if candidate_id not in moves.index:
        return ""
    row = moves.loc[candidate_id]
    if row["reason"] != "moved":
        return both("move.layout" if row["reason"] == "layout" else "move.none")
    return both("move.by", dx=f"{row['dx_m']:+.2f}", dy=f"{row['dy_m']:+.2f}")


def _compounds(run: Run) -> Sheet:
    columns = [
        ("compound_id", "text", 18),
        ("compound_name", "text", 20),
        ("state", "text", 18),
        ("source", "text", 14),
        ("households", "count", 10),
        ("demand", "figure", 10),
        ("served", "figure", 10),
        ("coverage", "share", 9),
        ("sites", "count", 7),
        ("ports", "count", 7),
        ("cost_cny", "money", 11),
        ("candidates", "count", 9),
        ("accepted", "count", 9),
        ("pass", "count", 9),
        ("fail", "count", 9),
        ("uncertain", "count", 9),
        ("not_evaluated", "count", 10),
    ]
    frame = view.compound_figures(run)
    rows = [
        [
            compound_id,
            row["name"],
            both(f"state.{row['state']}"),
            both(f"source.{row['source']}"),
            *(row[name] for name, _, _ in columns[4:]),
        ]
        for compound_id, row in frame.iterrows()
    ]
    return make_sheet("compounds", columns, rows, run)


def _clauses(run: Run) -> Sheet:
    columns = [
        ("clause_id", "text", 20),
        ("row", "text", 7),
        ("title_zh", "text", 34),
        ("title_en", "text", 38),
        ("force", "text", 14),
        ("op", "text", 5),
        ("value", "text", 14),
        ("unit", "text", 8),
        ("kinds", "text", 22),
        ("jurisdiction", "text", 14),
        ("standard", "text", 28),
        ("clause", "text", 14),
        ("confidence", "text", 20),
        ("source_text", "text", 40),
        ("refused", "count", 9),
        ("alone", "count", 9),
    ]
    refused = view.refused_by_clause(view.ledger_rows(run))
    rows = [
        [
            clause_id,
            row["row"],
            row["title_zh"],
            row["title_en"],
            both(f"force.{row['force']}"),
            row["op"],
            _value(row),
            unit_text(row["unit"]),
            row["kinds"],
            row["jurisdiction"],
            row["standard"],
            row["clause"],
            both(f"confidence.{row['confidence']}"),
            row["source"],
            int(refused["refused"].get(clause_id, 0)),
            int(refused["alone"].get(clause_id, 0)),
        ]
        for clause_id, row in view.clause_table(run).iterrows()
    ]
    return make_sheet("clauses", columns, rows, run)


def _value(row: "pd.Series[Any]") -> str:
    if row["values"]:
        return "; ".join(f"{key} {value:g}" for key, value in sorted(row["values"].items()))
    return "" if pd.isna(row["value"]) else f"{row['value']:g}"


def _assumptions(run: Run) -> Sheet:
    columns = [
        ("topic", "text", 20),
        ("what", "text", 50),
        ("value", "text", 24),
        ("unit", "text", 12),
        ("source_text", "text", 60),
        ("year_of", "text", 8),
        ("confidence", "text", 24),
    ]
    words = Words.of(run)
    rows: list[list[Any]] = [
        [both("topic.parameter"), both_or_name("parameter", key), _parameter(words, key, value), "", "", "", ""]
        for key, value in sorted(run.parameters.items())
    ]
    rows.extend([both("topic.demand"), sentence, "", "", "", "", ""] for sentence in words.assumptions())
    rows.extend([both("topic.facts"), note, "", "", "", "", ""] for note in words.notes())
    rows.extend([both("topic.law"), finding, "", "", "", "", ""] for finding in run.rulebook.findings)
    figures: Any = run.candidates.catalogue.as_frame()
    kinds = {kind.value for kind in run.zones.kinds}
    rows.extend(
        [
            both(f"kind.{row.kind}"),
            both_or_name("figure", row.key),
            row.value,
            unit_text(row.unit),
            " ".join(dict.fromkeys((source_in_chinese(row.source), row.source))),
            "" if pd.isna(row.year) else str(int(row.year)),
            both_or_name("confidence", row.confidence),
        ]
        for row in figures.itertuples(index=False)
        if row.kind in kinds
    )
    rows.extend(
        [both("topic.input"), item.name, item.sha256, "SHA-256", item.credit, "", ""] for item in run.district.inputs
    )
    return make_sheet("assumptions", columns, rows, run)


def _parameter(words: Words, key: str, value: Any) -> str:
    """Return the value of a parameter in both languages, once where they are the same."""
    return " ".join(dict.fromkeys(words.parameter(key, value, lang) for lang in LANGUAGES))
