"""The run in words: parameters without codes, and a status that claims no more than is proven."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from outputs import run_builders as builders

from siting.outputs.map_data import map_data
from siting.outputs.report_data import report_data
from siting.outputs.words import Words, format_number


@pytest.mark.parametrize(
    ("key", "value", "zh", "en"),
    [
        ("budget_cny", 1_000_000.0, "1,000,000", "1,000,000"),
        ("budget_cny", None, "–", "–"),
        ("admit", [], "–", "–"),
        ("kinds", ["ebike_shed"], "电动自行车充电棚", "E-bike charging shed"),
        ("sharing", "everyone", "步行可达者均可使用", "everyone within the walk"),
        ("vehicle", "ev", "电动汽车", "electric cars"),
        ("vehicles_per_port", {"ebike_shed": 2.4}, "电动自行车充电棚: 2.4", "E-bike charging shed: 2.4"),
        ("solver", "highs", "highs", "highs"),
    ],
)
def test_a_parameter_is_said_in_words(run, key, value, zh, en):
    words = Words.of(run)

    assert words.parameter(key, value, "zh") == zh
    assert words.parameter(key, value, "en") == en


def test_the_report_lists_parameters_in_both_languages(run):
    rows = {key: (zh, en) for key, zh, en in report_data(run)["parameters"]}

    assert rows["sharing"] == ("仅本小区", "own compound only")
    assert rows["budget_cny"] == ("20,000", "20,000")


def weighted(weights, status):
    run = builders.run()
    run.demand.frame["weight"] = weights
    solution = SimpleNamespace(**vars(run.plan.solution) | {"status": status, "gap": 0.0134})
    return replace(run, plan=SimpleNamespace(**vars(run.plan) | {"solution": solution}))


@pytest.mark.parametrize("status", ["PROVEN", "WITHIN"])
def test_where_demands_weigh_differently_the_proof_speaks_of_weights_not_of_vehicles(status):
    level, uneven = weighted([1.0, 1.0, 1.0], status), weighted([1.0, 1.0, 1.5], status)

    assert "vehicles" in report_data(level)["answer"]["en"].partition("demand")[2]
    assert "by the weights of the compounds" in report_data(uneven)["answer"]["en"]
    assert "按小区权重计" in report_data(uneven)["answer"]["zh"]
    assert "按小区权重计" not in report_data(level)["answer"]["zh"]
    for run in (level, uneven):
        data = map_data(run, "en")
        assert data["texts"]["en"][data["summary"]["words"]].format(gap="1.4%") in report_data(run)["answer"]["en"]


def test_whole_numbers_have_no_point():
    assert [format_number(value, 6) for value in (200.0, 2.4, 1e6)] == ["200", "2.4", "1,000,000"]
