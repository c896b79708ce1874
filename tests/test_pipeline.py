"""The main job end to end on the embedded districts, as a planner would run it."""

import filecmp
import json
from dataclasses import replace

import pytest

from siting.district.synthetic import dataset_path
from siting.errors import StudyError
from siting.pipeline import Stages, frame_study, plan_framing, raise_findings, run_study
from siting.study import load_study, make_study

FILES = {
    "audit.html",
    "audit.json",
    "candidates.geojson",
    "compounds.geojson",
    "ledger.xlsx",
    "links.csv",
    "map.html",
    "moves.csv",
    "plan.gpkg",
    "report.html",
    "run.json",
    "sites.geojson",
    "study.toml",
    "survey.csv",
    "verdicts.csv",
    "walks.geojson",
    "zones.geojson",
}


def few_candidates(**changes):
    """Return the quarter's study with ten candidates a compound, for what does not need more."""
    data = load_study(dataset_path("quarter.toml")).as_dict()
    return make_study(data | {"facility": data["facility"] | {"max_per_compound": 10}} | changes)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run_study(load_study(dataset_path("quarter.toml")), tmp_path_factory.mktemp("quarter") / "run")


def test_the_run_folder_is_complete_and_clean(finished):
    raise_findings(finished)

    assert {path.name for path in finished.folder.iterdir()} == FILES
    assert finished.report.checks > 100


def test_run_json_repeats_what_the_solver_said(finished):
    run = json.loads((finished.folder / "run.json").read_text(encoding="utf-8"))
    plan = finished.run.plan

    assert run["status"] == str(plan.solution.status)
    assert run["objective"] == pytest.approx(plan.solution.objective, rel=1e-12)
    assert run["bound"] == pytest.approx(plan.solution.bound, rel=1e-12)
    assert run["gap"] == pytest.approx(plan.solution.gap, rel=1e-9, abs=1e-12)
    assert run["served"] == pytest.approx(plan.served, abs=0.01)
    assert run["synthetic"] is True


@pytest.mark.slow
def test_the_same_study_gives_the_same_bytes(finished, tmp_path):
    again = run_study(load_study(dataset_path("quarter.toml")), tmp_path / "run")

    same, different, broken = filecmp.cmpfiles(finished.folder, again.folder, sorted(FILES), shallow=False)
    assert (sorted(same), different, broken) == (sorted(FILES), [], [])


@pytest.mark.slow
def test_the_resolved_study_plans_the_same(finished, tmp_path):
    again = run_study(load_study(finished.folder / "study.toml"), tmp_path / "run")

    assert again.run.plan.sites.drop(columns="geometry").equals(finished.run.plan.sites.drop(columns="geometry"))


def test_a_budget_too_small_for_anything_gives_an_empty_plan_that_says_why(tmp_path):
    study = few_candidates(limits={"budget_cny": 10.0})

    finished = run_study(study, tmp_path / "run")

    assert len(finished.run.plan.sites) == 0
    assert finished.report.findings == ()
    assert any("10" in english for english, _chinese in finished.run.plan.reasons)


def test_timings_are_kept_only_on_request(finished, tmp_path):
    assert json.loads((finished.folder / "run.json").read_text(encoding="utf-8"))["seconds"] == {}
    study = few_candidates(output={"timings": True}, limits={"budget_cny": 10.0})

    timed = run_study(study, tmp_path / "run")

    seconds = json.loads((timed.folder / "run.json").read_text(encoding="utf-8"))["seconds"]
    assert set(seconds) >= {"facts", "options", "verdicts", "reach", "choice", "files", "audit"}


def test_a_larger_budget_never_serves_less():
    study = few_candidates()
    framing = frame_study(study, Stages())
    from siting.plan.sweep import sweep_budgets
    from siting.study_options import solver_options

    rows = sweep_budgets(framing, (0.0, 100_000.0, 300_000.0, 900_000.0), replace(solver_options(study)))

    assert rows["served"].is_monotonic_increasing
    assert (rows["spent_cny"] <= rows["budget_cny"] + 1e-6).all()


def test_cbc_finds_a_plan_as_good_as_highs():
    data = load_study(dataset_path("quarter.toml")).as_dict()
    data["limits"] = {"budget_cny": 60_000.0}
    highs = make_study(data)
    cbc = make_study(data | {"solver": {"name": "cbc"}})
    framing = frame_study(highs, Stages())

    best, second = plan_framing(framing, highs, Stages()), plan_framing(framing, cbc, Stages())

    assert second.solution.objective == pytest.approx(best.solution.objective, rel=2e-3)


def test_everything_on_the_map_keeps_its_outline_beside_what_is_told_of_it(finished):
    page = (finished.folder / "map.html").read_text(encoding="utf-8")
    text = page.split('type="application/json"')[1].partition(">")[2].partition("</script>")[0]
    drawn = json.loads(text)

    outlines = [item["g"] for layer in ("compounds", "buildings", "sites", "candidates") for item in drawn[layer]]

    assert len(drawn["candidates"]) > 100
    assert all(isinstance(outline[0][0], list) for outline in outlines)


def test_what_shows_only_with_the_facts_names_the_study_file(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        f'source.osm = "{dataset_path("tiny.osm")}"\nlimits.budget_cny = 1.0\n'
        '[[limits.floors]]\ncompound = "nobody"\nshare = 0.5\n',
        "utf-8",
    )

    with pytest.raises(StudyError, match=r"study\.toml: limits\.floors: compound 'nobody'"):
        frame_study(load_study(path), Stages())
