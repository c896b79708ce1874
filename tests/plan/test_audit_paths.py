"""The audit of lines: clean as the pipeline wrote them, and each way of bending one is named."""

import shutil
from datetime import date
from pathlib import Path

import pyogrio
import pytest
from plan.audit_builders import edit_layer
from shapely import LineString
from shapely.affinity import translate

from siting.errors import DataError
from siting.pipeline import run_study
from siting.plan.audit import audit_run
from siting.plan.audit_paths import check_paths
from siting.plan.audit_reading import read_run_folder
from siting.study import make_study

DATASETS = Path(__file__).parents[2] / "datasets"


def run_of(osm, folder, **reach):
    study = make_study(
        {
            "source": {"osm": str(osm)},
            "layers": [{"role": "transformers", "path": str(DATASETS / "tiny_transformers.csv")}],
            "rules": {"profile": "national", "on": date(2026, 1, 1)},
            "reach": reach,
            "limits": {"budget_cny": 200_000},
        }
    )
    return run_study(study, folder).folder


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return run_of(DATASETS / "tiny.osm", tmp_path_factory.mktemp("tiny") / "run")


@pytest.fixture(scope="module")
def uphill(tmp_path_factory):
    """A run where the lanes of tiny.osm climb by a tenth, and such a metre counts one and a half."""
    folder = tmp_path_factory.mktemp("hill")
    text = (DATASETS / "tiny.osm").read_text(encoding="utf-8")
    lane = '<tag k="highway" v="service"/>'
    (folder / "hill.osm").write_text(text.replace(lane, f'{lane}<tag k="incline" v="-10%"/>'), encoding="utf-8")
    return run_of(folder / "hill.osm", folder / "run", slope_factor=1.5, ground="network")


@pytest.fixture
def folder(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "run"))


def codes(folder):
    return {finding.code for finding in check_paths(read_run_folder(folder))[0].findings}


def redraw(folder, change):
    edit_layer(folder, "walks", lambda walks: walks.set_geometry([change(line.geoms[0]) for line in walks.geometry]))


def line_start(folder):
    return read_run_folder(folder).walks.geometry.iloc[0].coords[0]


def test_lines_as_written_are_clean(written):
    checked, notes = check_paths(read_run_folder(written))
    assert checked.findings == ()
    assert checked.checks > 0
    assert notes == ()
    assert audit_run(written).clean


def test_a_detour_of_two_centimetres_is_named(folder):
    redraw(folder, lambda line: LineString([line.coords[0], *line.coords, line.interpolate(line.length - 0.01)]))
    assert "walk-line-length" in codes(folder)


def test_a_line_that_was_moved_is_named(folder):
    redraw(folder, lambda line: translate(line, 0.5, 0.5))
    assert "walk-line-ends" in codes(folder)


def test_a_line_through_a_house_is_named(folder):
    run = read_run_folder(folder)
    houses = run.facts.tables["buildings"].geometry
    spot = houses.iloc[0].representative_point()
    redraw(folder, lambda line: LineString([line.coords[0], spot, line.coords[-1]]))
    assert {"walk-line-length", "walk-line-blocked"} <= codes(folder)


def test_a_line_out_of_its_compound_is_named(folder):
    redraw(
        folder, lambda line: LineString([line.coords[0], (line.coords[0][0], line.coords[0][1] + 900), line.coords[-1]])
    )
    assert "walk-line-astray" in codes(folder)


def test_lines_left_out_and_lines_too_many_are_named(folder):
    edit_layer(folder, "walks", lambda walks: walks.assign(building_id="way/none"))
    assert {"walk-line-missing", "walk-line-extra"} <= codes(folder)


def test_a_run_without_lines_is_noted(folder):
    table = pyogrio.read_dataframe(folder / "plan.gpkg", layer="walks", read_geometry=False)
    pyogrio.write_dataframe(table, folder / "plan.gpkg", layer="walks", driver="GPKG")
    checked, notes = check_paths(read_run_folder(folder))
    assert checked.findings == ()
    assert "older run" in notes[0]


def test_a_walk_without_a_line_needs_a_reason_that_holds(folder):
    undrawn = {"geometry": None, "line_m": 0.0, "slope_m": 0.0}

    def erase(walks, why):
        return walks.assign(**undrawn, inside_m=walks["walk_m"], undrawn=why)

    edit_layer(folder, "walks", lambda walks: erase(walks, "at_building"))
    assert codes(folder) == {"walk-undrawn"}
    edit_layer(folder, "walks", lambda walks: erase(walks, "in_garage"))
    assert codes(folder) == {"walk-undrawn"}
    edit_layer(folder, "walks", lambda walks: erase(walks, None))
    assert codes(folder) == {"walk-undrawn"}


def test_a_reason_of_ones_own_is_no_reason(folder):
    edit_layer(folder, "walks", lambda walks: walks.assign(undrawn="no idea"))
    with pytest.raises(DataError, match="undrawn"):
        read_run_folder(folder)


def test_a_hilly_run_is_clean_and_counts_its_slopes(uphill):
    report = audit_run(uphill)
    walks = read_run_folder(uphill).walks
    assert report.clean, report.findings
    assert (walks["slope_m"] > 0).any()
    assert (walks["walk_m"] - walks["line_m"] - walks["slope_m"]).to_numpy() == pytest.approx(
        walks["inside_m"], abs=1e-6
    )


def test_slopes_left_out_or_invented_are_named(uphill, tmp_path):
    folder = Path(shutil.copytree(uphill, tmp_path / "run"))
    edit_layer(folder, "walks", lambda walks: walks.assign(inside_m=walks["inside_m"] + walks["slope_m"], slope_m=0.0))
    assert "walk-slope" in codes(folder)


def test_another_factor_in_the_study_is_found(uphill, tmp_path):
    folder = Path(shutil.copytree(uphill, tmp_path / "run"))
    study = folder / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace("slope_factor = 1.5", "slope_factor = 1.2"), "utf-8")
    assert {"walk-slope", "walk-differs"} <= {finding.code for finding in audit_run(folder).findings}
