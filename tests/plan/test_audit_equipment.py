"""Signed equipment on the tiny district by Anhui's guide: granted, logged in every output, and held by the audit."""

import json
import shutil

import pytest
from plan.audit_builders import edit_json
from signed_study import attestation, tiny_study

from siting.errors import StudyError
from siting.outputs.card import read_card
from siting.outputs.card_words import card_lines
from siting.pipeline import run_study
from siting.plan.audit import audit_run

LAW = {"profile": "anhui", "on": "2026-01-01"}


@pytest.fixture(scope="module")
def roofed(tmp_path_factory):
    signed = [attestation("roof", "ebike_shed", "open_roof", value=True)]
    return run_study(tiny_study(rules=LAW, attestations=signed), tmp_path_factory.mktemp("roofed") / "run")


def test_a_signed_roof_passes_is_listed_and_audited(roofed):
    run = json.loads((roofed.folder / "run.json").read_text("utf-8"))
    ledger = roofed.run.verdicts.frame

    assert set(ledger.loc[ledger["clause_id"].eq("anhui.c14"), "outcome"]) == {"PASS"}
    assert {(row["clause_id"], row["feature_id"], row["unit"]) for row in run["exemptions"]} == {
        ("anhui.c14", "open_roof", "systems")
    }
    assert {row["site_id"] for row in run["exemptions"]} == set(roofed.run.plan.sites.index)
    assert roofed.report.findings == ()
    card = "\n".join(card_lines(read_card(roofed.folder, run["exemptions"][0]["site_id"]), "en"))
    assert "Signed by roof: a roof that is not enclosed (anhui.c14, C14)" in card


def test_what_is_granted_quietly_or_without_a_statement_is_named(roofed, tmp_path):
    folder = shutil.copytree(roofed.folder, tmp_path / "run")
    edit_json(folder, lambda run: run["exemptions"][0].update(feature_id="cctv"))

    assert {finding.code for finding in audit_run(folder).findings} == {"exemption-unlisted", "exemption-unattested"}


def test_a_statement_on_a_place_that_is_not_there_is_refused(tmp_path):
    signed = [attestation("roof", "way/102#p77", "open_roof", value=True)]

    with pytest.raises(StudyError, match="roof: 'way/102#p77' is no candidate, place, compound or kind"):
        run_study(tiny_study(rules=LAW, attestations=signed), tmp_path / "run")
