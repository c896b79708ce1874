"""A plan by turnover: candidates whole, waits within the target, and the audit's own queue agrees."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from plan.audit_builders import edit_layer

from siting.access.turnover import Turnover, vehicles_served
from siting.pipeline import run_study
from siting.plan.audit import audit_run
from siting.study import make_study

DATASETS = Path(__file__).parents[2] / "datasets"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    study = make_study(
        {
            "source": {"osm": str(DATASETS / "tiny.osm")},
            "rules": {"profile": "national", "on": date(2026, 1, 1)},
            "demand": {"turnover": {"wait_minutes": 0.0}},
            "limits": {"budget_cny": 200_000},
        }
    )
    return run_study(study, tmp_path_factory.mktemp("tiny") / "run")


@pytest.fixture
def folder(written, tmp_path):
    return Path(shutil.copytree(written.folder, tmp_path / "run"))


def codes(folder):
    return {finding.code for finding in audit_run(folder).findings}


def test_sites_are_built_whole_and_serve_what_their_size_can(written):
    plan, turnover = written.run.plan, Turnover(wait_minutes=0.0)
    most = plan.framing.links.verdicts.candidates.frame["max_modules"].loc[plan.sites.index]
    assert len(plan.sites) > 0
    assert plan.sites["modules"].tolist() == most.tolist()
    for site in plan.sites.itertuples():
        assert site.served <= vehicles_served(site.ports, turnover) + 1e-6
        assert site.wait_share <= 0.1 + 1e-9
    assert written.report.clean


def test_too_many_vehicles_at_a_site_are_named(folder):
    edit_layer(folder, "sites", lambda sites: sites.assign(served=sites["served"] * 2 + 20))
    assert {"beyond-waiting", "waiting-differs", "served-differs"} <= codes(folder)


def test_the_report_says_where_vehicles_a_port_come_from(written):
    assert any("follow from turnover" in sentence for sentence in written.run.demand.assumptions)
    assert "M/M/c" in (written.folder / "report.html").read_text(encoding="utf-8")
