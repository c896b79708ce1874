"""Compounds by id or name: what several are called is refused, never guessed."""

import pandas as pd
import pytest

from siting.errors import StudyError
from siting.plan.named import compound_named

COMPOUNDS = pd.DataFrame({"name": ["North", "South", "South", None]}, index=["way/1", "way/2", "way/3", "way/4"])


def test_an_id_or_the_one_name_is_enough():
    assert compound_named("way/4", COMPOUNDS, where="key") == "way/4"
    assert compound_named("North", COMPOUNDS, where="key") == "way/1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("South", r"key: 2 compounds are called 'South' \(way/2, way/3\); give the compound_id"),
        ("Noth", "key: compound 'Noth' does not exist; did you mean 'North'"),
        ("", "key: compound '' does not exist; give its compound_id or name"),
    ],
)
def test_no_compound_and_several_are_refused(text, says):
    with pytest.raises(StudyError, match=says):
        compound_named(text, COMPOUNDS, where="key")
