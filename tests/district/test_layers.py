"""A planner's layers over a drawn district: two compounds of OpenStreetMap, three buildings, one transformer.

Coordinates are metres from (500000, 3874600) of EPSG:4546, which is 111 E, 35 N.

      0         100       200
  100 +----------+---------+
      |  way/1   |  way/2  |
      | [11][12] |  [13]   |      way/11: x 10-40, y 40-50; way/12: x 60-90; way/13: x 120-150
    0 +----------+---------+
"""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from builders import CRS_M, building, compound, district, entrance, obstacle, transformer
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.district.layers import LayerSpec, apply_layers
from siting.errors import LayerError

ORIGIN = (500000.0, 3874600.0)


def drawn():
    return district(
        compound((0, 0, 100, 100), id="way/1", name="甲院", households=80.0),
        compound((100, 0, 200, 100), id="way/2", name="乙院"),
        building((10, 40, 40, 50), id="way/11", levels=5.0, height_m=15.0, height_source="estimate"),
        building((60, 40, 90, 50), id="way/12", levels=5.0, height_m=16.2),
        building((120, 40, 150, 50), id="way/13"),
        entrance((25, 50), id="node/1", building_id="way/11"),
        obstacle("hydrant", (50, 5), id="node/2"),
        transformer("", (95, 95), id="node/3", source="tag"),
        origin=ORIGIN,
        halo_m=100.0,
    )


def box(x0, y0, x1, y1):
    return shapely.box(ORIGIN[0] + x0, ORIGIN[1] + y0, ORIGIN[0] + x1, ORIGIN[1] + y1)


def point(x, y):
    return shapely.Point(ORIGIN[0] + x, ORIGIN[1] + y)


def layer(path, rows, shapes, *, role=None, crs=CRS_M):
    """Write a spatial layer; the file's name is its role unless `role` says otherwise."""
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=list(shapes), crs=crs)
    frame.to_file(path, engine="pyogrio")
    return LayerSpec(role=role or path.stem, path=path)


def csv(tmp_path, role, text, **options):
    path = tmp_path / f"{role}.csv"
    path.write_text(text, encoding="utf-8")
    return LayerSpec(role=role, path=path, **options)


def fault(*specs):
    """Return the one line that the layers are refused with."""
    with pytest.raises(LayerError) as caught:
        apply_layers(drawn(), specs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def logged(result, key):
    found = result.overrides[result.overrides["key"] == key]
    return [tuple(row) for row in found[["object_id", "old", "new", "source"]].to_numpy()]


# --- what layers do ---


def test_figures_join_by_id_or_unique_name_and_keep_what_they_do_not_say(tmp_path):
    text = "compound_id,name,households,ebikes,weight\nway/1,,,90,\n,乙院,60,70,1.5\n"
    by_name = text.replace("compound_id,", "note,")
    result = apply_layers(drawn(), [csv(tmp_path, "compounds", by_name.replace("way/1,,", ",甲院,"))])

    table = result.compounds
    assert table["households"].tolist() == [80.0, 60.0]
    assert table["ebikes"].tolist() == [90.0, 70.0]
    assert table["weight"].tolist() == [1.0, 1.5]
    assert table["source"].tolist() == ["tag", "tag"]  # the outlines are still the map's
    assert logged(result, "households") == [("way/2", "", "60", "planner")]
    assert logged(result, "ebikes") == [("way/1", "", "90", "planner"), ("way/2", "", "70", "planner")]
    assert "1 columns are not used (note)" in result.notes[-1]
    assert result.inputs[-1].role == "compounds"


def test_rows_that_meet_no_object_are_dropped_by_name(tmp_path):
    result = apply_layers(drawn(), [csv(tmp_path, "compounds", "id,households\nway/1,70\nway/9,5\n")])

    assert result.compounds["households"].iloc[0] == 70.0
    assert result.dropped["object_id"].tolist() == ["way/9"]
    assert "1 rows meet no object here (way/9)" in result.notes[-1]


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp"])
def test_outlines_of_compounds_replace_all_mapped_ones_in_every_format(tmp_path, ending):
    crs = "EPSG:4326" if ending == "geojson" else CRS_M
    shapes = gpd.GeoSeries([box(0, 0, 90, 100), box(110, 0, 200, 100)], crs=CRS_M).to_crs(crs)
    rows = {"id": ["way/1", "新院"], "households": [70, 50], "name": [None, "新院"]}
    result = apply_layers(drawn(), [layer(tmp_path / f"compounds.{ending}", rows, shapes, crs=crs)])

    table = result.compounds
    assert table.index.tolist() == ["way/1", "新院"]
    assert table["name"].tolist() == ["甲院", "新院"]
    assert table["households"].tolist() == [70.0, 50.0]
    assert table["source"].tolist() == ["planner", "planner"]
    assert table.area.round(0).tolist() == [9000.0, 9000.0]
    assert logged(result, "replaced") == [("way/2", "mapped", "not in the layer", "planner")]
    assert logged(result, "households")[0] == ("way/1", "80", "70", "planner")


def test_a_building_over_half_a_mapped_one_takes_its_place_and_its_door(tmp_path):
    rows = {"id": ["B1", "B2"], "levels": [7, 6], "fire_class": ["III", None], "source": ["survey", None]}
    shapes = [box(11, 40, 41, 50), box(136, 40, 170, 50)]  # 97 % of way/11; 47 % of way/13
    result = apply_layers(drawn(), [layer(tmp_path / "buildings.gpkg", rows, shapes)])

    table = result.buildings
    assert table.index.tolist() == ["B1", "B2", "way/12", "way/13"]
    assert table.loc["B1", ["use", "levels", "height_m", "height_source", "fire_class", "source"]].tolist() == [
        "residential", 7.0, 21.0, "estimate", "III", "survey",
    ]  # fmt: skip
    assert table.loc["B2", ["use", "fire_class", "source"]].tolist() == ["unknown", "unknown", "planner"]
    assert result.entrances["building_id"].tolist() == ["B1"]
    assert logged(result, "replaced") == [("way/11", "mapped", "B1", "planner")]


def test_new_storeys_outdate_an_estimated_height_but_not_a_tagged_one(tmp_path):
    result = apply_layers(drawn(), [csv(tmp_path, "buildings", "id,levels,households\nway/11,6,48\nway/12,6,\n")])

    table = result.buildings.loc[["way/11", "way/12"]]
    assert table["levels"].tolist() == [6.0, 6.0]
    assert table["height_m"].tolist() == [18.0, 16.2]
    assert table["height_source"].tolist() == ["estimate", "tag"]
    assert table["households_source"].tolist()[0] == "planner"


def test_transformers_name_the_compounds_they_feed(tmp_path):
    steps = json.dumps(
        [{"kva": 400, "cost_cny": 9, "lead_time_months": 1}, {"kva": 200, "cost_cny": 5, "lead_time_months": 2}]
    )
    rows = {"id": ["T1"], "spare_kva": [80], "compound_ids": ["way/1; 乙院; way/9"], "upgrade_steps": [steps]}
    result = apply_layers(drawn(), [layer(tmp_path / "transformers.gpkg", rows, [point(5, 5)])])

    assert result.transformers.index.tolist() == ["T1", "node/3"]
    row = result.transformers.loc["T1"]
    assert row["compound_ids"] == "way/1;way/2"
    assert [step["kva"] for step in json.loads(row["upgrade_steps"])] == [200, 400]
    assert "T1: way/9" in result.notes[-1]


def test_transformers_may_be_known_by_name_only(tmp_path):
    text = "id,lon,lat,crs,spare_kva,compound_ids\nT1,111.0005,35.0005,EPSG:4326,10,way/1\nT2,,,EPSG:4326,20,way/2\n"
    result = apply_layers(drawn(), [csv(tmp_path, "transformers", text)])

    assert result.transformers["spare_kva"].tolist()[:2] == [10.0, 20.0]
    assert result.transformers.geometry.isna().tolist() == [False, True, False]


def test_layers_that_refer_to_compounds_come_after_them(tmp_path):
    outlines = layer(tmp_path / "compounds.gpkg", {"id": ["N1"], "name": ["新院"]}, [box(0, 0, 200, 100)])
    fed = csv(tmp_path, "transformers", "id,lon,lat,crs,compound_ids\nT1,111.0005,35.0005,wgs84,新院\n")

    assert apply_layers(drawn(), [fed, outlines]).transformers.loc["T1", "compound_ids"] == "N1"


def test_hydrants_doors_gates_and_lanes_are_added(tmp_path):
    result = apply_layers(
        drawn(),
        [
            layer(tmp_path / "hydrants.gpkg", {"id": ["H1"], "source": ["survey"]}, [point(50, 95)]),
            layer(tmp_path / "entrances.gpkg", {"kind": ["exit", "entrance"]}, [point(75, 51), point(75, 90)]),
            layer(tmp_path / "gates.gpkg", {"access": ["private"]}, [point(100, 50)]),
            layer(
                tmp_path / "roads.gpkg",
                {"width_m": [4.0], "fire_lane": ["否"]},
                [shapely.LineString([point(0, 20), point(90, 20)])],
            ),
        ],
    )

    assert result.obstacles.loc["H1", ["kind", "source"]].tolist() == ["hydrant", "survey"]
    doors = result.entrances.loc[["planner/entrances/1", "planner/entrances/2"]]
    assert doors["building_id"].tolist()[0] == "way/12"
    assert pd.isna(doors["building_id"].tolist()[1])
    assert result.gates["access"].tolist() == ["private"]
    assert result.roads.loc["planner/roads/1", ["kind", "fire_lane", "width_m"]].tolist() == ["service", False, 4.0]


def test_a_layer_of_garages_says_what_their_drawings_say(tmp_path):
    rows = {
        "parking_id": ["g"],
        "kind": ["underground"],
        "地下层": [2.0],
        "fire_unit_m2": [950.0],
        "火灾自动报警": ["有"],
    }
    rows |= {"sprinklers": ["no"]}
    spec = layer(tmp_path / "parking.geojson", rows, [box(10, 10, 60, 35)])
    garage = apply_layers(drawn(), [spec]).parking.loc["g"]
    assert (garage["levels_down"], garage["fire_unit_m2"]) == (2.0, 950.0)
    assert (garage["alarm"], garage["sprinklers"]) == ("yes", "no")
    assert garage[["smoke_exhaust", "fire_unit_stalls"]].isna().all()


def test_broken_outlines_are_repaired_and_said(tmp_path):
    bow = shapely.Polygon([point(0, 0), point(60, 60), point(60, 0), point(0, 60)])
    result = apply_layers(drawn(), [layer(tmp_path / "compounds.gpkg", {"id": ["C1"]}, [bow])])

    assert result.compounds.is_valid.all()
    assert result.compounds.area.round(0).tolist() == [1800.0]
    assert "1 invalid outlines were repaired (C1)" in " ".join(result.notes)


def test_a_strip_that_two_compounds_claim_goes_to_the_first(tmp_path):
    shapes = [box(0, 0, 102, 100), box(100, 0, 200, 100)]
    result = apply_layers(drawn(), [layer(tmp_path / "compounds.gpkg", {"id": ["A", "B"]}, shapes)])

    assert result.compounds.area.round(3).tolist() == [10200.0, 9800.0]
    assert "lost a strip" in result.notes[-1]


def test_the_given_district_and_its_tables_stay_as_they_are(tmp_path):
    before = drawn()
    copies = {name: getattr(before, name).copy() for name in ("compounds", "buildings", "transformers")}
    apply_layers(before, [csv(tmp_path, "compounds", "id,households\nway/1,70\n")])

    for name, frame in copies.items():
        pd.testing.assert_frame_equal(pd.DataFrame(getattr(before, name)), pd.DataFrame(frame))


def test_buildings_beside_the_mapped_ones_raise_a_doubt_about_the_datum(tmp_path):
    many = district(*(building((x, 0, x + 10, 10)) for x in range(0, 600, 30)), origin=ORIGIN)
    shapes = [box(x + 15, 2, x + 25, 12) for x in range(0, 570, 30)]
    result = apply_layers(many, [layer(tmp_path / "buildings.gpkg", {"levels": [5] * 19}, shapes)])

    assert "only 0% of its buildings stand on mapped ones" in result.notes[-1]


# --- CRS and place ---


def test_a_csv_in_gauss_kruger_metres_lands_where_it_says(tmp_path):
    text = f"id,kind,x,y\nO1,tree,{ORIGIN[0] + 30:.2f},{ORIGIN[1] + 60:.2f}\n"
    result = apply_layers(drawn(), [csv(tmp_path, "obstacles", text, crs="EPSG:4546")])

    assert result.obstacles.loc["O1"].geometry.coords[0] == pytest.approx((500030.0, 3874660.0))


def test_a_csv_with_wkt_is_read(tmp_path):
    text = 'id,wkt,crs\nC1,"POLYGON((111 35, 111.001 35, 111.001 35.001, 111 35.001, 111 35))",EPSG:4490\n'

    assert len(apply_layers(drawn(), [csv(tmp_path, "compounds", text)]).compounds) == 1


def test_coordinates_without_crs_are_refused(tmp_path):
    assert "does not say the CRS" in fault(csv(tmp_path, "hydrants", "id,lon,lat\nH,111,35\n"))


def test_a_spatial_file_without_crs_is_refused_unless_declared(tmp_path):
    path = tmp_path / "hydrants.shp"
    with pytest.warns(UserWarning, match="crs"):
        layer(path, {"id": ["H"]}, [point(5, 5)], crs=None)

    assert "does not say its CRS" in fault(LayerSpec(role="hydrants", path=path))
    assert "H" in apply_layers(drawn(), [LayerSpec(role="hydrants", path=path, crs="EPSG:4546")]).obstacles.index


def test_the_crs_of_the_file_wins_and_the_declared_one_is_mentioned(tmp_path):
    spec = layer(tmp_path / "hydrants.gpkg", {"id": ["H"]}, [point(5, 5)])
    result = apply_layers(drawn(), [LayerSpec(role="hydrants", path=spec.path, crs="EPSG:4547")])

    assert "EPSG:4547 was not used" in " ".join(result.notes)


@pytest.mark.parametrize(("x", "y", "crs"), [("35.0005", "111.0005", "EPSG:4326"), ("3874650", "500050", "EPSG:4546")])
def test_swapped_coordinates_are_refused_as_such(tmp_path, x, y, crs):
    assert "are swapped" in fault(csv(tmp_path, "hydrants", f"id,x,y,crs\nH,{x},{y},{crs}\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,lon,lat,crs\nH,116.4,39.9,EPSG:4326\n", "lies 7"),  # Beijing, about 720 km
        ("id,lon,lat,crs\nH,111.05,35.0,EPSG:4326\n", "does not overlap the district"),  # 4.5 km
        ("id,lon,lat,crs\nA,111.0005,35.0005,EPSG:4326\nB,113,35,EPSG:4326\n", "B: lies 18"),  # one stray object
        ("id,lon,lat,crs\nH,500050,3874650,EPSG:4326\n", "no longitude and latitude"),
        ("id,lon,lat,crs\nH,111.0005,35.0005,BD-09\n", "it would meet the district in wgs84"),
        ("id,lon,lat,crs\nH,111,35,bd09mc\n", "datum 'bd09mc' is not known"),
        ("id,x,y,crs\nH,500050,3874650,cgcs2000\n", "likely EPSG:4546"),
        ("id,x,y,crs\nH,37500050,3874650,cgcs2000\n", "likely cgcs2000 zone 37"),
        ("id,x,y,crs\nH,500050,3874650,cgcs2000 zone 12\n", "is no 3-degree zone"),
        ("id,lon,lat,crs\nH,111,35,EPSG:99999\n", "is unknown"),
        ("id,lon,lat,crs\nH,111,35,EPSG:4326\nI,111,35,EPSG:4490\n", "one file has one CRS"),
        ("id,lon,crs\nH,111,EPSG:4326\n", "not both of lon and lat"),
        ("id,lon,lat,crs\nH,here,35,EPSG:4326\n", "line 2: lon 'here' is not a number"),
        ("id,wkt,crs\nH,POINT (x),EPSG:4326\n", "is not WKT"),
    ],
)
def test_what_lies_nowhere_or_elsewhere_is_refused(tmp_path, text, words):
    assert words in fault(csv(tmp_path, "hydrants", text))


# --- cells ---


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,households\nway/1,-3\n", "way/1: households -3 is negative"),
        ("id,households\nway/1,about 80\n", "'about 80' is not a number"),
        ("id,households,weight\nway/1,x,y\nway/2,z,1\n", "(and 2 more faults)"),
        ("id,households\nway/1,inf\n", "is not a number"),
        ("id,households\nway/1,1\nway/1,2\n", "'way/1' stands 2 times"),
        ("id,houshold\nway/1,1\n", "'houshold' is unknown; did you mean 'households'?"),
        ("id,households\n,1\n", "row 1: id is blank"),
        ("id,households\nway/9,1\n", "no row meets one of the 2 compounds"),
        ("id,source\nway/1,hearsay\n", "'hearsay' is none of planner, survey"),
        ("households\n3\n", "neither geometry nor a column compound_id or name"),
        ("id,households,households\nway/1,1,2\n", "stands twice"),
        ("id,households\nway/1,1,2\n", "line 2 has 3 cells"),
        ("id,households\n", "holds no row"),
        ("  \n", "the file is empty"),
        ("id,households\nway/1,\x00\n", "is not text"),
    ],
)
def test_cells_that_cannot_be_meant_are_one_line(tmp_path, text, words):
    message = fault(csv(tmp_path, "compounds", text))

    assert words in message
    assert message.startswith("compounds.csv: ")


@pytest.mark.parametrize(
    ("role", "text", "words"),
    [
        ("buildings", "id,levels\nway/11,2100\n", "2100 is more than 200"),
        ("buildings", "id,height\nway/11,15\n", "did you mean 'height_m'?"),
        ("buildings", "id,use\nway/11,flats\n", "'flats' is none of commercial"),
        ("transformers", "id,upgrade_steps\nnode/3,200\n", "is not a JSON list"),
        ("transformers", "id,upgrade_steps\nnode/3,\"[{\"\"kva\"\": -1}]\"\n", "is not a JSON list"),
        ("transformers", "id,compound_ids\nnode/3,丙院\n", "is no compound here"),
        ("obstacles", "id,lon,lat,crs\nO,111,35,EPSG:4326\n", "kind is missing"),
        ("hydrants", "id,name\nH,x\n", "has no geometry"),
        ("hidrants", "id\nH\n", "role 'hidrants' is unknown; did you mean 'hydrants'?"),
    ],
)  # fmt: skip
def test_each_role_knows_its_columns(tmp_path, role, text, words):
    assert words in fault(csv(tmp_path, role, text))


def test_chinese_headings_and_a_gb18030_file_are_understood(tmp_path):
    path = tmp_path / "compounds.csv"
    path.write_bytes("名称,户数,电动自行车\n乙院,60,75\n".encode("gb18030"))
    result = apply_layers(drawn(), [LayerSpec(role="compounds", path=path)])

    assert result.compounds.loc["way/2", ["households", "ebikes"]].tolist() == [60.0, 75.0]


def test_a_gbk_shapefile_without_cpg_keeps_its_chinese(tmp_path):
    path = tmp_path / "compounds.shp"
    frame = gpd.GeoDataFrame({"name": ["幸福小区"]}, geometry=[box(0, 0, 200, 100)], crs=CRS_M)
    frame.to_file(path, engine="pyogrio", encoding="GB18030")
    path.with_suffix(".cpg").unlink(missing_ok=True)

    assert apply_layers(drawn(), [LayerSpec(role="compounds", path=path)]).compounds["name"].tolist() == ["幸福小区"]


# --- geometry and files ---


def test_geometry_of_the_wrong_kind_or_none_is_refused_by_name(tmp_path):
    assert "C1: is a Point, but compounds must be a polygon" in fault(
        layer(tmp_path / "compounds.gpkg", {"id": ["C1"]}, [point(1, 1)])
    )
    assert "C2: has no geometry" in fault(
        layer(
            tmp_path / "compounds.geojson",
            {"id": ["C1", "C2"]},
            [shapely.box(111, 35, 111.001, 35.001), None],
            crs=4326,
        )
    )
    flat = shapely.Polygon([point(0, 0), point(5, 5), point(10, 10)])
    assert "beyond repair" in fault(layer(tmp_path / "buildings.gpkg", {"id": ["B"]}, [flat]))
    clash = [box(0, 0, 120, 100), box(80, 0, 200, 100)]
    assert "A and B share 4,000 m2" in fault(layer(tmp_path / "x.gpkg", {"id": ["A", "B"]}, clash, role="compounds"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.gpkg", b"<VRTDataset/>", "is not a GeoPackage"),
        ("a.gpkg", b"SQLite format 3\0" + bytes(200), "cannot be read"),
        ("a.shp", b"hello", "is not a Shapefile"),
        ("a.geojson", b"hello", "is not GeoJSON"),
        ("a.geojson", b'{"type": "Topology"}', "not a GeoJSON FeatureCollection"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "holds no feature"),
        ("a.geojson", b"[" * 100_000, "is not GeoJSON"),
        ("a.gpkg", b"", "the file is empty"),
        ("a.kml", b"<kml/>", "format 'kml' is not read"),
        ("a.csv", bytes(range(128, 256)), "neither UTF-8 nor GB18030"),
    ],
)
def test_files_that_are_no_layers_are_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)

    assert words in fault(LayerSpec(role="compounds", path=tmp_path / name))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "no such file" in fault(LayerSpec(role="compounds", path=tmp_path / "no.gpkg"))
    (tmp_path / "a.gpkg").mkdir()
    assert "no such file" in fault(LayerSpec(role="compounds", path=tmp_path / "a.gpkg"))


def test_a_geopackage_with_several_layers_needs_a_name(tmp_path):
    path = tmp_path / "all.gpkg"
    for name in ("old", "new"):
        gpd.GeoDataFrame({"id": [name]}, geometry=[box(0, 0, 200, 100)], crs=CRS_M).to_file(path, layer=name)

    assert "has 2 layers (old, new)" in fault(LayerSpec(role="compounds", path=path))
    assert "has no layer 'newer'" in fault(LayerSpec(role="compounds", path=path, layer_name="newer"))
    chosen = apply_layers(drawn(), [LayerSpec(role="compounds", path=path, layer_name="new")])
    assert chosen.compounds.index.tolist() == ["new"]


# --- properties ---

rows = st.lists(
    st.tuples(
        st.integers(0, 18), st.one_of(st.none(), st.integers(0, 500)), st.one_of(st.none(), st.integers(1, 30))
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[0],
)  # fmt: skip


@given(rows)
@settings(max_examples=8, deadline=None)
def test_what_is_written_to_a_layer_is_read_back_in_any_order(tmp_path_factory, drawn_rows):
    folder = tmp_path_factory.mktemp("layers")
    found = []
    for name, order in (("a", drawn_rows), ("b", drawn_rows[::-1])):
        values = {
            "id": [f"B{at}" for at, _, _ in order],
            "households": [np.nan if homes is None else homes for _, homes, _ in order],
            "levels": [np.nan if floors is None else floors for _, _, floors in order],
        }
        shapes = [box(10 * at, 60, 10 * at + 8, 70) for at, _, _ in order]
        found.append(apply_layers(drawn(), [layer(folder / f"{name}.gpkg", values, shapes, role="buildings")]))

    table = found[0].buildings
    for at, homes, floors in drawn_rows:
        row = table.loc[f"B{at}"]
        assert row.geometry.equals(box(10 * at, 60, 10 * at + 8, 70))
        assert (homes is None and np.isnan(row["households"])) or row["households"] == homes
        assert (floors is None and np.isnan(row["height_m"])) or row["height_m"] == 3.0 * floors
    pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(found[1].buildings))
    pd.testing.assert_frame_equal(found[0].overrides, found[1].overrides)
