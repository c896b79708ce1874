import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.rules.margins import FAIL, NOT_EVALUATED, OUTCOMES, PASS, UNCERTAIN, at_least, at_most, worst_of_each


def rank(measured: float, low: float, high: float, error: float) -> str:
    return str(OUTCOMES[at_least(*(np.array([float(value)]) for value in (measured, low, high, error)))][0])


@pytest.mark.parametrize(
    ("measured", "expected"),
    [(5.999, "FAIL"), (6.0 - 2e-9, "FAIL"), (6.0 - 5e-10, "PASS"), (6.0, "PASS"), (6.001, "PASS")],
)
def test_without_error_a_limit_is_plain_and_includes_equality(measured, expected):
    assert rank(measured, 6, 6, 0) == expected


@pytest.mark.parametrize(
    ("measured", "expected"),
    [(4.999, "FAIL"), (5.0, "UNCERTAIN"), (6.0, "UNCERTAIN"), (6.999, "UNCERTAIN"), (7.0, "PASS")],
)
def test_an_error_of_1_m_makes_2_m_of_doubt(measured, expected):
    assert rank(measured, 6, 6, 1) == expected


@pytest.mark.parametrize(
    ("measured", "expected"), [(5.999, "FAIL"), (6.0, "UNCERTAIN"), (13.999, "UNCERTAIN"), (14.0, "PASS")]
)
def test_an_unknown_class_passes_at_the_high_and_fails_at_the_low_figure_only(measured, expected):
    assert rank(measured, 6, 14, 0) == expected


def test_nothing_measured_is_not_evaluated():
    assert rank(np.nan, 6, 6, 0) == "NOT EVALUATED"
    assert list(at_most(np.array([np.nan, 20.0, 20.001]), 20.0)) == [NOT_EVALUATED, PASS, FAIL]


@settings(max_examples=50, deadline=None)
@given(*(st.floats(0, 30) for _ in range(4)))
def test_less_error_or_a_narrower_interval_never_reverses_an_outcome(measured, low, width, error):
    wide, narrow = (rank(measured, low, low + span, e) for span, e in ((width, error), (width / 2, error / 2)))
    if wide != "UNCERTAIN":
        assert narrow == wide


def test_the_worst_outcome_decides_then_the_margin_then_the_first_object():
    rows = np.array([0, 0, 0, 1, 1])
    ranks = np.array([PASS, UNCERTAIN, UNCERTAIN, FAIL, FAIL])
    margins = np.array([-9.0, -1.0, -2.0, -3.0, -3.0])
    chosen = worst_of_each(rows, ranks, margins, np.array([7, 8, 9, 4, 3]))
    assert list(chosen) == [2, 4]
