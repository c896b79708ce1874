"""A programme over years: what each year may spend and what its service counts, and the answer year by year.

One problem, repeated for every year, with ties between the years: nothing that stands is torn down, a year pays for
what it adds at that year's prices, and an upgrade step carries load only when its lead time is over.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from siting.errors import UsageError
from siting.model.parts import FloatArray, IntArray, numbers, whole
from siting.model.problem import Problem
from siting.model.solution import Proof

__all__ = ["Course", "Insist", "Years"]


@dataclass(frozen=True, eq=False)
class Insist:
    """Sites of an earlier plan: keep at least `at_least` of `sites`, each kept one being worth `worth` vehicles.

    "Kept" is open in the last year; `worth` is in weighted vehicles, so a site is given up only where that brings more.
    """

    sites: IntArray
    worth: float = 0.0
    at_least: int = 0

    def __post_init__(self) -> None:
        """Check the figures."""
        _set(self, "sites", np.unique(whole("sites to keep", self.sites)))
        if not (np.isfinite(self.worth) and self.worth >= 0 and 0 <= self.at_least <= len(self.sites)):
            message = f"keep {self.at_least} of {len(self.sites)} sites, each worth {self.worth!r}: both 0 or more"
            raise UsageError(message)


@dataclass(frozen=True, eq=False)
class Years:
    """How a problem runs over years (all arrays by year, in order).

    `budget_cny` is what each year gives; with `carry_over` what a year leaves may be spent later. `weight` is what a
    year's service counts; they are scaled to a sum of 1, so the objective is a mean over the years. `price` is what
    one CNY of today's prices costs that year, for every site, a factor of its own (years x sites) where `site_price`
    is given. `lead_years` gives each upgrade step, laid end to end, the years between paying and carrying load.
    `standing` (modules per site) and `bought` (0 or 1 per step) are there before the first year, paid for and ready.
    Where money is not `limited` the budgets bind nothing.
    """

    budget_cny: FloatArray
    weight: FloatArray
    price: FloatArray
    carry_over: bool = True
    lead_years: IntArray | None = None
    site_price: FloatArray | None = None
    standing: IntArray | None = None
    bought: IntArray | None = None
    insist: Insist | None = None
    limited: bool = True

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays."""
        _set(self, "budget_cny", numbers("yearly budgets", self.budget_cny))
        size = len(self.budget_cny)
        weight = numbers("yearly weights", self.weight, length=size)
        price = numbers("yearly prices", self.price, length=size)
        if not size or not weight.sum() > 0:
            message = "a programme needs a year whose service counts"
            raise UsageError(message)
        if (price <= 0).any():
            message = f"the price factor of year {int(np.flatnonzero(price <= 0)[0]) + 1} must be above 0"
            raise UsageError(message)
        _set(self, "weight", weight / weight.sum())
        _set(self, "price", price)
        for name in ("lead_years", "standing", "bought"):
            value = getattr(self, name)
            if value is not None:
                _set(self, name, whole(name, value))

    def __len__(self) -> int:
        return len(self.budget_cny)

    @classmethod
    def even(cls, budget_cny: ArrayLike) -> "Years":
        """Return years of these budgets that count alike, at today's prices, with carry-over."""
        budgets = np.asarray(budget_cny, float)
        return cls(budgets, np.ones(len(budgets)), np.ones(len(budgets)))

    def standing_in(self, problem: Problem) -> IntArray:
        """Return the modules that stand before the first year (J)."""
        return self._known("standing", self.standing, len(problem.sites))

    def bought_in(self, problem: Problem) -> IntArray:
        """Return which upgrade steps are there before the first year (S)."""
        return self._known("bought", self.bought, _steps(problem))

    def lead_in(self, problem: Problem) -> IntArray:
        """Return the lead time of every upgrade step in years (S)."""
        return self._known("lead_years", self.lead_years, _steps(problem))

    def prices_in(self, problem: Problem) -> tuple[FloatArray, FloatArray]:
        """Return the price factors of sites (years x J) and of upgrade steps (years x S)."""
        sites = np.repeat(self.price[:, None], len(problem.sites), axis=1)
        if self.site_price is not None:
            if self.site_price.shape != sites.shape or not (np.isfinite(self.site_price) & (self.site_price > 0)).all():
                message = f"site_price must hold {sites.shape} factors above 0"
                raise UsageError(message)
            sites = np.asarray(self.site_price, float)
        return sites, np.repeat(self.price[:, None], _steps(problem), axis=1)

    def _known(self, name: str, values: IntArray | None, size: int) -> IntArray:
        if values is None:
            return np.zeros(size, np.int64)
        if len(values) != size:
            message = f"{name} has {len(values)} entries, not {size}"
            raise UsageError(message)
        return values


@dataclass(frozen=True, eq=False, kw_only=True)
class Course(Proof):
    """A solved programme: rows are years.

    `modules` (years x J), `served` (years x walks) and `steps` (years x S, 1: paid for) hold what stands each year;
    `spent_cny` is what the year adds at its prices, `available_cny` what it may spend. `service` is the weighted
    vehicles of each year. `objective` is the goal's first figure, `aim` (service and the worst-off share: the weighted
    mean over the years; cost: of all years; walking and margin: of the last), over scenarios as their stance says;
    no programme is better than `bound`. `guess` is the objective of the first guess. `in_scenarios` (scenarios x walks)
    is who is served where at the end in each, `figures` the figure of each; without scenarios there is one.
    """

    guess: float
    modules: IntArray
    steps: IntArray
    served: FloatArray
    service: FloatArray
    spent_cny: FloatArray
    available_cny: FloatArray
    in_scenarios: FloatArray
    figures: FloatArray
    kept: int = 0  # of the sites to insist on

    @property
    def last(self) -> IntArray:
        """Return the modules at the end (J)."""
        final: IntArray = self.modules[-1]
        return final


def _steps(problem: Problem) -> int:
    return len(problem.transformers.step_owner) if problem.transformers else 0


def _set(part: object, name: str, value: object) -> None:
    object.__setattr__(part, name, value)
