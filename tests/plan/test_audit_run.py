"""The audit of runs that the pipeline wrote: clean as written, and tampering named there too."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from plan.audit_builders import edit_csv, edit_json, edit_layer
from shapely.affinity import translate

from siting.pipeline import run_study
from siting.plan.audit import audit_run
from siting.study import make_study

DATASETS = Path(__file__).parents[2] / "datasets"


def study(source: str, layers: dict[str, str], *, kind: str, budget_cny: float, **rules):
    return make_study(
        {
            "source": {"osm": str(DATASETS / source)},
            "layers": [{"role": role, "path": str(DATASETS / name)} for role, name in layers.items()],
            "rules": {"profile": "national", "on": date(2026, 1, 1)} | rules,
            "facility": {"kinds": [kind]},
            "limits": {"budget_cny": budget_cny},
        }
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    tiny = study("tiny.osm", {"transformers": "tiny_transformers.csv"}, kind="ebike_shed", budget_cny=200_000)
    return run_study(tiny, tmp_path_factory.mktemp("tiny") / "run").folder


@pytest.fixture
def folder(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "run"))


def codes(folder):
    return {finding.code for finding in audit_run(folder).findings}


def test_the_tiny_run_is_clean(written):
    report = audit_run(written)

    assert report.findings == ()
    assert len(report.verdicts) > 0
    assert report.checks > 100


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ebike_shed", "ev_surface"])
def test_the_quarter_with_the_planners_layers_is_clean(kind, tmp_path):
    layers = {"compounds": "quarter_compounds.csv", "transformers": "quarter_transformers.csv"}
    quarter = study("quarter.osm.pbf", layers, kind=kind, budget_cny=800_000, profile="shanxi", admit=["UNCERTAIN"])

    assert run_study(quarter, tmp_path / "run").report.findings == ()


def test_a_site_moved_in_the_geopackage_is_named(folder):
    edit_layer(
        folder, "sites", lambda sites: sites.set_geometry([translate(shape, 0.01, 0) for shape in sites.geometry])
    )

    assert "site-moved" in codes(folder)


def test_a_site_moved_everywhere_onto_a_building_is_named(folder):
    # Sites, candidates and their groups alike, so that the files agree with each other and only the ground objects.
    for layer in ("sites", "candidates", "groups"):
        edit_layer(
            folder,
            layer,
            lambda frame: frame.set_geometry([translate(shape, 0, 12) for shape in frame.geometry]),
        )

    assert {"facts-changed", "clearance-differs", "verdict-measured"} <= codes(folder)


def test_inflated_ports_and_a_forged_ledger_are_named(folder):
    edit_layer(folder, "sites", lambda sites: sites.assign(ports=sites["ports"] + 10))
    edit_csv(folder, "verdicts.csv", lambda ledger: ledger.iloc[1:])
    edit_json(folder, lambda run: run.update(spent_cny=run["spent_cny"] - 1000))

    assert {"ports-differs", "verdict-missing", "spent-differs"} <= codes(folder)


def test_walks_and_service_are_checked(folder):
    edit_csv(folder, "links.csv", lambda links: links.assign(walk_m=links["walk_m"].astype(float) - 0.05))
    edit_csv(folder, "links.csv", lambda links: links.assign(served=links["served"].astype(float) + 1))

    assert {"walk-differs", "served-differs"} <= codes(folder)
