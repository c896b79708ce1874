"""Meaning: the choice, made again until the chosen sites together keep every limit that no single site can show.

A fire engine may lose its way to several sites though each alone leaves it one. What the solver chose is looked at;
a smallest set that blocks is banned from standing together, with every other candidate in the stead of one of them
that would block as well, and the choice is made again. A ban forbids no lawful plan, so the bound and the gap hold
for the whole problem.
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

__all__ = ["choose", "solved_by"]

_MOST_ROUNDS = 200  # each round bans at least the set that was chosen, so only a district of its own kind needs more


def solved_by(options: SolverOptions) -> Callable[[Framing], Plan]:
    """Return the way to decide at once: solve the framed problem and say what the numbers mean."""
    return lambda framing: make_plan(framing, solve(framing.problem, options))


def choose(
    framing: Framing, decide: Callable[[Framing], Plan], *, announce: Callable[[str], None] = lambda _: None
) -> Plan:
    """Decide until the chosen sites leave a fire engine its way; raise `InfeasibleError` if locks alone block it.

    The plan's framing holds the bans it took, and its `not_together` what they were for.
    """
    blocks: list[Block] = []
    for _ in range(_MOST_ROUNDS):
        plan = decide(framing)
        found = blocks_of(framing.links.verdicts, list(plan.sites.index))
        if not found:
            return _said(plan, tuple(blocks))
        blocks.extend(found)
        announce(f"choice without {len(blocks)} sets of sites that block a fire engine together")
        framing = _banned(framing, found)
    message = (
        f"after {_MOST_ROUNDS} choices the sites still block a fire engine together ({found[0].clause_id} at "
        f"{found[0].feature_id}: {', '.join(found[0].sites)}); lock some of them out"
    )
    raise InfeasibleError(message)


def _said(plan: Plan, blocks: tuple[Block, ...]) -> Plan:
    """Return the plan saying which sites were not built together, and why."""
    said = tuple(
        Sentence(
            f"Not built together: {', '.join(block.sites)}; each leaves a fire engine its way, together they cut it "
            f"off from {block.feature_id} ({block.clause_id}).",
            f"不同时建设:{'、'.join(block.sites)};单独建设不影响消防车,合在一起使其无法到达 {block.feature_id}"
            f"({block.clause_id})。",
        )
        for block in blocks
    )
    return replace(plan, reasons=(*plan.reasons, *said), not_together=blocks) if said else plan


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


def _rivals(framing: Framing, site: int) -> list[str]:
    """Return the largest group that `site` is in and of which at most one may stand."""
    mine = [clique for clique in framing.problem.cliques if site in clique]
    largest = max(mine, key=len, default=np.array([site]))
    return [framing.candidate_ids[number] for number in largest.tolist()]
