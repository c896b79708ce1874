import tomllib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.outputs.toml import dump_toml

SCALARS = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(), st.dates())
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=3),
    lambda inner: (
        st.dictionaries(st.text(), inner, max_size=3) | st.lists(st.dictionaries(st.text(), inner, max_size=2))
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_what_is_written_is_read_back(data):
    assert tomllib.loads(dump_toml(data)) == data


def test_a_study_looks_as_a_person_would_write_it():
    study = {
        "name": "柳荫",
        "rules": {"profile": "national", "on": date(2025, 6, 1)},
        "layers": [{"role": "compounds", "path": "a.gpkg"}],
        "missing": None,
    }
    assert dump_toml(study) == (
        'name = "柳荫"\n\n[rules]\nprofile = "national"\non = 2025-06-01\n\n'
        '[[layers]]\nrole = "compounds"\npath = "a.gpkg"\n'
    )


def test_other_values_are_refused():
    with pytest.raises(TypeError, match="object cannot be written as TOML"):
        dump_toml({"a": object()})
