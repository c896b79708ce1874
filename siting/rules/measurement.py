"""What goes into a measurement and what comes out: shapes, the facts of a facility, and n results."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.kinds import Kind

__all__ = ["FacilityFacts", "Measurement", "Shapes"]


@dataclass(frozen=True, eq=False)
class Shapes:
    """What is judged: n candidates of one kind, and the m groups of bays that lie in them (metres).

    `group_of` points from a group to the row of its footprint; the order of the groups does not matter. `garages`
    names the garage of each footprint (levels lie above one another, so a place does not tell); None: found by place.
    """

    footprints: NDArray[np.object_]  # (n,) polygons
    bays: NDArray[np.int_]  # (n,)
    group_shapes: NDArray[np.object_]  # (m,) polygons
    group_of: NDArray[np.int_]  # (m,)
    group_bays: NDArray[np.int_]  # (m,)
    group_length_m: NDArray[np.floating[Any]]  # (m,)
    names: tuple[tuple[str, ...], ...] = ()  # (n,) what a statement may call each place, the most exact first
    garages: NDArray[np.object_] | None = None  # (n,) ids, None where unknown


@dataclass(frozen=True)
class FacilityFacts:
    """What the law asks of the facility itself; NaN and "unknown" are allowed and are never taken as good."""

    kind: Kind
    fire_class: str = "unknown"  # "I-II", "III", "IV" or "unknown"
    socket_spacing_m: float = float("nan")
    exits: float = float("nan")  # ways out of the place
    port_kw: float = float("nan")


@dataclass(frozen=True, eq=False)
class Measurement:
    """One clause on n candidates.

    `measured` and `required` are in the clause's unit (NaN: not known, or the clause has nothing to measure there).
    `tolerance` is the position error in metres that was granted to the deciding object. `outcome` holds the text
    of `siting.kinds.Outcome`; `feature_id` the deciding object or None.
    """

    measured: NDArray[np.floating[Any]]
    required: NDArray[np.floating[Any]]
    tolerance: NDArray[np.floating[Any]]
    outcome: NDArray[np.object_]
    feature_id: NDArray[np.object_]
