"""An earlier run's sites are offered again, if they are this district's."""

import shutil
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest

from siting.errors import DataError
from siting.pipeline import Stages, frame_study, run_study
from siting.plan.carried import carry_over
from siting.study import make_study

TINY = Path(__file__).parents[2] / "datasets" / "tiny.osm"


@pytest.fixture(scope="module")
def study():
    return make_study(
        {
            "source": {"osm": str(TINY)},
            "rules": {"profile": "national", "on": date(2026, 1, 1)},
            "facility": {"kinds": ["ebike_open"]},
            "limits": {"budget_cny": 60_000},
        }
    )


@pytest.fixture(scope="module")
def earlier(study, tmp_path_factory):
    return run_study(study, tmp_path_factory.mktemp("earlier") / "run").folder


@pytest.fixture(scope="module")
def candidates(study):
    return frame_study(study, Stages()).links.verdicts.candidates


def test_what_is_offered_anyway_is_not_offered_twice(candidates, earlier):
    assert carry_over(candidates, earlier) is candidates


def test_the_run_of_another_district_is_refused_in_one_line(candidates, earlier, tmp_path):
    moved = shutil.copytree(earlier, tmp_path / "far")
    sites = gpd.read_file(moved / "plan.gpkg", layer="sites")
    sites.set_geometry(sites.geometry.translate(50_000, 0)).to_file(moved / "plan.gpkg", layer="sites")

    with pytest.raises(DataError, match=r"far: none of its \d+ sites lies in this district; name an earlier run"):
        carry_over(candidates, moved)
