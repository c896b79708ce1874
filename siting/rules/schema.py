"""The JSON Schema of a profile file, for editors: what a planner may write, made from the words the reader knows.

`siting rules --schema` prints it; `docs/profile.schema.json` is its published copy, and a test holds both
together. A schema cannot say everything (a unit that belongs to a metric, a cell of a table); the reader does.
"""

import json
from typing import Any

from siting.kinds import Kind
from siting.rules.clause import Confidence, Force, Metric
from siting.rules.clause_checks import CONDITIONS, FACILITY_SYSTEMS, SENSE, STAGES_OF_CLAUSE, TARGETS
from siting.rules.features import FEATURE_CLASSES
from siting.rules.profile_file import HEAD_REQUIRED, REQUIRED
from siting.tables import GARAGE_SYSTEMS

__all__ = ["profile_schema", "schema_text"]

_TEXT = {"type": "string", "pattern": r"\S"}
_NUMBER = {"type": "number", "minimum": 0}
_DAY = {"type": "string", "format": "date", "description": "a TOML date without quotes"}


def profile_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one profile file as plain data."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "siting rule profile",
        "description": "One jurisdiction's clauses; parents are laid under it. 一个地方的规则集。",
        "type": "object",
        "additionalProperties": False,
        "required": list(HEAD_REQUIRED),
        "properties": {
            "name": _TEXT,
            "title_en": _TEXT,
            "title_zh": _TEXT,
            "parent": _TEXT | {"description": "a built-in profile, or a .toml path from this file's folder"},
            "notes": {"type": "array", "items": _TEXT, "description": "law that could not be turned into clauses"},
            "clause": {"type": "array", "items": _clause()},
        },
    }


def schema_text() -> str:
    """Return the schema as the text of its published file."""
    return json.dumps(profile_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _clause() -> dict[str, Any]:
    text_keys = ("id", "row", "measure_from", "jurisdiction", "standard", "clause", "source", "title_en", "title_zh")
    properties: dict[str, Any] = dict.fromkeys((*text_keys, "quote", "note"), _TEXT)
    properties |= {
        "kinds": {"type": "array", "minItems": 1, "items": {"enum": [kind.value for kind in Kind]}},
        "metric": {"enum": [metric.value for metric in Metric]},
        "to": {"enum": sorted({*FEATURE_CLASSES, "layout"})},
        "op": {"enum": ["<=", ">="]},
        "value": _NUMBER,
        "values": {"type": "object", "minProperties": 1, "additionalProperties": _NUMBER},
        "unit": {"enum": sorted({unit for _, unit in SENSE.values()})},
        "when": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": dict.fromkeys(CONDITIONS, _NUMBER),
        },
        "exemptions": {"type": "array", "items": _TEXT},
        "systems": {"type": "array", "items": {"enum": sorted({*GARAGE_SYSTEMS, *FACILITY_SYSTEMS})}},
        "force": {"enum": [force.value for force in Force]},
        "in_force_from": _DAY,
        "in_force_to": _DAY,
        "applies_to": {"enum": list(STAGES_OF_CLAUSE)},
        "confidence": _confidence(),
        "values_confidence": {"type": "object", "minProperties": 1, "additionalProperties": _confidence()},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(REQUIRED),
        "properties": properties,
        "oneOf": [{"required": ["value"]}, {"required": ["values"]}],
        "allOf": [_sense(metric, op, unit) for metric, (op, unit) in SENSE.items()],
    }


def _confidence() -> dict[str, Any]:
    return {"enum": [confidence.value for confidence in Confidence]}


def _sense(metric: Metric, op: str, unit: str) -> dict[str, Any]:
    """Return the condition: of this metric, the operator, the unit and what it is measured to are settled."""
    then: dict[str, Any] = {"op": {"const": op}, "unit": {"const": unit}}
    if metric in TARGETS:
        then["to"] = {"enum": sorted(TARGETS[metric])}
    return {"if": {"properties": {"metric": {"const": metric.value}}}, "then": {"properties": then}}
