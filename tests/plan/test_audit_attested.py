"""Signed fire walls free places on the tiny district; the audit follows the signatures and nothing else."""

import json
import shutil
import tomllib

import pytest
from plan.audit_builders import edit_csv, edit_json
from signed_study import attestation, tiny_study

from siting.outputs.toml import dump_toml
from siting.pipeline import run_study
from siting.plan.audit import audit_run

HOMES = [f"way/{number}" for number in range(103, 109)]


@pytest.fixture(scope="module")
def walled(tmp_path_factory):
    signed = [attestation(f"wall-{home}", home, "fire_wall", "whole") for home in HOMES]
    return run_study(tiny_study(attestations=signed), tmp_path_factory.mktemp("walled") / "run")


@pytest.fixture
def folder(walled, tmp_path):
    return shutil.copytree(walled.folder, tmp_path / "run")


def codes(folder):
    return {finding.code for finding in audit_run(folder).findings}


def edit_study(folder, change):
    study = tomllib.loads((folder / "study.toml").read_text("utf-8"))
    change(study)
    (folder / "study.toml").write_text(dump_toml(study), "utf-8")


def test_signed_fire_walls_serve_more_and_pass_the_audit(walled, tmp_path):
    bare = run_study(tiny_study(), tmp_path / "bare")

    assert walled.run.plan.served > bare.run.plan.served
    assert walled.report.findings == bare.report.findings == ()


def test_every_exemption_is_written_with_its_statement(walled):
    run = json.loads((walled.folder / "run.json").read_text("utf-8"))

    assert [item["id"] for item in run["attestations"]] == [f"wall-{home}" for home in HOMES]
    assert {item["who"] for item in run["attestations"]} == {"Li Ming, fire engineer"}
    assert run["exemptions"]
    for row in run["exemptions"]:
        assert row["attestations"] == [f"wall-{row['feature_id']}"]
        assert (row["row"], row["granted_m"]) == ("B04", 0.0)
        assert row["distance_m"] < row["full_m"] + 1.0


def test_report_says_who_signed(walled):
    page = (walled.folder / "report.html").read_text("utf-8")

    assert "Li Ming, fire engineer" in page
    assert "survey 2026-7" in page


def test_a_statement_taken_out_of_the_study_leaves_its_sites_unlawful(folder):
    edit_study(folder, lambda study: study.update(attestations=[]))

    assert {"clause-broken", "attestation-differs", "exemption-unattested", "verdict-required"} <= codes(folder)


def test_an_exemption_that_nobody_signed_for_is_named(folder):
    extra = {"site_id": "x", "clause_id": "national.b01", "feature_id": "way/1", "attestations": ["wall-of-mine"]}
    edit_json(folder, lambda run: run["exemptions"].append(extra))

    assert "exemption-unattested" in codes(folder)


def test_an_exemption_that_is_kept_quiet_is_named(folder):
    edit_json(folder, lambda run: run["exemptions"].pop())

    assert "exemption-unlisted" in codes(folder)


def test_a_statement_that_was_altered_is_named(folder):
    edit_json(folder, lambda run: run["attestations"][0].update(who="somebody else"))

    assert codes(folder) == {"attestation-differs"}


def test_a_statement_without_a_document_is_refused(folder):
    from siting.errors import DataError

    edit_study(folder, lambda study: study["attestations"][0].update(document=" "))

    with pytest.raises(DataError, match="does not say document"):
        audit_run(folder)


def test_a_move_that_does_not_help_is_named(folder):
    edit_csv(folder, "moves.csv", lambda moves: moves.assign(dx_m="0.0", dy_m="0.0", reason="moved"))

    assert "move-unlawful" in codes(folder)
