"""Meaning: the choice, made again until the chosen sites together keep every limit that no single site can show.

A fire engine may lose its way to several sites though each alone leaves it one, and several rows of stalls may be more
than the drawings of a garage give it. What the solver chose is looked at; a smallest set that may not stand together is
banned, with every other candidate in the stead of one of them that would do the same, and the choice is made again. A
ban forbids no lawful plan, so the bound and the gap hold for the whole problem.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from siting.access.fire_access import Block, blocks_of, stand_ins
from siting.errors import InfeasibleError
from siting.framing import Framing
from siting.model.parts import Ban
from siting.model.solver import SolverOptions, solve
from siting.plan.plan import Plan, make_plan
from siting.plan.reasons import Sentence
from siting.sites.garage_rooms import Overfull, overfull

__all__ = ["choose", "solved_by"]

_MOST_ROUNDS = 200  # each round bans at least the set that was chosen, so only a district of its own kind needs more


def solved_by(options: SolverOptions) -> Callable[[Framing], Plan]:
    """Return the way to decide at once: solve the framed problem and say what the numbers mean."""
    return lambda framing: make_plan(framing, solve(framing.problem, options))


def choose(
    framing: Framing, decide: Callable[[Framing], Plan], *, announce: Callable[[str], None] = lambda _: None
) -> Plan:
    """Decide until the chosen sites leave a fire engine its way and fit their garages.

    Raises `InfeasibleError` if locks alone do not.

    The plan's framing holds the bans it took, and its `not_together` what they were for.
    """
    blocks: list[Block] = []
    rooms: list[Overfull] = []
    for _ in range(_MOST_ROUNDS):
        plan = decide(framing)
        chosen = list(plan.sites.index)
        found = blocks_of(framing.links.verdicts, chosen)
        crowded = overfull(framing.links.verdicts, chosen)
        if not (found or crowded):
            return _said(plan, tuple(blocks), tuple(rooms))
        blocks.extend(found)
        rooms.extend(crowded)
        announce(f"choice without {len(blocks) + len(rooms)} sets of sites that may not stand together")
        framing = _thinned(_banned(framing, found), crowded)
    sets = [block.sites for block in found] + [each.sites for each in crowded]
    message = (
        f"after {_MOST_ROUNDS} choices there still are sites that may not stand together ({', '.join(sets[0])}); "
        "lock some of them out"
    )
    raise InfeasibleError(message)


def _said(plan: Plan, blocks: tuple[Block, ...], rooms: tuple[Overfull, ...]) -> Plan:
    """Return the plan saying which sites were not built together, and why."""
    full = {each.room.name: each for each in rooms}
    crowded = tuple(
        Sentence(
            f"Garage {name} has {each.room.most:g} stalls by its drawings; no more are planned in it together.",
            f"车库 {name} 图纸车位为 {each.room.most:g} 个,各选定点合计不超过此数。",
        )
        for name, each in sorted(full.items())
    )
    said = tuple(
        Sentence(
            f"Not built together: {', '.join(block.sites)}; each leaves a fire engine its way, together they cut it "
            f"off from {block.feature_id} ({block.clause_id}).",
            f"不同时建设:{'、'.join(block.sites)};单独建设不影响消防车,合在一起使其无法到达 {block.feature_id}"
            f"({block.clause_id})。",
        )
        for block in blocks
    )
    return replace(plan, reasons=(*plan.reasons, *said, *crowded), not_together=blocks) if said or crowded else plan


def _banned(framing: Framing, blocks: tuple[Block, ...]) -> Framing:
    number = {name: at for at, name in enumerate(framing.candidate_ids)}
    bans = []
    for block in blocks:
        if set(block.sites) <= set(framing.limits.locked_in):
            message = (
                f"the locked-in sites {', '.join(block.sites)} together keep a fire engine from {block.feature_id} "
                f"({block.clause_id}); unlock one of them"
            )
            raise InfeasibleError(message)
        groups = stand_ins(framing.links.verdicts, block, [_rivals(framing, number[name]) for name in block.sites])
        bans.append(Ban(np.array([number[name] for group in groups for name in group]), len(block.sites) - 1))
    return replace(framing, problem=framing.problem.with_bans(bans))


def _thinned(framing: Framing, rooms: tuple[Overfull, ...]) -> Framing:
    """Return the framing where of the sites that overfill a room, and of those as large, so many never stand."""
    if not rooms:
        return framing
    number = {name: at for at, name in enumerate(framing.candidate_ids)}
    for each in rooms:
        if set(each.sites) <= set(framing.limits.locked_in):
            message = (
                f"the locked-in sites {', '.join(each.sites)} have {each.stalls} stalls together, but garage "
                f"{each.room.name} has {each.room.most:g}; unlock one of them"
            )
            raise InfeasibleError(message)
    bans = [Ban(np.array([number[name] for name in each.others]), len(each.sites) - 1) for each in rooms]
    return replace(framing, problem=framing.problem.with_bans(bans))


def _rivals(framing: Framing, site: int) -> list[str]:
    """Return the largest group that `site` is in and of which at most one may stand."""
    mine = [clique for clique in framing.problem.cliques if site in clique]
    largest = max(mine, key=len, default=np.array([site]))
    return [framing.candidate_ids[number] for number in largest.tolist()]
