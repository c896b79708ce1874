"""What to survey first: by what the plan hangs on, and by what would be freed."""

import pytest
from signed_study import tiny_study

from siting.outputs.ledger_open import survey_text
from siting.outputs.survey import SURVEY_COLUMNS, survey_facts
from siting.pipeline import run_study


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return run_study(tiny_study(), tmp_path_factory.mktemp("survey") / "run")


@pytest.fixture(scope="module")
def facts(written):
    return survey_facts(written.run)


def test_musts_come_first_then_what_hangs_on_them(facts):
    binding = facts[facts["force"].eq("must")]

    assert list(facts.columns) == list(SURVEY_COLUMNS)
    assert list(facts.index[: len(binding)]) == list(binding.index)
    assert (binding["households"] + binding["freed_households"]).is_monotonic_decreasing


def test_a_class_nobody_surveyed_hangs_on_every_site_it_is_open_at(written, facts):
    rows = facts[facts["fact"].eq("class") & facts["force"].eq("must")]
    ledger = written.run.verdicts.frame
    sites = written.run.plan.sites

    for row in rows.itertuples():
        asked = ledger[ledger["clause_id"].isin(row.clause_ids.split(";")) & ledger["outcome"].eq("NOT EVALUATED")]
        here = sites.index.intersection(asked["candidate_id"])
        assert (row.sites, row.candidates) == (len(here), asked["candidate_id"].nunique())
        assert row.households == pytest.approx(sites.loc[here, "households_served"].sum(), abs=0.1)


def test_an_object_frees_only_what_it_refuses_alone(written, facts):
    ledger, accepted = written.run.verdicts.frame, set(written.run.verdicts.accepted)
    musts = ledger[ledger["force"].eq("must") & ledger["outcome"].isin(["FAIL", "UNCERTAIN"])]
    by_candidate = musts[~musts["candidate_id"].isin(accepted)].groupby("candidate_id")
    alone = {
        name: rows["feature_id"].iloc[0]
        for name, rows in by_candidate
        if rows["feature_id"].nunique() == 1 and rows["outcome"].eq("UNCERTAIN").all()
    }
    objects = facts[facts["fact"].eq("object")]

    assert len(alone)
    assert {row.subject: row.freed_candidates for row in objects.itertuples() if row.freed_candidates} == {
        name: list(alone.values()).count(name) for name in alone.values()
    }


def test_the_files_carry_the_list(written, facts):
    import json

    run = json.loads((written.folder / "run.json").read_text("utf-8"))
    rows = (written.folder / "survey.csv").read_text("utf-8").splitlines()

    assert len(rows) == 1 + len(facts)
    assert run["survey"][0]["subject"] == facts["subject"].iloc[0]


@pytest.mark.parametrize("subject", ["hydrant", "hazard", "climbing_strip", "lane_strip"])
def test_each_language_says_a_class_in_its_own_words(subject):
    chinese, english = survey_text("class", "all", subject, "")

    assert subject not in chinese
    assert chinese.startswith("全面调查:")
    assert "List" not in chinese
    assert english.startswith("List every one: ")
    assert english.isascii()


def test_an_object_with_a_name_keeps_its_id():
    assert survey_text("object", "nature", "way/7", "7号楼") == (
        "查明耐火等级、高度、用途:7号楼 (way/7)",
        "Find out class, height and use: 7号楼 (way/7)",
    )


def test_a_road_is_asked_for_its_width_and_a_building_for_its_class(written, facts):
    roads = written.run.district.roads.index
    far = facts[facts["fact"].eq("object") & facts["ask"].ne("place")]

    assert set(far.loc[far["subject"].isin(roads), "ask"]) <= {"lane"}
    assert set(far.loc[~far["subject"].isin(roads), "ask"]) <= {"nature"}
