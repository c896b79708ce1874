"""Shops, addresses and buildings mapped as points: signs of buildings that the map lacks, told, never guessed at."""

import pytest
from district.osm_text import OsmText
from sites.options_builders import rulebook

from siting.district.build import SourceOptions, read_district
from siting.district.classes import sign_kind
from siting.district.quality import inspect_district
from siting.kinds import Kind
from siting.sites.candidates import offer_candidates
from siting.sites.catalogue import load_catalogue
from siting.sites.zones import draw_zones

SIGNS = {
    "node/1": (60, 60, {"shop": "convenience", "name": "小卖部"}),  # in the open yard
    "node/2": (20, 15, {"amenity": "restaurant"}),  # in the house
    "node/3": (62.0, 15, {"shop": "bakery"}),  # 2 m before the house: its own
    "node/4": (300, 60, {"office": "yes"}),  # outside the compound
    "node/5": (90, 20, {"building": "yes"}),  # a building without an outline
    "node/6": (95, 90, {"addr:housenumber": "7"}),
    "node/7": (0, 50, {"barrier": "gate", "addr:housenumber": "9"}),  # a gate has an address too
}


def district(folder, **options):
    text = OsmText()
    for x, y, tags in SIGNS.values():
        text.point(x, y, **tags)
    text.area((0, 0, 120, 120), landuse="residential", name="甲院")
    for house in ((10, 10, 60, 22), (10, 40, 50, 52), (70, 100, 110, 112)):
        text.area(house, building="apartments")
    text.line([(-50, -10), (200, -10)], highway="residential")
    return read_district(SourceOptions(osm=text.write(folder / "signs.osm"), **options))


@pytest.fixture
def facts(tmp_path):
    return district(tmp_path)


def test_only_what_stands_in_a_compound_and_in_no_building_is_a_sign(facts):
    assert facts.signs["kind"].to_dict() == {"node/1": "shop", "node/5": "building", "node/6": "address"}
    assert facts.signs["name"]["node/1"] == "小卖部"
    assert "node/5" in set(facts.dropped["object_id"])  # it is still said that its outline is missing


def test_they_count_as_missing_buildings_in_the_state_of_the_facts_until_buildings_are_surveyed(facts, tmp_path):
    found = {finding.code: finding for finding in inspect_district(facts).findings}
    assert found["unmapped_signs"].count == 3
    assert "stand in no mapped building" in found["unmapped_signs"].sentence_en
    surveyed = inspect_district(district(tmp_path, surveyed=("building",))).findings
    assert "unmapped_signs" not in {finding.code for finding in surveyed}


def test_the_position_error_is_said_with_what_it_rests_on(tmp_path):
    (found,) = [each for each in inspect_district(district(tmp_path, position_error_m=1.5)).findings
                if each.code == "position_error"]  # fmt: skip
    assert (found.count, found.total) == (3, 3)
    assert "exact to 1.5 m (source.position_error_m: the study's figure, not measured" in found.sentence_en
    assert ": OpenStreetMap 3." in found.sentence_en
    assert "OpenStreetMap 3 栋" in found.sentence_zh


def test_candidates_beside_one_are_named_and_none_is_refused(facts):
    catalogue = load_catalogue(None)
    zones = draw_zones(facts, rulebook(), (Kind.EBIKE_OPEN,), catalogue)
    offered = offer_candidates(zones, catalogue)
    near = offered.frame.distance(facts.signs.geometry["node/1"]) <= 10
    (note,) = [note for note in offered.notes if note.startswith("node/1")]
    assert near.any()
    assert f"(shop): stands in no mapped building; {int(near.sum())} candidates lie within 10 m of it" in note
    without = offer_candidates(
        draw_zones(facts.replace(signs=None), rulebook(), (Kind.EBIKE_OPEN,), catalogue), catalogue
    )
    assert list(without.frame.index) == list(offered.frame.index)


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"shop": "no"}, None),
        ({"amenity": "bench"}, None),
        ({"amenity": "bank"}, "service"),
        ({"amenity": "cafe", "shop": "yes"}, "food"),
        ({"craft": "tailor"}, "shop"),
        ({"building": "no", "office": "company"}, "office"),
    ],
)
def test_what_is_a_sign(tags, kind):
    assert sign_kind(tags) == kind
