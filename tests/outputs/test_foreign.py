import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.outputs.foreign import inert_cell, json_for_script


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_no_text_ends_a_script_and_all_of_it_comes_back(text):
    written = json_for_script({"name": text})
    assert "<" not in written
    assert ">" not in written
    assert json.loads(written) == {"name": text}


def test_numbers_that_json_lacks_are_refused():
    with pytest.raises(ValueError, match="Out of range"):
        json_for_script({"gap": float("nan")})


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "'=1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_a_formula_gets_an_apostrophe(text):
    assert inert_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["way/123", "-5", "+86", "-1.50", "", "柳荫小区", "a=b"])
def test_ids_names_and_numbers_stay(text):
    assert inert_cell(text) == text
