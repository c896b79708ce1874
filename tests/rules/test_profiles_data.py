"""The built-in profiles: complete, sourced, and nothing of the evidence forgotten."""

import re
from datetime import date
from pathlib import Path

import pytest

import siting.rules
from siting.kinds import Kind
from siting.rules.clause import Clause, Confidence, Force
from siting.rules.profiles import available_profiles, load_rulebook

TODAY = date(2026, 11, 1)
EVIDENCE = Path(__file__).parents[3] / "shared"


def all_clauses() -> list[Clause]:
    books = [load_rulebook(name, on=TODAY) for name in available_profiles()]
    return list({clause.clause_id: clause for book in books for clause in (*book.clauses, *book.set_aside)}.values())


def test_the_promised_profiles_are_there():
    assert {"anhui", "fuzhou", "guangxi", "national", "shanxi", "sichuan"} <= set(available_profiles())


@pytest.mark.parametrize("clause", all_clauses(), ids=lambda clause: clause.clause_id)
def test_every_clause_says_where_it_comes_from(clause: Clause):
    assert clause.source
    assert clause.clause
    assert clause.standard
    assert clause.row
    assert isinstance(clause.confidence, Confidence)
    assert clause.title_en
    assert re.search("[一-鿿]", clause.title_zh)
    assert clause.quote or clause.confidence is Confidence.FROM_MEMORY


def test_every_row_of_the_evidence_is_encoded_or_listed_with_a_reason():
    pages = [EVIDENCE / "RULES.md", EVIDENCE / "RULES2.md"]
    if not all(page.exists() for page in pages):
        pytest.skip("the evidence pages are not part of the repository")
    tables = "".join(page.read_text().split("## 1. Rules")[1].split("\n## 2. ")[0] for page in pages)
    rows = set(re.findall(r"^\| ([A-G]\d\d)\b", tables, flags=re.MULTILINE))
    assert len(rows) == 140
    encoded = {row for clause in all_clauses() for row in clause.row.split(", ")}
    text = (Path(siting.rules.__file__).parent / "not_encoded.md").read_text()
    listed = re.findall(r"^\| ([A-G]\d\d) \| [a-z ]+ \| ", text, flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert rows - encoded - set(listed) == set()
    assert encoded & set(listed) == set()
    assert (encoded | set(listed)) - rows == set()


def test_shanxi_has_no_figure_of_its_own_only_practice():
    book = load_rulebook("shanxi", on=TODAY)
    own = [clause for clause in book.clauses if clause.jurisdiction == "Shanxi"]
    assert {(clause.force, clause.to, clause.value) for clause in own} == {
        (Force.PRACTICE, "exit", 6.0),
        (Force.PRACTICE, "building", 3.0),
    }


def test_the_scope_of_car_parks_is_an_interpretation_for_compounds():
    clause = load_rulebook("national", on=TODAY).clause("national.e17")
    assert (clause.force, clause.value, clause.kinds) == (Force.INTERPRETATION, 6.0, (Kind.EV_SURFACE,))


def test_single_cells_of_the_table_keep_their_own_confidence():
    clause = load_rulebook("national", on=TODAY).clause("national.b01")
    assert clause.values["low_rise/I-II/I-II"] == 6.0
    assert "low_rise/I-II/I-II" not in clause.values_confidence
    assert clause.values_confidence["low_rise/III/III"] is Confidence.FROM_MEMORY
