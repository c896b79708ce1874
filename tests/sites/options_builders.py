"""Make a rulebook from a few clauses in one line, and follow a drawn district through the room."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from siting.district.record import District
from siting.kinds import Kind
from siting.rules.clause import Clause, Confidence, Force, Metric, Rulebook
from siting.rules.clause_checks import SENSE
from siting.sites.candidates import CandidateOptions, offer_candidates
from siting.sites.catalogue import load_catalogue
from siting.sites.record import Candidates, Verdicts
from siting.sites.verdicts import judge
from siting.sites.zones import draw_zones

__all__ = ["accepted_frame", "clause", "judged", "offered", "rulebook", "shed_table"]

#: Required metres by building height class / building fire class / shed fire class, short enough to check by eye.
SHED_TABLE = {
    f"{height}/{building}/{shed}": metres
    for height, figures in {"low_rise": (6.0, 7.0, 9.0), "high_rise": (9.0, 11.0, 14.0)}.items()
    for building in ("I-II", "III", "IV")
    for shed, metres in zip(("I-II", "III", "IV"), figures, strict=True)
}


def clause(clause_id: str, metric: Metric, to: str = "layout", value: float | None = 0.0, **values: Any) -> Clause:
    """Return a must on open bays and sheds; `values` overwrites any field."""
    op, unit = SENSE[metric]
    known: Mapping[str, Any] = {
        "row": "",
        "kinds": (Kind.EBIKE_OPEN, Kind.EBIKE_SHED, Kind.EV_SURFACE),
        "measure_from": "outline",
        "force": Force.MUST,
        "jurisdiction": "nowhere",
        "standard": "standard",
        "clause": "1",
        "source": "source",
        "confidence": Confidence.FROM_MEMORY,
        "title_en": "title",
        "title_zh": "题",
    }
    needed = {"clause_id": clause_id, "metric": metric, "to": to, "op": op, "value": value, "unit": unit}
    return Clause(**{**known, **needed, **values})


def shed_table(clause_id: str = "table") -> Clause:
    """Return a separation by class for sheds."""
    return clause(clause_id, Metric.SEPARATION_BY_CLASS, "building", None, values=SHED_TABLE, kinds=(Kind.EBIKE_SHED,))


def rulebook(*clauses: Clause) -> Rulebook:
    """Return the clauses as a rulebook of nowhere."""
    day = date(2026, 1, 1)
    return Rulebook(profile="nowhere", title_en="", title_zh="", on=day, chain=("nowhere",), clauses=clauses)


def offered(
    district: District,
    *clauses: Clause,
    kind: Kind = Kind.EBIKE_OPEN,
    options: CandidateOptions | None = None,
    figures: Mapping[str, object] | None = None,
) -> Candidates:
    """Draw the zones of one kind and offer candidates; `figures` overrides the catalogue."""
    catalogue = load_catalogue({kind.value: figures or {}})
    return offer_candidates(draw_zones(district, rulebook(*clauses), (kind,), catalogue), catalogue, options)


def judged(district: District, *clauses: Clause, **options: Any) -> Verdicts:
    """Offer and judge in one go."""
    return judge(offered(district, *clauses, **options))


def accepted_frame(verdicts: Verdicts) -> pd.DataFrame:
    """Return the accepted rows of the candidates."""
    return verdicts.candidates.frame.loc[list(verdicts.accepted)]
