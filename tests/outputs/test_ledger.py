import zipfile

import openpyxl
import pytest
from outputs import run_builders as builders

from siting.outputs.ledger import write_ledger


@pytest.fixture(scope="module")
def book(folder):
    return openpyxl.load_workbook(folder / "ledger.xlsx")


def body(sheet):
    head = [cell.value.split("\n")[1] for cell in sheet[4]]
    return [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=5, values_only=True)]


def test_every_sheet_is_there_in_both_languages(book):
    assert book.sheetnames == [
        "选定点 Sites",
        "未通过 Refused",
        "小区 Compounds",
        "条款 Clauses",
        "佐证与豁免 Signed",
        "待核实 Survey",
        "假设 Assumptions",
    ]


def test_a_refusal_names_clause_object_and_what_is_missing(book):
    (row,) = body(book["未通过 Refused"])
    assert row["Candidate"] == "p/2#a"
    assert (row["Measured"], row["Required"], row["Margin"], row["Unit"], row["Object"]) == (1, 6, -5, "m", "b/2")
    assert row["Clause"] == "与建筑外墙的距离 Distance to buildings"


def test_compounds_add_up(book):
    west, east = body(book["小区 Compounds"])
    assert (west["Vehicles wanting a port"], west["Vehicles served"], west["Sites"], west["FAIL"]) == (30, 25, 1, 1)
    assert (east["Vehicles wanting a port"], east["Vehicles served"], east["Lawful"]) == (30, 0, 1)


def test_missing_facts_are_counted(book):
    hydrant, unmapped = body(book["待核实 Survey"])
    assert (hydrant["Clause id"], hydrant["Sites concerned"], hydrant["Candidates concerned"]) == ("n.hydrant", 1, 2)
    assert unmapped["What"].endswith("c/2")


def test_no_cell_is_a_formula_or_a_link(folder, book):
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}
    names = [row["Compound"] for row in body(book["小区 Compounds"])]
    assert builders.HOSTILE in names
    with zipfile.ZipFile(folder / "ledger.xlsx") as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet or b"hyperlink" in sheet for sheet in sheets)


def test_it_prints_on_a4_landscape_with_the_heading_repeated(book):
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.print_title_rows == "$4:$4"
        assert sheet.freeze_panes == "B5"
        assert sheet.auto_filter.ref is not None


def test_an_empty_plan_still_gives_a_workbook(tmp_path):
    write_ledger(builders.run(empty=True), tmp_path / "ledger.xlsx")
    assert body(openpyxl.load_workbook(tmp_path / "ledger.xlsx")["选定点 Sites"]) == []
