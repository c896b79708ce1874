"""Make a clause in one line and judge one footprint by it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from siting.district.record import District
from siting.kinds import Kind
from siting.rules.clause import Clause, Confidence, Force, Metric
from siting.rules.clause_checks import SENSE
from siting.rules.measures import FacilityFacts, Measurement, Shapes, measure

__all__ = ["Verdict", "clause", "facility", "judge", "shapes_of"]

Box = tuple[float, float, float, float]
Verdict = tuple[str, float, float, str | None]


def clause(metric: Metric, to: str = "layout", value: float | None = 0.0, **values: Any) -> Clause:
    """Return a must of nowhere in particular; `values` overwrites any field."""
    op, unit = SENSE[metric]
    known = {"clause_id": "test", "row": "", "kinds": (Kind.EBIKE_OPEN,), "measure_from": "outline"}
    known |= {"force": Force.MUST, "jurisdiction": "nowhere", "standard": "standard", "clause": "1"}
    known |= {"source": "source", "confidence": Confidence.FROM_MEMORY, "title_en": "title", "title_zh": "题"}
    return Clause(**(known | {"metric": metric, "to": to, "op": op, "value": value, "unit": unit} | values))


def facility(**values: Any) -> FacilityFacts:
    """Return an open e-bike place of which nothing more is known."""
    return FacilityFacts(**({"kind": Kind.EBIKE_OPEN} | values))


def shapes_of(*candidates: Box | Sequence[Box], bays: Sequence[int] | None = None) -> Shapes:
    """Return candidates; one given as several boxes has them as its groups, one as a single box is one group.

    A group is as long as its box is wide and holds a bay every metre.
    """
    groups = [[one] if np.ndim(one) == 1 else list(one) for one in candidates]
    boxes = [box for group in groups for box in group]
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    areas = np.array([shapely.box(*box) for box in boxes], dtype=object)
    lengths = np.array([box[2] - box[0] for box in boxes])
    footprints = [shapely.envelope(shapely.union_all(areas[owner == row])) for row in range(len(groups))]
    counts = np.bincount(owner, weights=np.round(lengths)).astype(int)
    return Shapes(
        footprints=np.array(footprints, dtype=object),
        bays=counts if bays is None else np.array(bays),
        group_shapes=areas,
        group_of=owner,
        group_bays=np.round(lengths).astype(int),
        group_length_m=lengths,
    )


def judge(rule: Clause, where: Box | Sequence[Box], district: District, **facts: Any) -> Verdict:
    """Return (outcome, measured, required, feature id) of one footprint."""
    found: Measurement = measure(rule, shapes_of(where), district, facility(**facts))
    return str(found.outcome[0]), float(found.measured[0]), float(found.required[0]), found.feature_id[0]
