"""Charging in garages from a planner's file to an audited run folder, as a planner would run it."""

import json
import shutil
import sqlite3
from contextlib import closing

import geopandas as gpd
import pandas as pd
import pytest

from siting.district.synthetic import dataset_path
from siting.pipeline import run_study
from siting.plan.audit import audit_run
from siting.study import make_study

SAMPLES = dataset_path("README.md").parent / "samples"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    layers = [
        {"role": "compounds", "path": str(dataset_path("quarter_compounds.csv"))},
        {"role": "garage_zones", "path": str(SAMPLES / "garage_zones.geojson")},
        {"role": "entrances", "path": str(SAMPLES / "garage_entrances.csv")},
    ]
    study = make_study(
        {
            "source": {"osm": str(dataset_path("quarter.osm.pbf"))},
            "layers": layers,
            "rules": {"profile": "shanxi", "on": "2026-01-01"},
            "facility": {"kinds": ["ev_garage"]},
            "reach": {"radius_m": 200.0, "sharing": "everyone"},
            "limits": {"budget_cny": 300_000.0},
        }
    )
    return run_study(study, tmp_path_factory.mktemp("garages") / "run")


def layer(finished, name):
    return gpd.read_file(finished.folder / "plan.gpkg", layer=name)


def test_the_plan_puts_piles_into_lawful_garages_and_the_audit_agrees(finished):
    sites = layer(finished, "sites")

    assert finished.report.findings == ()
    assert set(sites["kind"]) == {"ev_garage"}
    assert set(sites["garage_id"]) == {"车库A-1", "车库B-1"}
    assert finished.run.plan.served > 10.0
    assert sites["clearance_m"].isna().all()  # houses stand on the roof


def test_a_level_without_sprinklers_is_refused_by_its_clause_and_an_undrawn_one_is_not_evaluated(finished):
    candidates = layer(finished, "candidates").set_index("candidate_id")
    verdicts = pd.read_csv(finished.folder / "verdicts.csv")
    below = verdicts[verdicts["candidate_id"].map(candidates["garage_id"]) == "车库A-2"]

    broken = below[(below["outcome"] == "FAIL") & (below["force"] == "must")]
    assert set(broken["clause_id"]) == {"national.f04"}
    assert set(broken["feature_id"]) == {"车库A-2"}
    assert set(candidates.loc[candidates["garage_id"] == "车库B-1", "outcome"]) == {"NOT EVALUATED"}


def test_the_files_say_which_garage(finished):
    sites = json.loads((finished.folder / "sites.geojson").read_text(encoding="utf-8"))["features"]
    page = (finished.folder / "map.html").read_text(encoding="utf-8")

    assert {feature["properties"]["garage_id"] for feature in sites} == {"车库A-1", "车库B-1"}
    assert "ev_garage" in page


def test_a_site_moved_to_the_other_level_is_found(finished, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    with closing(sqlite3.connect(folder / "plan.gpkg")) as database, database:
        held = database.execute("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='sites'").fetchall()
        for (name,) in held:  # they need the functions of a spatial database
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE sites SET garage_id='车库A-2' WHERE garage_id='车库A-1'")

    codes = {finding.code for finding in audit_run(folder).findings}
    assert "clause-broken" in codes
