import json

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from outputs import run_builders as builders
from shapely import box

from siting.outputs.geojson import to_lattice, write_layers


def load(folder, name):
    return json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))


def coordinates(item):
    return [item] if isinstance(item, float) else [number for part in item for number in coordinates(part)]


@pytest.mark.parametrize("name", ["sites", "candidates", "zones", "compounds"])
def test_every_file_is_rfc_7946(folder, name):
    data = load(folder, name)
    assert data["type"] == "FeatureCollection"
    assert "crs" not in data
    assert data["features"]
    for feature in data["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert all(part.exterior.is_ccw for part in shapely.get_parts(shape))
        numbers = coordinates(feature["geometry"]["coordinates"])
        assert all(number == round(number, 7) for number in numbers)
        assert all(-180 <= number <= 180 for number in numbers)


def test_the_copy_lies_within_a_centimetre_or_two_of_the_original(folder, run):
    copy = gpd.read_file(folder / "sites.geojson").to_crs(builders.CRS_M).geometry.iloc[0]
    assert copy.hausdorff_distance(run.plan.sites.geometry.iloc[0]) < 0.02


def test_sites_say_what_the_contract_asks(folder):
    (site,) = load(folder, "sites")["features"]
    assert site["properties"] | {"place_id": "", "modules": 1, "households_served": 25} == {
        "site_id": "p/1#a",
        "compound_id": "c/1",
        "compound_name": "柳荫小区",
        "place_id": "",
        "kind": "ebike_shed",
        "bays": 10,
        "modules": 1,
        "ports": 10,
        "power_kw": 2.5,
        "cost_cny": 13500,
        "served": 25,
        "households_served": 25,
        "clearance_m": 25,
        "outcome": "NOT EVALUATED",
        "transformer_id": "t/1",
        "year": 1,
        "tier": "implement",
    }


def test_a_refused_candidate_names_the_clause_and_the_object(folder):
    refused, lawful = (
        next(item["properties"] for item in load(folder, "candidates")["features"] if item["id"] == key)
        for key in ("p/2#a", "p/3#a")
    )
    keys = ("outcome", "accepted", "clause_id", "measured", "required", "unit", "feature_id")
    assert [refused[key] for key in keys] == ["FAIL", False, "n.separation", 1, 6, "m", "b/2"]
    assert [lawful[key] for key in keys] == ["NOT EVALUATED", True, None, None, None, None, None]


def test_compounds_carry_demand_and_coverage(folder):
    west, east = (item["properties"] for item in load(folder, "compounds")["features"])
    assert (west["demand"], west["served"], west["coverage"], west["sites"]) == (30, 25, 0.833333, 1)
    assert (east["demand"], east["served"], east["coverage"], east["sites"]) == (30, 0, 0, 0)


def test_the_source_is_credited_and_made_up_data_says_so(tmp_path, folder):
    assert load(folder, "sites")["synthetic"] is True
    assert load(folder, "sites")["credit"] == "made up by siting, no real place"
    write_layers(builders.run(synthetic=False), tmp_path)
    assert load(tmp_path, "zones")["credit"] == "© OpenStreetMap contributors (ODbL 1.0)"
    assert load(tmp_path, "zones")["synthetic"] is False


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 89), st.floats(0.02, 30), st.floats(0.02, 30), st.floats(-5000, 5000), st.floats(-5000, 5000))
def test_a_shape_stays_valid_on_the_lattice(turn, width, depth, x, y):
    shape = shapely.affinity.rotate(builders.at(box(x, y, x + width, y + depth)), turn)
    (written,) = to_lattice(gpd.GeoSeries([shape], crs=builders.CRS_M))
    assert written.is_valid
    assert (written.geom_type == "Polygon" and written.exterior.is_ccw) or written.area < 1e-12


def test_an_empty_plan_gives_an_empty_collection(tmp_path):
    write_layers(builders.run(empty=True), tmp_path)
    assert load(tmp_path, "sites")["features"] == []


def test_a_spike_of_an_area_is_left_out():
    blade = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10), (0, 5), (-20, 5), (0, 5)])
    (snapped,) = to_lattice(gpd.GeoSeries([builders.at(blade)], crs=builders.CRS_M))

    assert snapped.geom_type == "Polygon"
