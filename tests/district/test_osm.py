"""Reading OSM files: every object either becomes a row or is named with the reason."""

import bz2
import gzip

import osmium
import pytest
from district.osm_text import OsmText
from district.real_files import extract, helsinki

from siting.district import classes
from siting.district.osm import read_osm


def house() -> OsmText:
    return OsmText().area((0, 0, 30, 12), building="apartments", name="1号楼")


def count_buildings(facts) -> int:
    return sum(classes.building_use(tags) is not None for tags in facts.areas["tags"])


def test_points_lines_and_areas_keep_their_ids_and_tags(tmp_path):
    text = house().line([(0, 20), (50, 20)], highway="service").point(5, 5, barrier="gate")

    facts = read_osm(text.write(tmp_path / "tiny.osm"))

    assert list(facts.areas.index) == ["way/1"]
    assert facts.areas.loc["way/1", "tags"] == {"building": "apartments", "name": "1号楼"}
    assert list(facts.lines.index) == ["way/2"]
    assert list(facts.points["tags"]) == [{"barrier": "gate"}]
    assert facts.areas.crs.to_epsg() == 4326
    assert facts.dropped.empty


@pytest.mark.parametrize("ending", ["osm", "osm.gz", "osm.bz2", "osm.pbf"])
def test_every_format_gives_the_same_facts(tmp_path, ending):
    plain = house().write(tmp_path / "plain.osm")
    path = tmp_path / f"tiny.{ending}"
    if ending == "osm.pbf":
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(str(plain)):
                writer.add(item)
    else:
        pack = {"osm": bytes, "osm.gz": gzip.compress, "osm.bz2": bz2.compress}[ending]
        path.write_bytes(pack(plain.read_bytes()))

    facts = read_osm(path)

    assert facts.name == path.name
    assert facts.areas.geometry.iloc[0].equals(read_osm(plain).areas.geometry.iloc[0])


def test_a_multipolygon_keeps_its_courtyard(tmp_path):
    text = OsmText().area((0, 0, 40, 40)).area((10, 10, 30, 30)).relation([(1, "outer"), (2, "inner")], building="yes")

    facts = read_osm(text.write(tmp_path / "ring.osm"))

    assert list(facts.areas.index) == ["relation/1"]
    assert len(facts.areas.geometry.iloc[0].geoms[0].interiors) == 1


def test_what_cannot_be_built_is_named_with_the_reason(tmp_path):
    text = (
        house()
        .area((50, 0, 80, 12), missing=1, building="yes")  # way/2
        .line([(0, 50), (9, 50), (9, 60)], building="yes")  # way/3, open
        .line([(0, 70), (9, 79), (9, 70), (0, 79)], closed=True, building="yes")  # way/4, a bow tie
        .relation([(1, "outer"), (77, "outer")], amenity="school")
        .line([(0, 90), (9, 90)], missing=1, highway="service")  # way/5
        .point(5, 95, building="yes")
    )

    dropped = read_osm(text.write(tmp_path / "broken.osm")).dropped

    assert list(dropped.itertuples(index=False, name=None)) == [
        ("node/16", "buildings", "only a point; its outline is not mapped"),
        ("relation/1", "obstacles", "1 of its 2 member ways are not in the file"),
        ("way/2", "buildings", "1 of its 5 nodes are not in the file"),
        ("way/3", "buildings", "its outline is not closed"),
        ("way/4", "buildings", "its outline crosses itself or has no area"),
        ("way/5", "roads", "fewer than two neighbouring nodes are in the file"),
    ]


def test_a_line_that_leaves_the_file_keeps_the_part_inside(tmp_path):
    text = house().line([(0, 20), (10, 20), (20, 20), (30, 20)], missing=2, highway="service")

    facts = read_osm(text.write(tmp_path / "clipped.osm"))

    assert facts.clipped == ("way/2",)
    assert facts.lines.geometry.iloc[0].geom_type == "MultiLineString"
    assert facts.lines.geometry.iloc[0].length == pytest.approx(10 / 91_287, rel=1e-3)


def test_ids_of_an_editor_are_named_not_lost(tmp_path):
    drawn = house().area((50, 0, 80, 12), building="yes").text()
    for number in range(5, 9):
        drawn = drawn.replace(f'<node id="{number}"', f'<node id="-{number}"').replace(
            f'ref="{number}"', f'ref="-{number}"'
        )
    (tmp_path / "drawn.osm").write_text(drawn, encoding="utf-8")

    dropped = read_osm(tmp_path / "drawn.osm").dropped

    assert list(dropped["object_id"]) == ["way/2"]
    assert "negative ids" in dropped["reason"].iloc[0]


def test_tags_are_foreign_text(tmp_path):
    tags = {"name": "Block\n\tA\u202e<script>", "note": "x" * 900}
    facts = read_osm(OsmText().area((0, 0, 9, 9), building="yes", **tags).write(tmp_path / "odd.osm"))

    read = facts.areas["tags"].iloc[0]

    assert read["name"] == "Block A <script>"
    assert len(read["note"]) == 255


@pytest.mark.parametrize(
    ("generator", "tags", "synthetic"),
    [("siting synthetic", {}, True), ("JOSM", {}, False), ("JOSM", {"siting__synthetic": "yes"}, True)],
)
def test_a_made_up_file_says_so(tmp_path, generator, tags, synthetic):
    text = OsmText().area((0, 0, 9, 9), building="yes", **tags)

    assert read_osm(text.write(tmp_path / "made.osm", generator)).synthetic is synthetic


def test_reading_twice_gives_the_same(tmp_path):
    path = house().point(1, 1, entrance="yes").write(tmp_path / "same.osm")

    first, second = read_osm(path), read_osm(path)

    assert first.areas.to_wkt().equals(second.areas.to_wkt())
    assert first.sha256 == second.sha256


@pytest.mark.parametrize(
    ("name", "mapped", "underground"),
    [("beijing_tsinghua", 521, 0), ("nanjing_gulou", 1277, 6), ("jiangxi_guixi", 165, 0)],
)
def test_real_extracts_hold_the_buildings_every_loader_finds(name, mapped, underground):
    facts = read_osm(extract(name))

    assert sum("building" in tags for tags in facts.areas["tags"]) == mapped
    assert count_buildings(facts) == mapped - underground
    assert facts.areas.is_valid.all()


def test_a_clipped_file_is_read_as_far_as_it_goes():
    facts = read_osm(helsinki())

    buildings = facts.areas[[("building" in tags) for tags in facts.areas["tags"]]]
    assert len(buildings) == 446
    assert facts.areas.is_valid.all()
    assert len(facts.clipped) == 69
    assert (facts.dropped["layer"] == "buildings").sum() == 57
