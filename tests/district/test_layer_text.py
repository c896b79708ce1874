"""Workbooks and tables with Chinese headings; garbled text."""

import zipfile

import pytest
from builders import building, compound, district

from siting.district.layer_spec import LayerSpec
from siting.district.layer_words import headings, likely_original
from siting.district.layers import apply_layers
from siting.errors import LayerError

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is in the extra `xlsx`")


def drawn():
    return district(
        compound((0, 0, 100, 100), id="way/1", name="甲院"),
        compound((100, 0, 200, 100), id="way/2", name="乙院"),
        building((10, 40, 40, 50), id="way/11"),
    )


def workbook(tmp_path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "compounds.xlsx")
    return tmp_path / "compounds.xlsx"


ROWS = [
    ["某街道小区台账"],
    [None],
    ["小区名称", "总户数（户）", "电动自行车（辆）", "备注"],
    ["甲院", 320, 290.0, None],
    ["乙院", None, 75, "临街"],
]


def test_a_ledger_with_title_and_units_in_its_headings_is_read(tmp_path):
    path = workbook(tmp_path, {"Sheet1": ROWS})
    table = apply_layers(drawn(), [LayerSpec(role="compounds", path=path)])

    assert table.compounds["households"].tolist()[0] == 320.0
    assert table.compounds["ebikes"].tolist() == [290.0, 75.0]
    assert "1 columns are not used (备注)" in " ".join(table.notes)


def test_several_sheets_need_a_name(tmp_path):
    path = workbook(tmp_path, {"一月": ROWS, "二月": ROWS})

    with pytest.raises(LayerError, match=r"has 2 sheets \(一月, 二月\)"):
        apply_layers(drawn(), [LayerSpec(role="compounds", path=path)])
    with pytest.raises(LayerError, match="has no sheet '三月'"):
        apply_layers(drawn(), [LayerSpec(role="compounds", path=path, layer_name="三月")])
    result = apply_layers(drawn(), [LayerSpec(role="compounds", path=path, layer_name="二月")])
    assert result.compounds["ebikes"].tolist() == [290.0, 75.0]


def test_workbooks_that_are_none_or_declare_entities_are_refused(tmp_path):
    path = tmp_path / "compounds.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(LayerError, match="is not an XLSX workbook"):
        apply_layers(drawn(), [LayerSpec(role="compounds", path=path)])
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(LayerError, match="declares entities"):
        apply_layers(drawn(), [LayerSpec(role="compounds", path=path)])
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("readme.txt", "no workbook")
    with pytest.raises(LayerError, match="cannot be read as a workbook"):
        apply_layers(drawn(), [LayerSpec(role="compounds", path=path)])


def test_headings_lose_their_units_and_two_of_one_meaning_are_refused():
    assert headings(["小区", "户数(户)", "剩余容量【kVA】", "note (x)"], "compounds", "a") == [
        "name", "households", "spare_kva", "note",
    ]  # fmt: skip
    assert headings(["小区", "端口数"], "candidates", "a") == ["compound_id", "ports"]
    with pytest.raises(LayerError, match="columns '户数' and '总户数' both mean households"):
        headings(["户数", "总户数"], "compounds", "a")


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
def test_text_read_in_the_wrong_encoding_is_recognised(wrong):
    assert likely_original("幸福小区".encode("gb18030").decode(wrong, errors="ignore")) in ("幸福小区", "")
    assert likely_original("ÐÒ¸£Ð¡Çø") == "幸福小区"
    assert likely_original("幸福小区东".encode().decode("gb18030", errors="ignore")) in ("幸福小区东", "")


@pytest.mark.parametrize("fine", ["幸福小区", "Café Zoé", "3号楼", "Straße", "联通公司", "甲院 (synthetic)", "１号"])
def test_text_that_is_right_is_left_alone(fine):
    assert likely_original(fine) == ""


@pytest.mark.parametrize("text", ["ÐÒ¸£Ð¡Çø", "中山小区".encode().decode("gb18030"), "锟斤拷小区", "\ufffd小区"])
def test_a_garbled_file_is_refused(tmp_path, text):
    path = tmp_path / "compounds.csv"
    path.write_text(f"name,households\n{text},5\n", encoding="utf-8")

    with pytest.raises(LayerError, match=r"is garbled, likely|lost its letters"):
        apply_layers(drawn(), [LayerSpec(role="compounds", path=path)])
