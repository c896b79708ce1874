"""Options: where an attestation eases a clause, candidate by candidate, so that nothing is exempt unsaid."""

import numpy as np
import pandas as pd
import shapely

from siting.rules.class_table import required_by_class
from siting.rules.clause import Metric
from siting.rules.exemptions import grants_of
from siting.rules.features import features_of
from siting.sites.record import Verdicts
from siting.sites.verdicts import shapes_of

__all__ = ["EXEMPTION_COLUMNS", "exemptions_used"]

EXEMPTION_COLUMNS = ("candidate_id", "clause_id", "feature_id", "row", "attestations", "full", "granted", "distance_m")


def exemptions_used(verdicts: Verdicts) -> pd.DataFrame:
    """Return every exemption that a candidate leans on: nearer to a building than the clause asks for without it.

    Columns: candidate_id, clause_id, feature_id, row (of the evidence), attestations (ids, ";" between), full and
    granted (metres asked for without and with it), distance_m; sorted by the first three.
    """
    candidates = verdicts.candidates
    district, rulebook = candidates.zones.district, candidates.zones.rulebook
    rows = []
    for kind in candidates.zones.kinds:
        ids, shapes = shapes_of(candidates, kind)
        facts = candidates.catalogue.facts(kind)
        for clause in rulebook.for_kind(kind):
            if clause.metric is not Metric.SEPARATION_BY_CLASS or not clause.exemptions:
                continue
            every = features_of(district, clause.to)
            classes = every.attributes["height_class"], every.attributes["fire_class"]
            needs = required_by_class(clause.values, *classes, facts.fire_class)
            at = {feature_id: number for number, feature_id in enumerate(every.ids)}
            for grant in grants_of(clause, every, needs, district, facts):
                number = at[grant.feature_id]
                apart_m = shapely.distance(shapes.footprints, every.shapes[number])
                near = np.flatnonzero(apart_m - every.errors_m[number] < grant.full_m)
                said = ";".join(grant.attestation_ids)
                rows += [
                    (
                        ids[n],
                        clause.clause_id,
                        grant.feature_id,
                        grant.row,
                        said,
                        grant.full_m,
                        grant.high_m,
                        apart_m[n],
                    )
                    for n in map(int, near)
                ]
    frame = pd.DataFrame(rows, columns=list(EXEMPTION_COLUMNS))
    return frame.sort_values(list(EXEMPTION_COLUMNS[:3]), kind="stable", ignore_index=True)
