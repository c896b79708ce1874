"""Uncertain demand: one choice of sites, served anew in every scenario, for the worst case or the average.

The figure of a scenario is the goal's own: weighted vehicles served, the share of the worst-off group, or vehicle-
metres walked. What a plan promises holds in every scenario, in proportion: a least service is the same share of all
weighted vehicles there, a floor the same share of its group's vehicles.
"""

from dataclasses import dataclass, replace

import numpy as np

from siting.errors import InfeasibleError, UsageError
from siting.kinds import Choice
from siting.model.contradictions import refuse_contradictions
from siting.model.divide import flows_for
from siting.model.flows import service_of
from siting.model.goal import Aim
from siting.model.limits import Floors
from siting.model.parts import Demands, FloatArray, IntArray, numbers
from siting.model.problem import Problem

__all__ = ["Scenarios", "Stance", "evaluate", "refuse_scenarios"]


class Stance(Choice):
    """What is asked of a plan whose demand is uncertain."""

    WORST = "worst"  # the goal's figure in the scenario where it is worst
    WORST_SHARE = "worst_share"  # the same, for each weighted vehicle in reach of the scenario
    AVERAGE = "average"  # the goal's figure on average, scenarios weighted


@dataclass(frozen=True, eq=False)
class Scenarios:
    """Vehicles of every demand in every scenario (S x I), what each counts in the average, and the stance."""

    vehicles: FloatArray
    weight: FloatArray
    stance: Stance = Stance.WORST
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays; weights are scaled to a sum of 1."""
        vehicles = np.array(self.vehicles, float, ndmin=2)
        if not (np.isfinite(vehicles) & (vehicles >= 0)).all() or not len(vehicles):
            message = "scenarios must hold vehicles of 0 or more for every demand, and be one or more"
            raise UsageError(message)
        weight = numbers("scenario weights", self.weight, length=len(vehicles))
        if not weight.sum() > 0:
            message = "the weights of the scenarios are all 0"
            raise UsageError(message)
        object.__setattr__(self, "vehicles", vehicles)
        object.__setattr__(self, "weight", weight / weight.sum())

    def __len__(self) -> int:
        return len(self.vehicles)

    def name(self, scenario: int) -> str:
        """Return what messages call a scenario."""
        return self.names[scenario] if self.names else f"scenario {scenario}"

    def problem(self, problem: Problem, scenario: int) -> Problem:
        """Return the problem with the demand of one scenario, and what is promised in proportion to it."""
        mine = replace(problem, demands=Demands(self.vehicles[scenario], problem.demands.weight))
        if problem.service_floor is not None:
            share = problem.service_floor / max(problem.everybody, 1e-9)
            mine = replace(mine, service_floor=share * mine.everybody)
        if problem.floors is not None and problem.groups is not None:
            now, then = (problem.groups.sums(each) for each in (problem.demands.vehicles, mine.demands.vehicles))
            least = problem.floors.least * np.divide(then, now, out=np.zeros(len(now)), where=now > 0)
            mine = replace(mine, floors=Floors(least))
        return mine

    def scales(self, problem: Problem, aim: Aim = Aim.SERVICE) -> FloatArray:
        """Return by what a scenario's figure is divided before the worst is taken (S)."""
        if self.stance is not Stance.WORST_SHARE or aim is Aim.FLOOR:
            return np.ones(len(self))
        reached = np.bincount(problem.walks.i, minlength=len(problem.demands)) > 0
        return np.maximum(self.vehicles[:, reached] @ problem.demands.weight[reached], 1e-9)

    def value(self, figures: FloatArray, scales: FloatArray, aim: Aim = Aim.SERVICE) -> float:
        """Return what the stance makes of a figure in every scenario."""
        if self.stance is Stance.AVERAGE:
            return float(self.weight @ figures)
        return float((figures / scales).max() if aim.is_least else (figures / scales).min())


def evaluate(problem: Problem, scenarios: Scenarios, modules: IntArray) -> FloatArray:
    """Return the weighted vehicles that `modules` serve in each scenario, divided as the goal asks (S)."""
    cases = [scenarios.problem(problem, number) for number in range(len(scenarios))]
    return np.array([service_of(case, flows_for(case, modules)) for case in cases])


def refuse_scenarios(problem: Problem, scenarios: Scenarios) -> None:
    """Raise `UsageError` where arrays do not fit, `InfeasibleError` naming the scenario in which limits collide."""
    if scenarios.vehicles.shape[1] != len(problem.demands):
        message = f"scenarios hold {scenarios.vehicles.shape[1]} demands, but there are {len(problem.demands)}"
        raise UsageError(message)
    for number in range(len(scenarios)):
        try:
            refuse_contradictions(scenarios.problem(problem, number))
        except InfeasibleError as error:
            message = f"in the scenario {scenarios.name(number)!r} {error}"
            raise InfeasibleError(message) from error
