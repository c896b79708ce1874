"""From a measured figure to an outcome: the meaning of "not less than", of a position error and of an unknown fact.

A requirement is an interval [low, high] over every value that unknown facts may take. With a position error e:
PASS where measured - e >= high, FAIL where measured + e < low, UNCERTAIN between; e = 0 and low = high is a plain
limit, and equality passes (to `siting.geo.DISTANCE_EPSILON_M`). A doubtful object is never failed upon.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Completeness, Outcome
from siting.rules.measurement import Measurement

__all__ = [
    "FAIL",
    "NOT_EVALUATED",
    "OUTCOMES",
    "PASS",
    "UNCERTAIN",
    "at_least",
    "at_most",
    "plain",
    "without_breach",
    "worst_of_each",
]

#: Outcomes by rank, worst first.
OUTCOMES: NDArray[np.object_] = np.array([outcome.value for outcome in Outcome], dtype=object)
FAIL, UNCERTAIN, NOT_EVALUATED, PASS = range(4)

_Floats = NDArray[np.floating[Any]]
_Ints = NDArray[np.int_]


def at_least(measured: _Floats, low: _Floats, high: _Floats, error: _Floats) -> _Ints:
    """Return the rank of the outcome of "measured is not less than a value in [low, high]"; NaN is not evaluated."""
    ranks = np.full(len(measured), UNCERTAIN)
    ranks[measured - error >= high - DISTANCE_EPSILON_M] = PASS
    ranks[measured + error < low - DISTANCE_EPSILON_M] = FAIL
    ranks[~np.isfinite(measured)] = NOT_EVALUATED
    return ranks


def at_most(measured: _Floats, limit: float) -> _Ints:
    """Return the rank of "measured is not more than limit", a plain limit; NaN is not evaluated."""
    ranks = np.where(measured <= limit + DISTANCE_EPSILON_M, PASS, FAIL)
    return np.where(np.isfinite(measured), ranks, NOT_EVALUATED)


def plain(measured: _Floats, op: str, limit: float, applies: NDArray[np.bool_]) -> Measurement:
    """Return a measurement of the facility itself: exact, no object, no tolerance; PASS where it does not apply."""
    zeros = np.zeros(len(measured))
    limits = np.full(len(measured), limit)
    ranks = at_most(measured, limit) if op == "<=" else at_least(measured, limits, limits, zeros)
    nobody: NDArray[np.object_] = np.full(len(measured), None, dtype=object)
    return Measurement(
        measured=measured,
        required=np.where(applies, limits, np.nan),
        tolerance=zeros,
        outcome=OUTCOMES[np.where(applies, ranks, PASS)],
        feature_id=nobody,
    )


def worst_of_each(rows: _Ints, ranks: _Ints, margins: _Floats, objects: _Ints) -> _Ints:
    """Return, for each distinct value of `rows` in rising order, the position of its deciding pair.

    The worst outcome decides, then the smallest margin, then the first object: never the order of a spatial index.
    """
    order = np.lexsort((objects, margins, ranks, rows))
    first = np.ones(len(order), dtype=bool)
    first[1:] = rows[order][1:] != rows[order][:-1]
    return order[first]


def without_breach(completeness: Completeness) -> int:
    """Return the rank of "no known object breaks it": only a class that is known well enough can pass."""
    return NOT_EVALUATED if completeness is Completeness.UNKNOWN else PASS
