"""Reach over open ground: the free steps between numbered places, each with its length and its way on the map."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from siting.access.network import Bools, Floats, Ints

__all__ = ["Edges", "joined", "shortest_edges", "steps"]

_LEAST_M = 1e-7  # a stored zero would mean "no edge" to some sparse routines


@dataclass(frozen=True, eq=False, kw_only=True)
class Edges:
    """Weighted pairs of numbered things: `tail`, `head`, `length_m`, and `xy` (n, 4): where each starts and ends.

    `bend` is 0 for a straight step, else the number (from 1) of a mapped way that it follows; negative: backwards.
    """

    tail: Ints
    head: Ints
    length_m: Floats
    xy: Floats
    bend: Ints

    def __getitem__(self, rows: Any) -> "Edges":
        """Return some rows."""
        return Edges(
            tail=self.tail[rows],
            head=self.head[rows],
            length_m=self.length_m[rows],
            xy=self.xy[rows],
            bend=self.bend[rows],
        )

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.tail)

    def back(self) -> "Edges":
        """Return the same steps the other way."""
        turned = self.xy[:, [2, 3, 0, 1]]
        return Edges(tail=self.head, head=self.tail, length_m=self.length_m, xy=turned, bend=-self.bend)

    def shifted(self, number: int) -> "Edges":
        """Return the same steps between things whose numbers are larger by `number`."""
        return Edges(
            tail=self.tail + number, head=self.head + number, length_m=self.length_m, xy=self.xy, bend=self.bend
        )

    def matrix(self, size: int) -> Any:
        """Return the steps as a sparse directed matrix; no pair may repeat."""
        return csr_array((np.maximum(self.length_m, _LEAST_M), (self.tail, self.head)), shape=(size, size))


def steps(tail: Any, head: Any, start: Any, end: Any, *, bend: Any = None, length_m: Any = None) -> Edges:
    """Return steps from places `start` to places `end`, (n, 2) each; straight ones where no length is given."""
    start, end = np.asarray(start, dtype=float).reshape(-1, 2), np.asarray(end, dtype=float).reshape(-1, 2)
    straight_m = np.hypot(end[:, 0] - start[:, 0], end[:, 1] - start[:, 1])
    return Edges(
        tail=np.asarray(tail, dtype=np.int64),
        head=np.asarray(head, dtype=np.int64),
        length_m=straight_m if length_m is None else np.asarray(length_m, dtype=float),
        xy=np.hstack([start, end]),
        bend=np.zeros(len(start), dtype=np.int64) if bend is None else np.asarray(bend, dtype=np.int64),
    )


def joined(parts: Iterable[Edges]) -> Edges:
    """Return the steps of all parts."""
    held = [steps([], [], [], []), *parts]
    return Edges(
        tail=np.concatenate([part.tail for part in held]),
        head=np.concatenate([part.head for part in held]),
        length_m=np.concatenate([part.length_m for part in held]),
        xy=np.vstack([part.xy for part in held]),
        bend=np.concatenate([part.bend for part in held]),
    )


def shortest_edges(edges: Edges) -> Edges:
    """Return the shortest step of every pair, sorted by tail, then head."""
    order = np.lexsort((edges.length_m, edges.head, edges.tail))
    edges = edges[order]
    first: Bools = np.append(True, (np.diff(edges.tail) != 0) | (np.diff(edges.head) != 0))[: len(edges)]
    return edges[first]
