"""The card of a candidate, as `siting why` prints it, on the tiny run."""

import json

import pytest
from signed_study import attestation, tiny_study

from siting.errors import UsageError
from siting.outputs.card import read_card
from siting.outputs.card_words import card_lines
from siting.pipeline import run_study

HOMES = [f"way/{number}" for number in range(103, 109)]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    signed = [attestation(f"wall-{home}", home, "fire_wall", "whole") for home in HOMES]
    return run_study(tiny_study(attestations=signed), tmp_path_factory.mktemp("card") / "run")


def test_a_refused_candidate_says_clause_miss_and_move(written):
    verdicts = written.run.verdicts
    name = str(written.run.moves.index[0])
    card = read_card(written.folder, name)

    assert card["state"] == "refused"
    assert len(card["clauses"]) == int(verdicts.frame["candidate_id"].eq(name).sum())
    assert card["nearest_miss"]["outcome"] in ("FAIL", "UNCERTAIN")
    assert card["smallest_move"]["reason"] == written.run.moves.loc[name, "reason"]
    assert card["reach"]["measured"] == "straight"
    assert {"source", "confidence", "margin", "object", "required"} <= set(card["clauses"][0])


def test_a_chosen_site_says_whom_it_serves_what_it_leans_on_and_what_its_loss_means(written):
    name = str(written.run.plan.sites.index[0])
    card = read_card(written.folder, name)

    assert card["state"] == "chosen"
    assert card["why"]["served"] == pytest.approx(written.run.plan.sites.loc[name, "served"])
    assert 0 <= card["why"]["loss_at_most"] <= card["why"]["served"]
    assert card["exemptions"][0]["row"] == "B04"


def test_a_lawful_candidate_that_was_not_chosen_says_why(written):
    run = written.run
    spare = next(name for name in run.verdicts.accepted if name not in run.plan.sites.index)

    assert read_card(written.folder, spare)["why"]["reason"] in ("touches", "nobody", "served", "money", "order")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_card_can_be_said_in_both_languages_and_as_json(written, lang):
    for name in list(written.run.candidates.frame.index)[::9]:
        card = read_card(written.folder, name)
        assert len(list(card_lines(card, lang))) > 2 * len(card["clauses"])
        json.dumps(card, allow_nan=False)


def test_an_unknown_candidate_is_refused_with_the_nearest_id(written):
    with pytest.raises(UsageError, match="did you mean"):
        read_card(written.folder, "way/101#s0")


def test_the_map_and_the_ledger_hold_the_moves(written):
    page = (written.folder / "map.html").read_text("utf-8")
    rows = (written.folder / "moves.csv").read_text("utf-8").splitlines()

    assert "none within 20 m" in page
    assert len(rows) == 1 + len(written.run.candidates.frame) - len(written.run.verdicts.accepted)


def test_a_clause_that_passes_without_a_figure_lacks_no_fact(written):
    frame = written.run.verdicts.frame
    free = frame[frame["outcome"].eq("PASS") & frame["measured"].isna() & frame["required"].isna()]
    card = read_card(written.folder, str(free["candidate_id"].iloc[0]))
    lines = list(card_lines(card, "en"))
    said = [lines[number + 1].strip() for number, line in enumerate(lines) if line.startswith("+ PASS")]

    assert "nothing here that it speaks of" in said
    assert "fact missing" not in said
