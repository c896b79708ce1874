"""Limits that cannot hold together, found as soon as a part is added and named with their figures.

What only a search can find (floors that no money reaches, cliques that leave too few sites) is told when solving.
"""

from typing import TYPE_CHECKING

import numpy as np

from siting.errors import InfeasibleError

if TYPE_CHECKING:
    from siting.model.parts import FloatArray, IntArray
    from siting.model.problem import Problem

__all__ = ["reachable_vehicles", "refuse_contradictions"]


def refuse_contradictions(problem: "Problem") -> "Problem":
    """Return `problem`; raise `InfeasibleError` naming limits that collide whatever is built."""
    _refuse_locks(problem)
    _refuse_cliques(problem)
    _refuse_bans(problem)
    _refuse_quotas(problem)
    _refuse_counts(problem)
    _refuse_poverty(problem, _least_upgrades_cny(problem))
    _refuse_floors(problem)
    return problem


def reachable_vehicles(problem: "Problem") -> "FloatArray":
    """Return the vehicles of each demand that can walk to a site that may be open, and fit there at most (I)."""
    sites, walks = problem.sites, problem.walks
    room = (sites.max_modules * sites.vehicles_per_module).copy()
    room[problem.locked_out] = 0.0
    fitting = np.bincount(walks.i, room[walks.j], minlength=len(problem.demands))
    return np.minimum(problem.demands.vehicles, fitting)


def _forced(problem: "Problem") -> "IntArray":
    """Return the sites that are open in every plan."""
    return np.flatnonzero(problem.least_modules)


def _why(problem: "Problem", site: int) -> str:
    return "is locked in" if site in problem.locked_in else "stands and may not be removed"


def _refuse_locks(problem: "Problem") -> None:
    both = np.intersect1d(problem.locked_in, problem.locked_out)
    if both.size:
        message = f"{problem.sites.name(int(both[0]))} is locked in and locked out at once; take it off one list"
        raise InfeasibleError(message)
    for site in np.intersect1d(_forced(problem), problem.locked_out).tolist():
        message = f"{problem.sites.name(site)} is locked out, but {_why(problem, site)}; allow its removal or unlock it"
        raise InfeasibleError(message)


def _refuse_cliques(problem: "Problem") -> None:
    sites, forced = problem.sites, _forced(problem)
    for clique in problem.cliques if forced.size else ():
        inside = np.intersect1d(clique, forced)
        if len(inside) < 2:
            continue
        one, other = int(inside[0]), int(inside[1])
        if one in problem.locked_in and other in problem.locked_in:
            said = f"{sites.name(one)} and {sites.name(other)} are both locked in"
        else:
            said = f"{sites.name(one)} {_why(problem, one)} and {sites.name(other)} {_why(problem, other)}"
        message = f"{said}, but they exclude each other (same place, overlap or too close); unlock one of them"
        raise InfeasibleError(message)


def _refuse_bans(problem: "Problem") -> None:
    forced = _forced(problem)
    for ban in problem.bans if forced.size else ():
        together = np.intersect1d(ban.sites, forced)
        if len(together) > ban.most:
            names = ", ".join(problem.sites.name(int(site)) for site in together)
            message = f"{names} are all locked in or stand for good, but together they are banned; unlock one of them"
            raise InfeasibleError(message)


def _refuse_quotas(problem: "Problem") -> None:
    forced = _forced(problem)
    if problem.quotas is None or not forced.size:
        return
    used = problem.quotas.used(problem.least_modules)
    for d in np.flatnonzero(used > problem.quotas.most).tolist():
        message = (
            f"sites of {used[d]} compounds of district {d} are locked in, but its quota is "
            f"{problem.quotas.most[d]}; unlock one or raise the quota"
        )
        raise InfeasibleError(message)


def _refuse_counts(problem: "Problem") -> None:
    if problem.count is None:
        return
    forced, free = len(_forced(problem)), len(problem.sites) - len(problem.locked_out)
    if problem.count.most is not None and forced > problem.count.most:
        message = (
            f"{forced} sites are locked in or stand for good, but at most {problem.count.most} may be open; "
            "raise the count or unlock a site"
        )
        raise InfeasibleError(message)
    if problem.count.least > free:
        message = f"at least {problem.count.least} sites are asked for, but only {free} may be open; lower the count"
        raise InfeasibleError(message)


def _least_upgrades_cny(problem: "Problem") -> float:
    """Return what the upgrades cost that the sites open in every plan need with their fewest modules."""
    part = problem.transformers
    if part is None:
        return 0.0
    load = problem.added_load_kva(problem.least_modules)
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


def _refuse_poverty(problem: "Problem", upgrades_cny: float) -> None:
    if problem.budget_cny is None:
        return
    least, forced = problem.least_modules, _forced(problem)
    cost = float(problem.site_cost_cny(least)[forced].sum())
    removed = problem.locked_out
    removal = float(problem.existing.price_of_removal[removed].sum()) if problem.existing else 0.0
    if cost + removal + upgrades_cny > problem.budget_cny + 1e-6:
        upgrades = f" and {upgrades_cny:,.0f} CNY for the transformer upgrades they need" if upgrades_cny else ""
        removals = f", removals {removal:,.0f} CNY" if removal else ""
        message = (
            f"the {len(forced)} locked-in sites cost at least {cost:,.0f} CNY with one module each"
            f"{upgrades}{removals}, but the budget is {problem.budget_cny:,.0f} CNY; raise the budget or unlock a site"
        )
        raise InfeasibleError(message)


def _refuse_floors(problem: "Problem") -> None:
    if problem.floors is None and problem.service_floor is None:
        return
    reach = reachable_vehicles(problem)
    if problem.groups is not None and problem.floors is not None:
        total, most = problem.groups.sums(problem.demands.vehicles), problem.groups.sums(reach)
        for g in np.flatnonzero(problem.floors.least > most * (1 + 1e-9) + 1e-9).tolist():
            message = (
                f"the floor of {problem.groups.name(g)} is {problem.floors.least[g]:,.1f} vehicles, but of its "
                f"{total[g]:,.1f} only {most[g]:,.1f} can walk to a site that may be open and fit there; lower it"
            )
            raise InfeasibleError(message)
    if problem.service_floor is not None:
        weighted = float(reach @ problem.demands.weight)
        if problem.service_floor > weighted * (1 + 1e-9) + 1e-9:
            message = (
                f"a service of {problem.service_floor:,.1f} weighted vehicles is asked for, but of all "
                f"{problem.everybody:,.1f} only {weighted:,.1f} can walk to a site that may be open and fit there; "
                "ask for less or widen the walking limit"
            )
            raise InfeasibleError(message)
