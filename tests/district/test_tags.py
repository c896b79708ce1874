"""Numbers in tags are read only where they clearly are numbers; text is one safe line."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.district.tags import clean_tags, clean_text, count, levels, levels_down, metres, name_of, slope_percent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12.0),
        ("12 m", 12.0),
        ("3.5", 3.5),
        ("3,5", 3.5),
        ("350 cm", 3.5),
        ("10 ft", 3.048),
        ("11'6\"", 3.5052),
        ("12米", 12.0),
    ],
)
def test_a_length_is_read_in_metres(text, expected):
    assert metres(text, most=100.0) == pytest.approx(expected)


@pytest.mark.parametrize("text", [None, "", "wide", "3-4", "-3", "0", "1e9", "nan", "inf", "12 parsec", "9" * 400])
def test_an_unclear_length_is_unknown(text):
    assert math.isnan(metres(text, most=100.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("8%", 8.0), ("-12.5 %", 12.5), ("0%", 0.0), ("45°", 100.0), ("5°", 8.748866), ("1:12", 100 / 12), ("8％", 8.0)],
)
def test_a_slope_is_read_in_percent_whichever_way_it_leads(text, expected):
    assert slope_percent(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", [None, "", "up", "down", "yes", "8", "steep", "60°", "400%", "1:0", "nan%", "--3%"])
def test_a_slope_without_a_clear_figure_is_unknown(text):
    assert math.isnan(slope_percent(text))


@pytest.mark.parametrize(("text", "expected"), [("6", 6.0), ("6;7", 7.0), ("6-7", 7.0), ("2.5", 2.5), (" 6 ; 5 ", 6.0)])
def test_of_several_storeys_the_highest_counts(text, expected):
    assert levels(text) == expected


@pytest.mark.parametrize("text", [None, "", "0", "six", "6;x", "-1", "1000", "٦٦٦٦"])
def test_unclear_storeys_are_unknown(text):
    assert math.isnan(levels(text))


def test_a_count_is_a_whole_number():
    assert count("40") == 40.0
    assert math.isnan(count("~40"))
    assert math.isnan(count("40.5"))


def test_a_name_is_the_local_one_then_chinese_then_english():
    assert name_of({"name": "荷清苑", "name:en": "Heqingyuan"}) == "荷清苑"
    assert name_of({"name:en": "Heqingyuan", "name:zh": "荷清苑"}) == "荷清苑"
    assert name_of({}) is None


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=400))
def test_clean_text_is_one_short_printable_line(text):
    cleaned = clean_text(text, longest=50)

    assert len(cleaned) <= 50
    assert cleaned.isprintable()
    assert clean_text(cleaned, longest=50) == cleaned


def test_a_flood_of_tags_is_cut():
    assert len(clean_tags((f"key{number}", "x") for number in range(5000))) == 200


def test_levels_below_ground_count_downwards():
    assert [levels_down(text) for text in ("-1", "-3", "0", "2")] == [1.0, 3.0, 0.0, 0.0]
    assert all(math.isnan(levels_down(text)) for text in (None, "", "-1;-2", "B1"))
