"""run.json: the run in one object that a program or a person can read; the keys are a contract (DESIGN section 9)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siting.district.fingerprint import fingerprint
from siting.district.record import DISTRICT_TABLES
from siting.framing_limits import out_of_reach
from siting.outputs import signed, view
from siting.outputs.run import Run
from siting.outputs.survey import survey_facts
from siting.outputs.values import plain
from siting.tables import CANDIDATES, GROUPS

__all__ = ["run_record", "write_run_json"]

_MONEY_DIGITS = 2
_DIGITS = 6
_MOST_SURVEYS = 20


def write_run_json(run: Run, path: Path) -> None:
    """Write run.json: sorted keys, UTF-8."""
    text = json.dumps(run_record(run), ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def run_record(run: Run) -> dict[str, Any]:
    """Return what run.json holds. Status, objective, bound and gap are the solver's own figures, not rounded.

    `audit` is None until the written files were audited.
    """
    solution, figures, district = run.plan.solution, view.totals(run), run.district
    stated = {
        "position_error_m": district.position_error_m,
        "completeness": {key: str(value) for key, value in sorted(district.completeness.items())},
    }
    extra = {} if run.plan.programme is None else {"programme": run.plan.programme.as_dict()}
    extra |= {} if run.plan.replanned is None else {"replan": run.plan.replanned.as_dict()}
    extra |= {} if run.plan.uncertain is None else {"scenarios": run.plan.uncertain.as_dict()}
    return extra | {
        "status": str(solution.status),
        "objective": _number(solution.objective),
        "bound": _number(solution.bound),
        "gap": _number(solution.gap),
        "solver": str(solution.solver),
        "budget_cny": figures["budget_cny"],
        "spent_cny": round(figures["spent_cny"], _MONEY_DIGITS),
        "aim": str(solution.aim),
        "removals": {key: round(float(cost), _MONEY_DIGITS) for key, cost in sorted(run.plan.removals.items())},
        "out_of_reach": list(out_of_reach(run.links)),
        "upgrades": {key: round(float(cost), _MONEY_DIGITS) for key, cost in sorted(run.plan.upgrades.items())},
        "demand": round(figures["demand"], _DIGITS),
        "served": round(figures["served"], _DIGITS),
        "sites": figures["sites"],
        "candidates": dict(run.verdicts.counts()) | {"accepted": figures["accepted"]},
        "parameters": stated | dict(run.parameters),
        "rules": {
            "profile": run.rulebook.profile,
            "on": run.rulebook.on.isoformat(),
            "stage": run.rulebook.stage,
            "chain": list(run.rulebook.chain),
            "raised": [{"clause_id": name, "own_force": str(force)} for name, force in run.rulebook.raised],
        },
        "inputs": [
            {"name": item.name, "role": item.role, "sha256": item.sha256, "credit": item.credit}
            for item in district.inputs
        ],
        "attestations": signed.attestation_rows(run),
        "exemptions": signed.exemption_rows(run),
        "waivers": [item.as_dict() for item in run.verdicts.waivers],
        "waived": signed.waived_rows(run),
        "not_together": [
            {"clause_id": block.clause_id, "feature_id": block.feature_id, "sites": list(block.sites)}
            for block in run.plan.not_together
        ],
        "survey": _survey(run),
        "facts": _signed(run),
        "district": district.name,
        "synthetic": district.synthetic,
        "timestamp": run.timestamp.isoformat(),
        "reasons": [{"en": english, "zh": chinese} for english, chinese in run.plan.reasons],
        "versions": dict(run.versions),
        "seconds": {key: round(float(value), 3) for key, value in run.seconds.items()},
        "audit": _audit(run.audit),
    }


def _signed(run: Run) -> dict[str, str]:
    """Return the fingerprint of every layer that the plan was made from; the audit compares plan.gpkg with them."""
    facts = {name: fingerprint(getattr(run.district, name), table) for name, table in DISTRICT_TABLES.items()}
    options = {
        "candidates": fingerprint(run.candidates.frame, CANDIDATES),
        "groups": fingerprint(run.candidates.groups, GROUPS),
    }
    return facts | options


def _survey(run: Run) -> list[dict[str, Any]]:
    """Return what to survey first; survey.csv has it all."""
    first = survey_facts(run).head(_MOST_SURVEYS)
    return [{str(key): plain(value) for key, value in row.items()} for row in first.to_dict("records")]


def _number(value: float | None) -> float | None:
    return None if value is None or value != value or value in (float("inf"), float("-inf")) else float(value)


def _audit(audit: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if audit is None else {key: value for key, value in audit.items() if key != "verdicts"}
