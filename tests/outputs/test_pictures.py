"""Pins of the report's picture: none over another, none out of it, and each as near to its site as can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outputs import run_builders

from siting.outputs.pictures import _apart, plan_picture

INSIDE = ((11.0, 989.0), (11.0, 789.0))


def nearest(places):
    apart = np.hypot(*(places[:, np.newaxis] - places).transpose(2, 0, 1))
    return apart[np.triu_indices(len(places), 1)].min(initial=np.inf)


def test_pins_that_stand_apart_stay_where_they_are():
    centres = np.array([[100.0, 100.0], [130.0, 100.0], [100.0, 140.0]])
    assert _apart(centres, *INSIDE).tolist() == centres.tolist()


def test_two_pins_at_one_place_and_three_in_a_row_are_pushed_aside():
    assert nearest(_apart(np.array([[100.0, 100.0], [100.0, 100.0]]), *INSIDE)) >= 24
    row = _apart(np.array([[100.0, 100.0], [110.0, 100.0], [120.0, 100.0]]), *INSIDE)
    assert nearest(row) >= 24
    assert row[1].tolist() == pytest.approx([110.0, 100.0], abs=1.0)


def test_no_pins_are_no_places():
    assert _apart(np.empty((0, 2)), *INSIDE).shape == (0, 2)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 800)), min_size=1, max_size=30))
def test_pins_stay_inside_and_off_each_other(centres):
    places = _apart(np.array(centres, dtype=float), *INSIDE)
    assert nearest(places) > 22  # the discs do not touch
    assert (places >= 11).all()
    assert (places <= [989, 789]).all()


def test_a_site_of_the_reserve_is_drawn_hollow():
    built = run_builders.run()
    assert 'stroke-dasharray="3 2"' not in plan_picture(built)

    built.plan.sites["tier"] = "reserve"

    assert 'stroke-dasharray="3 2"' in plan_picture(built)
