import pytest
from builders import building, district

from siting.rules.heights import height_classes


def height_class(**values) -> str:
    return height_classes(district(building((0, 0, 10, 10), **values)).buildings)[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"height_m": 27.0}, "low_rise"),  # more than 27 m is high-rise
        ({"height_m": 27.1}, "high_rise"),
        ({"levels": 6}, "low_rise"),
        ({"levels": 8}, "low_rise"),
        ({"levels": 9}, "unknown"),  # 26.1 to 27.0 m and a plinth
        ({"levels": 10}, "high_rise"),
        ({}, "unknown"),
        ({"levels": 9, "height_m": 27.0, "height_source": "estimate"}, "unknown"),
        ({"levels": 9, "height_m": 26.5, "height_source": "survey"}, "low_rise"),
    ],
)
def test_residential_buildings_are_classed_at_27_m(values, expected):
    assert height_class(**values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"height_m": 24.0, "levels": 5}, "low_rise"),
        ({"height_m": 24.1, "levels": 5}, "high_rise"),
        ({"height_m": 30.0, "levels": 1}, "low_rise"),  # a hall of one storey is no high-rise
        ({"height_m": 30.0}, "unknown"),
        ({"levels": 4}, "low_rise"),
        ({"levels": 6}, "unknown"),  # six storeys of 4 m or more
        ({"levels": 9}, "high_rise"),
    ],
)
def test_other_buildings_are_classed_at_24_m_unless_of_one_storey(values, expected):
    assert height_class(use="school", **values) == expected


@pytest.mark.parametrize(("metres", "expected"), [(24.0, "low_rise"), (25.0, "unknown"), (27.1, "unknown")])
def test_an_unknown_use_is_classed_only_where_both_limits_agree(metres, expected):
    assert height_class(use="unknown", height_m=metres) == expected


def test_an_unknown_use_of_many_levels_is_a_high_rise():
    assert height_class(use="unknown", levels=18) == "high_rise"
    assert height_class(use="unknown", levels=6) == "unknown"
