"""What a plan over scenarios says of itself."""

import pandas as pd
import pytest

from siting.plan.scenarios import sentences_of
from siting.plan.scenarios_record import Outlook, Uncertain

COLUMNS = ["scenario", "weight", "demand", "served", "served_nominal", "weighted", "weighted_nominal"]
ESTIMATE = ["estimate", 0.5, 100.0, 40.0, 50.0, 40.0, 50.0]
GROWTH = ["growth", 0.5, 200.0, 55.0, 50.0, 55.0, 50.0]


def said(goal, *rows):
    table = pd.DataFrame(list(rows), columns=COLUMNS)
    outlook = Outlook(goal=goal, scenarios=())
    (sentence,) = sentences_of(
        Uncertain(outlook=outlook, rows=table, links=pd.DataFrame(), value=0.0, value_nominal=0.0, sites_nominal=())
    )
    return sentence


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ("worst_share", "in the scenario 'growth', served least, it serves 5 vehicles more."),
        ("worst", "in the scenario 'estimate', served least, it serves 10 vehicles fewer."),
    ],
)
def test_the_worst_scenario_is_the_one_the_goal_means(goal, words):
    sentence = said(goal, ESTIMATE, GROWTH)

    assert "this plan serves 10 vehicles fewer than the plan for the estimate alone" in sentence.en
    assert sentence.en.endswith(words)


def test_no_difference_is_said_in_words():
    sentence = said("worst", ["estimate", 1.0, 100.0, 40.0, 40.0, 40.0, 40.0])

    assert "this plan serves as many vehicles as the plan for the estimate alone" in sentence.en
    assert "服务车辆相同" in sentence.zh
