"""The built-in profiles: complete, sourced, and nothing of the evidence forgotten."""

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

import siting.rules
from siting.kinds import Kind
from siting.rules.clause import Clause, Confidence, Force
from siting.rules.profiles import STAGES, available_profiles, load_rulebook

TODAY = date(2026, 11, 1)
EVIDENCE = Path(__file__).parents[3] / "shared"


@cache
def all_clauses() -> list[Clause]:
    books = [load_rulebook(name, on=TODAY, stage=stage) for name in available_profiles() for stage in STAGES]
    return list({clause.clause_id: clause for book in books for clause in (*book.clauses, *book.set_aside)}.values())


def test_the_promised_profiles_are_there():
    promised = "anhui beijing changzhi chengdu chongqing fuzhou gansu guangdong guangxi hangzhou hebei huizhou "
    promised += "huzhou lianyungang liaoning linfen liuzhou nanjing national puyang shanghai shanxi shenzhen sichuan "
    promised += "taiyuan tengzhou tianjin"
    assert available_profiles() == tuple(promised.split())


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


def evidence_rows(start: str, end: str) -> set[str]:
    pages = [EVIDENCE / "RULES.md", EVIDENCE / "RULES2.md"]
    if not all(page.exists() for page in pages):
        pytest.skip("the evidence pages are not part of the repository")
    text = "".join(page.read_text(encoding="utf-8").split(start)[1].split(end)[0] for page in pages)
    return set(re.findall(r"^\| ([A-GKLP]\d\d)\b", text, flags=re.MULTILINE))


def listed_rows() -> list[str]:
    text = (Path(siting.rules.__file__).parent / "not_encoded.md").read_text(encoding="utf-8")
    return re.findall(r"^\| ([A-GKLP]\d\d) \| [a-z ]+ \| ", text, flags=re.MULTILINE)


def encoded_rows() -> set[str]:
    return {row for clause in all_clauses() for row in clause.row.split(", ")}


def test_every_row_of_the_rule_tables_is_encoded_or_listed_with_a_reason():
    rows, listed = evidence_rows("## 1. Rules", "\n## 2. "), listed_rows()
    assert len(rows) == 140
    encoded = {row for row in encoded_rows() if row[0] in "ABCDEFG"}
    of_rules = {row for row in listed if row[0] in "ABCDEFG"}
    assert len(listed) == len(set(listed))
    assert rows - encoded - of_rules == set()
    assert encoded & of_rules == set()
    assert (encoded | of_rules) - rows == set()


def test_every_parameter_is_a_default_a_clause_or_listed_with_a_reason():
    rows = evidence_rows("\n## 2. ", "\n## 4. ")
    shipped = (Path(siting.rules.__file__).parents[1] / "sites/catalogue.toml").read_text(encoding="utf-8")
    used = set(re.findall(r"\b[PLK]\d\d\b", shipped)) | encoded_rows()
    listed = {row for row in listed_rows() if row[0] in "PLK"}
    assert len(rows) > 100
    assert rows - used - listed == set()
    assert listed - rows == set()
    assert listed & used == set()


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


def test_figures_carry_the_weaker_label_where_the_ban_alone_was_seen():
    book = load_rulebook("national", on=TODAY)
    gap, access = book.clause("national.a01"), book.clause("national.fire-access")

    assert gap.confidence is Confidence.TEXT_SEEN_P
    assert not any(label is Confidence.TEXT_SEEN_P for label in map(gap.values_confidence.get, gap.values))
    assert set(gap.values) == set(gap.values_confidence)
    assert {name for name, label in access.values_confidence.items() if label is Confidence.FROM_MEMORY} == {
        "dead_end_m",
        "reach_m",
        "step_m",
    }
