"""The published JSON Schema: current, and true of every built-in profile; it refuses what the reader refuses."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import siting.rules
from siting.rules.schema import profile_schema, schema_text

jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[2]
PROFILES = sorted((Path(siting.rules.__file__).parent / "profiles").glob("*.toml"))


def plain(value: Any) -> Any:
    """Return TOML data as an editor hands it to a JSON Schema: dates as text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def errors(data: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(profile_schema()).iter_errors(plain(data))]


def test_the_schema_is_one_and_its_published_copy_is_current():
    jsonschema.Draft202012Validator.check_schema(profile_schema())
    assert (ROOT / "docs/profile.schema.json").read_text(encoding="utf-8") == schema_text()
    assert json.loads(schema_text()) == profile_schema()


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_built_in_profile_keeps_it(path):
    assert errors(tomllib.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metric", "separatoin"),
        ("to", "bilding"),
        ("op", "<="),
        ("unit", "km"),
        ("force", "could"),
        ("confidence", "sure"),
        ("kinds", []),
        ("when", {"min_beds": 3}),
        ("value", -1),
        ("source", " "),
        ("systems", ["coffee"]),
        ("colour", "red"),
        ("values", {"a": 3}),
    ],
)
def test_it_refuses_a_wrong_key_of_a_clause(key, value):
    data = tomllib.loads((PROFILES[0].parent / "guangxi.toml").read_text(encoding="utf-8"))
    assert errors(data) == []
    data["clause"][0][key] = value
    assert errors(data)


@pytest.mark.parametrize("key", ["source", "confidence", "metric", "value"])
def test_it_asks_for_every_key_of_a_clause(key):
    data = tomllib.loads((PROFILES[0].parent / "guangxi.toml").read_text(encoding="utf-8"))
    del data["clause"][0][key]
    assert errors(data)
