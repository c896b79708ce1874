"""What an inspection says of a district."""

import json

import pandas as pd
import pytest
from builders import barrier, building, compound, district, entrance, gate, obstacle, road
from district.real_files import extract, helsinki

from siting.district.build import SourceOptions, read_district
from siting.district.findings import TEXTS, Severity, reason_in_chinese
from siting.district.quality import inspect_district
from siting.kinds import Completeness


def codes(drawn) -> dict[str, int]:
    return {finding.code: finding.count for finding in inspect_district(drawn).findings}


def home(box, **values):
    return building(box, **({"compound_id": "c1"} | values))


def yard(**values):
    return compound((0, 0, 100, 100), id="c1", **values)


def test_what_is_not_mapped_is_unknown_not_none():
    inspection = inspect_district(district(yard(), home((10, 10, 50, 22))))

    [hydrants] = [finding for finding in inspection.findings if finding.code == "no_hydrant"]
    assert hydrants.severity is Severity.MISSING
    assert "does not mean that there are none" in hydrants.sentence_en
    assert "不表示没有" in hydrants.sentence_zh


def test_what_is_mapped_or_surveyed_is_not_missing():
    mapped = district(
        yard(), home((10, 10, 50, 22), id="b1"), obstacle("hydrant", (5, 5)), entrance((10, 15), building_id="b1")
    )
    surveyed = district(yard(), completeness={"hydrant": Completeness.SURVEYED, "exit": Completeness.SURVEYED})

    for drawn in (mapped, surveyed):
        assert "no_hydrant" not in codes(drawn)
        assert "no_entrance" not in codes(drawn)


def test_overlapping_buildings_are_named_in_pairs():
    drawn = district(yard(), home((0, 0, 20, 20)), home((10, 0, 30, 20)), home((30, 0, 40, 20)))

    [pair] = [finding for finding in inspect_district(drawn).findings if finding.code == "buildings_overlap"]
    assert pair.examples == ("building/1 + building/2",)


@pytest.mark.parametrize(
    ("more", "shut"),
    [
        ([], 1),
        ([gate((102, 50))], 0),
        ([gate((110, 50))], 1),
        ([road([(50, 50), (50, 150)])], 0),
        ([road([(20, 20), (80, 80)])], 1),
    ],
)
def test_a_compound_needs_a_gate_or_a_way_across_its_boundary(more, shut):
    drawn = district(yard(), home((10, 10, 50, 22)), barrier([(0, 0), (100, 0)]), *more)

    assert codes(drawn).get("compound_shut", 0) == shut


def test_dwellings_outside_every_compound_are_counted():
    drawn = district(yard(), home((10, 10, 50, 22)), home((120, 10, 150, 22), compound_id=None))

    assert codes(drawn)["outside_compounds"] == 1


def test_dropped_objects_are_grouped_by_table_and_reason():
    rows = [
        ("way/1", "buildings", "3 of its 5 nodes are not in the file"),
        ("way/2", "buildings", "1 of its 9 nodes are not in the file"),
        ("way/3", "compounds", "44.0 ha is a district, not a compound (most 25 ha)"),
    ]
    drawn = district(yard(), dropped=pd.DataFrame(rows, columns=["object_id", "layer", "reason"], dtype=object))

    found = [finding for finding in inspect_district(drawn).findings if finding.code == "dropped"]

    assert [(finding.count, finding.examples) for finding in found] == [(2, ("way/1", "way/2")), (1, ("way/3",))]
    assert found[1].sentence_zh == "小区中有 1 个对象未采用，例如原因：44.0 公顷，属于片区而非小区（上限 25 公顷）。"


def test_an_unknown_reason_stays_as_it_is():
    assert reason_in_chinese("第 3 行没有坐标") == "第 3 行没有坐标"


def test_the_gravest_comes_first_and_the_words_are_plain_data():
    drawn = district(yard(state="survey_first"), home((10, 10, 50, 22)), home((12, 12, 40, 20)))
    inspection = inspect_district(drawn)

    order = [list(Severity).index(finding.severity) for finding in inspection.findings]
    assert order == sorted(order)
    assert json.loads(json.dumps(inspection.as_dict())) == inspection.as_dict()
    assert inspection.as_dict() == inspect_district(drawn).as_dict()
    assert len(inspection.sentences("zh")) == len(inspection.sentences("en")) == len(inspection.findings)


def test_an_empty_district_can_be_inspected():
    assert "no_gate" in codes(district())


def test_every_sentence_has_both_languages():
    for severity, english, chinese in TEXTS.values():
        assert isinstance(severity, Severity)
        assert english.isascii()
        assert not chinese.isascii()


@pytest.mark.parametrize("name", ["beijing_tsinghua", "nanjing_gulou"])
def test_chinese_extracts_lack_hydrants_and_heights(name):
    found = codes(read_district(SourceOptions(osm=extract(name))))

    assert {"no_hydrant", "height_unknown", "use_unknown", "outside_compounds"} <= set(found)


def test_every_dropped_object_of_a_clipped_file_is_counted():
    drawn = read_district(SourceOptions(osm=helsinki()))

    found = [finding for finding in inspect_district(drawn).findings if finding.code == "dropped"]

    assert sum(finding.count for finding in found) == len(drawn.dropped)
    assert not any(word in finding.sentence_zh for finding in found for word in ("nodes", "file", "mapped"))
