"""Charging in garages from a planner's file to an audited run folder, as a planner would run it."""

import json
import shutil
import sqlite3
from contextlib import closing

import geopandas as gpd
import pandas as pd
import pytest

from siting.district.synthetic import dataset_path
from siting.errors import InfeasibleError
from siting.model.solver import SolverOptions, solve
from siting.outputs.card import read_card
from siting.outputs.card_words import card_lines
from siting.pipeline import Stages, frame_study, plan_framing, run_study
from siting.plan.audit import audit_run
from siting.study import make_study

SAMPLES = dataset_path("README.md").parent / "samples"


def study_of(zones, **limits):
    layers = [
        {"role": "compounds", "path": str(dataset_path("quarter_compounds.csv"))},
        {"role": "garage_zones", "path": str(zones)},
        {"role": "entrances", "path": str(SAMPLES / "garage_entrances.csv")},
    ]
    return make_study(
        {
            "source": {"osm": str(dataset_path("quarter.osm.pbf"))},
            "layers": layers,
            "rules": {"profile": "shanxi", "on": "2026-01-01"},
            "facility": {"kinds": ["ev_garage"]},
            "reach": {"radius_m": 200.0, "sharing": "everyone"},
            "limits": {"budget_cny": 300_000.0} | limits,
        }
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run_study(study_of(SAMPLES / "garage_zones.geojson"), tmp_path_factory.mktemp("garages") / "run")


def changed(statement, folder):
    """Change a layer of a run behind its back."""
    table = statement.split()[1]
    with closing(sqlite3.connect(folder / "plan.gpkg")) as database, database:
        asked = f"SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='{table}'"
        for (name,) in database.execute(asked).fetchall():  # they need the functions of a spatial database
            database.execute(f"DROP TRIGGER {name}")
        database.execute(statement)


def layer(finished, name):
    return gpd.read_file(finished.folder / "plan.gpkg", layer=name)


def test_the_plan_puts_piles_into_lawful_garages_and_the_audit_agrees(finished):
    sites = layer(finished, "sites")

    assert finished.report.findings == ()
    assert set(sites["kind"]) == {"ev_garage"}
    assert set(sites["garage_id"]) == {"车库A-1", "车库B-1"}
    assert finished.run.plan.served > 10.0
    assert sites["clearance_m"].isna().all()  # houses stand on the roof


def test_no_fire_unit_gets_more_stalls_than_its_drawings_give_it(finished, tmp_path):
    sites = layer(finished, "sites")
    stalls = sites.groupby("garage_id")["bays"].sum()
    assert stalls["车库A-1"] <= 20  # of the unit; its rows hold more

    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    changed("UPDATE parking SET fire_unit_stalls=2 WHERE parking_id='车库A-1'", folder)
    found = [finding for finding in audit_run(folder).findings if finding.code == "garage-overfull"]
    assert [(finding.feature_id, finding.measured, finding.required) for finding in found] == [
        ("车库A-1", float(stalls["车库A-1"]), 2.0)
    ]


def test_rows_that_fit_one_by_one_are_not_planned_together_beyond_the_unit(tmp_path):
    text = (SAMPLES / "garage_zones.geojson").read_text(encoding="utf-8")
    zones = tmp_path / "zones.geojson"
    zones.write_text(text.replace('"防火单元车位": 20', '"防火单元车位": 11'), encoding="utf-8")
    framing = frame_study(study_of(zones), Stages())
    plan = plan_framing(framing, study_of(zones), Stages())
    stalls = plan.sites.loc[plan.sites["garage_id"] == "车库A-1", "bays"]

    freely = solve(framing.problem, SolverOptions()).modules > 0
    frame = framing.links.verdicts.candidates.frame.loc[list(framing.candidate_ids)][freely]
    assert frame.loc[frame["garage_id"] == "车库A-1", "bays"].sum() > 11  # what nobody holds back
    assert 0 < stalls.sum() <= 11
    assert str(plan.solution.status) == "PROVEN"
    assert any("车库A-1 has 11 stalls" in english for english, _chinese in plan.reasons)

    names = [*map(str, frame.index[frame["garage_id"] == "车库A-1"])]
    with pytest.raises(InfeasibleError, match="stalls together, but garage 车库A-1 has 11; unlock one"):
        plan_framing(
            frame_study(study_of(zones, locked_in=names), Stages()), study_of(zones, locked_in=names), Stages()
        )


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
    assert '"g2":["车库A-1",1.0,null,20.0]' in page or '"g2":["车库A-1",1,null,20]' in page


def test_the_card_says_which_level_and_what_its_fire_unit_holds(finished):
    site = str(finished.run.plan.sites.index[finished.run.plan.sites["garage_id"] == "车库A-1"][0])
    card = read_card(finished.folder, site)

    assert "Garage: 车库A-1 · level -1 · 20 stalls in the unit" in list(card_lines(card, "en"))
    assert "车库: 车库A-1 · 地下1层 · 单元车位 20" in list(card_lines(card, "zh"))


def test_a_site_moved_to_the_other_level_is_found(finished, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    changed("UPDATE sites SET garage_id='车库A-2' WHERE garage_id='车库A-1'", folder)

    codes = {finding.code for finding in audit_run(folder).findings}
    assert "clause-broken" in codes
