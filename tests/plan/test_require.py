"""Practice treated as a must: it refuses, every output says so, and the audit holds the plan to it."""

import json
import shutil

import pytest
from plan.audit_builders import edit_json
from signed_study import tiny_study

from siting.pipeline import run_study
from siting.plan.audit import audit_run


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    law = {"profile": "shanxi", "on": "2026-01-01", "require": ["practice"]}
    return run_study(tiny_study(rules=law), tmp_path_factory.mktemp("strict") / "run")


def test_it_refuses_and_every_output_says_so(strict):
    run = json.loads((strict.folder / "run.json").read_text("utf-8"))
    raised = {item["clause_id"] for item in run["rules"]["raised"]}
    ledger = strict.run.verdicts.frame
    practice = ledger[ledger["clause_id"].isin(raised)]

    assert {"shanxi.practice-exit", "shanxi.practice-wall", "national.a12-ebike"} <= raised
    assert set(practice["force"]) == {"must"}
    assert set(practice.loc[practice["candidate_id"].isin(strict.run.plan.sites.index), "outcome"]) <= {
        "PASS",
        "NOT EVALUATED",
    }
    for name in ("report.html", "map.html"):
        assert "shanxi.practice-exit (practice)" in (strict.folder / name).read_text("utf-8")
    assert "shanxi.practice-exit (practice)" in "".join(strict.summary()["reasons"])
    assert strict.report.findings == ()


def test_a_wish_kept_quiet_is_a_finding(strict, tmp_path):
    folder = shutil.copytree(strict.folder, tmp_path / "run")
    edit_json(folder, lambda run: run["rules"].update(raised=[]))

    assert {finding.code for finding in audit_run(folder).findings} == {"rulebook-differs"}
