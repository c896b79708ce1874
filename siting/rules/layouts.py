"""Measures of the facility itself: its groups of bays, its size, sockets, exits and ports. Exact, tolerance 0."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siting.rules.measurement import Shapes

__all__ = ["largest_group", "longest_group", "shortest_gap"]

_Floats = NDArray[np.floating[Any]]


def longest_group(shapes: Shapes) -> _Floats:
    """Return the length of the longest group of each candidate, metres; NaN where no group is drawn."""
    return _largest(shapes, shapes.group_length_m)


def largest_group(shapes: Shapes) -> _Floats:
    """Return the most vehicles in one group of each candidate; NaN where no group is drawn."""
    return _largest(shapes, shapes.group_bays)


def shortest_gap(shapes: Shapes) -> _Floats:
    """Return the true distance between the two nearest groups of each candidate, metres; NaN below two groups."""
    order = np.argsort(shapes.group_of, kind="stable")
    owner, areas = shapes.group_of[order], shapes.group_shapes[order]
    gaps = np.full(len(shapes.footprints), np.inf)
    step = 1
    while step < len(owner):
        same = np.flatnonzero(owner[step:] == owner[:-step])
        if len(same) == 0:
            break  # no candidate has more groups than that
        np.minimum.at(gaps, owner[same], shapely.distance(areas[same], areas[same + step]))
        step += 1
    return np.where(np.isfinite(gaps), gaps, np.nan)


def _largest(shapes: Shapes, figures: NDArray[Any]) -> _Floats:
    found = np.full(len(shapes.footprints), -np.inf)
    np.maximum.at(found, shapes.group_of, figures.astype(float))
    return np.where(np.isfinite(found), found, np.nan)
