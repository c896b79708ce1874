"""Cables in trenches that a renovation digs, from the planner's file to an audited run folder."""

import shutil

import geopandas as gpd
import pytest
from plan.audit_builders import edit_layer

from siting.district.synthetic import dataset_path
from siting.pipeline import run_study
from siting.plan.audit import audit_run
from siting.study import make_study

SAMPLES = dataset_path("README.md").parent / "samples"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    layers = {
        "compounds": dataset_path("quarter_compounds.csv"),
        "transformers": dataset_path("quarter_transformers.csv"),
        "trenches": SAMPLES / "trenches.geojson",
    }
    study = make_study(
        {
            "source": {"osm": str(dataset_path("quarter.osm.pbf"))},
            "layers": [{"role": role, "path": str(path)} for role, path in layers.items()],
            "rules": {"profile": "shanxi", "on": "2026-01-01"},
            "facility": {"kinds": ["ebike_open"], "max_per_compound": 12},
            "limits": {"budget_cny": 400_000.0},
            "solver": {"gap": 0.05},
        }
    )
    return run_study(study, tmp_path_factory.mktemp("trenches") / "run")


def test_cables_by_the_trench_are_cheaper_and_the_audit_agrees(finished):
    frame = finished.run.candidates.frame
    dug = frame[frame["trench_m"] > 0]

    assert finished.report.findings == ()
    assert set(dug["compound_id"]) == {"way/103", "way/110"}  # where the line and the strip lie
    assert (dug["cable_m"] - dug["trench_m"] >= 0).all()
    kind = finished.run.candidates.catalogue.kind("ebike_open")
    straight = dug["cable_straight_m"] * kind.cable_cost_cny_per_m
    laid = (dug["cable_m"] - dug["trench_m"]) * kind.cable_cost_cny_per_m
    assert (laid + dug["trench_m"] * kind.trench_cable_cost_cny_per_m < straight).any()
    assert gpd.read_file(finished.folder / "plan.gpkg", layer="trenches")["trench_id"].tolist() == ["管沟1", "管沟2"]
    assert any("share a renovation trench" in text for text in finished.run.plan.framing.power.assumptions)


def test_a_trench_moved_behind_the_plans_back_is_found(finished, tmp_path):
    sites = finished.run.plan.sites.index
    trench_m = finished.run.candidates.frame.loc[sites, "trench_m"]
    if not (trench_m > 0).any():
        pytest.skip("no chosen site lies by a trench")
    folder = shutil.copytree(finished.folder, tmp_path / "run")
    edit_layer(folder, "trenches", lambda frame: frame.set_geometry(frame.geometry.translate(500.0, 0.0)))
    assert "cable-differs" in {finding.code for finding in audit_run(folder).findings}
