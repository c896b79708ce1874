"""The parts a problem is stacked from: who wants service, what may be built, who walks where, and the limits.

Numbers only: every part holds numpy arrays (read-only copies) and refuses figures that cannot be.
Demands are numbered i, sites j, walks (links) l, transformers t; `siting.framing` knows what the numbers stand for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siting.errors import UsageError

__all__ = [
    "Ban",
    "Demands",
    "FloatArray",
    "IntArray",
    "Locks",
    "Quotas",
    "Sites",
    "Transformers",
    "Walks",
    "keep",
    "numbers",
    "ordinals",
    "whole",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Demands:
    """Who wants service: `vehicles` (I floats, >= 0) and the `weight` of one vehicle (I floats, >= 0)."""

    vehicles: FloatArray
    weight: FloatArray

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays."""
        keep(self, "vehicles", numbers("vehicles", self.vehicles))
        keep(self, "weight", numbers("weight", self.weight, length=len(self.vehicles)))

    def __len__(self) -> int:
        return len(self.vehicles)


@dataclass(frozen=True, eq=False)
class Sites:
    """What may be built: a site costs `open_cost_cny` once and `module_cost_cny` for each of 1 to `max_modules`.

    A module serves `vehicles_per_module` vehicles (ports x vehicles per port). `demerit` counts what speaks against
    a site short of forbidding it (clauses that say "should"); it decides only between plans of equal service.
    `margin_m` is the clearance a site has beyond what the clauses require, in metres (any sign). `names` are for
    messages; without them a site is called by its number.
    """

    open_cost_cny: FloatArray
    module_cost_cny: FloatArray
    max_modules: IntArray
    vehicles_per_module: FloatArray
    demerit: FloatArray
    names: tuple[str, ...] = ()
    margin_m: FloatArray | None = None

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays."""
        keep(self, "open_cost_cny", numbers("open_cost_cny", self.open_cost_cny))
        size = len(self.open_cost_cny)
        for name in ("module_cost_cny", "vehicles_per_module", "demerit"):
            keep(self, name, numbers(name, getattr(self, name), length=size))
        keep(self, "max_modules", whole("max_modules", self.max_modules, length=size, at_least=1))
        keep(self, "names", tuple(self.names))
        if self.names and len(self.names) != size:
            message = f"names has {len(self.names)} entries, but there are {size} sites"
            raise UsageError(message)
        if self.margin_m is not None:
            margin = np.array(self.margin_m, dtype=np.float64, ndmin=1)
            _check_shape("margin_m", margin, size)
            if not np.isfinite(margin).all():
                message = f"margin_m[{int(np.flatnonzero(~np.isfinite(margin))[0])}] must be a finite number of metres"
                raise UsageError(message)
            keep(self, "margin_m", _frozen(margin))

    def __len__(self) -> int:
        return len(self.open_cost_cny)

    def name(self, site: int) -> str:
        """Return what messages call a site."""
        return self.names[site] if self.names else f"site {site}"

    def cost_cny(self, modules: IntArray) -> FloatArray:
        """Return what each site costs with so many modules; a site without modules costs nothing."""
        return np.where(modules > 0, self.open_cost_cny + modules * self.module_cost_cny, 0.0)


@dataclass(frozen=True, eq=False)
class Walks:
    """Who can walk where: demand `i` to site `j` over `walk_m` metres, sorted by (i, j), each pair once."""

    i: IntArray
    j: IntArray
    walk_m: FloatArray

    def __post_init__(self) -> None:
        """Copy, freeze, check and require the order."""
        keep(self, "i", whole("walks i", self.i))
        size = len(self.i)
        keep(self, "j", whole("walks j", self.j, length=size))
        keep(self, "walk_m", numbers("walk_m", self.walk_m, length=size))
        step_i, step_j = np.diff(self.i), np.diff(self.j)
        if ((step_i < 0) | ((step_i == 0) & (step_j <= 0))).any():
            message = "walks must be sorted by demand and site, each pair once"
            raise UsageError(message)

    def __len__(self) -> int:
        return len(self.i)


@dataclass(frozen=True, eq=False)
class Ban:
    """Sites of which at most `most` may stand together: what they break no fewer of them break."""

    sites: IntArray
    most: int

    def __post_init__(self) -> None:
        """Copy, sort and freeze the sites."""
        keep(self, "sites", _frozen(np.unique(whole("ban", self.sites))))
        keep(self, "most", int(self.most))
        if self.most < 0:
            message = f"a ban lets {self.most} sites stand; it must be 0 or more"
            raise UsageError(message)


@dataclass(frozen=True, eq=False)
class Transformers:
    """Shared power: transformer t carries `spare_kva` (NaN: unknown, so no limit) plus the upgrade steps bought.

    `feeds` gives each site its transformer, -1 for none; `kva_per_module` what one module draws after the demand
    factor. `steps[t]` lists (kva, cost_cny), each bought at most once and in this order.
    """

    spare_kva: FloatArray
    feeds: IntArray
    kva_per_module: FloatArray
    steps: tuple[tuple[tuple[float, float], ...], ...]
    names: tuple[str, ...] = ()
    step_owner: IntArray = field(init=False)
    step_kva: FloatArray = field(init=False)
    step_cost_cny: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays; lay the steps end to end."""
        keep(self, "spare_kva", numbers("spare_kva", self.spare_kva, unknown=True))
        size = len(self.spare_kva)
        keep(self, "feeds", whole("feeds", self.feeds, at_least=-1))
        if (self.feeds >= size).any():
            message = f"feeds names transformer {int(self.feeds.max())}, but there are {size}"
            raise UsageError(message)
        keep(self, "kva_per_module", numbers("kva_per_module", self.kva_per_module, length=len(self.feeds)))
        steps = tuple(tuple((float(kva), float(cost)) for kva, cost in mine) for mine in self.steps)
        if len(steps) != size:
            message = f"steps has {len(steps)} entries, but there are {size} transformers"
            raise UsageError(message)
        keep(self, "steps", steps)
        keep(self, "names", tuple(self.names))
        flat = [(t, kva, cost) for t, mine in enumerate(steps) for kva, cost in mine]
        keep(self, "step_owner", whole("step_owner", [t for t, _, _ in flat]))
        keep(self, "step_kva", numbers("upgrade kva", [kva for _, kva, _ in flat]))
        keep(self, "step_cost_cny", numbers("upgrade cost_cny", [cost for _, _, cost in flat]))

    def __len__(self) -> int:
        return len(self.spare_kva)

    def name(self, transformer: int) -> str:
        """Return what messages call a transformer."""
        return self.names[transformer] if self.names else f"transformer {transformer}"

    @property
    def limited(self) -> NDArray[np.bool_]:
        """Return which transformers limit anything: spare capacity known (T bools)."""
        return ~np.isnan(self.spare_kva)

    def load_kva(self, modules: IntArray) -> FloatArray:
        """Return the load each transformer takes on from so many modules at each site (T floats)."""
        fed = self.feeds >= 0
        load = np.bincount(self.feeds[fed], (self.kva_per_module * modules)[fed], minlength=len(self))
        return load.astype(np.float64)

    def steps_needed(self, transformer: int, load_kva: float) -> int | None:
        """Return how many steps carry `load_kva` (0 where unlimited), or None if all together do not."""
        spare = float(self.spare_kva[transformer])
        if np.isnan(spare):
            return 0
        capacity = spare
        for count, (kva, _) in enumerate((*self.steps[transformer], (0.0, 0.0))):
            if load_kva <= capacity + 1e-6:
                return count
            capacity += kva
        return None

    def steps_cost_cny(self, transformer: int, count: int) -> float:
        """Return what the first `count` steps cost."""
        return float(sum(cost for _, cost in self.steps[transformer][:count]))


@dataclass(frozen=True, eq=False)
class Locks:
    """Sites that must have at least one module (`locked_in`) or none (`locked_out`), as sorted site numbers."""

    locked_in: IntArray
    locked_out: IntArray

    def __post_init__(self) -> None:
        """Copy, freeze, sort and check the arrays."""
        for name in ("locked_in", "locked_out"):
            keep(self, name, _frozen(np.unique(whole(name, getattr(self, name)))))


@dataclass(frozen=True, eq=False)
class Quotas:
    """At most `most[d]` compounds of district d may have sites.

    `compound` gives each site its compound (J), `district` each compound its district (N), `most` each district its
    quota (D).
    """

    compound: IntArray
    district: IntArray
    most: IntArray

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays."""
        for name in ("compound", "district", "most"):
            keep(self, name, whole(f"quota {name}", getattr(self, name)))
        for name, below in (("compound", self.district), ("district", self.most)):
            named = getattr(self, name)
            if named.size and named.max() >= len(below):
                message = f"quotas name {name} {int(named.max())}, but there are only {len(below)}"
                raise UsageError(message)

    def used(self, modules: IntArray) -> IntArray:
        """Return how many compounds of each district have sites with so many modules (D)."""
        chosen = np.unique(self.compound[modules > 0])
        return np.bincount(self.district[chosen], minlength=len(self.most)).astype(np.int64)


def numbers(name: str, values: ArrayLike, *, length: int | None = None, unknown: bool = False) -> FloatArray:
    """Return a read-only copy of `values` as floats >= 0; NaN passes only where `unknown` says so."""
    array = np.array(values, dtype=np.float64, ndmin=1)
    _check_shape(name, array, length)
    known = array[~np.isnan(array)] if unknown else array
    if not np.isfinite(known).all() or (known < 0).any():
        wrong = int(np.flatnonzero(~(array >= 0) | np.isinf(array))[0])
        message = f"{name}[{wrong}] is {array[wrong]}: must be a finite number, 0 or more"
        raise UsageError(message)
    return _frozen(array)


def whole(name: str, values: ArrayLike, *, length: int | None = None, at_least: int = 0) -> IntArray:
    """Return a read-only copy of `values` as whole numbers of `at_least` or more."""
    array = np.array(values, ndmin=1)
    if array.size == 0:
        array = array.astype(np.int64)
    _check_shape(name, array, length)
    as_whole = array.astype(np.int64)
    if (as_whole != array).any() or (as_whole < at_least).any():
        wrong = int(np.flatnonzero((as_whole != array) | (as_whole < at_least))[0])
        message = f"{name}[{wrong}] is {array[wrong]}: must be a whole number of {at_least} or more"
        raise UsageError(message)
    return _frozen(as_whole)


def ordinals(name: str, values: Sequence[int] | IntArray, *, count: int) -> IntArray:
    """Return sorted, distinct numbers below `count`; raise `UsageError` naming one that is not."""
    array = np.unique(whole(name, np.asarray(values)))
    if array.size and array[-1] >= count:
        message = f"{name} names number {int(array[-1])}, but there are only {count}"
        raise UsageError(message)
    return _frozen(array)


def _check_shape(name: str, array: NDArray[Any], length: int | None) -> None:
    if array.ndim != 1 or (length is not None and len(array) != length):
        message = f"{name} has shape {array.shape}, not {f'({length},)' if length is not None else 'one dimension'}"
        raise UsageError(message)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array


def keep(part: object, name: str, value: object) -> None:
    """Set a field of a frozen part while it is being made."""
    object.__setattr__(part, name, value)
