"""Low-rise or high-rise: the class of a building by GB 50016 2.1.1 (evidence row B10), or unknown; never a guess.

Residential buildings are high-rise above 27 m, others above 24 m unless they have one storey. A height that was
only estimated from levels is not trusted near the limit: 9 levels are "27 m, more or less".
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["HEIGHT_CLASSES", "height_classes"]

HEIGHT_CLASSES = ("low_rise", "high_rise")

_RESIDENTIAL_LIMIT_M = 27.0
_OTHER_LIMIT_M = 24.0
#: Residential storeys are 2.9-3.0 m: 8 levels stay below 27 m, 10 levels exceed it, 9 may do either.
_RESIDENTIAL_LOW_LEVELS, _RESIDENTIAL_HIGH_LEVELS = 8, 10
#: Other storeys may be 2.9 m (9 of them exceed 24 m) or up to 6 m high (4 of them do not).
_OTHER_LOW_LEVELS, _OTHER_HIGH_LEVELS = 4, 9


def height_classes(buildings: pd.DataFrame) -> NDArray[np.object_]:
    """Return "low_rise", "high_rise" or "unknown" for each row of the table of buildings.

    A height from a tag, a planner or a survey decides; one estimated from levels counts as its levels. A
    building of unknown use is classed only where the residential and the other limit agree.
    """
    stated = buildings["height_source"].isin(("tag", "planner", "survey")).to_numpy()
    height = np.where(stated, buildings["height_m"].to_numpy(float), np.nan)
    levels = buildings["levels"].to_numpy(float)
    levels = np.where(np.isfinite(levels), levels, np.ceil(buildings["height_m"].to_numpy(float) / 3.0))
    levels = np.where(np.isfinite(height), np.nan, levels)
    homes = _by_limits(height, levels, _RESIDENTIAL_LIMIT_M, (_RESIDENTIAL_LOW_LEVELS, _RESIDENTIAL_HIGH_LEVELS))
    others = _by_limits(height, levels, _OTHER_LIMIT_M, (_OTHER_LOW_LEVELS, _OTHER_HIGH_LEVELS))
    storeys = buildings["levels"].to_numpy(float)
    tall_and_uncounted = (height > _OTHER_LIMIT_M) & ~np.isfinite(storeys)
    others = np.where(tall_and_uncounted, 0, others)  # a hall of one storey is no high-rise
    others = np.where(storeys == 1, -1, others)
    use = buildings["use"].to_numpy(object)
    unsure = np.where(homes == others, homes, 0)
    found = np.select([use == "residential", use == "unknown"], [homes, unsure], others)
    names: NDArray[np.object_] = np.array(["low_rise", "unknown", "high_rise"], dtype=object)
    return names.take(found + 1)


def _by_limits(
    height: NDArray[np.floating[Any]], levels: NDArray[np.floating[Any]], limit_m: float, by_levels: tuple[int, int]
) -> NDArray[np.int_]:
    """Return -1 low, 0 unknown, 1 high."""
    low, high = by_levels
    found = np.zeros(len(height), dtype=int)
    found[(height > limit_m) | (levels >= high)] = 1
    found[(height <= limit_m) | (levels <= low)] = -1
    return found
