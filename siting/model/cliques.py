"""Pairs that exclude each other, gathered into groups of which one may stand: fewer rows and a tighter program."""

import numpy as np

from siting.model.parts import IntArray

__all__ = ["cover_pairs"]


def cover_pairs(pairs: IntArray, *, count: int) -> list[list[int]]:
    """Return cliques of the graph of `pairs` (E x 2 numbers below `count`) that cover every pair, each sorted.

    Greedy: every pair not covered yet grows into a clique by its common neighbours in order; so the same pairs give
    the same cliques, in whatever order they come.
    """
    ordered = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    mates: list[set[int]] = [set() for _ in range(count)]
    for a, b in ordered.tolist():
        mates[a].add(b)
        mates[b].add(a)
    covered: set[tuple[int, int]] = set()
    cliques = []
    for a, b in ordered.tolist():
        if (a, b) in covered:
            continue
        clique, common = [a, b], mates[a] & mates[b]
        for c in sorted(common):
            if c in common:
                clique.append(c)
                common &= mates[c]
        clique.sort()
        covered.update((c, d) for k, c in enumerate(clique) for d in clique[k + 1 :])
        cliques.append(clique)
    return cliques
