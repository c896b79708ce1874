"""A city made by `make_city.py` as a problem of this package, and a solution in the file that `check_city.py` reads."""

from pathlib import Path

import numpy as np

from siting.model.parts import Demands, Sites, Walks
from siting.model.problem import Problem
from siting.model.solution import Solution

__all__ = ["read_city", "write_solution"]


def read_city(path: Path) -> Problem:
    """Return the problem of a city file; money and power keep the file's units."""
    with np.load(path) as city:
        order = np.lexsort((city["arc_site"], city["arc_building"]))
        sites = len(city["open_cost"])
        problem = Problem(
            Demands(city["vehicles"], city["weight"]),
            Sites(
                city["open_cost"],
                city["module_cost"],
                city["max_modules"],
                np.full(sites, float(city["module_vehicles"])),
                np.zeros(sites),
            ),
            Walks(city["arc_building"][order], city["arc_site"][order], city["arc_walk_m"][order]),
        )
        step = float(city["upgrade_kw"])
        return (
            problem.maximise_service(walk_penalty=0.0, demerit_penalty=0.0)
            .with_conflicts(city["conflict"])
            .with_transformers(
                city["spare_kw"],
                city["site_transformer"],
                np.full(sites, float(city["module_kw"])),
                [((step, cost),) for cost in city["upgrade_cost"].tolist()],
            )
            .with_quotas(city["site_compound"], city["compound_district"], city["district_quota"])
            .with_budget(float(city["budget"]))
        )


def write_solution(path: Path, city: Path, problem: Problem, solution: Solution) -> None:
    """Write n, z, y and the bound in the order of the city's own arrays."""
    with np.load(city) as arrays:
        order = np.lexsort((arrays["arc_site"], arrays["arc_building"]))
    part = problem.transformers
    z = np.zeros(len(part) if part else 0)
    z[[t for t, _ in solution.upgrades]] = 1.0
    y = np.zeros(len(order))
    y[order] = solution.served / problem.demands.vehicles[problem.walks.i]
    np.savez_compressed(path, n=solution.modules, z=z, y=y, bound=solution.bound)
