"""How to solve: the one record of options that every way of solving takes."""

from dataclasses import dataclass

import numpy as np

from siting.errors import UsageError
from siting.model.engines import ENGINES

__all__ = ["SolverOptions"]


@dataclass(frozen=True)
class SolverOptions:
    """How to solve.

    `name` is "highs" or "cbc"; `gap` relative to the objective; `node_limit` None takes as many nodes as the size
    allows (about `3,000,000 / nonzeros`, at least 16): unlike the clock it stops two runs at the same plan.
    A problem of many pieces is solved piece by piece (see `siting.model.pieces`) unless `name` is "cbc": by
    `piece_solver` ("auto": SCIP where installed, else HiGHS) in `workers` processes (1: in this one).
    """

    name: str = "highs"
    gap: float = 5e-4
    time_limit_s: float = 30.0
    threads: int = 1
    seed: int = 0
    node_limit: int | None = None
    workers: int = 1
    piece_solver: str = "auto"

    def __post_init__(self) -> None:
        """Refuse what no solver takes."""
        if self.name not in ENGINES:
            message = f"solver {self.name!r} is unknown; choose one of {', '.join(sorted(ENGINES))}"
            raise UsageError(message)
        least = {"gap": 0.0, "time_limit_s": 0.0, "threads": 1, "seed": 0, "node_limit": 1, "workers": 1}
        for key, at_least in least.items():
            value = getattr(self, key)
            if value is not None and not (np.isfinite(value) and value >= at_least):
                message = f"solver option {key} must be {at_least:g} or more, not {value!r}"
                raise UsageError(message)
