import json

from outputs import run_builders as builders

from siting.outputs.run_json import run_record

KEYS = (
    "status objective bound gap budget_cny spent_cny upgrades demand served sites parameters rules inputs versions"
    " seconds audit"
)


def test_the_keys_of_the_contract_are_there(folder):
    data = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert set(KEYS.split()) <= set(data)
    assert data["rules"]["profile"] == "national"
    assert data["rules"]["on"] == "2025-06-01"
    assert data["inputs"][0]["name"] == "quarter.osm.pbf"
    assert data["audit"]["findings"] == []
    assert data["synthetic"] is True
    assert data["reasons"] == [{"en": "The budget is spent.", "zh": "预算已用完。"}]


def test_the_solver_speaks_for_itself(run):
    run.plan.solution.objective, run.plan.solution.bound = 25.000000001234, 25.1
    try:
        record = run_record(run)
    finally:
        run.plan.solution.objective, run.plan.solution.bound = 25.0, 25.0
    assert (record["status"], record["objective"], record["bound"], record["gap"]) == (
        "PROVEN",
        25.000000001234,
        25.1,
        0.0,
    )


def test_figures_add_up(run):
    record = run_record(run)
    assert (record["demand"], record["served"], record["sites"], record["spent_cny"]) == (60.0, 25.0, 1, 13500.0)
    assert record["candidates"] == {"FAIL": 1, "UNCERTAIN": 0, "NOT EVALUATED": 2, "PASS": 0, "accepted": 2}
    assert record["parameters"]["position_error_m"] == 1.0
    assert record["parameters"]["completeness"] == {"building": "mapped"}


def test_before_the_audit_there_is_none():
    assert run_record(builders.run(audited=False))["audit"] is None
