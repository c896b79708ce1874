"""The sheets of ledger.xlsx as plain rows: what stands in them, not how they look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from siting.kinds import Outcome
from siting.outputs import signed, view
from siting.outputs.run import Run
from siting.outputs.texts import LANGUAGES, Texts
from siting.outputs.words import Words, both

__all__ = ["Column", "Sheet", "sheets"]

#: What the tabs are called: both languages, within the 31 characters a workbook allows.
_NAMES = {
    "sites": "选定点 Sites",
    "refused": "未通过 Refused",
    "compounds": "小区 Compounds",
    "clauses": "条款 Clauses",
    "signed": "佐证与豁免 Signed",
    "survey": "待核实 Survey",
    "assumptions": "假设 Assumptions",
}


@dataclass(frozen=True)
class Column:
    """One column: `kind` is text, outcome, or a kind of number (count, money, metres, figure, share)."""

    heading: str
    kind: str
    width: float


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet: name and title for people, rows as long as columns."""

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]


def sheets(run: Run) -> tuple[Sheet, ...]:
    """Return every sheet of the workbook, in order."""
    words = Words.of(run)
    ledger = view.ledger_rows(run)
    return (
        _sites(run),
        _refused(run, ledger, words),
        _compounds(run),
        _clauses(run),
        _signed(run),
        _survey(run, ledger),
        _assumptions(run),
    )


def _sheet(key: str, columns: Sequence[tuple[str, str, float]], rows: Sequence[Sequence[Any]], run: Run) -> Sheet:
    note = both(f"sheet.{key}.note")
    if run.district.synthetic:
        note += "  ■ " + both("page.synthetic")
    credit = "; ".join(view.credits(run))
    return Sheet(
        name=_NAMES[key],
        title=both(f"sheet.{key}.title"),
        note=f"{note}  {credit}".strip(),
        columns=tuple(
            Column(f"{Texts.load('zh').t(f'column.{name}')}\n{Texts.load('en').t(f'column.{name}')}", kind, width)
            for name, kind, width in columns
        ),
        rows=rows,
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
    return _sheet("sites", columns, rows, run)


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
    return _sheet("refused", columns, rows, run)


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
    return _sheet("compounds", columns, rows, run)


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
    return _sheet("clauses", columns, rows, run)


def _value(row: "pd.Series[Any]") -> str:
    if row["values"]:
        return "; ".join(f"{key} {value:g}" for key, value in sorted(row["values"].items()))
    return "" if pd.isna(row["value"]) else f"{row['value']:g}"


def _signed(run: Run) -> Sheet:
    columns = [
        ("sort", "text", 16),
        ("signed_id", "text", 14),
        ("subject", "text", 24),
        ("what", "text", 20),
        ("value", "text", 14),
        ("who", "text", 20),
        ("when", "text", 12),
        ("document", "text", 34),
        ("candidates", "count", 10),
        ("where", "text", 50),
    ]
    rows = [
        [both(f"signed.{row['sort']}"), row["id"], row["subject"], both_or_name("fact", row["what"]), row["value"],
         row["who"], row["when"], row["document"], row["candidates"], ", ".join(row["sites"])]
        for row in signed.signed_rows(run)
    ]  # fmt: skip
    return _sheet("signed", columns, rows, run)


def _survey(run: Run, ledger: Any) -> Sheet:
    columns = [
        ("number", "count", 6),
        ("what", "text", 60),
        ("clause_id", "text", 20),
        ("force", "text", 14),
        ("survey_sites", "count", 10),
        ("survey_candidates", "count", 12),
        ("survey_compounds", "count", 12),
        ("where", "text", 60),
    ]
    titles: Any = view.clause_table(run)
    missing = ledger[ledger["outcome"].eq(Outcome.NOT_EVALUATED.value)]
    chosen = missing[missing["candidate_id"].isin(run.plan.sites.index)]
    rows: list[list[Any]] = [
        [
            number,
            f"{titles.loc[clause_id, 'title_zh']} {titles.loc[clause_id, 'title_en']}",
            clause_id,
            both(f"force.{titles.loc[clause_id, 'force']}"),
            row["sites"],
            row["candidates"],
            row["compounds"],
            ", ".join(sorted(chosen.loc[chosen["clause_id"].eq(clause_id), "candidate_id"])),
        ]
        for number, (clause_id, row) in enumerate(view.survey_list(run, ledger).iterrows(), start=1)
    ]
    rows.extend(_unmapped(run, start=len(rows) + 1))
    return _sheet("survey", columns, rows, run)


def _unmapped(run: Run, start: int) -> Iterator[list[Any]]:
    """Yield a row for each compound that must be surveyed first: its buildings look unmapped."""
    compounds = run.district.compounds
    for number, compound_id in enumerate(compounds.index[compounds["state"].eq("survey_first")], start=start):
        yield [number, both("survey.compound"), "", "", 0, 0, 1, compound_id]


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
            row.source,
            "" if pd.isna(row.year) else str(int(row.year)),
            both_or_name("confidence", row.confidence),
        ]
        for row in figures.itertuples(index=False)
        if row.kind in kinds
    )
    rows.extend(
        [both("topic.input"), item.name, item.sha256, "SHA-256", item.credit, "", ""] for item in run.district.inputs
    )
    return _sheet("assumptions", columns, rows, run)


def _parameter(words: Words, key: str, value: Any) -> str:
    """Return the value of a parameter in both languages, once where they are the same."""
    return " ".join(dict.fromkeys(words.parameter(key, value, lang) for lang in LANGUAGES))


def both_or_name(prefix: str, name: str) -> str:
    """Return the catalogue's words for a name of data, with the name itself where the catalogue has none."""
    key = f"{prefix}.{name}"
    return f"{both(key)} ({name})" if key in Texts.load("zh").catalogue else name


def unit_text(unit: str) -> str:
    """Return a unit in both languages, or as it is where every reader knows it (m, kW)."""
    key = f"unit.{unit}"
    return both(key) if key in Texts.load("zh").catalogue else unit
