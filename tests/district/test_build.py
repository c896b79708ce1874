"""From a file to a district: tables in metres, what belongs to what, and where the district ends."""

import math

import pytest
from district.osm_text import LAT, LON, OsmText
from district.real_files import extract, helsinki

from siting.district.build import SourceOptions, read_district
from siting.district.layers import LayerSpec
from siting.errors import SourceError, UsageError
from siting.kinds import Completeness


def courtyard() -> OsmText:
    """Return a compound of 100 x 60 m with two slabs, and a slab outside it."""
    return (
        OsmText()
        .area((0, 0, 100, 60), landuse="residential", name="桃园小区")  # way/1
        .area((10, 10, 60, 22), building="apartments", building__levels="6")  # way/2
        .area((10, 35, 60, 47), building="yes", height="21 m")  # way/3
        .area((130, 10, 170, 22), building="yes")  # way/4
    )


def read(tmp_path, text: OsmText, **options):
    return read_district(SourceOptions(osm=text.write(tmp_path / "place.osm"), **options))


def test_a_courtyard_becomes_a_district_in_metres(tmp_path):
    district = read(tmp_path, courtyard())

    assert district.name == "place"
    assert district.crs.to_epsg() == 4546
    assert district.compounds.loc["way/1", "name"] == "桃园小区"
    assert district.compounds.area["way/1"] == pytest.approx(6000, rel=0.005)
    assert district.compounds.loc["way/1", "building_cover_share"] == pytest.approx(0.2, rel=0.01)
    assert district.compounds.loc["way/1", "state"] == "ready"
    assert dict(district.buildings["compound_id"].dropna()) == {"way/2": "way/1", "way/3": "way/1"}


def test_heights_come_from_the_tag_or_three_metres_a_storey(tmp_path):
    buildings = read(tmp_path, courtyard()).buildings

    assert list(buildings["height_m"].fillna(-1)) == [18.0, 21.0, -1.0]
    assert list(buildings["height_source"].fillna("unknown")) == ["estimate", "tag", "unknown"]
    assert list(buildings["use"]) == ["residential", "unknown", "unknown"]


def test_a_building_belongs_where_most_of_it_stands(tmp_path):
    text = (
        OsmText()
        .area((0, 0, 50, 60), landuse="residential")  # way/1
        .area((50, 0, 100, 60), landuse="residential")  # way/2
        .area((40, 10, 70, 20), building="yes")  # way/3: 10 m west, 20 m east
        .area((10, 10, 20, 20), building="yes")  # way/4
        .area((95, 30, 125, 40), building="yes")  # way/5: a sixth inside
    )

    owners = read(tmp_path, text).buildings["compound_id"]

    assert owners["way/3"] == "way/2"
    assert owners["way/4"] == "way/1"
    assert owners.isna()["way/5"]


def test_doors_snap_to_the_building_within_a_metre(tmp_path):
    text = (
        courtyard().point(30, 9.4, entrance="staircase").point(30, 5, entrance="yes").point(40, 22.5, entrance="exit")
    )

    doors = read(tmp_path, text).entrances

    assert list(doors["building_id"].fillna("")) == ["way/2", "", "way/2"]
    assert list(doors["kind"]) == ["entrance", "entrance", "exit"]
    slab = read(tmp_path, text).buildings.geometry["way/2"]
    assert doors.geometry.iloc[0].distance(slab.boundary) < 1e-6


@pytest.mark.parametrize(
    ("tags", "walkable", "drivable", "fire_lane"),
    [
        ({"highway": "service"}, True, True, True),
        ({"highway": "service", "access": "private"}, True, True, True),
        ({"highway": "service", "access": "no"}, False, False, False),
        ({"highway": "service", "access": "no", "foot": "yes"}, True, False, False),
        ({"highway": "residential", "foot": "no"}, False, True, True),
        ({"highway": "footway"}, True, False, False),
        ({"highway": "pedestrian", "emergency": "designated"}, True, False, True),
        ({"highway": "steps"}, True, False, False),
        ({"highway": "motorway"}, False, True, True),
        ({"highway": "service", "motor_vehicle": "no"}, True, False, False),
    ],
)
def test_who_may_use_a_road(tmp_path, tags, walkable, drivable, fire_lane):
    road = read(tmp_path, courtyard().line([(-20, 30), (120, 30)], **tags)).roads.iloc[0]

    assert (road["walkable"], road["drivable"], road["fire_lane"]) == (walkable, drivable, fire_lane)


def test_a_private_way_of_somebody_else_is_not_walked(tmp_path):
    text = courtyard().line([(120, 0), (120, 60)], highway="service", access="private")

    assert list(read(tmp_path, text).roads["walkable"]) == [False]


def test_roads_that_are_no_lane_are_left_out_and_tunnels_named(tmp_path):
    text = (
        courtyard()
        .line([(0, 70), (50, 70)], highway="construction")  # way/5
        .line([(0, 75), (50, 75)], highway="primary", tunnel="yes")  # way/6
        .line([(0, 80), (50, 80)], highway="service", width="3,5")  # way/7
    )

    district = read(tmp_path, text)

    assert dict(district.roads["width_m"]) == {"way/7": 3.5}
    assert list(district.dropped["object_id"]) == ["way/6"]


def test_a_line_gate_becomes_its_middle_point(tmp_path):
    gates = read(tmp_path, courtyard().line([(40, 60), (44, 60)], barrier="lift_gate", access="private")).gates

    assert list(gates["kind"]) == ["lift_gate"]
    assert gates.geom_type.eq("Point").all()
    assert list(gates["access"]) == ["private"]


def test_a_transformer_feeds_the_compound_it_stands_in(tmp_path):
    text = courtyard().area((80, 5, 83, 8), power="substation", substation="minor_distribution")

    district = read(tmp_path, text)

    assert list(district.transformers["compound_ids"]) == ["way/1"]
    assert math.isnan(district.transformers["spare_kva"].iloc[0])
    assert list(district.obstacles["kind"]) == ["substation"]


def test_what_lies_beyond_the_halo_is_counted_not_kept(tmp_path):
    text = courtyard().point(399, 30, emergency="fire_hydrant").point(402, 30, emergency="fire_hydrant")

    district = read(tmp_path, text)

    assert len(district.obstacles) == 1
    assert "1 obstacles lie beyond the halo of 300 m and are left out" in district.notes


def test_a_transformer_that_feeds_a_compound_counts_however_far_it_stands(tmp_path):
    text = courtyard().point(900, 0, power="transformer").point(950, 0, power="transformer")
    feeds = tmp_path / "power.csv"
    feeds.write_text("transformer_id,compound_ids,spare_kva\nnode/17,way/1,200\n", encoding="utf-8")

    district = read(tmp_path, text, layers=(LayerSpec(role="transformers", path=feeds),))

    assert dict(district.transformers["spare_kva"]) == {"node/17": 200.0}


def test_a_planners_compound_replaces_the_mapped_ones_and_owns_its_buildings(tmp_path):
    outline = "POLYGON ((111.0011 34.9999, 111.0022 34.9999, 111.0022 35.0006, 111.0011 35.0006, 111.0011 34.9999))"
    layer = tmp_path / "compounds.csv"
    layer.write_text(f'compound_id,name,households,wkt\nc1,新区,40,"{outline}"\n', encoding="utf-8")

    district = read(tmp_path, courtyard(), layers=(LayerSpec(role="compounds", path=layer, crs="wgs84"),))

    assert list(district.compounds.index) == ["c1"]
    assert district.compounds.loc["c1", "households"] == 40
    assert dict(district.buildings["compound_id"].dropna()) == {"way/4": "c1"}


def test_a_box_chooses_the_compounds_and_cuts_none(tmp_path):
    text = courtyard().area((300, 0, 400, 60), landuse="residential").area((310, 10, 360, 22), building="yes")
    west_half = (LON - 0.001, LAT - 0.001, LON + 70 / 91_287, LAT + 0.001)

    district = read(tmp_path, text, bbox_deg=west_half)

    assert list(district.compounds.index) == ["way/1"]
    assert district.study_area.covers(district.compounds.geometry["way/1"])
    assert "1 compounds lie outside the box and are left out" in district.notes


def test_a_compound_that_is_nearly_empty_is_to_be_surveyed_first(tmp_path):
    text = OsmText().area((0, 0, 200, 100), landuse="residential").area((10, 10, 60, 22), building="yes")

    assert list(read(tmp_path, text).compounds["state"]) == ["survey_first"]
    assert list(read(tmp_path, text, surveyed=("building",)).compounds["state"]) == ["ready"]


def test_only_buildings_and_roads_are_mapped_well_and_the_planner_may_say_more(tmp_path):
    district = read(tmp_path, courtyard(), surveyed=("hydrant",))

    assert district.known("building") is Completeness.MAPPED
    assert district.known("road") is Completeness.MAPPED
    assert district.known("hydrant") is Completeness.SURVEYED
    assert district.known("exit") is Completeness.UNKNOWN


def test_without_compounds_the_error_says_what_to_give(tmp_path):
    text = OsmText().area((10, 10, 60, 22), building="yes")

    with pytest.raises(
        SourceError, match=r"place\.osm: the layer of compounds is missing.*--layer compounds=FILE.*blocks"
    ):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"compounds_from": "block"}, "osm, blocks"),
        ({"surveyed": ("hydrants",)}, "did you mean 'hydrant'"),
        ({"bbox_deg": (35.0, 111.0, 36.0, 112.0)}, "west, south, east, north"),
        ({"halo_m": -1.0}, "halo_m"),
        ({"position_error_m": math.nan}, "position_error_m"),
    ],
)
def test_a_wrong_option_is_named(options, words):
    with pytest.raises(UsageError, match=words):
        SourceOptions(**options)


def test_without_a_file_the_error_says_so():
    with pytest.raises(SourceError, match="--osm FILE"):
        read_district(SourceOptions())


def test_the_same_file_gives_the_same_district(tmp_path):
    path = courtyard().point(30, 9.4, entrance="yes").write(tmp_path / "same.osm")

    first, second = read_district(SourceOptions(osm=path)), read_district(SourceOptions(osm=path))

    for name in first.counts():
        assert getattr(first, name).to_wkt().equals(getattr(second, name).to_wkt())
    assert first.notes == second.notes
    assert first.inputs == second.inputs


def test_progress_names_each_step(tmp_path):
    steps = []
    read_district(SourceOptions(osm=courtyard().write(tmp_path / "a.osm")), progress=steps.append)

    assert steps == ["read OpenStreetMap file", "make tables", "find compounds", "link tables"]


def test_the_staff_compounds_of_tsinghua_are_found():
    district = read_district(SourceOptions(osm=extract("beijing_tsinghua")))

    assert set(district.compounds["name"]) == {"新林院", "荷清苑教师住宅区", "西王庄小区", "清华大学西北小区"}
    assert district.crs.to_epsg() == 4548
    assert (district.compounds["building_cover_share"] > 0.12).all()


def test_districts_drawn_as_residential_are_not_compounds_in_nanjing():
    district = read_district(SourceOptions(osm=extract("nanjing_gulou")))

    assert len(district.compounds) == 6
    assert "华侨路二十六号小区" in set(district.compounds["name"].dropna())
    assert list(district.compounds.index[district.compounds["state"] == "survey_first"]) == ["way/468699279"]
    assert district.dropped["reason"].str.contains("is a district, not a compound").sum() == 3


def test_a_county_town_without_compounds_says_which_layer_is_missing_and_works_with_blocks():
    path = extract("jiangxi_guixi")

    with pytest.raises(SourceError, match="--layer compounds=FILE"):
        read_district(SourceOptions(osm=path))
    district = read_district(SourceOptions(osm=path, compounds_from="blocks"))

    assert (district.compounds["state"] == "ready").sum() > 30
    assert district.buildings["compound_id"].notna().mean() > 0.9


def test_the_clipped_file_of_helsinki_gives_a_district():
    district = read_district(SourceOptions(osm=helsinki()))

    assert len(district.compounds) > 20
    assert district.crs.to_epsg() == 32635
    assert (district.obstacles["kind"] == "hydrant").sum() == 37
    assert district.entrances["building_id"].notna().sum() > 280
