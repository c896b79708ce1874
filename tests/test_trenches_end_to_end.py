"""Cables in trenches that a renovation digs, from the planner's file to an audited run folder."""

import shutil

import geopandas as gpd
import pytest
from plan.audit_builders import edit_layer

from siting.district.synthetic import dataset_path
from siting.pipeline import Stages, frame_study, run_study
from siting.plan.audit import audit_run
from siting.study import make_study

SAMPLES = dataset_path("README.md").parent / "samples"


def study_of(**limits):
    layers = {
        "compounds": dataset_path("quarter_compounds.csv"),
        "transformers": dataset_path("quarter_transformers.csv"),
        "trenches": SAMPLES / "trenches.geojson",
    }
    return make_study(
        {
            "source": {"osm": str(dataset_path("quarter.osm.pbf")), "bbox_deg": [111.0, 35.026, 111.004, 35.0294]},
            "layers": [{"role": role, "path": str(path)} for role, path in layers.items()],
            "rules": {"profile": "shanxi", "on": "2026-01-01"},
            "facility": {"kinds": ["ebike_open"], "max_per_compound": 30},
            "limits": {"budget_cny": 400_000.0} | limits,
            "solver": {"gap": 0.05},
        }
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a run that must build a place whose cable lies in the trench."""
    framing = frame_study(study_of(), Stages())
    dug = framing.links.verdicts.candidates.frame.loc[list(framing.candidate_ids), "trench_m"]
    study = study_of(locked_in=[str(dug.idxmax())])
    return run_study(study, tmp_path_factory.mktemp("trenches") / "run")


def test_cables_by_the_trench_are_cheaper_and_the_audit_agrees(finished):
    frame = finished.run.candidates.frame
    dug = frame[frame["trench_m"] > 0]

    assert finished.report.findings == ()
    assert set(dug["compound_id"]) == {"way/103"}
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
    assert (trench_m > 0).any()
    folder = shutil.copytree(finished.folder, tmp_path / "run")
    edit_layer(folder, "trenches", lambda frame: frame.set_geometry(frame.geometry.translate(500.0, 0.0)))
    assert "cable-differs" in {finding.code for finding in audit_run(folder).findings}
