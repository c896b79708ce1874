"""Numbers: the problem as a printable stack of parts.

`Problem` starts from demands, sites and walks; each verb adds one part, checks it at once and returns a new problem:

    problem = (
        Problem(demands, sites, walks)
        .maximise_service()
        .with_budget(500_000)
        .with_cliques([[0, 1], [2, 3, 4]])
        .with_locks(locked_in=[7])
    )
    print(problem)

The program, with f served vehicles on a walk, n modules, x open, z an upgrade step bought:

    maximise    sum w_i f_ij                       weighted vehicles served; then least cost (see `Goal`)
    demand      sum_j f_ij <= d_i                  a vehicle is served at most once
    capacity    sum_i f_ij <= c_j n_j              ports
    modules     n_j <= M_j x_j                     only at open sites
    clique      sum_{j in K} x_j <= 1              one of each clique
    ban         sum_{j in B} x_j <= m_B            not all of these together
    transformer sum_j p_j n_j <= spare_t + sum_u k_tu z_tu
    order       z_t,u+1 <= z_tu                    steps in their order
    chosen      x_j <= q_c                         a compound with a site is chosen
    quota       sum_{c in D} q_c <= K_D            so many compounds of a district
    budget      sum open x + module n + upgrade z <= budget
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from siting.errors import InfeasibleError, UsageError
from siting.model.cliques import cover_pairs
from siting.model.parts import Ban, Demands, Goal, IntArray, Locks, Quotas, Sites, Transformers, Walks, ordinals

__all__ = ["Problem", "refuse_contradictions"]


@dataclass(frozen=True, eq=False)
class Problem:
    """What to decide, over arrays alone. `None` means that the part is not there (no budget: no limit)."""

    demands: Demands
    sites: Sites
    walks: Walks
    goal: Goal | None = None
    budget_cny: float | None = None
    cliques: tuple[IntArray, ...] = ()
    bans: tuple[Ban, ...] = ()
    transformers: Transformers | None = None
    locks: Locks | None = None
    quotas: Quotas | None = None

    def __post_init__(self) -> None:
        """Check that walks name demands and sites that exist."""
        for name, numbers, count in (("demand", self.walks.i, self.demands), ("site", self.walks.j, self.sites)):
            if numbers.size and numbers.max() >= len(count):
                message = f"a walk names {name} {int(numbers.max())}, but there are only {len(count)}"
                raise UsageError(message)

    def maximise_service(self, *, walk_penalty: float = 0.1, demerit_penalty: float = 2000.0) -> "Problem":
        """Ask for the most weighted vehicles served.

        The goal is lexicographic: service first. Among plans of that service the cheapest is taken, where a vehicle
        that walks a metre counts `walk_penalty` CNY and a demerit of an open site `demerit_penalty` CNY. No vehicle
        is ever given up for money or walking, so objective and bound are weighted vehicles, untouched by penalties.
        """
        if self.goal is not None:
            message = "the problem already has a goal"
            raise UsageError(message)
        return replace(self, goal=Goal(walk_penalty, demerit_penalty))

    def with_budget(self, cny: float) -> "Problem":
        """Limit the cost of sites and transformer upgrades together."""
        if not (np.isfinite(cny) and cny >= 0):
            message = f"the budget must be a number of CNY, 0 or more, not {cny!r}"
            raise UsageError(message)
        if self.budget_cny is not None:
            message = "the problem already has a budget"
            raise UsageError(message)
        return refuse_contradictions(replace(self, budget_cny=float(cny)))

    def with_cliques(self, cliques: Iterable[Sequence[int] | IntArray]) -> "Problem":
        """Allow at most one open site in each group; groups of one say nothing and are dropped."""
        if self.cliques:
            message = "the problem already has cliques"
            raise UsageError(message)
        groups = [ordinals(f"clique {k}", clique, count=len(self.sites)) for k, clique in enumerate(cliques)]
        distinct = sorted({tuple(group.tolist()) for group in groups if len(group) > 1})
        arrays = tuple(ordinals("clique", group, count=len(self.sites)) for group in distinct)
        return refuse_contradictions(replace(self, cliques=arrays))

    def with_bans(self, bans: Iterable[Ban]) -> "Problem":
        """Let at most `most` sites of each ban stand, beside the bans that are there already."""
        new = list(bans)
        for ban in new:
            ordinals("ban", ban.sites, count=len(self.sites))
        held = {(tuple(ban.sites.tolist()), ban.most): ban for ban in (*self.bans, *new) if len(ban.sites) > ban.most}
        return refuse_contradictions(replace(self, bans=tuple(held[key] for key in sorted(held))))

    def with_conflicts(self, pairs: ArrayLike) -> "Problem":
        """Allow at most one open site of each pair (E x 2); pairs are gathered into cliques, which say more."""
        return self.with_cliques(cover_pairs(np.asarray(pairs, np.int64).reshape(-1, 2), count=len(self.sites)))

    def with_transformers(
        self,
        spare_kva: ArrayLike,
        feeds: ArrayLike,
        kva_per_module: ArrayLike,
        steps: Sequence[Sequence[tuple[float, float]]],
        *,
        names: Sequence[str] = (),
    ) -> "Problem":
        """Limit the load on each transformer; see `Transformers` for the arrays."""
        if self.transformers is not None:
            message = "the problem already has transformers"
            raise UsageError(message)
        part = Transformers(
            np.asarray(spare_kva),
            np.asarray(feeds),
            np.asarray(kva_per_module),
            tuple(tuple(mine) for mine in steps),
            tuple(names),
        )
        if len(part.feeds) != len(self.sites):
            message = f"feeds has {len(part.feeds)} entries, but there are {len(self.sites)} sites"
            raise UsageError(message)
        return refuse_contradictions(replace(self, transformers=part))

    def with_locks(self, *, locked_in: Sequence[int] = (), locked_out: Sequence[int] = ()) -> "Problem":
        """Force sites into the plan (with at least one module) or out of it."""
        if self.locks is not None:
            message = "the problem already has locks"
            raise UsageError(message)
        part = Locks(
            ordinals("locked_in", locked_in, count=len(self.sites)),
            ordinals("locked_out", locked_out, count=len(self.sites)),
        )
        return refuse_contradictions(replace(self, locks=part))

    def with_quotas(self, compound: ArrayLike, district: ArrayLike, most: ArrayLike) -> "Problem":
        """Limit how many compounds of each district may have sites; see `Quotas` for the arrays."""
        if self.quotas is not None:
            message = "the problem already has quotas"
            raise UsageError(message)
        part = Quotas(np.asarray(compound), np.asarray(district), np.asarray(most))
        if len(part.compound) != len(self.sites):
            message = f"quotas name {len(part.compound)} sites, but there are {len(self.sites)}"
            raise UsageError(message)
        return refuse_contradictions(replace(self, quotas=part))

    @property
    def locked_in(self) -> IntArray:
        """Return the numbers of the sites that must be built."""
        return self.locks.locked_in if self.locks else np.empty(0, np.int64)

    @property
    def locked_out(self) -> IntArray:
        """Return the numbers of the sites that must not be built."""
        return self.locks.locked_out if self.locks else np.empty(0, np.int64)

    def __str__(self) -> str:
        """Return the method section: goal, sets and limits with their figures."""
        from siting.model.method import describe

        return describe(self)


def refuse_contradictions(problem: Problem) -> Problem:
    """Return `problem` if some plan keeps all its limits; raise `InfeasibleError` naming those that collide.

    Only locks can ask for something, so a problem is feasible exactly if one module at every locked-in site is.
    """
    sites, locked = problem.sites, problem.locked_in
    both = np.intersect1d(locked, problem.locked_out)
    if both.size:
        message = f"{sites.name(int(both[0]))} is locked in and locked out at once; take it off one list"
        raise InfeasibleError(message)
    for clique in problem.cliques if locked.size else ():
        inside = np.intersect1d(clique, locked)
        if len(inside) > 1:
            message = (
                f"{sites.name(int(inside[0]))} and {sites.name(int(inside[1]))} are both locked in, but they exclude "
                "each other (same place, overlap or too close); unlock one of them"
            )
            raise InfeasibleError(message)
    for ban in problem.bans if locked.size else ():
        together = np.intersect1d(ban.sites, locked)
        if len(together) > ban.most:
            names = ", ".join(sites.name(int(site)) for site in together)
            message = f"{names} are all locked in, but together they are banned; unlock one of them"
            raise InfeasibleError(message)
    if problem.quotas is not None and locked.size:
        used = problem.quotas.used(np.bincount(locked, minlength=len(sites)))
        for d in np.flatnonzero(used > problem.quotas.most).tolist():
            message = (
                f"sites of {used[d]} compounds of district {d} are locked in, but its quota is "
                f"{problem.quotas.most[d]}; unlock one or raise the quota"
            )
            raise InfeasibleError(message)
    _refuse_poverty(problem, _least_upgrades_cny(problem))
    return problem


def _least_upgrades_cny(problem: Problem) -> float:
    """Return what the upgrades cost that one module at each locked-in site needs."""
    part, locked = problem.transformers, problem.locked_in
    if part is None:
        return 0.0
    load = part.load_kva(np.bincount(locked, minlength=len(problem.sites)))
    total = 0.0
    for t in range(len(part)):
        count = part.steps_needed(t, float(load[t]))
        if count is None:
            reach = part.spare_kva[t] + sum(kva for kva, _ in part.steps[t])
            message = (
                f"the locked-in sites draw {load[t]:,.1f} kVA from {part.name(t)}, which carries {reach:,.1f} kVA "
                "with every upgrade; unlock a site or add an upgrade step"
            )
            raise InfeasibleError(message)
        total += part.steps_cost_cny(t, count)
    return total


def _refuse_poverty(problem: Problem, upgrades_cny: float) -> None:
    locked, sites = problem.locked_in, problem.sites
    if problem.budget_cny is None or not locked.size:
        return
    least = float((sites.open_cost_cny + sites.module_cost_cny)[locked].sum())
    if least + upgrades_cny > problem.budget_cny + 1e-6:
        upgrades = f" and {upgrades_cny:,.0f} CNY for the transformer upgrades they need" if upgrades_cny else ""
        message = (
            f"the {len(locked)} locked-in sites cost at least {least:,.0f} CNY with one module each{upgrades}, "
            f"but the budget is {problem.budget_cny:,.0f} CNY; raise the budget or unlock a site"
        )
        raise InfeasibleError(message)
