"""Two run folders of a handful of sites: boxes of about 11 m on a lattice of 0.0001 degrees near the equator."""

import json

import pandas as pd
import pytest

from siting.errors import DataError
from siting.plan.compare import compare_runs

STEP = 1e-4  # degrees: 11.1 m north, as much east on the equator


def square(x, y):
    """Return a box of one step with its lower left corner at (x, y) steps east of 111 E, north of the equator."""
    ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    return {"type": "Polygon", "coordinates": [[[111 + (x + i) * STEP, (y + j) * STEP] for i, j in ring]]}


def site(site_id, x, y, *, compound="c1", kind="ebike_shed", ports=10, served=20.0):
    properties = {"site_id": site_id, "compound_id": compound, "compound_name": f"name of {compound}", "kind": kind}
    properties |= {"ports": ports, "cost_cny": 1000.0, "served": served}
    return {"type": "Feature", "id": site_id, "properties": properties, "geometry": square(x, y)}


def compound(compound_id, demand, served):
    properties = {"compound_id": compound_id, "name": None, "demand": demand, "served": served}
    return {"type": "Feature", "id": compound_id, "properties": properties, "geometry": square(0, 0)}


def write(folder, sites, *, compounds=(("c1", 100.0, 40.0),), links=(("b1", 40.0),), **run):
    """Write a run folder; each link is (building_id, served)."""
    folder.mkdir()
    collection = {"type": "FeatureCollection"}
    (folder / "sites.geojson").write_text(json.dumps(collection | {"features": sites}))
    features = [compound(*row) for row in compounds]
    (folder / "compounds.geojson").write_text(json.dumps(collection | {"features": features}))
    rows = "".join(f"{building},s1,50,{served}\n" for building, served in links)
    (folder / "links.csv").write_text("building_id,site_id,walk_m,served\n" + rows)
    stated = {"served": 40.0, "demand": 100.0, "spent_cny": 2000.0, "budget_cny": 5000.0, "district": "d"}
    stated |= {"parameters": {"radius_m": 200.0}, "rules": {"profile": "national", "on": "2025-01-01"}, "inputs": []}
    (folder / "run.json").write_text(json.dumps(stated | run))
    return folder


def compare(tmp_path, sites_a, sites_b, a=None, b=None):
    return compare_runs(write(tmp_path / "a", sites_a, **(a or {})), write(tmp_path / "b", sites_b, **(b or {})))


def fates(comparison):
    return [
        tuple(None if pd.isna(value) else value for value in row)
        for row in comparison.sites[["change", "site_a", "site_b"]].itertuples(index=False)
    ]


def test_sites_are_kept_moved_added_or_dropped(tmp_path):
    found = compare(
        tmp_path,
        [site("s1", 0, 0), site("s2", 10, 0), site("s3", 20, 0)],
        [site("s1", 0, 0), site("s9", 12, 0), site("s4", 40, 0)],
    )
    assert fates(found) == [("added", None, "s4"), ("moved", "s2", "s9"), ("dropped", "s3", None), ("kept", "s1", "s1")]
    assert found.changed("moved")["moved_m"].item() == pytest.approx(22.3, abs=0.2)


def test_a_new_number_on_the_same_ground_is_kept(tmp_path):
    assert fates(compare(tmp_path, [site("s1", 0, 0)], [site("s7", 0, 0)])) == [("kept", "s1", "s7")]


def test_the_same_number_on_other_ground_is_not_kept(tmp_path):
    found = compare(tmp_path, [site("s1", 0, 0)], [site("s1", 30, 0)])
    assert fates(found) == [("added", None, "s1"), ("dropped", "s1", None)]


@pytest.mark.parametrize("other", [{"kind": "ebike_open"}, {"compound": "c2"}])
def test_another_kind_or_compound_is_another_site(tmp_path, other):
    found = compare(tmp_path, [site("s1", 0, 0)], [site("s1", 0, 0, **other)])
    assert [change for change, *_ in fates(found)] == ["added", "dropped"]


def test_a_kept_outline_goes_before_a_nearer_centre(tmp_path):
    found = compare(tmp_path, [site("s1", 0, 0), site("s2", 1, 0)], [site("t1", 1, 0), site("t2", 2, 0)])
    assert fates(found) == [("moved", "s1", "t2"), ("kept", "s2", "t1")]


def test_who_gains_and_who_loses(tmp_path):
    found = compare(
        tmp_path,
        [],
        [],
        {"compounds": [("c1", 100.0, 40.0), ("c2", 50.0, 50.0), ("c3", 10.0, 5.0)], "links": [("b1", 40), ("b2", 50)]},
        {"compounds": [("c1", 100.0, 70.0), ("c2", 50.0, 20.0), ("c3", 10.0, 5.0)], "links": [("b1", 70), ("b3", 20)]},
    )
    assert found.gaining().index.to_list() == ["c1"]
    assert found.losing().index.to_list() == ["c2"]
    assert found.compounds.loc["c1", ["coverage_a", "coverage_b", "gain"]].to_list() == [0.4, 0.7, 30.0]
    assert found.buildings["gain"].to_dict() == {"b1": 30.0, "b2": -50.0, "b3": 20.0}
    said = found.sentences("en")
    assert "c1 gains 30 vehicles: coverage 40% -> 70%." in said
    assert "c2 loses 30 vehicles: coverage 100% -> 40%." in said
    assert "Buildings: 1 newly served, 1 no longer served, 1 served differently." in said


def test_totals_and_parameters_that_differ(tmp_path):
    b = {"served": 64.5, "spent_cny": 4000.0, "budget_cny": 9000.0, "parameters": {"radius_m": 300.0}}
    b |= {"rules": {"profile": "anhui", "on": "2025-01-01"}, "inputs": [{"name": "x.osm.pbf", "sha256": "aa"}]}
    found = compare(tmp_path, [site("s1", 0, 0)], [site("s1", 0, 0)], None, b)
    assert found.totals["served"] == (40.0, 64.5)
    assert found.parameters == {
        "budget_cny": (5000.0, 9000.0),
        "inputs.x.osm.pbf": (None, "aa"),
        "parameters.radius_m": (200.0, 300.0),
        "rules.profile": ("national", "anhui"),
    }
    said = found.sentences("en")
    assert "Vehicles served: 40 -> 64.5 (+24.5)." in said
    assert "Money spent (CNY): 2,000 -> 4,000 (+2,000)." in said
    assert "parameters.radius_m: 200 -> 300." in said
    assert "Input file differs: x.osm.pbf." in said


def test_a_run_compared_with_itself_is_the_same(tmp_path):
    folder = write(tmp_path / "a", [site("s1", 0, 0)])
    found = compare_runs(folder, folder)
    assert found.unchanged
    assert found.sentences("en") == ("The two plans are the same.",)
    assert found.sentences("zh") == ("两个方案相同。",)


def test_two_empty_plans_are_the_same(tmp_path):
    assert compare(tmp_path, [], []).unchanged


def test_the_sentences_of_a_changed_plan(tmp_path):
    found = compare(
        tmp_path,
        [site("s1", 0, 0), site("s2", 10, 0), site("s3", 20, 0)],
        [site("s1", 0, 0, ports=20), site("s2", 12, 0), site("s4", 40, 0)],
    )
    assert found.sentences("en")[0] == "Sites from a to b: 1 kept, 1 added, 1 moved, 1 dropped."
    assert "Added: s4 in name of c1 (c1), 10 ports." in found.sentences("en")
    assert "Moved 22.3 m: s2 in name of c1 (c1), 10 ports." in found.sentences("en")
    assert "Kept with other ports: s1 in name of c1 (c1), 10 -> 20." in found.sentences("en")
    assert "取消:name of c1 (c1) s3,10个端口。" in found.sentences("zh")
    assert len(found.sentences("en")) == len(found.sentences("zh"))


def test_runs_of_different_places_say_so(tmp_path):
    found = compare(tmp_path, [], [], {"compounds": [("c1", 9.0, 1.0)]}, {"compounds": [("x1", 9.0, 1.0)]})
    assert "different places" in found.sentences("en")[0]


def test_a_comparison_is_plain_json_and_swaps_sign(tmp_path):
    a, b = write(tmp_path / "a", [site("s1", 0, 0)]), write(tmp_path / "b", [site("s2", 1, 0)], served=50.0)
    there, back = compare_runs(a, b).as_dict(), compare_runs(b, a).as_dict()
    assert json.loads(json.dumps(there, allow_nan=False)) == there
    assert there["totals"]["served"]["change"] == -back["totals"]["served"]["change"] == 10
    assert [row["site_a"] for row in there["sites"]["moved"]] == ["s1"]
    assert there["sites"]["moved"][0]["moved_m"] == pytest.approx(back["sites"]["moved"][0]["moved_m"])


@pytest.mark.parametrize("name", ["run.json", "sites.geojson", "compounds.geojson", "links.csv"])
def test_a_folder_without_its_files_is_refused(tmp_path, name):
    folder = write(tmp_path / "a", [])
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"not a run folder \\({name} is missing\\)"):
        compare_runs(folder, folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a run folder") as caught:
        compare_runs(tmp_path / "nowhere", tmp_path)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.json", "{"),
        ("run.json", "[]"),
        ("run.json", '{"served": "many", "demand": 1, "spent_cny": 1}'),
        ("run.json", "[" * 100_000),
        ("sites.geojson", '{"features": 5}'),
        ("sites.geojson", '{"features": [{"properties": {}, "geometry": null}]}'),
        ("sites.geojson", json.dumps({"features": [site("s1", 0, 0), site("s1", 9, 0)]})),
        ("sites.geojson", json.dumps({"features": [site("s1", 1e9, 0)]})),
        ("sites.geojson", json.dumps({"features": [site("s1", 0, 0) | {"geometry": {"type": "Star"}}]})),
        ("compounds.geojson", "not JSON"),
        ("links.csv", "a,b\n1,2\n"),
        ("links.csv", "building_id,served\nb1,many\n"),
    ],
)
def test_a_broken_file_is_named_in_one_line(tmp_path, name, text):
    folder = write(tmp_path / "a", [])
    (folder / name).write_text(text)
    with pytest.raises(DataError) as caught:
        compare_runs(folder, folder)
    assert str(folder / name) in str(caught.value)
    assert "\n" not in str(caught.value)
