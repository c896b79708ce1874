"""Options: where an attestation eases a clause, candidate by candidate, so that nothing is exempt unsaid."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import shapely

from siting.district.attestation import PLACE_FACTS
from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Kind
from siting.rules.class_table import required_by_class
from siting.rules.clause import Clause, Metric
from siting.rules.equipment import signed_at, walled
from siting.rules.exemptions import grants_of
from siting.rules.features import features_of
from siting.rules.measures import Shapes, conditions_hold, measure
from siting.sites.record import Candidates, Verdicts
from siting.sites.verdicts import shapes_of

__all__ = ["EXEMPTION_COLUMNS", "exemptions_used"]

EXEMPTION_COLUMNS = ("candidate_id", "clause_id", "feature_id", "row", "attestations", "full", "granted", "distance_m")


def exemptions_used(verdicts: Verdicts) -> pd.DataFrame:
    """Return every exemption that a candidate leans on.

    Columns: candidate_id, clause_id, feature_id, row (of the evidence), attestations (ids, ";" between), full and
    granted (asked for without and with it), distance_m; sorted by the first three. Of separations, where a candidate
    stands nearer to a building (feature_id) than the clause asks for without it, metres. Of gaps between groups,
    where a signed wall ("group_wall") stands in. Of equipment, one row for each system that is signed for: 1 asked
    for, 0 still missing.
    """
    candidates = verdicts.candidates
    rows: list[tuple[Any, ...]] = []
    for kind in candidates.zones.kinds:
        ids, shapes = shapes_of(candidates, kind)
        for clause in candidates.zones.rulebook.for_kind(kind):
            if clause.metric is Metric.SEPARATION_BY_CLASS and clause.exemptions:
                rows += _eased(verdicts, clause, ids, shapes.footprints)
            elif clause.metric in (Metric.GROUP_GAP, Metric.EQUIPMENT):
                rows += _equipped(candidates, clause, ids, shapes)
    frame = pd.DataFrame(rows, columns=list(EXEMPTION_COLUMNS))
    return frame.sort_values(list(EXEMPTION_COLUMNS[:3]), kind="stable", ignore_index=True)


def _eased(verdicts: Verdicts, clause: Clause, ids: Any, footprints: Any) -> Iterator[tuple[Any, ...]]:
    district = verdicts.candidates.zones.district
    if not len(ids):
        return
    facts = verdicts.candidates.catalogue.facts(Kind(verdicts.candidates.frame["kind"][ids[0]]))
    every = features_of(district, clause.to)
    classes = every.attributes["height_class"], every.attributes["fire_class"]
    needs = required_by_class(clause.values, *classes, facts.fire_class)
    at = {feature_id: number for number, feature_id in enumerate(every.ids)}
    for grant in grants_of(clause, every, needs, district, facts):
        number = at[grant.feature_id]
        apart_m = shapely.distance(footprints, every.shapes[number])
        said = ";".join(grant.attestation_ids)
        for n in np.flatnonzero(apart_m - every.errors_m[number] < grant.full_m).tolist():
            yield (
                ids[n],
                clause.clause_id,
                grant.feature_id,
                grant.row,
                said,
                grant.full_m,
                grant.high_m,
                apart_m[n],
            )


def _equipped(candidates: Candidates, clause: Clause, ids: Any, shapes: Shapes) -> Iterator[tuple[Any, ...]]:
    """Yield the systems, or the wall between groups, that signed statements grant to places a clause speaks of."""
    district = candidates.zones.district
    if not any(item.fact in PLACE_FACTS for item in district.attestations) or not len(ids):
        return
    facts = candidates.catalogue.facts(Kind(candidates.frame["kind"][ids[0]]))
    asked = conditions_hold(clause, shapes, district, facts) != 0.0
    found = measure(clause, shapes, district, facts)
    stands = walled(clause, shapes, district, facts) & (
        found.measured < float(clause.value or 0.0) - DISTANCE_EPSILON_M
    )
    for n in np.flatnonzero(asked).tolist():
        said = signed_at(district, (*shapes.names[n], facts.kind.value))
        if clause.metric is Metric.GROUP_GAP and stands[n]:
            names = sorted(said[fact].attestation_id for fact in ("group_wall_m", "group_wall_h") if fact in said)
            full, gap_m = float(clause.value or 0.0), float(found.measured[n])
            yield ids[n], clause.clause_id, "group_wall", clause.row, ";".join(names), full, 0.0, gap_m
        for system in clause.systems if clause.to == "layout" else ():
            if system in said and said[system].value is True:
                yield ids[n], clause.clause_id, system, clause.row, said[system].attestation_id, 1.0, 0.0, 0.0
