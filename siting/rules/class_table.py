"""Separation by class: which figure of a table (GB 50016 table 5.2.2) applies where some classes are unknown."""

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from siting.rules.distances import Requirement
from siting.rules.heights import HEIGHT_CLASSES

__all__ = ["FIRE_CLASSES", "figure", "missing_cells", "required_by_class", "unknown_cells"]

#: Fire-resistance classes (耐火等级) of buildings and sheds.
FIRE_CLASSES = ("I-II", "III", "IV")
_ANY = "*"


def figure(values: Mapping[str, float], height: str, building: str, facility: str) -> float | None:
    """Return the figure of one cell; the most exact key wins, "*" stands for any class; None if there is none."""
    for key in product((height, _ANY), (building, _ANY), (facility, _ANY)):
        if "/".join(key) in values:
            return values["/".join(key)]
    return None


def missing_cells(values: Mapping[str, float]) -> tuple[str, ...]:
    """Return the cells "height/building/facility" that no key answers."""
    cells = product(HEIGHT_CLASSES, FIRE_CLASSES, FIRE_CLASSES)
    return tuple("/".join(cell) for cell in cells if figure(values, *cell) is None)


def unknown_cells(values: Mapping[str, float]) -> tuple[str, ...]:
    """Return the keys that name no cell."""
    known = ((*HEIGHT_CLASSES, _ANY), (*FIRE_CLASSES, _ANY), (*FIRE_CLASSES, _ANY))
    cells = {"/".join(cell) for cell in product(*known)}
    return tuple(key for key in values if key not in cells)


def required_by_class(
    values: Mapping[str, float],
    heights: NDArray[np.object_],
    fire_classes: NDArray[np.object_],
    facility_class: str,
) -> Requirement:
    """Return [low, high] for each building over every class that an unknown may turn out to be."""
    bounds = {
        (height, fire): tuple(_figures(values, height, fire, facility_class))
        for height in (*HEIGHT_CLASSES, "unknown")
        for fire in (*FIRE_CLASSES, "unknown")
    }
    pairs = list(zip(heights, fire_classes, strict=True))
    return Requirement(
        low=np.array([min(bounds[pair]) for pair in pairs], dtype=float),
        high=np.array([max(bounds[pair]) for pair in pairs], dtype=float),
        stated=max(values.values()),
    )


def _figures(values: Mapping[str, float], height: str, fire: str, facility: str) -> Iterator[float]:
    heights = HEIGHT_CLASSES if height == "unknown" else (height,)
    fires = FIRE_CLASSES if fire == "unknown" else (fire,)
    facilities = FIRE_CLASSES if facility == "unknown" else (facility,)
    for cell in product(heights, fires, facilities):
        found = figure(values, *cell)
        if found is not None:
            yield found
