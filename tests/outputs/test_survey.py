"""What to survey first: by what the plan hangs on, and by what would be freed."""

import pytest
from signed_study import tiny_study

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
