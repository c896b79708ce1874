"""`menu`, `front`, `alternatives` and `explain` as a planner runs them, on the tiny district."""

import json

import pytest
from signed_study import attestation

from siting.district.synthetic import dataset_path
from siting.outputs.toml import dump_toml

STUDY = {
    "source": {"osm": str(dataset_path("tiny.osm"))},
    "rules": {"profile": "national", "on": "2026-01-01"},
    "limits": {"budget_cny": 300000.0},
}
SIGNED = [attestation(f"wall-{home}", f"way/{home}", "fire_wall", "whole") for home in range(103, 109)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("fronts") / "study.toml"
    path.write_text(dump_toml(STUDY | {"attestations": SIGNED}), encoding="utf-8")
    return path


def test_a_front_is_a_table_a_page_and_json(cli, study, tmp_path):
    page = tmp_path / "front.html"

    ended = cli("front", study, "--over", "coverage,cost", "--points", "4", "--out", page, "--json")

    told = json.loads(ended.out)
    points = told["points"]
    assert ended.code == 0
    assert [point["coverage"] for point in points] == sorted(point["coverage"] for point in points)
    assert [point["cost_cny"] for point in points] == sorted(point["cost_cny"] for point in points)
    assert (points[0]["cost_cny"], points[0]["coverage"]) == (0, 0)
    assert told["stops"][0]["en"].startswith("Point 1 builds nothing")
    assert {"en", "zh"} <= set(told["stops"][0])
    text = page.read_text("utf-8")
    assert "<svg" in text
    assert "指标之间的取舍" in text
    assert "What one figure costs in another" in text


def test_a_front_over_safety_and_cost_asks_for_the_coverage(cli, study):
    assert "needs the coverage to hold: --coverage" in cli("front", study, "--over", "safety,cost").error
    assert "name two of coverage, cost, safety, walking" in cli("front", study, "--over", "coverage,beauty").error
    ended = cli("front", study, "--over", "safety,cost", "--coverage", "30", "--points", "3", "--lang", "zh")
    assert ended.code == 0
    assert "到此为止" in ended.out


def test_alternatives_say_what_differs_or_that_there_is_none(cli, study):
    ended = cli("alternatives", study, "--within", "40", "--count", "2", "--json")

    told = json.loads(ended.out)
    assert ended.code == 0
    assert told["stop"]["name"] in ("count", "none")
    for item in told["alternatives"]:
        assert item["service"] >= 0.6 * told["best"]["service"] - 1e-6
        assert set(item["sites"]) - set(item["added"]) <= set(told["best"]["sites"])


def test_a_menu_of_one_piece_solves_again_and_says_so(cli, study, tmp_path):
    run, unsigned = tmp_path / "run", tmp_path / "unsigned.toml"
    unsigned.write_text(dump_toml(STUDY), encoding="utf-8")
    assert cli("plan", unsigned, "--out", run).code == 0

    ended = cli("menu", run, "--budget", "100000", "--coverage", "20")

    assert ended.code == 0
    assert "one piece" in ended.out
    assert "CNY 100,000:" in ended.out
    assert "no part of it can wait" in cli("menu", run, "--years", "1,2").error
    assert "is no run folder" in cli("menu", tmp_path).error


def test_limits_that_collide_are_explained_with_exit_code_3(cli, study, tmp_path):
    site = json.loads(cli("alternatives", study, "--count", "1", "--json").out)["best"]["sites"][0]
    limits = {"budget_cny": 1000.0, "locked_in": [site]}
    path = tmp_path / "poor.toml"
    path.write_text(dump_toml(STUDY | {"attestations": SIGNED, "limits": limits}), encoding="utf-8")

    ended = cli("plan", path, "--out", tmp_path / "none", "--json")

    assert ended.code == 3
    assert f"{site} is locked in; the budget is 1,000 CNY. Enough alone: unlock {site}; or raise" in ended.error
    assert [item["kind"] for item in json.loads(ended.out)["limits"]] == ["locked_in", "budget"]
    told = cli("explain", path, "--lang", "zh")
    assert told.code == 3
    assert "以下限制不能同时成立" in told.out


def test_a_plan_that_exists_is_explained_by_its_reasons(cli, study):
    ended = cli("explain", study)

    assert ended.code == 0
    assert "CNY" in ended.out


def test_a_menu_is_made_once_kept_and_followed_by_a_new_plan_in_its_folder(cli, study, tmp_path):
    run = tmp_path / "run"
    cli("plan", study, "--out", run)
    first = cli("menu", run, "--budget", "100000", "--coverage", "20", "--years", "30000,30000")
    kept = (run / "menu.npz").stat().st_mtime_ns

    again = cli("menu", run, "--budget", "100000", "--json")

    assert first.code == 0
    assert "Menu of 2 pieces" in first.out
    assert "--solve" not in first.out  # windows of cost leave no wide gap
    assert (run / "menu.npz").stat().st_mtime_ns == kept
    assert json.loads(again.out)["answers"][0]["served"] == pytest.approx(120)
    assert "Solved again as a whole" in cli("menu", run, "--coverage", "20", "--solve").out
    assert cli("plan", study, "--out", run).code == 0  # the menu is a file of ours and goes with the old run
