"""Separation by class: which figure of a table (GB 50016 table 5.2.2) applies where some classes are unknown."""

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from siting.rules.distances import Requirement
from siting.rules.heights import HEIGHT_CLASSES

__all__ = [
    "FIRE_CLASSES",
    "class_codes",
    "figure",
    "missing_cells",
    "pair_bounds",
    "pair_figure",
    "required_by_class",
    "unknown_cells",
]

#: Fire-resistance classes (耐火等级) of buildings and sheds.
FIRE_CLASSES = ("I-II", "III", "IV")
_ANY = "*"
_CLASSES = tuple(product((*HEIGHT_CLASSES, "unknown"), (*FIRE_CLASSES, "unknown")))


def figure(values: Mapping[str, float], height: str, building: str, facility: str) -> float | None:
    """Return the figure of one cell; the most exact key wins, "*" stands for any class; None if there is none."""
    for key in product((height, _ANY), (building, _ANY), (facility, _ANY)):
        if "/".join(key) in values:
            return values["/".join(key)]
    return None


def pair_figure(values: Mapping[str, float], one: tuple[str, str], other: tuple[str, str]) -> float | None:
    """Return the figure between two buildings (height class, fire class), in either order; None if there is none."""
    for (height, fire), (height_2, fire_2) in ((one, other), (other, one)):
        for key in product((height,), (fire, _ANY), (height_2,), (fire_2, _ANY)):
            if "/".join(key) in values:
                return values["/".join(key)]
    return None


def class_codes(heights: NDArray[np.object_], fire_classes: NDArray[np.object_]) -> NDArray[np.int_]:
    """Return the row of each building in the tables of `pair_bounds`."""
    codes = {pair: code for code, pair in enumerate(_CLASSES)}
    return np.array([codes[pair] for pair in zip(heights, fire_classes, strict=True)], dtype=int)


def pair_bounds(values: Mapping[str, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (low, high) between any two classes of buildings, over every class that an unknown may turn out to be."""
    bounds = np.array([[_pair_bounds(values, one, other) for other in _CLASSES] for one in _CLASSES])
    return bounds[:, :, 0], bounds[:, :, 1]


def _pair_bounds(values: Mapping[str, float], one: tuple[str, str], other: tuple[str, str]) -> tuple[float, float]:
    figures = [pair_figure(values, here, there) for here, there in product(_meant(one), _meant(other))]
    known = [found for found in figures if found is not None]
    return min(known), max(known)


def _meant(building: tuple[str, str]) -> list[tuple[str, str]]:
    heights, fires = (
        known if word == "unknown" else (word,)
        for word, known in zip(building, (HEIGHT_CLASSES, FIRE_CLASSES), strict=True)
    )
    return list(product(heights, fires))


def missing_cells(values: Mapping[str, float], *, pairs: bool = False) -> tuple[str, ...]:
    """Return the cells "height/building/facility" (`pairs`: "height/building/height/building") no key answers."""
    if pairs:
        every = list(product(HEIGHT_CLASSES, FIRE_CLASSES))
        return tuple("/".join(one + two) for one in every for two in every if pair_figure(values, one, two) is None)
    cells = product(HEIGHT_CLASSES, FIRE_CLASSES, FIRE_CLASSES)
    return tuple("/".join(cell) for cell in cells if figure(values, *cell) is None)


def unknown_cells(values: Mapping[str, float], *, pairs: bool = False) -> tuple[str, ...]:
    """Return the keys that name no cell."""
    known: tuple[tuple[str, ...], ...] = ((*HEIGHT_CLASSES, _ANY), (*FIRE_CLASSES, _ANY), (*FIRE_CLASSES, _ANY))
    if pairs:
        known = (HEIGHT_CLASSES, (*FIRE_CLASSES, _ANY)) * 2
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
