import json
import sqlite3
from contextlib import closing
from xml.dom import minidom

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from geopandas.testing import assert_geodataframe_equal
from outputs import run_builders as builders
from pandas.testing import assert_frame_equal

from siting.errors import DataError
from siting.outputs.geopackage import FACT_LAYERS, read_layers, write_geopackage


@pytest.fixture(scope="module")
def layers(folder):
    return read_layers(folder / "plan.gpkg")


def rows(path, query):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


@pytest.mark.parametrize("name", FACT_LAYERS)
def test_facts_come_back_as_they_were(layers, run, name):
    assert_geodataframe_equal(layers[name], getattr(run.district, name))


def test_zones_groups_and_sites_come_back_as_they_were(layers, run):
    assert_geodataframe_equal(layers["zones"], run.zones.frame)
    assert_geodataframe_equal(layers["groups"], run.candidates.groups)
    assert_geodataframe_equal(layers["sites"], run.plan.sites)


def test_candidates_come_back_with_their_outcome(layers, run):
    columns = list(run.candidates.frame.columns)
    assert_geodataframe_equal(layers["candidates"][columns], run.candidates.frame)
    assert list(layers["candidates"]["outcome"]) == ["NOT EVALUATED", "FAIL", "NOT EVALUATED"]


def test_tables_without_geometry_are_there(folder, run):
    links = pyogrio.read_dataframe(folder / "plan.gpkg", layer="links")
    assert_frame_equal(links, run.plan.links, check_dtype=False)
    verdicts = pyogrio.read_dataframe(folder / "plan.gpkg", layer="verdicts")
    assert verdicts["measured"].isna().sum() == 2
    clauses = pyogrio.read_dataframe(folder / "plan.gpkg", layer="clauses").set_index("clause_id")
    assert clauses.loc["n.separation", "value"] == 6.0
    about = pyogrio.read_dataframe(folder / "plan.gpkg", layer="about").set_index("key")["json"].map(json.loads)
    assert about["synthetic"] is True
    assert about["completeness"] == {"building": "mapped"}


def test_an_empty_plan_keeps_every_layer(tmp_path):
    write_geopackage(builders.run(empty=True), tmp_path / "plan.gpkg")
    sites = read_layers(tmp_path / "plan.gpkg")["sites"]
    assert len(sites) == 0
    assert sites.crs == builders.CRS_M


def test_the_file_is_version_1_3_in_the_metric_crs_with_the_study_date(folder):
    path = folder / "plan.gpkg"
    assert rows(path, "PRAGMA user_version") == [(10300,)]
    assert rows(path, "SELECT DISTINCT last_change FROM gpkg_contents") == [("2025-06-01T00:00:00.000Z",)]
    assert rows(path, "SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = 'sites'") == [(4549,)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_styles_are_xml_for_layers_and_columns_that_exist(folder):
    path = folder / "plan.gpkg"
    for name, qml in rows(path, "SELECT f_table_name, styleQML FROM layer_styles"):
        renderer = minidom.parseString(qml).getElementsByTagName("renderer-v2")[0]
        column = renderer.getAttribute("attr")
        assert column in ["", *gpd.read_file(path, layer=name).columns]


def test_classes_of_a_yes_no_column_are_called_as_qgis_reads_them(folder):
    (qml,) = rows(folder / "plan.gpkg", "SELECT styleQML FROM layer_styles WHERE f_table_name = 'candidates'")[0]
    classes = minidom.parseString(qml).getElementsByTagName("category")
    assert [(item.getAttribute("value"), item.getAttribute("label")) for item in classes] == [
        ("true", "合规候选点 lawful candidate"),
        ("false", "未通过候选点 refused candidate"),
    ]


def test_hostile_names_are_stored_as_they_are(layers):
    assert layers["compounds"].loc["c/2", "name"] == builders.HOSTILE
    assert layers["buildings"].loc["b/1", "name"] == builders.FORMULA


def test_a_file_that_is_none_is_a_data_error(tmp_path):
    (tmp_path / "plan.gpkg").write_text("no")
    with pytest.raises(DataError, match="is no GeoPackage of a run"):
        read_layers(tmp_path / "plan.gpkg")


def test_writing_leaves_the_records_as_they_were(tmp_path, run):
    before = pd.util.hash_pandas_object(pd.DataFrame(run.district.buildings.drop(columns="geometry"))).sum()
    write_geopackage(run, tmp_path / "plan.gpkg")
    assert pd.util.hash_pandas_object(pd.DataFrame(run.district.buildings.drop(columns="geometry"))).sum() == before
