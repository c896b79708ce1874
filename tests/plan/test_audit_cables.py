"""The audit of cables: clean as written, and a forged length, trench or cost is named."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from plan.audit_builders import edit_layer

from siting.pipeline import run_study
from siting.plan.audit_cables import check_cables
from siting.plan.audit_figures import figures_of
from siting.plan.audit_reading import read_run_folder
from siting.study import make_study

DATASETS = Path(__file__).parents[2] / "datasets"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    study = make_study(
        {
            "source": {"osm": str(DATASETS / "tiny.osm")},
            "layers": [{"role": "transformers", "path": str(DATASETS / "tiny_transformers.csv")}],
            "rules": {"profile": "national", "on": date(2026, 1, 1)},
            "limits": {"budget_cny": 200_000},
        }
    )
    return run_study(study, tmp_path_factory.mktemp("tiny") / "run").folder


@pytest.fixture
def folder(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "run"))


def found(folder):
    checked, _ = check_cables(read_run_folder(folder), figures_of({}))
    return {(finding.code, finding.sentence_en.split(":")[1].split()[0]) for finding in checked.findings}


def test_cables_as_written_are_clean(written):
    checked, notes = check_cables(read_run_folder(written), figures_of({}))
    assert checked.findings == ()
    assert checked.checks >= 4
    assert notes == ()


@pytest.mark.parametrize("name", ["cable_m", "cable_straight_m", "trench_m"])
def test_a_forged_length_is_named(folder, name):
    edit_layer(folder, "candidates", lambda frame: frame.assign(**{name: frame[name] + 0.02}))
    assert ("cable-differs", name) in found(folder)


def test_a_forged_cost_is_named(folder):
    edit_layer(folder, "candidates", lambda frame: frame.assign(open_cost_cny=frame["open_cost_cny"] - 1.0))
    assert ("open-cost-differs", "open_cost_cny") in found(folder)


def test_a_trench_that_nobody_digs_is_named(folder):
    edit_layer(folder, "candidates", lambda frame: frame.assign(trench_m=frame["cable_m"]))
    assert ("cable-differs", "trench_m") in found(folder)
