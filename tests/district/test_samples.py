"""Every file a planner may bring, from `datasets/samples` over the embedded quarter: read, repaired, or refused."""

import os
import subprocess

import numpy as np
import pytest
import shapely
from district.test_postgis import binaries, url  # noqa: F401  (the server is a fixture)

from siting.district.build import SourceOptions, read_district
from siting.district.layer_spec import DxfAnchor, DxfMapping, LayerSpec
from siting.district.layers import apply_layers
from siting.district.synthetic import dataset_path, quarter_path
from siting.district.synthetic_layers import DXF_ANCHOR, write_text_samples
from siting.errors import LayerError

SAMPLES = dataset_path("README.md").parent / "samples"


@pytest.fixture(scope="module")
def quarter():
    return read_district(SourceOptions(osm=quarter_path()))


def spec(name, role, **options):
    return LayerSpec(role=role, path=SAMPLES / name, **options)


def fault(quarter, *specs):
    with pytest.raises(LayerError) as caught:
        apply_layers(quarter, specs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_text_samples_are_what_the_script_writes(tmp_path):
    write_text_samples(tmp_path)

    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (SAMPLES / path.name).read_bytes(), path.name


# --- tables of compounds ---


@pytest.mark.parametrize("name", ["compounds.csv", "compounds_gbk.csv", "compounds.xlsx"])
def test_a_ledger_gives_households_weights_and_spare_power(quarter, name):
    if name.endswith("xlsx"):
        pytest.importorskip("openpyxl", reason="openpyxl is in the extra `xlsx`")
    result = apply_layers(quarter, [spec(name, "compounds")])

    assert result.compounds.loc["way/101", "name"] == "合成小区01 (synthetic)"
    assert result.compounds.loc["way/101", ["households", "ebikes", "weight"]].tolist() == [998.0, 731.0, 1.15]
    assert (result.compounds["weight"] <= 2.0).all()
    assert "weight: complaints" in set(result.overrides["key"])
    assert result.transformers["spare_kva"].notna().sum() >= 8


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("compounds_mojibake.csv", "is garbled, likely '小区编号'; export it again as UTF-8"),
        ("compounds_duplicate_ids.csv", "compound_id 'way/101' stands 2 times; give each object one row"),
        ("compounds_swapped_columns.csv", "way/101: households '合成小区01 (synthetic)' is not a number"),
    ],
)
def test_ledgers_that_went_wrong_are_one_line(quarter, name, words):
    assert words in fault(quarter, spec(name, "compounds"))


def test_a_gbk_shapefile_a_geopackage_and_a_filegdb_give_outlines_with_chinese_names(quarter):
    for name in ("compounds_gbk.shp", "compounds.gpkg", "compounds.gdb"):
        table = apply_layers(quarter, [spec(name, "compounds")]).compounds
        assert len(table) == 12
        assert table.loc["way/101", "name"] == "合成小区01 (synthetic)"


# --- outlines ---


def test_overlapping_compounds_are_refused_by_name(quarter):
    assert "甲 and 乙 share" in fault(quarter, spec("compounds_overlapping.geojson", "compounds"))


def test_odd_outlines_are_repaired_and_said(quarter):
    result = apply_layers(quarter, [spec("compounds_odd_shapes.geojson", "compounds")])
    table = result.compounds

    assert table.is_valid.all()
    assert "2 invalid outlines were repaired (自交, 蝴蝶结)" in " ".join(result.notes)
    assert len(shapely.get_parts(table.geometry["蝴蝶结"])) == 2
    assert len(table.geometry["带洞"].interiors) == 1
    assert len(table.geometry["飞地"].geoms) == 2


def test_a_compound_with_a_hole_keeps_it(quarter):
    table = apply_layers(quarter, [spec("compounds_with_hole.geojson", "compounds")]).compounds

    assert len(table.geometry["带洞"].interiors) == 1


# --- datums ---


@pytest.mark.parametrize(("name", "datum"), [("buildings_gcj02.geojson", "gcj02"), ("buildings_bd09.geojson", "bd09")])
def test_buildings_of_another_map_need_its_datum(quarter, name, datum):
    words = fault(quarter, spec(name, "buildings"))
    assert f'declare crs = "{datum}"' in words or f"it would meet the district in {datum}" in words

    table = apply_layers(quarter, [spec(name, "buildings", crs=datum)]).buildings
    placed = table[table.index.str.startswith("B")].geometry.to_numpy()
    mapped = shapely.STRtree(quarter.buildings.geometry.to_numpy())
    nearest = mapped.geometries[mapped.nearest(shapely.centroid(placed))]
    assert np.max(shapely.hausdorff_distance(placed, nearest)) < 0.05


def test_buildings_in_a_zone_with_its_number_need_it_said(quarter):
    name = "buildings_cgcs2000_zone37.csv"
    assert "does not say the CRS" in fault(quarter, spec(name, "buildings"))
    assert "likely cgcs2000 zone 37" in fault(quarter, spec(name, "buildings", crs="cgcs2000"))
    result = apply_layers(quarter, [spec(name, "buildings", crs="cgcs2000 zone 37")])

    assert "B1" in result.buildings.index


# --- points ---


def test_surveyed_gates_exits_and_hydrants_count_as_surveyed(quarter):
    names = {"gates.csv": "gates", "hydrants.csv": "hydrants", "exits.csv": "entrances"}
    result = apply_layers(quarter, [spec(name, role) for name, role in names.items()])

    assert result.gates.loc["S1", "source"] == "survey"
    assert result.obstacles.loc["S1", ["kind", "source"]].tolist() == ["hydrant", "survey"]
    assert result.entrances.loc["E1", ["kind", "source"]].tolist() == ["exit", "survey"]
    assert result.entrances.loc["E1", "building_id"].startswith("way/")


def test_swapped_longitude_and_latitude_are_named(quarter):
    assert "are swapped" in fault(quarter, spec("hydrants_swapped_columns.csv", "hydrants"))


def test_drawn_candidates_are_kept_under_their_ids(quarter):
    drawn = apply_layers(quarter, [spec("candidates.csv", "candidates")]).drawn

    assert drawn["kind"].to_dict() == {"规划1": "ebike_shed", "规划2": "ebike_shed"}
    assert drawn.geometry.geom_type.tolist() == ["Polygon", "Point"]
    assert drawn["bays"].tolist()[0] == 20.0


# --- drawings, open sets, databases ---


def test_a_drawing_without_crs_needs_an_anchor(quarter):
    mapping = DxfMapping(layers=("建筑",), text_layers=("楼名",))
    assert "a drawing says no CRS" in fault(quarter, spec("drawing_without_crs.dxf", "buildings", dxf=mapping))

    x, y, lon, lat = DXF_ANCHOR
    placed = DxfMapping(
        layers=("建筑",), text_layers=("楼名",), anchor=DxfAnchor(x=x, y=y, lon=lon, lat=lat, rotation_deg=0.0)
    )
    result = apply_layers(quarter, [spec("drawing_without_crs.dxf", "buildings", dxf=placed)])
    table = result.buildings[result.buildings.index.str.startswith("dxf/")]
    assert len(table) == 40
    assert table.loc["dxf/100", "name"] == "1号楼"
    mapped = shapely.STRtree(quarter.buildings.geometry.to_numpy())
    nearest = mapped.geometries[mapped.nearest(shapely.centroid(table.geometry.to_numpy()))]
    assert np.max(shapely.hausdorff_distance(table.geometry.to_numpy(), nearest)) < 0.5


def test_open_footprints_make_a_bare_compound_ready():
    pytest.importorskip("pyarrow", reason="pyarrow is in the extra `parquet`")
    layers = (spec("footprints.parquet", "footprints"),)
    before = read_district(SourceOptions(osm=quarter_path()))
    after = read_district(SourceOptions(osm=quarter_path(), layers=layers))
    bare = before.compounds.index[before.compounds["state"] == "survey_first"]

    assert len(bare) == 1
    assert after.compounds.loc[bare[0], "building_cover_share"] > before.compounds.loc[bare[0], "building_cover_share"]
    assert set(after.buildings.loc[after.buildings["source"] == "open", "compound_id"]) == set(bare)
    assert "11 more met mapped buildings" in " ".join(after.notes)


@pytest.mark.slow
def test_a_table_of_a_database_gives_outlines(quarter, url):  # noqa: F811
    home = url.rpartition("host=")[2]
    command = [binaries() / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", home, "-U", "planner", "-d", "postgres"]
    script = (SAMPLES / "compounds.sql").read_bytes()
    options = {"user": "postgres"} if os.geteuid() == 0 else {}
    subprocess.run(command, input=script, check=True, capture_output=True, cwd="/", **options)
    table = apply_layers(quarter, [LayerSpec(role="compounds", url=url)]).compounds

    assert len(table) == 12
    assert table.loc["way/101", "households"] == 998.0


# --- trenches ---


def test_trenches_are_lines_and_areas(quarter):
    drawn = apply_layers(quarter, [spec("trenches.geojson", "trenches")]).trenches

    assert drawn.geometry.geom_type.to_dict() == {"管沟1": "LineString", "管沟2": "Polygon"}
    assert set(drawn["source"]) == {"planner"}


# --- garages ---


def test_zones_of_garages_are_read_with_their_drawings_and_their_ways_down(quarter):
    layers = [spec("garage_zones.geojson", "garage_zones"), spec("garage_entrances.csv", "entrances")]
    result = apply_layers(quarter, layers)
    zones, doors = result.parking, result.entrances

    assert zones.loc["车库A-1", ["kind", "compound_id", "sprinklers"]].tolist() == ["underground", "way/103", "yes"]
    assert zones.loc["车库A-2", ["levels_down", "fire_unit_m2", "entrance_gap_m"]].tolist() == [2.0, 960.0, 8.0]
    assert zones.loc["车库A-2", "sprinklers"] == "no"
    assert not isinstance(zones.loc["车库B-1", "alarm"], str)
    assert doors.loc["口1", ["kind", "building_id"]].tolist() == ["garage", "车库A-1"]
    assert not isinstance(doors.loc["口3", "building_id"], str)


def test_zones_that_share_the_ground_of_one_level_are_refused(quarter, tmp_path):
    text = (SAMPLES / "garage_zones.geojson").read_text(encoding="utf-8").replace('"地下层": 2', '"地下层": 1')
    (tmp_path / "zones.geojson").write_text(text, encoding="utf-8")

    message = fault(quarter, LayerSpec(role="garage_zones", path=tmp_path / "zones.geojson"))
    assert "车库A-1 and 车库A-2 share 713 m2 of one level; draw them apart" in message
