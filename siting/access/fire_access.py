"""Reach of fire engines: each place alone may leave a way in, and all of them together may not.

`siting.rules.fire_access` judges one footprint; here the chosen sites are judged together, grown by the position
error. More sites never give an engine back what fewer took: so a smallest set that blocks is a cut, no plan may hold
all of it, and every other plan stays open to the choice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siting.rules.clause import Clause, Force, Metric
from siting.rules.fire_access import AccessModel, access_model, losses
from siting.sites.record import Verdicts

__all__ = ["Block", "blocks_of", "joint_losses", "stand_ins"]

_MOST_STAND_INS = 40  # candidates tried in place of one member of a block


@dataclass(frozen=True, kw_only=True)
class Block:
    """Sites that together keep an engine from `feature_id` (a building or the road of a dead end); none is spare."""

    clause_id: str
    feature_id: str
    sites: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Ground:
    """One clause on fire access, its lanes and the footprints of its kinds, grown by the position error."""

    clause: Clause
    model: AccessModel
    shapes: dict[str, Any]

    def lost(self, names: Sequence[str]) -> set[str]:
        """Return what an engine loses if these stand."""
        held = [self.shapes[name] for name in names if name in self.shapes]
        return set(losses(self.model, np.array(held, dtype=object)))


def joint_losses(verdicts: Verdicts, sites: Sequence[str]) -> tuple[str, ...]:
    """Return what an engine can no longer reach once all of `sites` stand, and could with each of them alone.

    Ids of buildings and of the roads of dead ends. What one site alone takes is a matter of its own verdict, be it
    admitted or waived.
    """
    return tuple(sorted({name for ground in _grounds(verdicts, sites) for name in _together(ground, sites)}))


def blocks_of(verdicts: Verdicts, sites: Sequence[str]) -> tuple[Block, ...]:
    """Return, for everything lost only together, a smallest set of `sites` that takes it; () if nothing is lost."""
    found: dict[tuple[str, ...], Block] = {}
    for ground in _grounds(verdicts, sites):
        for feature_id in sorted(_together(ground, sites)):
            if any(feature_id in ground.lost(names) for names in found):
                continue  # a set that is named already takes this too
            names = _smallest(sorted(sites), partial(_takes, ground, feature_id))
            block = Block(clause_id=ground.clause.clause_id, feature_id=feature_id, sites=tuple(sorted(names)))
            found.setdefault(block.sites, block)
    return tuple(found[names] for names in sorted(found))


def stand_ins(verdicts: Verdicts, block: Block, rivals: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return, for each site of a block, itself and those of its `rivals` that block just as well in its stead.

    `rivals` are, site by site, candidates of which at most one stands, the site included. Whichever of each group
    stands, the groups together block as the sites did.
    """
    pool = sorted({*block.sites, *(name for names in rivals for name in names)})
    grounds = {ground.clause.clause_id: ground for ground in _grounds(verdicts, pool)}
    ground = grounds[block.clause_id]
    groups = [[name] for name in block.sites]
    for at, names in enumerate(rivals):
        rest = [group for number, group in enumerate(groups) if number != at]
        for name in sorted(set(names).difference(*groups))[:_MOST_STAND_INS]:
            if all(block.feature_id in ground.lost([name, *few]) for few in _one_of_each(rest)):
                groups[at].append(name)
    return tuple(tuple(group) for group in groups)


def _one_of_each(groups: Sequence[Sequence[str]]) -> list[list[str]]:
    chosen: list[list[str]] = [[]]
    for group in groups:
        chosen = [[*few, name] for few in chosen for name in group]
    return chosen


def _grounds(verdicts: Verdicts, sites: Sequence[str]) -> list[_Ground]:
    candidates = verdicts.candidates
    district = candidates.zones.district
    frame = candidates.frame.loc[list(sites)]
    grounds = []
    for clause in candidates.zones.rulebook.clauses:
        if clause.metric is not Metric.FIRE_ACCESS or clause.force is not Force.MUST:
            continue
        model = access_model(district, clause.values)
        mine = frame[frame["kind"].isin([kind.value for kind in clause.kinds])]
        grown: NDArray[Any] = np.asarray(shapely.buffer(mine.geometry.to_numpy(), district.position_error_m))
        if not len(grown):
            continue
        near = np.zeros(len(grown), dtype=bool)  # the others can take nothing
        near[model.tree.query(grown, predicate="intersects")[0]] = True
        near[model.lanes.tree.query(grown, predicate="intersects")[0]] = True
        grounds.append(_Ground(clause, model, dict(zip(mine.index[near], grown[near], strict=True))))
    return grounds


def _together(ground: _Ground, sites: Sequence[str]) -> set[str]:
    lost = ground.lost(sites)
    for name in sites if lost else ():
        if name in ground.shapes:
            lost -= ground.lost([name])
    return lost


def _takes(ground: _Ground, feature_id: str, names: Sequence[str]) -> bool:
    return feature_id in ground.lost(names)


def _smallest(names: Sequence[str], takes: Callable[[Sequence[str]], bool]) -> list[str]:
    """Return a subset that still `takes` and none of whose members can be spared; halves are tried before singles."""

    def needed(held: list[str], asked: list[str], tried: bool) -> list[str]:
        if tried and takes(held):
            return []
        if len(asked) == 1:
            return asked
        half = len(asked) // 2
        first, second = asked[:half], asked[half:]
        late = needed(held + first, second, bool(first))
        early = needed(held + late, first, bool(late))
        return early + late

    return needed([], list(names), False)
