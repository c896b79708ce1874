"""What people signed for, as files show it: attestations, and the exemptions that candidates lean on.

Nothing is exempt unsaid: run.json, report, ledger and map all take their rows from here.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from siting.outputs.run import Run
from siting.sites.exempted import exemptions_used

__all__ = [
    "attestation_rows",
    "exemption_rows",
    "signed_rows",
    "waived_rows",
    "waivers_of_sites",
]


def attestation_rows(run: Run) -> list[dict[str, Any]]:
    """Return every attestation as plain data, sorted by id."""
    return [item.as_dict() for item in run.district.attestations]


def exemption_rows(run: Run) -> list[dict[str, Any]]:
    """Return the exemptions that chosen sites lean on: site_id, clause_id, feature_id, row, unit, attestations, size.

    Figures of equipment are systems, all others metres.
    """
    return [
        {
            "site_id": row.candidate_id,
            "clause_id": row.clause_id,
            "feature_id": row.feature_id,
            "row": row.row,
            "unit": run.rulebook.clause(row.clause_id).unit,
            "attestations": str(row.attestations).split(";"),
            "full_m": round(float(row.full), 6),
            "granted_m": round(float(row.granted), 6),
            "distance_m": round(float(row.distance_m), 6),
        }
        for row in _rows(run)
        if row.candidate_id in run.plan.sites.index
    ]


def signed_rows(run: Run) -> list[dict[str, Any]]:
    """Return one row for each statement: what was signed, by whom, and which sites and candidates lean on it."""
    used = _used(run)
    rows = []
    for item in attestation_rows(run):
        mine = used.loc[[item["id"] in names.split(";") for names in used["attestations"]]]
        leaning = sorted(set(mine["candidate_id"]))
        rows.append(
            {
                "sort": "attestation",
                "id": item["id"],
                "subject": item["subject"],
                "what": item["fact"],
                "value": _text(item["value"]),
                "who": item["who"],
                "when": item["when"],
                "document": item["document"],
                "sites": [name for name in leaning if name in run.plan.sites.index],
                "candidates": len(leaning),
            }
        )
    return rows + [_waiver_row(run, item.as_dict()) for item in run.verdicts.waivers]


def waived_rows(run: Run) -> list[dict[str, str]]:
    """Return the breaches of chosen sites that a waiver covers: site_id, clause_id, waiver_id."""
    names = ["candidate_id", "clause_id", "waiver_id"]
    held = run.verdicts.waived[run.verdicts.waived["candidate_id"].isin(run.plan.sites.index)]
    rows = sorted(held[names].astype(str).to_numpy().tolist())
    return [{"site_id": site, "clause_id": clause, "waiver_id": waiver} for site, clause, waiver in rows]


def waivers_of_sites(run: Run) -> dict[str, str]:
    """Return, by chosen site, the waivers it needs, ";" between them."""
    found: dict[str, list[str]] = {}
    for row in waived_rows(run):
        found.setdefault(row["site_id"], []).append(row["waiver_id"])
    return {site: ";".join(sorted(set(names))) for site, names in found.items()}


def _waiver_row(run: Run, item: dict[str, Any]) -> dict[str, Any]:
    mine = run.verdicts.waived[run.verdicts.waived["waiver_id"].eq(item["id"])]
    leaning = sorted(set(mine["candidate_id"]))
    return {
        "sort": "waiver",
        "id": item["id"],
        "subject": item["where"],
        "what": item["clause"],
        "value": "",
        "who": item["who"],
        "when": item["when"],
        "document": item["reason"],
        "sites": [name for name in leaning if name in run.plan.sites.index],
        "candidates": len(leaning),
    }


def _rows(run: Run) -> Iterator[Any]:
    yield from _used(run).itertuples(index=False)


def _used(run: Run) -> pd.DataFrame:
    return exemptions_used(run.verdicts)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
