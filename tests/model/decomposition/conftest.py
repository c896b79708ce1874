"""Problems of several pieces, small enough for one program to be proven: tiny problems side by side, one budget."""

from collections.abc import Callable

import numpy as np
import pytest

from siting.model.parts import Demands, Sites, Walks
from siting.model.problem import Problem


def side_by_side(problems: list[Problem], *, budget_cny: float | None, most: int | None) -> Problem:
    """Return the problems as one that shares a budget and lets `most` of every three of them be used."""
    sites_before = np.cumsum([0] + [len(p.sites) for p in problems])
    demands_before = np.cumsum([0] + [len(p.demands) for p in problems])
    transformers_before = np.cumsum([0] + [len(p.transformers) if p.transformers else 0 for p in problems])
    whole = Problem(
        Demands(
            np.concatenate([p.demands.vehicles for p in problems]), np.concatenate([p.demands.weight for p in problems])
        ),
        Sites(
            *(
                np.concatenate([getattr(p.sites, name) for p in problems])
                for name in ("open_cost_cny", "module_cost_cny", "max_modules", "vehicles_per_module", "demerit")
            )
        ),
        Walks(
            np.concatenate([p.walks.i + k for p, k in zip(problems, demands_before, strict=False)]),
            np.concatenate([p.walks.j + k for p, k in zip(problems, sites_before, strict=False)]),
            np.concatenate([p.walks.walk_m for p in problems]),
        ),
    ).maximise_service(walk_penalty=0.0, demerit_penalty=0.0)
    whole = whole.with_cliques([c + k for p, k in zip(problems, sites_before, strict=False) for c in p.cliques])
    feeds = [
        np.where(p.transformers.feeds >= 0, p.transformers.feeds + k, -1)
        if p.transformers
        else np.full(len(p.sites), -1)
        for p, k in zip(problems, transformers_before, strict=False)
    ]
    powered = [p.transformers for p in problems if p.transformers]
    if powered:
        whole = whole.with_transformers(
            np.concatenate([part.spare_kva for part in powered]),
            np.concatenate(feeds),
            np.concatenate(
                [p.transformers.kva_per_module if p.transformers else np.ones(len(p.sites)) for p in problems]
            ),
            [mine for part in powered for mine in part.steps],
        )
    out = np.concatenate([p.locked_out + k for p, k in zip(problems, sites_before, strict=False)])
    if len(out):
        whole = whole.with_locks(locked_out=out)
    if most is not None:
        compound = np.repeat(np.arange(len(problems)), [len(p.sites) for p in problems])
        districts = np.arange(len(problems)) // 3
        whole = whole.with_quotas(compound, districts, np.full(districts[-1] + 1, most))
    return whole if budget_cny is None else whole.with_budget(budget_cny)


@pytest.fixture(scope="session")
def street(random_problem: Callable[..., Problem]) -> Callable[..., Problem]:
    """Return nine random tiny problems side by side, with budget, quotas and locks as the seed has it."""

    def make(seed: int, *, pieces: int = 9) -> Problem:
        rng = np.random.default_rng(seed)
        problems = [random_problem(1000 * seed + k) for k in range(pieces)]
        budget = None if rng.random() < 0.15 else float(rng.integers(1, 12) * 50)
        return side_by_side(problems, budget_cny=budget, most=None if rng.random() < 0.3 else int(rng.integers(1, 3)))

    return make
