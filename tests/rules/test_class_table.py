import numpy as np
import pytest

from siting.rules.class_table import figure, missing_cells, required_by_class, unknown_cells

VALUES = {"low_rise/I-II/I-II": 6.0, "low_rise/I-II/*": 7.0, "low_rise/*/*": 10.0, "high_rise/*/I-II": 9.0}


@pytest.mark.parametrize(
    ("cell", "metres"),
    [
        (("low_rise", "I-II", "I-II"), 6.0),
        (("low_rise", "I-II", "IV"), 7.0),
        (("low_rise", "III", "I-II"), 10.0),
        (("high_rise", "III", "I-II"), 9.0),
        (("high_rise", "III", "IV"), None),
    ],
)
def test_the_most_exact_key_wins(cell, metres):
    assert figure(VALUES, *cell) == metres


def test_missing_and_unknown_cells_are_named():
    assert missing_cells(VALUES) == tuple(
        f"high_rise/{building}/{shed}" for building in ("I-II", "III", "IV") for shed in ("III", "IV")
    )
    assert unknown_cells(VALUES | {"low_rise/V/*": 1.0, "low_rise": 1.0}) == ("low_rise/V/*", "low_rise")


def test_unknown_classes_give_the_interval_of_all_they_may_be():
    heights = np.array(["low_rise", "low_rise", "unknown"], dtype=object)
    fires = np.array(["I-II", "unknown", "I-II"], dtype=object)
    known = required_by_class(VALUES, heights, fires, "I-II")
    assert (list(known.low), list(known.high)) == ([6.0, 6.0, 6.0], [6.0, 10.0, 9.0])
    unknown = required_by_class(VALUES, heights[:1], fires[:1], "unknown")
    assert (list(unknown.low), list(unknown.high)) == ([6.0], [7.0])
    assert known.stated == 10.0
