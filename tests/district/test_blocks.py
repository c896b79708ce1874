"""Street blocks as compounds."""

import pytest
import shapely
from district.osm_text import OsmText
from district.real_files import extract

from siting.district.build import SourceOptions, read_district

GRID_M = (0, 200, 400)


def streets(kind: str = "tertiary") -> OsmText:
    """Return two blocks of 200 x 200 m side by side; a tertiary street takes 10 m on each side."""
    text = OsmText()
    for x in GRID_M:
        text.line([(x, -20), (x, 220)], highway=kind)
    for y in (0, 200):
        text.line([(-20, y), (420, y)], highway=kind)
    return text


def slabs(text: OsmText, x: float, **tags: str) -> OsmText:
    """Add three slabs of 60 x 20 m: a cover of 3600 / 32400 in a block."""
    for y in (30, 80, 130):
        text.area((x, y, x + 60, y + 20), **({"building": "apartments"} | tags))
    return text


def read(tmp_path, text: OsmText):
    return read_district(SourceOptions(osm=text.write(tmp_path / "town.osm"), compounds_from="blocks"))


def test_a_block_is_the_ground_between_streets_without_the_streets(tmp_path):
    district = read(tmp_path, slabs(streets(), 50))

    assert len(district.compounds) == 1
    assert district.compounds.area.iloc[0] == pytest.approx(180 * 180, rel=0.01)
    assert list(district.compounds["source"]) == ["block"]
    assert list(district.compounds["state"]) == ["ready"]
    assert district.compounds.index[0].startswith("block/111.00")
    assert district.buildings["compound_id"].notna().all()


def test_only_blocks_with_dwellings_count(tmp_path):
    text = slabs(slabs(streets(), 50), 250, building="industrial")

    assert len(read(tmp_path, text).compounds) == 1


def test_a_mapped_width_replaces_the_habitual_one(tmp_path):
    text = slabs(slabs(streets(), 20), 120).line([(100, -20), (100, 220)], highway="residential", width="6")

    district = read(tmp_path, text)

    west, east = sorted(district.compounds.geometry, key=lambda shape: shape.bounds[0])
    assert east.bounds[0] - west.bounds[2] == pytest.approx(10.0, rel=0.01)  # 6 m and a pavement of 2 m on each side


def test_walls_and_rivers_bound_blocks_but_footways_do_not(tmp_path):
    whole = read(tmp_path, slabs(streets(), 50).line([(-20, 115), (420, 115)], highway="footway"))
    cut = read(tmp_path, slabs(streets(), 50).line([(-20, 115), (420, 115)], barrier="wall"))

    assert len(whole.compounds) == 1
    assert len(cut.compounds) == 2


def test_a_nearly_empty_block_shrinks_to_the_surroundings_of_its_dwellings(tmp_path):
    text = streets().area((50, 50, 110, 70), building="yes")  # 1200 of 32400 m2

    district = read(tmp_path, text)

    assert len(district.compounds) == 1
    assert district.compounds.area.iloc[0] < 0.5 * 180 * 180
    assert district.compounds.geometry.iloc[0].covers(shapely.union_all(district.buildings.geometry.to_numpy()))
    assert district.compounds["building_cover_share"].iloc[0] > 0.07


def test_a_block_takes_the_name_of_the_only_quarter_in_it(tmp_path):
    text = slabs(streets(), 50).point(100, 75, place="neighbourhood", name="东关")

    assert list(read(tmp_path, text).compounds["name"]) == ["东关"]


def test_blocks_never_overlap_and_keep_their_ids():
    path = extract("nanjing_gulou")
    first, second = (read_district(SourceOptions(osm=path, compounds_from="blocks")).compounds for _ in range(2))

    assert first.area.sum() == pytest.approx(shapely.union_all(first.geometry.to_numpy()).area, rel=1e-9)
    assert list(first.index) == list(second.index)
    assert first["building_cover_share"].min() > 0.07
    assert len(first) > 90
