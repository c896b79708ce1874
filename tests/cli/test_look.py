"""What `inspect`, `rules` and the tables of the other commands print."""

import math

import pytest

from siting.cli.console import print_pairs, print_table
from siting.cli.plan import summary_lines
from siting.district.synthetic import dataset_path

SUMMARY = {
    "name": "Test",
    "synthetic": False,
    "status": "PROVEN",
    "status_text": "PROVEN",
    "sites": 1,
    "ports": 11,
    "served": 9.55,
    "demand": 124.6,
    "spent_cny": 93000.0,
    "budget_cny": 500000.0,
    "refused": 1,
    "candidates": 80,
    "audit_findings": 0,
    "audit_checks": 5,
}


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("compounds ", "12 (ready 11, survey first 1)", "244 (entrance 244)", "on the ground 118")),
        ("zh", ("小区", "12 (可规划 11, 先测绘 1)", "244 (单元门 244)", "地面 118", "虚构数据")),
    ],
)
def test_inspect_says_what_is_there_before_what_is_missing(cli, lang, words):
    ended = cli("inspect", dataset_path("quarter.toml"), "--lang", lang)

    assert ended.code == 0
    assert [word for word in words if word not in ended.out] == []
    there, missing = ended.out.index(words[1]), ended.out.index({"en": "No climbing area", "zh": "未绘制消防车"}[lang])
    assert there < missing


def test_two_columns_line_up_below_chinese_names(capsys):
    print_pairs({"楼栋": 1, "roads": 2})

    assert capsys.readouterr().out == "楼栋   1\nroads  2\n"


def test_numbers_of_a_table_are_never_powers_of_ten(capsys):
    print_table("", ["a", "b", "c", "d"], [[1e6, 0.0217984, -0.0, math.nan]])

    assert capsys.readouterr().out.splitlines() == ["a\tb\tc\td", "1000000\t0.021798\t0\t"]


def test_few_vehicles_keep_a_decimal_so_that_the_share_agrees():
    assert summary_lines(SUMMARY)["served"] == "9.6 of 124.6 vehicles (7.7 %)"
    assert summary_lines(SUMMARY | {"served": 960.0, "demand": 2494.2})["served"] == "960 of 2,494 vehicles (38.5 %)"


def test_a_sweep_to_a_missing_folder_is_refused_before_any_work(cli, tmp_path):
    ended = cli(
        "sweep", dataset_path("quarter.toml"), "--budget", "0:100:100", "--out", tmp_path / "missing" / "sweep.csv"
    )

    assert ended.code == 2
    assert "name a CSV file in an existing folder" in ended.error
    assert "facts" not in ended.err


def test_clauses_are_read_as_text_in_a_terminal_and_as_columns_in_a_pipe(cli, monkeypatch):
    piped = cli("rules", "fuzhou", "--on", "2026-01-01")
    monkeypatch.setattr("siting.cli.look.in_terminal", lambda: True)
    shown = cli("rules", "fuzhou", "--on", "2026-01-01")

    assert piped.out.splitlines()[0].startswith("clause_id\tkinds\tasks\t")
    assert "fuzhou.c05  must  >= 6 m to exit  (ebike_open, ebike_shed)\n    距建筑安全出口不应小于6米  " in shown.out
    assert "text seen (N): http://www.hxnews.com" in shown.out
    assert "\t" not in shown.out
