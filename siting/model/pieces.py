"""Whole or in pieces? The choice between one program and the decomposition."""

import numpy as np

from siting.model.decomposition.components import site_groups
from siting.model.problem import Problem

__all__ = ["in_many_pieces"]

_WALKS = 5_000  # below, one program is proven in seconds
_PIECES = 8  # below, a price per CNY leaves too much of a gap: every piece is a large share of the budget


def in_many_pieces(problem: Problem) -> bool:
    """Return whether `problem` goes to the decomposition: 5,000 walks or more, in 8 pieces or more that people reach.

    Measured on cities: with 20 compounds (10,000 walks) one program ends at 2.8 % after 45 s, the pieces at 0.05 %.
    """
    if len(problem.walks) < _WALKS:
        return False
    _, group = site_groups(problem)
    return len(np.unique(group[problem.walks.j])) >= _PIECES
