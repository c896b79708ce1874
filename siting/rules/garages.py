"""Facts of the garage a facility stands in: its level, fire units, entrances and equipment, from its drawings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siting.rules.clause import Clause, Metric
from siting.rules.features import Features
from siting.rules.margins import FAIL, NOT_EVALUATED, OUTCOMES, PASS, at_least, at_most
from siting.rules.measurement import Measurement

__all__ = ["GARAGE_COLUMNS", "hosts_of", "measure_equipment", "measure_garage", "underground"]

#: The column of the garages that each metric reads.
GARAGE_COLUMNS: Mapping[Metric, str] = MappingProxyType(
    {
        Metric.GARAGE_LEVEL: "levels_down",
        Metric.FIRE_UNIT_AREA: "fire_unit_m2",
        Metric.FIRE_UNIT_SIZE: "fire_unit_stalls",
        Metric.ENTRANCE_GAP: "entrance_gap_m",
    }
)


def hosts_of(
    footprints: NDArray[np.object_], garages: Features, names: NDArray[np.object_] | None = None
) -> NDArray[np.int_]:
    """Return the garage that holds each footprint, -1 for none.

    It is the one called so in `names`; without a name the first that holds a point on the footprint's surface.
    """
    found = np.full(len(footprints), -1)
    points = shapely.point_on_surface(footprints)
    row, at = shapely.STRtree(garages.shapes).query(points, predicate="intersects")
    order = np.lexsort((at, row))[::-1]
    found[row[order]] = at[order]
    if names is not None:
        number = {name: at for at, name in enumerate(garages.ids.tolist())}
        called = np.array([number.get(name, -1) for name in names.tolist()], dtype=int)
        found = np.where(called >= 0, called, found)
    return found


def underground(hosts: NDArray[np.int_], garages: Features) -> NDArray[np.floating[Any]]:
    """Return 1 where the garage lies below ground, 0 where it does not, NaN where that is unknown."""
    answers = {"underground": 1.0, "multi_storey": 0.0}
    known = np.array([answers.get(kind, np.nan) for kind in garages.attributes["kind"]] + [np.nan])
    levels = np.append(garages.attributes["levels_down"].astype(float), np.nan)
    known = np.where(np.isfinite(levels), levels > 0.0, known)
    return known[hosts]  # -1 is the last: unknown


def measure_garage(clause: Clause, hosts: NDArray[np.int_], garages: Features) -> Measurement:
    """Compare one figure of each footprint's garage with the clause; an unknown figure is not evaluated."""
    figures = np.append(garages.attributes[GARAGE_COLUMNS[clause.metric]].astype(float), np.nan)
    measured, limit = figures[hosts], float(clause.value or 0.0)
    limits = np.full(len(hosts), limit)
    ranks = at_most(measured, limit) if clause.op == "<=" else at_least(measured, limits, limits, np.zeros(len(hosts)))
    return _result(measured, limits, ranks, (hosts, garages))


def measure_equipment(clause: Clause, hosts: NDArray[np.int_], garages: Features) -> Measurement:
    """Count the systems of the clause that each footprint's garage surely lacks.

    One that is missing fails; one of which nothing is known leaves the clause not evaluated.
    """
    answers = np.array([garages.attributes[system] for system in clause.systems], dtype=object)
    answers = np.concatenate(
        (answers.reshape(len(clause.systems), -1), np.full((len(clause.systems), 1), None)), axis=1
    )
    missing = (answers == "no").sum(axis=0).astype(float)
    unknown = ((answers != "no") & (answers != "yes")).any(axis=0)
    ranks = np.where(missing > 0, FAIL, np.where(unknown, NOT_EVALUATED, PASS))
    measured = np.where(ranks == NOT_EVALUATED, np.nan, missing)
    return _result(measured[hosts], np.zeros(len(hosts)), ranks[hosts], (hosts, garages))


def _result(
    measured: NDArray[np.floating[Any]],
    required: NDArray[np.floating[Any]],
    ranks: NDArray[np.int_],
    found: tuple[NDArray[np.int_], Features],
) -> Measurement:
    hosts, garages = found
    ids = np.concatenate((garages.ids, np.full(1, None, dtype=object)))[hosts]
    return Measurement(measured, required, np.zeros(len(hosts)), OUTCOMES[ranks], ids)
