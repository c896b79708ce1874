"""Where lanes end: the dead ends of a network of lines, long enough that an engine has to turn there."""

from collections import defaultdict
from itertools import pairwise
from math import dist

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["LONGEST_WITHOUT_TURNING_M", "dead_ends"]

#: An engine backs out of a shorter stub (GB 55037; figure from memory, evidence row A07).
LONGEST_WITHOUT_TURNING_M = 40.0

_Node = tuple[float, float]


def dead_ends(lines: NDArray[np.object_]) -> tuple[NDArray[np.int_], NDArray[np.object_]]:
    """Return (line, end point) of every dead end farther than 40 m from the next junction, by line, then place.

    Lines meet where they share a vertex (to 1 cm), as mapped ways do.
    """
    roads: dict[_Node, dict[_Node, float]] = defaultdict(dict)
    owner: dict[_Node, int] = {}
    points: dict[_Node, _Node] = {}
    parts, owners = shapely.get_parts(lines, return_index=True)
    for part, of_line in zip(parts, owners, strict=True):
        places = [(float(x), float(y)) for x, y in shapely.get_coordinates(part)]
        nodes = [(round(x, 2), round(y, 2)) for x, y in places]
        for (one, other), (here, there) in zip(pairwise(nodes), pairwise(places), strict=True):
            if one != other:
                roads[one][other] = roads[other][one] = dist(here, there)
        for node, place in ((nodes[0], places[0]), (nodes[-1], places[-1])):
            owner.setdefault(node, int(of_line))
            points.setdefault(node, place)
    ends = sorted(
        (owner[node], points[node])
        for node, next_to in roads.items()
        if len(next_to) == 1 and node in owner and _way_back_m(roads, node) > LONGEST_WITHOUT_TURNING_M
    )
    shapes = shapely.points(np.array([place for _, place in ends]).reshape(-1, 2))
    return np.array([number for number, _ in ends], dtype=int), np.asarray(shapes, dtype=object)


def _way_back_m(roads: dict[_Node, dict[_Node, float]], end: _Node) -> float:
    """Return the length from a dead end to the next junction (or the other end of a lone way)."""
    before, (here, length_m) = end, next(iter(roads[end].items()))
    while len(roads[here]) == 2 and length_m <= LONGEST_WITHOUT_TURNING_M:
        before, (here, step_m) = here, next((node, m) for node, m in roads[here].items() if node != before)
        length_m += step_m
    return length_m
