"""Further parts of a problem: groups and their floors, how many sites may be open, and what stands today."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siting.errors import UsageError
from siting.model.parts import FloatArray, IntArray, keep, numbers, whole

__all__ = ["Count", "Existing", "Floors", "Groups", "floors_of"]


@dataclass(frozen=True, eq=False)
class Groups:
    """Demands gathered into groups (compounds): `group` gives each demand its group (I), -1 for none.

    `count` is how many groups there are (G), `names` are for messages.
    """

    group: IntArray
    count: int
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy, freeze and check the array."""
        keep(self, "group", whole("groups", self.group, at_least=-1))
        keep(self, "names", tuple(self.names))
        if self.group.size and self.group.max() >= self.count:
            message = f"groups name group {int(self.group.max())}, but there are only {self.count}"
            raise UsageError(message)
        if self.names and len(self.names) != self.count:
            message = f"group names has {len(self.names)} entries, but there are {self.count} groups"
            raise UsageError(message)

    def __len__(self) -> int:
        return self.count

    def name(self, group: int) -> str:
        """Return what messages call a group."""
        return self.names[group] if self.names else f"group {group}"

    def sums(self, per_demand: FloatArray) -> FloatArray:
        """Return the sum of a figure over the demands of each group (G)."""
        inside = self.group >= 0
        found = np.bincount(self.group[inside], per_demand[inside], minlength=self.count)
        return found.astype(np.float64)


@dataclass(frozen=True, eq=False)
class Floors:
    """The least vehicles served in each group (G); 0 asks for nothing."""

    least: FloatArray

    def __post_init__(self) -> None:
        """Copy, freeze and check the array."""
        keep(self, "least", numbers("floors", self.least))

    @property
    def asked(self) -> IntArray:
        """Return the groups that have a floor."""
        return np.flatnonzero(self.least > 0)


def floors_of(groups: Groups, vehicles: FloatArray, *, share: ArrayLike | None, least: ArrayLike | None) -> Floors:
    """Return the floors that a least share and least vehicles (one figure, or one per group) ask for together."""
    total = groups.sums(vehicles)
    asked = np.zeros(len(groups))
    for name, given, scale in (("share", share, total), ("vehicles", least, np.ones(len(groups)))):
        if given is None:
            continue
        figures = numbers(f"floor {name}", np.broadcast_to(np.asarray(given, float), (len(groups),)))
        if name == "share" and (figures > 1).any():
            wrong = int(np.flatnonzero(figures > 1)[0])
            message = f"floor share of {groups.name(wrong)} is {figures[wrong]:g}: must be 0 to 1"
            raise UsageError(message)
        asked = np.maximum(asked, figures * scale)
    return Floors(asked)


@dataclass(frozen=True)
class Count:
    """At least `least` and at most `most` open sites, those that stand today included; `most` None: no limit."""

    least: int = 0
    most: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no number of sites."""
        for name in ("least", "most"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or value != int(value) or value < 0):
                message = f"{name} sites must be a whole number of 0 or more, not {value!r}"
                raise UsageError(message)
        if self.most is not None and self.most < self.least:
            message = f"at least {self.least} sites and at most {self.most} cannot both hold"
            raise UsageError(message)


@dataclass(frozen=True, eq=False)
class Existing:
    """What stands today: `modules` of each site (J, 0: nothing), kept free of cost and expanded at module cost.

    `removal_cost_cny` (J) is what it costs to remove a site whole; NaN where it may not be removed. A site is never
    made smaller. Modules that stand are in a transformer's load already, so `spare_kva` counts without them; what is
    removed gives its power back. "Moved" is a site removed and another built.
    """

    modules: IntArray
    removal_cost_cny: FloatArray

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays."""
        keep(self, "modules", whole("existing modules", self.modules))
        keep(
            self,
            "removal_cost_cny",
            numbers("removal_cost_cny", self.removal_cost_cny, length=len(self.modules), unknown=True),
        )

    @property
    def stands(self) -> NDArray[np.bool_]:
        """Return which sites stand today (J)."""
        return self.modules > 0

    @property
    def stays(self) -> NDArray[np.bool_]:
        """Return which sites stand today and may not be removed (J)."""
        return self.stands & np.isnan(self.removal_cost_cny)

    @property
    def price_of_removal(self) -> FloatArray:
        """Return what removing each site costs; 0 where nothing stands or where it may not go (J)."""
        return np.where(self.stands & ~np.isnan(self.removal_cost_cny), self.removal_cost_cny, 0.0)
