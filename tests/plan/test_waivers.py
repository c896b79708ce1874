"""A waiver frees a named place, is priced by solving again, is marked everywhere, and is all the audit forgives."""

import json
import shutil

import pytest
from plan.audit_builders import edit_json
from signed_study import tiny_study, waiver

from siting.errors import StudyError
from siting.outputs.toml import dump_toml
from siting.pipeline import Stages, price_study, run_study
from siting.plan.audit import audit_run
from siting.plan.price import why_nothing

WAIVER = waiver("w1", "national.b01", "way/102#p01")


@pytest.fixture(scope="module")
def prices():
    return price_study(tiny_study(), Stages(), most=20)


@pytest.fixture(scope="module")
def waived(tmp_path_factory):
    return run_study(tiny_study(waivers=[WAIVER]), tmp_path_factory.mktemp("waived") / "run")


@pytest.fixture
def folder(waived, tmp_path):
    return shutil.copytree(waived.folder, tmp_path / "run")


def codes(folder):
    return {finding.code for finding in audit_run(folder).findings}


def test_the_price_is_what_the_waiver_then_brings(prices, waived):
    base, frame = prices
    best = frame.iloc[0]

    assert (best["clause_id"], best["where"]) == ("national.b01", "way/102#p01")
    assert best["vehicles"] == pytest.approx(waived.run.plan.served - base.served)
    assert best["households"] == pytest.approx(waived.run.plan.households_served - base.households_served)
    assert best["sites"] == len({row["site_id"] for row in written(waived)["waived"]})
    assert (frame["at_most"] >= frame["vehicles"]).all()
    assert (frame["vehicles"] >= 0).all()
    assert set(frame["status"]) == {"PROVEN"}


def test_where_no_waiver_brings_anything_it_is_said_what_limits_the_plan(prices):
    base, frame = prices
    assert why_nothing(base, frame) == ()
    useless = frame[frame["vehicles"] < 1e-6]
    law, limit = why_nothing(base, useless)
    assert "serves no more than lawful ground does" in law.en
    assert limit == base.reasons[0]
    open_bound = useless.assign(at_most=7.4)
    assert "one might bring up to 7" in why_nothing(base, open_bound)[0].en
    assert why_nothing(base, frame.iloc[:0]) == ()


def test_a_waiver_may_be_asked_for_one_candidate_or_a_whole_compound(prices):
    by_place = prices[1].iloc[0]
    base, by_candidate = price_study(tiny_study(), Stages(), most=3, per="candidate")
    _, by_compound = price_study(tiny_study(), Stages(), most=3, per="compound")

    assert (by_candidate["freed"] == 1).all()
    assert by_candidate["where"].isin(base.framing.links.verdicts.candidates.frame.index).all()
    assert by_candidate["vehicles"].max() <= by_place["vehicles"] + 1e-6  # more freedom never brings less
    assert set(by_compound["where"]) <= {"way/101", "way/102"}
    assert by_compound["vehicles"].max() >= by_place["vehicles"] - 1e-6


@pytest.mark.parametrize("name", ["candidate", "compound"])
def test_a_waiver_at_one_candidate_or_compound_is_planned_and_audited(name, prices, tmp_path):
    base, _ = prices
    frame = base.framing.links.verdicts.candidates.frame
    where = "way/102" if name == "compound" else price_study(tiny_study(), Stages(), most=1, per=name)[1]["where"][0]
    finished = run_study(tiny_study(waivers=[waiver("w1", "national.b01", where)]), tmp_path / "run")
    used = {row["site_id"] for row in written(finished)["waived"]}

    assert finished.report.findings == ()
    assert used <= ({where} if name == "candidate" else set(frame.index[frame["compound_id"] == where]))
    assert used


def test_a_granted_waiver_is_priced_by_solving_without_it(prices, waived):
    base, _ = prices
    with_it, frame = price_study(tiny_study(waivers=[WAIVER]), Stages(), most=1)
    (row,) = frame[frame["granted"]].to_dict("records")

    assert (row["clause_id"], row["where"]) == ("national.b01", "way/102#p01")
    assert with_it.served == pytest.approx(waived.run.plan.served)
    assert row["vehicles"] == pytest.approx(with_it.served - base.served)
    assert row["at_most"] >= row["vehicles"]


def written(finished):
    return json.loads((finished.folder / "run.json").read_text("utf-8"))


def test_the_ledger_keeps_the_breach_and_every_file_names_the_waiver(waived):
    run = written(waived)
    verdicts = waived.run.verdicts.frame

    assert waived.report.findings == ()
    assert [item["id"] for item in run["waivers"]] == ["w1"]
    for row in run["waived"]:
        here = verdicts[verdicts["candidate_id"].eq(row["site_id"]) & verdicts["clause_id"].eq(row["clause_id"])]
        assert set(here["outcome"]) <= {"FAIL", "UNCERTAIN"}
    sites = json.loads((waived.folder / "sites.geojson").read_text("utf-8"))["features"]
    assert {item["id"] for item in sites if item["properties"]["waivers"] == "w1"} == {
        row["site_id"] for row in run["waived"]
    }
    assert "fire brigade" in (waived.folder / "report.html").read_text("utf-8")


def test_without_the_waiver_in_the_study_the_breach_is_a_finding(folder):
    import tomllib

    study = tomllib.loads((folder / "study.toml").read_text("utf-8"))
    (folder / "study.toml").write_text(dump_toml(study | {"waivers": []}), "utf-8")

    assert {"waiver-differs", "outcome-differs"} <= codes(folder)
    assert {"clause-broken", "clause-uncertain"} & codes(folder)


def test_a_waiver_kept_quiet_or_made_up_is_a_finding(folder):
    edit_json(folder, lambda run: run["waived"].pop())
    edit_json(folder, lambda run: run["waived"].append({"site_id": "x", "clause_id": "y", "waiver_id": "w9"}))

    assert {"waiver-unlisted", "waiver-unfounded"} <= codes(folder)


@pytest.mark.parametrize(
    ("clause", "where", "words"),
    [
        ("national.b1", "way/102", "'national.b1' is no must clause of this study; did you mean 'national.b01'"),
        ("national.b01", "way/999x", "'way/999x' is no candidate, place or compound"),
        ("national.c03", "way/102", "'national.c03' is no must clause"),
    ],
)
def test_a_waiver_of_nothing_is_refused(clause, where, words, tmp_path):
    with pytest.raises(StudyError, match=words.replace("?", r"\?")):
        run_study(tiny_study(waivers=[waiver("w1", clause, where)]), tmp_path / "run")
