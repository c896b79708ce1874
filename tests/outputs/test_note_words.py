"""Every note that the embedded districts and the pages' forms give is said in Chinese too."""

import re

import pytest

from siting.outputs import note_words
from siting.outputs.note_words import in_chinese


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("This district is made up (synthetic): it is no real place.", "合成数据"),
        (
            "t.csv: nothing on the map tells whether its datum (wgs84) is right; look at it",
            "t.csv:底图无法判断其坐标基准(wgs84)",
        ),
        (
            "way/1 (甲院): survey first, buildings cover only 4.0% of it on the map, so its open ground is not known "
            "to be free; no candidates",
            "way/1 (甲院):应先补测。图上楼栋只占 4.0%",
        ),
        ("way/2: no ground on which every must clause on ebike_shed surely passes", "way/2:没有一处用地"),
        ("3 compounds lie outside the box and are left out", "3 个小区在研究范围之外"),
    ],
)
def test_notes_are_said_in_chinese(note, words):
    assert words in in_chinese(note)


def test_a_note_of_no_known_form_is_left_alone():
    assert in_chinese("something new") is None


def test_every_chinese_form_names_only_what_its_english_form_catches():
    for form, chinese in note_words._FORMS:
        places = [int(number) for number in re.findall(r"\{(\d+)\}", chinese)]
        assert set(places) <= set(range(form.groups)), chinese
