"""Two sheds that each leave a fire engine one arm of a loop and together close it: banned, named, and still proven.

            y 90 ──────────────── lane, 4 m wide            block: x 30-90, y 96-108 (240 households)
    x 20 │                       │ x 100
         │[west]           [east]│      drawn candidates of 10 bays, flush with the lane
═════════╪═══════════════════════╪═══ street, y -6
"""

import json
from datetime import date

import geopandas as gpd
import pytest
import shapely
from district.osm_text import _DEG_X, _DEG_Y, LAT, LON, OsmText
from plan.audit_builders import edit_json

from siting.errors import InfeasibleError
from siting.outputs.toml import dump_toml
from siting.pipeline import Stages, frame_study, plan_framing, run_study
from siting.plan.audit import audit_run
from siting.rules.profiles import load_rulebook
from siting.study import make_study

SHEDS = {"west": shapely.box(22.05, 30, 26.05, 48), "east": shapely.box(94.4, 30, 97.95, 48)}


def write_profile(path):
    """Write a profile that has the national clause on fire access and no other."""
    clause = load_rulebook("national", on=date(2026, 1, 1)).clause("national.fire-access")
    copied = ("row", "measure_from", "to", "op", "unit", "force", "jurisdiction", "standard", "clause", "source")
    words = {name: getattr(clause, name) for name in (*copied, "confidence", "title_en", "title_zh")}
    figures = {"id": "loop", "kinds": ["ebike_shed"], "metric": "fire_access", "values": dict(clause.values)}
    path.write_text(dump_toml({"name": "loop", "title_en": "Loop", "title_zh": "环", "clause": [words | figures]}))
    return path


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    """Return the study as plain data; only the two drawn sheds are left to the choice."""
    folder = tmp_path_factory.mktemp("loop")
    osm = (
        OsmText()
        .area((0, 0, 120, 120), landuse="residential", name="环院")
        .line([(-50, -6), (20, -6), (100, -6), (170, -6)], highway="residential")
        .line([(20, -6), (20, 90), (100, 90), (100, -6)], highway="service", width="4")
        .area((30, 96, 90, 108), building="apartments", **{"building:levels": "6", "building:flats": "240"})
        .area((36, 20, 84, 60), building="apartments", **{"building:levels": "6", "building:flats": "240"})
        .write(folder / "loop.osm")
    )
    degrees = [shapely.transform(shape, lambda xy: xy * (_DEG_X, _DEG_Y) + (LON, LAT)) for shape in SHEDS.values()]
    drawn = gpd.GeoDataFrame({"id": list(SHEDS), "kind": "ebike_shed", "bays": 10}, geometry=degrees, crs=4326)
    drawn.to_file(folder / "candidates.geojson", engine="pyogrio")
    study = {
        "source": {"osm": str(osm), "position_error_m": 0.2},
        "layers": [{"role": "candidates", "path": str(folder / "candidates.geojson")}],
        "rules": {"profile": str(write_profile(folder / "loop.toml")), "on": "2026-01-01"},
        "reach": {"boundary": "open"},
        "limits": {"budget_cny": 500_000.0},
    }
    frame = frame_study(make_study(study), Stages())
    others = [name for name in frame.candidate_ids if name not in SHEDS]
    return study | {"limits": study["limits"] | {"locked_out": others}}


@pytest.fixture(scope="module")
def run(loop, tmp_path_factory):
    return run_study(make_study(loop), tmp_path_factory.mktemp("written") / "run")


def test_the_choice_without_the_ban_would_close_the_loop(loop):
    from siting.model.solver import SolverOptions, solve

    framing = frame_study(make_study(loop), Stages())
    solution = solve(framing.problem, SolverOptions(gap=0.0))
    built = {name for name, count in zip(framing.candidate_ids, solution.modules, strict=True) if count}

    assert built == set(SHEDS)
    assert set(framing.links.verdicts.outcomes[list(SHEDS)]) == {"PASS"}


def test_one_shed_is_planned_proven_and_audited_and_the_other_named_with_its_clause(run):
    written = json.loads((run.folder / "run.json").read_text("utf-8"))

    assert len(run.run.plan.sites) == 1
    assert written["status"] == "PROVEN"
    (said,) = written["not_together"]
    assert (said["clause_id"], said["sites"]) == ("loop", ["east", "west"])
    assert any("Not built together: east, west" in reason["en"] for reason in written["reasons"])
    assert run.report.findings == ()


def test_a_ban_made_up_is_a_finding(run, tmp_path):
    import shutil

    folder = shutil.copytree(run.folder, tmp_path / "run")
    edit_json(folder, lambda value: value["not_together"][0].update(sites=["east"]))

    assert {finding.code for finding in audit_run(folder).findings} == {"not-together-unfounded"}


def test_locks_that_close_the_loop_are_refused_in_words(loop):
    study = make_study(loop | {"limits": loop["limits"] | {"locked_in": list(SHEDS)}})

    with pytest.raises(InfeasibleError, match=r"the locked-in sites east, west together keep a fire engine from"):
        plan_framing(frame_study(study, Stages()), study, Stages())
