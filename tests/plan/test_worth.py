"""The worth of sites in a plan's words, and in the files of a run that asked for it."""

import json

import pandas as pd
import pytest
from framing_builders import framed
from signed_study import attestation, tiny_study

from siting.errors import DataError
from siting.framing import Limits
from siting.model.solver import SolverOptions, solve
from siting.outputs.card import read_card
from siting.outputs.card_words import card_lines
from siting.pipeline import run_study
from siting.plan.plan import make_plan
from siting.plan.worth import WORTH_COLUMNS, worth_table

EXACT = SolverOptions(gap=0.0)
HOMES = [f"way/{number}" for number in range(103, 109)]


def test_the_loss_and_the_runner_up_by_hand():
    # 3,000 CNY: s2 with two modules serves 48 vehicles, 30 of weight 2: 78. Without it 2,000 CNY build s1 (20
    # vehicles) or s3 (24 of weight 2 with one module, 30 with two for 3,000 CNY): s3 with two, 60.
    framing = framed(Limits(3000.0))
    offered = framing.links.verdicts.candidates.frame
    offered["place_id"] = offered.index  # a place each
    plan = make_plan(framing, solve(framing.problem, EXACT))

    table = worth_table(plan, EXACT)

    assert tuple(table.columns) == WORTH_COLUMNS
    (row,) = table.to_dict("records")
    assert (row["site_id"], row["runner_up"], row["instead"]) == ("s2", "s3", "s3 (2)")
    assert row["loss_at_least"] == pytest.approx(78 - 60)
    assert row["loss_at_most"] == pytest.approx(78 - 60)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    signed = [attestation(f"wall-{home}", home, "fire_wall", "whole") for home in HOMES]
    study = tiny_study(attestations=signed)
    study = study.model_copy(update={"output": study.output.model_copy(update={"worth": True})})
    return run_study(study, tmp_path_factory.mktemp("worth") / "run")


def test_a_run_that_asked_holds_the_table_and_is_clean(asked):
    table = pd.read_csv(asked.folder / "worth.csv")

    assert asked.report.findings == ()
    assert tuple(table.columns) == WORTH_COLUMNS
    assert sorted(table["site_id"]) == sorted(asked.run.plan.sites.index)
    assert (table["loss_at_most"] >= table["loss_at_least"]).all()


@pytest.mark.parametrize(("lang", "said"), [("en", "Solved again without its place"), ("zh", "去掉该用地后重新求解")])
def test_card_and_report_say_it_in_both_languages(asked, lang, said):
    card = read_card(asked.folder, str(asked.run.plan.sites.index[0]))
    page = (asked.folder / "report.html").read_text("utf-8")

    assert any(said in line for line in card_lines(card, lang))
    assert {"en": "What each site is worth", "zh": "每个点位的价值"}[lang] in page
    json.dumps(card, allow_nan=False)


def test_a_spoilt_table_is_one_clear_line(asked, tmp_path):
    path = asked.folder / "worth.csv"
    kept = path.read_bytes()
    path.write_text("nothing\n")
    try:
        with pytest.raises(DataError, match=r"worth\.csv: cannot be read"):
            read_card(asked.folder, str(asked.run.plan.sites.index[0]))
    finally:
        path.write_bytes(kept)
