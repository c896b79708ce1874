"""The last step: who is served where in each piece, on its first, unreduced problem."""

from dataclasses import dataclass

import numpy as np

from siting.model.decomposition.record import Piece
from siting.model.finish import thin_out
from siting.model.flows import serve, service_of
from siting.model.parts import FloatArray, IntArray

__all__ = ["Served", "serve_piece"]


@dataclass(frozen=True, eq=False)
class Served:
    """Modules and services of a piece, by the numbers of the whole problem."""

    site: IntArray
    modules: IntArray
    walk: IntArray
    served: FloatArray


def serve_piece(piece: Piece, modules: IntArray, *, thin: bool) -> Served:
    """Return the most that `modules` serve with the least walking; with `thin`, fewer modules that serve as much."""
    problem = piece.problem
    served = serve(problem, modules)
    if thin and problem.is_plain:
        fewer = thin_out(problem, modules, served)
        if (fewer != modules).any():
            again = serve(problem, fewer)
            if service_of(problem, again) >= service_of(problem, served) - 1e-9 * max(1.0, service_of(problem, served)):
                modules, served = fewer, again
    return Served(piece.site, np.asarray(modules, np.int64), piece.walk, served)
