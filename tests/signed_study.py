"""The tiny district planned with sheds by the national profile: small enough to run often."""

from typing import Any

from siting.district.synthetic import dataset_path
from siting.study import Study, make_study

__all__ = ["attestation", "tiny_study", "waiver"]


def attestation(name: str, subject: str, fact: str, value: object) -> dict[str, Any]:
    """Return one signed statement as a study file has it."""
    signed = {"who": "Li Ming, fire engineer", "when": "2026-01-05", "document": "survey 2026-7"}
    return {"id": name, "subject": subject, "fact": fact, "value": value} | signed


def waiver(name: str, clause: str, where: str) -> dict[str, Any]:
    """Return one waiver as a study file has it."""
    return {"id": name, "clause": clause, "where": where, "who": "fire brigade", "when": "2026-01-06", "reason": "wall"}


def tiny_study(**sections: Any) -> Study:
    """Return the study; `sections` replace whole sections."""
    known: dict[str, Any] = {
        "source": {"osm": str(dataset_path("tiny.osm"))},
        "rules": {"profile": "national", "on": "2026-01-01"},
        "facility": {"kinds": ["ebike_shed"]},
        "limits": {"budget_cny": 300000.0},
    }
    return make_study(known | sections)
