"""What the audit has to say: findings, each under its own code, and the report that holds them."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

__all__ = ["AuditReport", "Checked", "Finding", "collect", "number", "rows_of"]

_DIGITS = 6  # of a figure in audit.json: micrometres and millionths of a yuan


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a written plan.

    `code` names the check that found it; `measured` is what the audit got on its own road and `required`
    what the law, the study or the run folder says. Ids are None where the finding is about the whole run.
    """

    code: str
    site_id: str | None
    clause_id: str | None
    feature_id: str | None
    measured: float | None
    required: float | None
    unit: str
    sentence_en: str
    sentence_zh: str

    @classmethod
    def say(cls, code: str, sentence_en: str, sentence_zh: str, **figures: Any) -> "Finding":
        """Return a finding with everything unknown that `figures` does not name; NaN becomes unknown."""
        known: dict[str, Any] = dict.fromkeys(("site_id", "clause_id", "feature_id", "measured", "required"))
        known |= {"unit": ""} | figures
        for name in ("measured", "required"):
            known[name] = number(known[name])
        for name in ("site_id", "clause_id", "feature_id"):
            known[name] = known[name] if isinstance(known[name], str) else None
        return cls(code=code, sentence_en=sentence_en, sentence_zh=sentence_zh, **known)


@dataclass(frozen=True)
class Checked:
    """What one check found, and how many single comparisons it made."""

    findings: tuple[Finding, ...] = ()
    checks: int = 0


@dataclass(frozen=True, eq=False)
class AuditReport:
    """The audit of one plan.

    `checks` counts the single comparisons made. `verdicts` is the law measured again: one row for each
    site and clause with columns site_id, clause_id, metric, measured, required, unit, tolerance, outcome,
    force, feature_id. `notes` say what was not looked at, and why.
    """

    findings: tuple[Finding, ...]
    checks: int
    verdicts: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Return whether there is no finding."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able values, in an order that depends on the plan alone."""
        rows = [{str(key): _plain(value) for key, value in row.items()} for row in self.verdicts.to_dict("records")]
        return {
            "clean": self.clean,
            "checks": self.checks,
            "findings": [{key: _plain(value) for key, value in asdict(item).items()} for item in self.findings],
            "notes": list(self.notes),
            "verdicts": rows,
        }


def collect(parts: Iterable[Checked]) -> Checked:
    """Return all findings, ordered by code, site, clause and object, and the sum of the checks."""
    held = tuple(parts)
    findings = [finding for part in held for finding in part.findings]
    findings.sort(
        key=lambda item: (item.code, item.site_id or "", item.clause_id or "", item.feature_id or "", item.sentence_en)
    )
    return Checked(tuple(findings), sum(part.checks for part in held))


def number(value: Any) -> float | None:
    """Return a figure as a finite float, or None for anything that is not one."""
    if value is None or isinstance(value, str):
        return None
    figure = float(value)
    return figure if math.isfinite(figure) else None


def rows_of(frame: Any) -> Iterator[Any]:
    """Yield the rows of a table as tuples with named fields, without the index."""
    yield from frame.itertuples(index=False)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    figure = number(value)
    return None if figure is None else round(figure, _DIGITS)
