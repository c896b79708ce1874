"""Flags become sections of a study."""

import pytest

from siting.cli.options import layer_sections
from siting.errors import UsageError


@pytest.mark.parametrize(
    ("flag", "section"),
    [
        ("compounds=a b.gpkg", {"role": "compounds", "path": "a b.gpkg"}),
        ("roads = x.gpkg:lanes", {"role": "roads", "path": "x.gpkg", "layer": "lanes"}),
        ("roads=C:/x.gdb:lanes", {"role": "roads", "path": "C:/x.gdb", "layer": "lanes"}),
        ("compounds=C:/x.csv", {"role": "compounds", "path": "C:/x.csv"}),
        ("gates=postgresql://me@h:5432/d#s.t", {"role": "gates", "url": "postgresql://me@h:5432/d", "layer": "s.t"}),
    ],
)  # fmt: skip
def test_a_layer_flag_is_role_and_source(flag, section):
    assert layer_sections([flag], None) == [section]
    assert layer_sections([flag], "gcj02") == [section | {"crs": "gcj02"}]


@pytest.mark.parametrize("flag", ["compounds", "=a.csv", "compounds="])
def test_half_a_flag_is_refused(flag):
    with pytest.raises(UsageError, match="ROLE=FILE"):
        layer_sections([flag], None)
