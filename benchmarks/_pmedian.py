"""Uncapacitated p-medians of the OR-Library as problems of this package."""

import csv
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import floyd_warshall

from siting.model.parts import Demands, Sites, Walks
from siting.model.problem import Problem

__all__ = ["read_optima", "read_pmedian"]


def read_pmedian(path: Path) -> Problem:
    """Return the p-median of a file: first line `n m p`, then `u v cost` per edge, of which the last of a pair counts.

    Every vertex is a demand of one vehicle and a site; walks are shortest paths.
    """
    numbers = np.array(path.read_text(encoding="ascii").split(), dtype=np.float64)
    count, most = int(numbers[0]), int(numbers[2])
    length = np.full((count, count), np.inf)
    for u, v, cost in numbers[3:].reshape(-1, 3).tolist():
        length[int(u) - 1, int(v) - 1] = length[int(v) - 1, int(u) - 1] = cost
    np.fill_diagonal(length, 0.0)
    paths = floyd_warshall(length, directed=False)
    i, j = np.nonzero(np.isfinite(paths))
    free, one = np.zeros(count), np.ones(count, np.int64)
    return (
        Problem(
            Demands(np.ones(count), np.ones(count)),
            Sites(free, free, one, np.full(count, float(count)), free),
            Walks(i, j, paths[i, j]),
        )
        .with_count(most=most)
        .minimise_walking(service="all")
    )


def read_optima(folder: Path) -> dict[str, float]:
    """Return the published optimum of each instance of a folder, from its optima.csv."""
    with (folder / "optima.csv").open(encoding="utf-8", newline="") as lines:
        return {row["instance"]: float(row["optimum"]) for row in csv.DictReader(lines)}
