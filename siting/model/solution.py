"""The answer as data: what is built, whom it serves, and what is proven about it."""

import math
from dataclasses import dataclass, fields
from typing import Any

from siting.kinds import Choice
from siting.model.goal import Aim
from siting.model.parts import FloatArray, IntArray

__all__ = ["Proof", "Solution", "Status"]


class Status(Choice):
    """What is known of a plan; taken from the solver's own model status and bound, never from a word for it."""

    PROVEN = "PROVEN"  # no plan serves more: the gap is 0 (to 1e-6)
    WITHIN = "WITHIN"  # the solver finished: no plan serves more than the stated gap above this one
    TIME_LIMITED = "TIME-LIMITED"  # stopped by the clock; the bound tells how far it may be from the best
    HEURISTIC = "HEURISTIC"  # the solver gave no answer; the greedy plan stands
    INFEASIBLE = "INFEASIBLE"  # the limits contradict each other: there is no plan


@dataclass(frozen=True, eq=False, kw_only=True)
class Proof:
    """What a search proves of the plan it gives.

    `objective` and `bound` are the goal's first figure, `aim`: weighted vehicles served unless another was asked for.
    No plan is better than `bound` (not above it, or not below it where less is better), and
    `gap = |bound - objective| / max(|objective|, 1e-9)`. `solver` names it with its version, `solver_status` is its
    own word.
    """

    status: Status
    objective: float
    bound: float
    gap: float
    seconds: float
    solver: str
    solver_status: str
    aim: Aim = Aim.SERVICE

    def proof(self) -> dict[str, Any]:
        """Return the fields of a proof, whatever it is part of."""
        return {field.name: getattr(self, field.name) for field in fields(Proof)}


@dataclass(frozen=True, eq=False, kw_only=True)
class Solution(Proof):
    """One solved problem.

    `modules` counts per site, `served` vehicles per walk, `upgrades` lists (transformer, step) bought, steps numbered
    from 0. `spent_cny` covers sites and upgrades, `site_spent_cny` the sites alone, and `message` is a sentence on how
    the answer came about.
    """

    modules: IntArray
    served: FloatArray
    upgrades: tuple[tuple[int, int], ...]
    spent_cny: float
    site_spent_cny: FloatArray
    message: str

    @property
    def status_text(self) -> str:
        """Return the status with its figure, e.g. "WITHIN 0.15 %" or "TIME-LIMITED, within 0.43 %"."""
        share = f"{_round_up(100 * self.gap):g} %"
        if self.status is Status.WITHIN:
            return f"WITHIN {share}"
        if self.status is Status.TIME_LIMITED:
            return f"{self.status}, within {share}"
        return str(self.status)


def _round_up(percent: float) -> float:
    """Return `percent` to two figures that are never smaller than it."""
    rounded = float(f"{percent:.2g}")
    if rounded >= percent:
        return rounded
    return float(f"{rounded + 10.0 ** (math.floor(math.log10(rounded)) - 1):.2g}")
