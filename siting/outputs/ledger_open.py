"""The sheets of ledger.xlsx on what is open or signed for: statements, waivers, and what to survey first."""

from collections.abc import Iterator
from typing import Any

from siting.outputs import signed
from siting.outputs.ledger_base import Sheet, both_or_name, make_sheet
from siting.outputs.run import Run
from siting.outputs.survey import survey_facts
from siting.outputs.texts import LANGUAGES, Texts
from siting.outputs.words import Words, both

__all__ = ["signed_sheet", "survey_sheet"]


def signed_sheet(run: Run) -> Sheet:
    """Return what people signed for, and which sites lean on it."""
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
    return make_sheet("signed", columns, rows, run)


def survey_sheet(run: Run) -> Sheet:
    """Return what to survey, most pressing first, and the compounds whose buildings look unmapped."""
    columns = [
        ("number", "count", 6),
        ("what", "text", 50),
        ("clause_id", "text", 30),
        ("force", "text", 14),
        ("survey_sites", "count", 10),
        ("survey_households", "count", 12),
        ("survey_candidates", "count", 12),
        ("survey_freed", "count", 12),
        ("survey_freed_households", "count", 14),
        ("survey_compounds", "count", 12),
    ]
    words = Words.of(run)
    facts: Any = survey_facts(run)
    rows: list[list[Any]] = [
        [
            number,
            " ".join(survey_text(row.fact, row.ask, row.subject, words.name(row.subject))),
            str(row.clause_ids).replace(";", ", "),
            both(f"force.{row.force}"),
            row.sites,
            row.households,
            row.candidates,
            row.freed_candidates,
            row.freed_households,
            row.compounds,
        ]
        for number, row in enumerate(facts.itertuples(index=False), start=1)
    ]
    rows.extend(_unmapped(run, start=len(rows) + 1))
    return make_sheet("survey", columns, rows, run)


def survey_text(fact: str, ask: str, subject: str, name: str) -> tuple[str, str]:
    """Return what to look at, in Chinese and in English."""
    chinese, english = (_survey_words(Texts.load(lang), fact, ask, subject, name) for lang in LANGUAGES)
    return chinese, english


def _survey_words(texts: Texts, fact: str, ask: str, subject: str, name: str) -> str:
    if fact == "class":
        key = f"obstacle.{subject}"
        return texts.t("survey.all", what=texts.t(key) if key in texts.catalogue else subject)
    return texts.t(f"survey.{ask}", what=f"{name} ({subject})" if name else subject)


def _unmapped(run: Run, start: int) -> Iterator[list[Any]]:
    """Yield a row for each compound that must be surveyed first: its buildings look unmapped."""
    compounds = run.district.compounds
    for number, compound_id in enumerate(compounds.index[compounds["state"].eq("survey_first")], start=start):
        yield [number, f"{both('survey.compound')} {compound_id}", "", "", 0, 0, 0, 0, 0, 1]
