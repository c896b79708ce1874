"""Years, scenarios and re-plans end to end on the tiny district, and an audit that notices what is changed in them."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from siting.district.synthetic import dataset_path
from siting.errors import StudyError
from siting.pipeline import Stages, choose_plan, frame_study, run_study
from siting.plan.audit import audit_run
from siting.plan.nested import parse_rising
from siting.study import make_study

YEARS = {"first_year": 2026, "budgets_cny": [30_000.0, 30_000.0], "prices": [1.0, 1.1], "reserve_cny": 25_000.0}


def study_of(folder=None, **sections):
    data = {
        "source": {"osm": str(dataset_path("tiny.osm"))},
        "rules": {"profile": "national", "on": "2026-01-01"},
        "facility": {"kinds": ["ebike_open"]},
        "limits": {"budget_cny": 60_000.0},
    }
    return make_study(data | sections)


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    return run_study(study_of(programme=YEARS), tmp_path_factory.mktemp("years") / "run")


def test_every_year_keeps_to_its_money_and_nothing_is_torn_down(years):
    rows = years.run.plan.programme.years.to_dict("records")

    assert [row["year"] for row in rows] == [2026, 2027, 0]
    assert [row["tier"] for row in rows] == ["implement", "plan", "reserve"]
    assert all(row["spent_cny"] <= row["available_cny"] + 1e-6 for row in rows)
    assert rows[0]["modules"] <= rows[1]["modules"] <= rows[2]["modules"]
    assert rows[0]["served"] <= rows[1]["served"] <= rows[2]["served"]
    assert years.run.plan.spent_cny == pytest.approx(rows[0]["spent_cny"] + rows[1]["spent_cny"])


def test_sites_carry_year_and_tier_and_the_audit_agrees(years):
    sites = json.loads((years.folder / "sites.geojson").read_text("utf-8"))["features"]
    actions = rows_of(years.folder / "programme.csv")

    assert years.report.findings == ()
    assert {site["properties"]["tier"] for site in sites} <= {"implement", "plan", "reserve"}
    first = {}
    for row in actions:
        first.setdefault(row["object_id"], int(row["year"]))
    assert {site["id"]: site["properties"]["year"] for site in sites} == first
    report = (years.folder / "report.html").read_text("utf-8")
    assert "Year by year" in report
    assert "分年度安排" in report


def test_the_audit_notices_a_year_that_was_changed(years):
    run = years.folder / "run.json"
    actions = years.folder / "programme.csv"
    untouched, text = run.read_text("utf-8"), actions.read_text("utf-8")
    changed = json.loads(untouched)
    changed["programme"]["years"][0]["spent_cny"] += 1_000.0
    changed["programme"]["years"][1]["served"] += 5.0
    run.write_text(json.dumps(changed), "utf-8")
    lines = text.splitlines()
    lines[1] = lines[1].replace("2026,implement", "2027,implement")
    actions.write_text("\n".join([*lines, ""]), "utf-8")
    try:
        codes = {finding.code for finding in audit_run(years.folder).findings}
    finally:
        run.write_text(untouched, "utf-8")
        actions.write_text(text, "utf-8")

    assert {"year-spent-differs", "year-served-differs", "year-differs"} <= codes


def test_planned_again_what_is_built_stays_and_is_paid_for(years, tmp_path):
    later = {"first_year": 2027, "budgets_cny": [30_000.0]}
    rules = {"profile": "national", "on": "2027-01-01"}
    again = {"run": str(years.folder), "least_gain": 5.0}

    finished = run_study(
        study_of(programme=later, replan=again, rules=rules, limits={"budget_cny": 30_000.0}), tmp_path / "run"
    )

    plan = finished.run.plan
    assert finished.report.findings == ()
    built = {
        site
        for site, year in zip(years.run.plan.sites.index, years.run.plan.sites["year"], strict=True)
        if year == 2026
    }
    assert built <= set(plan.sites.index)
    assert set(plan.sites.loc[sorted(built), "year"]) == {2026}
    assert plan.spent_cny <= 30_000.0 + 1e-6
    changes = plan.replanned.changes
    assert set(changes.loc[changes["change"] == "built", "site"]) == built
    assert changes["reason_zh"].str.len().gt(3).all()
    by = {name: value for name, value, _ in plan.replanned.prices}
    assert by["free"] >= by["asked"] - 1e-6
    assert (finished.folder / "changes.csv").is_file()


def test_what_is_no_longer_lawful_is_named_with_the_clause(years, tmp_path):
    # Fuzhou asks for 3 m from outer walls outdoors; the old sites stand 1-2 m away
    later = {"first_year": 2027, "budgets_cny": [60_000.0]}
    rules = {"profile": "fuzhou", "on": "2027-01-01"}

    finished = run_study(study_of(programme=later, replan={"run": str(years.folder)}, rules=rules), tmp_path / "run")

    changes = finished.run.plan.replanned.changes
    lost = changes[changes["change"].isin(["unlawful", "moved", "dropped"])]
    assert finished.report.findings == ()
    assert len(lost)
    assert set(lost["clause_id"]) == {"fuzhou.c04"}
    assert all(f"{row.clause_id} refuses it today" in row.reason_en for row in lost.itertuples())
    assert lost["reason_zh"].str.contains("否决").all()


def test_scenarios_share_one_choice_of_sites(tmp_path):
    outlook = {"goal": "worst", "scenarios": [{"name": "half", "factor": 0.5}, {"name": "more", "factor": 1.5}]}

    finished = run_study(study_of(uncertainty=outlook), tmp_path / "run")

    table = finished.run.plan.uncertain
    assert finished.report.findings == ()
    assert list(table.rows["scenario"])[1:] == ["half", "more"]
    assert table.value >= table.value_nominal - 1e-9
    assert (table.rows["served"] <= table.rows["demand"] + 1e-6).all()
    links = finished.folder / "scenario_links.csv"
    links.write_text(links.read_text("utf-8").replace("half,", "more,"), "utf-8")
    assert {"scenario-beyond", "scenario-differs", "id-repeated"} & {
        item.code for item in audit_run(finished.folder).findings
    }


def test_standing_sites_are_kept_over_years_and_weighed_over_scenarios():
    scenarios = {"scenarios": [{"name": "more", "factor": 1.4}]}
    framing = frame_study(study_of(), Stages())
    standing = (np.arange(len(framing.candidate_ids)) == 3).astype(np.int64)
    framing = replace(framing, problem=framing.problem.with_existing(standing, np.full(len(standing), 0.0)))

    years = choose_plan(framing, study_of(programme=YEARS))
    robust = choose_plan(framing, study_of(uncertainty=scenarios))

    name = framing.candidate_ids[3]
    assert years.sites.loc[name, "year"] == 2025
    assert years.programme.actions.iloc[0].tolist() == [2025, "implement", "standing", name, 1, 0.0, 0.0]
    assert years.spent_cny == pytest.approx(years.programme.actions.query("year > 0")["cost_cny"].sum())
    assert robust.spent_cny <= 60_000.0


def test_wrong_years_are_refused():
    with pytest.raises(StudyError, match=r"limits.budget_cny is 60,000.00, but programme.budgets_cny are 50,000.00"):
        study_of(programme=YEARS | {"budgets_cny": [20_000.0, 30_000.0]})
    with pytest.raises(StudyError, match="prices has 2 figures for 1 years"):
        study_of(programme=YEARS | {"budgets_cny": [60_000.0]})
    with pytest.raises(StudyError, match="tiers go back from plan to implement"):
        study_of(programme=YEARS | {"tiers": ["plan", "implement"]})


def test_rising_budgets_are_read():
    assert parse_rising("1000,2000") == (1000.0, 2000.0)
    for text in ("2000,1000", "x", "", "1000,1000"):
        with pytest.raises(Exception, match="not rising budgets"):
            parse_rising(text)
