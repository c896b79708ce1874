"""Goals: what a plan is good for, as a list of figures of which each decides between plans equal in those before it."""

from dataclasses import dataclass

import numpy as np

from siting.errors import UsageError
from siting.kinds import Choice

__all__ = ["Aim", "Goal"]


class Aim(Choice):
    """One figure of a plan that can be asked for."""

    SERVICE = "service"  # weighted vehicles served: the more the better
    COST = "cost"  # CNY for sites, modules, removals and upgrades: the less the better
    WALKING = "walking"  # vehicle-metres walked: the less the better
    FLOOR = "floor"  # share of its vehicles that the worst-off group is served: the more the better
    MARGIN = "margin"  # metres of clearance to spare at the tightest new site: the more the better
    EXPENSE = "expense"  # CNY of cost, walking and demerits at the goal's prices: the less the better

    @property
    def is_least(self) -> bool:
        """Return whether less is better."""
        return self in (Aim.COST, Aim.WALKING, Aim.EXPENSE)

    def is_better(self, one: float, other: float, *, by: float = 0.0) -> bool:
        """Return whether `one` is better than `other` by more than `by`."""
        return one < other - by if self.is_least else one > other + by


_STAGES = {
    Aim.SERVICE: (Aim.SERVICE, Aim.EXPENSE),
    Aim.COST: (Aim.COST, Aim.SERVICE, Aim.EXPENSE),
    Aim.WALKING: (Aim.WALKING, Aim.EXPENSE),
    Aim.FLOOR: (Aim.FLOOR, Aim.SERVICE, Aim.EXPENSE),
    Aim.MARGIN: (Aim.MARGIN, Aim.COST, Aim.SERVICE, Aim.EXPENSE),
}


@dataclass(frozen=True)
class Goal:
    """Best `aim` first, then the figures of `stages` in their order; the last is always the least expense in CNY.

    `walk_penalty` is CNY for one vehicle walking one metre, `demerit_penalty` CNY for one demerit of an open site.
    """

    walk_penalty: float = 0.1
    demerit_penalty: float = 2000.0
    aim: Aim = Aim.SERVICE

    def __post_init__(self) -> None:
        """Refuse negative prices, and the expense as a goal of its own."""
        for name in ("walk_penalty", "demerit_penalty"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                message = f"{name} must be a number of CNY, 0 or more, not {value!r}"
                raise UsageError(message)
        if self.aim not in _STAGES:
            message = f"{self.aim} decides between equal plans and is no goal; choose one of {', '.join(_STAGES)}"
            raise UsageError(message)

    @property
    def stages(self) -> tuple[Aim, ...]:
        """Return the figures in the order in which they decide."""
        return _STAGES[self.aim]
