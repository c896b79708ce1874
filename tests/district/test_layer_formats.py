"""FileGDB, wrong encodings of Shapefiles and open sets of buildings (GeoParquet): what needs more than a line.

The district is that of the layers' tests in short: two compounds, one building; EPSG:4546, 111 E, 35 N.
"""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from builders import CRS_M, building, compound, district

from siting.district.layer_spec import LayerSpec
from siting.district.layers import apply_layers
from siting.errors import LayerError

ORIGIN = (500000.0, 3874600.0)


def drawn():
    return district(
        compound((0, 0, 100, 100), id="way/1", name="甲院"),
        compound((100, 0, 200, 100), id="way/2", name="乙院"),
        building((10, 40, 40, 50), id="way/11"),
        origin=ORIGIN,
        halo_m=100.0,
    )


def box(x0, y0, x1, y1):
    return shapely.box(ORIGIN[0] + x0, ORIGIN[1] + y0, ORIGIN[0] + x1, ORIGIN[1] + y1)


# --- FileGDB ---


def test_a_filegdb_is_read_by_layer(tmp_path):
    path = tmp_path / "data.gdb"
    for name in ("compounds", "old"):
        frame = gpd.GeoDataFrame({"id": ["C1"], "户数": [77.0]}, geometry=[box(0, 0, 90, 90)], crs=CRS_M)
        frame.to_file(path, layer=name, driver="OpenFileGDB", engine="pyogrio", append=path.exists())
    result = apply_layers(drawn(), [LayerSpec(role="compounds", path=path)])

    assert result.compounds["households"].tolist() == [77.0]
    assert result.inputs[-1].name == "data.gdb"
    with pytest.raises(LayerError, match=r"has no layer 'new'; it has compounds, old"):
        apply_layers(drawn(), [LayerSpec(role="compounds", path=path, layer_name="new")])


def test_a_folder_that_is_no_filegdb_is_refused(tmp_path):
    (tmp_path / "data.gdb").mkdir()

    with pytest.raises(LayerError, match=r"data\.gdb: is not a FileGDB"):
        apply_layers(drawn(), [LayerSpec(role="compounds", path=tmp_path / "data.gdb")])


# --- Shapefile ---


def test_a_shapefile_whose_cpg_lies_is_refused_with_the_repair(tmp_path):
    path = tmp_path / "compounds.shp"
    frame = gpd.GeoDataFrame({"name": ["幸福小区"]}, geometry=[box(0, 0, 200, 100)], crs=CRS_M)
    frame.to_file(path, engine="pyogrio", encoding="GB18030")
    path.with_suffix(".cpg").write_text("ISO-8859-1")
    spec = LayerSpec(role="compounds", path=path)

    with pytest.raises(LayerError, match=r"likely '幸福小区'; delete its \.cpg file"):
        apply_layers(drawn(), [spec])
    path.with_suffix(".cpg").unlink()
    assert apply_layers(drawn(), [spec]).compounds["name"].tolist() == ["幸福小区"]


# --- open sets of buildings ---


def overture(path, boxes, **columns):
    pytest.importorskip("pyarrow", reason="pyarrow is in the extra `parquet`")
    shapes = gpd.GeoSeries(boxes, crs=CRS_M).to_crs(4326)
    rows = {"id": [f"08b{at}" for at in range(len(boxes))]} | columns
    gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes.to_numpy(), crs=4326).to_parquet(path)
    return LayerSpec(role="footprints", path=path)


def test_footprints_fill_only_where_no_building_is_mapped(tmp_path):
    boxes = [box(12, 42, 42, 52), box(120, 40, 150, 50), box(160, 40, 190, 50), box(5000, 0, 5010, 10)]
    names = [None, {"primary": "5号楼", "common": None}, None, None]
    spec = overture(
        tmp_path / "buildings.parquet",
        boxes,
        height=[9.0, 18.5, None, 9.0],
        num_floors=[3, 6, None, 3],
        subtype=[None, "residential", "education", None],
        **{"class": [None, "apartments", None, None]},
        names=names,
    )
    result = apply_layers(drawn(), [spec])

    table = result.buildings
    assert table.index.tolist() == ["open/08b1", "open/08b2", "way/11"]
    assert table["source"].tolist() == ["open", "open", "tag"]
    assert table.loc["open/08b1", ["name", "use", "levels", "height_m", "height_source"]].tolist() == [
        "5号楼", "residential", 6.0, 18.5, "estimate",
    ]  # fmt: skip
    assert table.loc["open/08b2", "use"] == "school"
    notes = " ".join(result.notes)
    assert "2 footprints of an open set stand where no building is mapped; 1 more met mapped" in notes
    assert [(row.layer, row.object_id, row.source) for row in result.overrides.itertuples()] == [
        ("footprints", "open/08b1", "open"), ("footprints", "open/08b2", "open"),
    ]  # fmt: skip


def test_footprints_elsewhere_and_files_that_are_no_geoparquet_are_refused(tmp_path):
    spec = overture(tmp_path / "far.parquet", [box(9000, 0, 9010, 10)])
    with pytest.raises(LayerError, match="none of its 1 footprints lies in the district"):
        apply_layers(drawn(), [spec])
    (tmp_path / "no.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(LayerError, match="is not GeoParquet"):
        apply_layers(drawn(), [LayerSpec(role="footprints", path=tmp_path / "no.parquet")])
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(LayerError, match="is not GeoParquet"):
        apply_layers(drawn(), [LayerSpec(role="footprints", path=tmp_path / "plain.parquet")])


@pytest.fixture
def boxes_asked(monkeypatch):
    """Return the boxes that GeoParquet files are asked for, as they are asked."""
    asked = []
    read = gpd.read_parquet

    def spied(path, **options):
        asked.append(options.get("bbox"))
        return read(path, **options)

    monkeypatch.setattr(gpd, "read_parquet", spied)
    return asked


def city(path, **options):
    """Write a city of 400 footprints, 500 m apart from west to east, of which the district knows one."""
    pytest.importorskip("pyarrow", reason="pyarrow is in the extra `parquet`")
    shapes = gpd.GeoSeries([box(500 * at + 120, 40, 500 * at + 150, 50) for at in range(400)], crs=CRS_M).to_crs(4326)
    frame = gpd.GeoDataFrame({"id": [f"f{at}" for at in range(400)]}, geometry=shapes.to_numpy(), crs=4326)
    frame.to_parquet(path, row_group_size=20, **options)
    return LayerSpec(role="footprints", path=path)


def test_of_a_city_with_boxes_only_the_district_and_two_kilometres_are_read(tmp_path, boxes_asked):
    result = apply_layers(drawn(), [city(tmp_path / "city.parquet", write_covering_bbox=True)])

    assert len(boxes_asked) == 1
    west, _, east, _ = boxes_asked[0]
    assert 0.04 < east - west < 0.06  # some 4.8 km of the 200 km that the file spans
    assert [key for key in result.buildings.index if key.startswith("open/")] == ["open/f0"]
    assert "395 of 400 rows lie beyond the district and 2 km around it; they were not read" in " ".join(result.notes)


def test_the_planners_box_is_what_a_city_is_read_around(tmp_path, boxes_asked):
    layers = [city(tmp_path / "city.parquet", write_covering_bbox=True)]
    result = apply_layers(drawn(), layers, box=box(0, 0, 50, 50))
    assert boxes_asked[0][2] - boxes_asked[0][0] < 0.055
    assert "open/f0" in result.buildings.index


def test_a_city_without_boxes_is_read_whole_and_cut_afterwards(tmp_path, boxes_asked):
    result = apply_layers(drawn(), [city(tmp_path / "city.parquet")])
    assert boxes_asked == [None]
    assert "open/f0" in result.buildings.index


def test_a_city_elsewhere_is_refused_as_ever(tmp_path):
    path = tmp_path / "far.parquet"
    pytest.importorskip("pyarrow", reason="pyarrow is in the extra `parquet`")
    shapes = gpd.GeoSeries([box(9000, 0, 9010, 10)], crs=CRS_M).to_crs(4326)
    gpd.GeoDataFrame({"id": ["f"]}, geometry=shapes.to_numpy(), crs=4326).to_parquet(path, write_covering_bbox=True)
    with pytest.raises(LayerError, match="none of its 1 footprints lies in the district"):
        apply_layers(drawn(), [LayerSpec(role="footprints", path=path)])


def test_footprints_may_also_be_a_plain_file_with_heights(tmp_path):
    path = tmp_path / "footprints.geojson"
    shapes = gpd.GeoSeries([box(120, 40, 150, 50)], crs=CRS_M).to_crs(4326)
    gpd.GeoDataFrame({"Height": [21.0]}, geometry=shapes.to_numpy(), crs=4326).to_file(path, engine="pyogrio")
    table = apply_layers(drawn(), [LayerSpec(role="footprints", path=path)]).buildings

    assert table.loc["open/planner/footprints/1", "height_m"] == 21.0
