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

Other goals: least cost, least walking, the best share of the worst-off group, the largest clearance margin. Further
parts, each with every goal:

    service     sum w_i f_ij >= S                  a coverage
    walking     sum l_ij f_ij <= L                 a limit on the vehicle-metres walked
    floor       sum_{i in g} f_ij >= F_g           a floor for each group
    count       least <= sum_j x_j <= most         open sites
    stand       e_j x_j <= n_j                     what stands today is kept whole or removed at a cost
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from siting.errors import UsageError
from siting.model.cliques import cover_pairs
from siting.model.contradictions import refuse_contradictions
from siting.model.goal import Aim, Goal
from siting.model.limits import Count, Existing, Floors, Groups, floors_of
from siting.model.parts import (
    Ban,
    Demands,
    FloatArray,
    IntArray,
    Locks,
    Quotas,
    Sites,
    Transformers,
    Walks,
    ordinals,
)

__all__ = ["Problem"]


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
    groups: Groups | None = None
    floors: Floors | None = None
    service_floor: float | None = None
    walking_limit_m: float | None = None
    count: Count | None = None
    existing: Existing | None = None

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
        return self._aim_at(Goal(walk_penalty, demerit_penalty))

    def minimise_cost(
        self, *, service: float | str | None = None, walk_penalty: float = 0.1, demerit_penalty: float = 2000.0
    ) -> "Problem":
        """Ask for the least cost in CNY, upgrades and removals included, that serves `service` weighted vehicles.

        `service` is as in `with_service_floor`; without it other parts (floors, locks, a least count) must ask for
        something. Among plans of that cost the one that serves most is taken, then the one with the shortest walks.
        """
        return self._serving(service)._aim_at(Goal(walk_penalty, demerit_penalty, Aim.COST))

    def minimise_walking(
        self, *, service: float | str | None = None, walk_penalty: float = 0.1, demerit_penalty: float = 2000.0
    ) -> "Problem":
        """Ask for the fewest vehicle-metres walked that serve `service` weighted vehicles; then the cheapest plan.

        With `service="all"`, one module that serves all and `with_count(most=p)` this is the p-median.
        """
        return self._serving(service)._aim_at(Goal(walk_penalty, demerit_penalty, Aim.WALKING))

    def maximise_floor(self, *, walk_penalty: float = 0.1, demerit_penalty: float = 2000.0) -> "Problem":
        """Ask for the largest share served in the worst-off group (`with_groups`); then most service, least cost.

        Groups without vehicles, and groups that can walk to no site that may be built, are not counted.
        """
        return self._aim_at(Goal(walk_penalty, demerit_penalty, Aim.FLOOR))

    def maximise_margin(
        self, *, service: float | str | None = None, walk_penalty: float = 0.1, demerit_penalty: float = 2000.0
    ) -> "Problem":
        """Ask for the largest margin at the tightest new site (`Sites.margin_m`); then least cost.

        Sites that stand today are not counted. A plan without new sites has the largest margin of all sites.
        """
        if self.sites.margin_m is None:
            message = "maximise_margin() needs the margins of the sites: give Sites(margin_m=...)"
            raise UsageError(message)
        return self._serving(service)._aim_at(Goal(walk_penalty, demerit_penalty, Aim.MARGIN))

    def _aim_at(self, goal: Goal) -> "Problem":
        if self.goal is not None:
            message = "the problem already has a goal"
            raise UsageError(message)
        return replace(self, goal=goal)

    def _serving(self, service: float | str | None) -> "Problem":
        return self if service is None else self.with_service_floor(service)

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

    def with_conflicts(self, pairs: ArrayLike) -> "Problem":
        """Allow at most one open site of each pair (E x 2); pairs are gathered into cliques, which say more."""
        return self.with_cliques(cover_pairs(np.asarray(pairs, np.int64).reshape(-1, 2), count=len(self.sites)))

    def with_bans(self, bans: Iterable[Ban]) -> "Problem":
        """Let at most `most` sites of each ban stand, beside the bans that are there already."""
        new = list(bans)
        for ban in new:
            ordinals("ban", ban.sites, count=len(self.sites))
        held = {(tuple(ban.sites.tolist()), ban.most): ban for ban in (*self.bans, *new) if len(ban.sites) > ban.most}
        return refuse_contradictions(replace(self, bans=tuple(held[key] for key in sorted(held))))

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

    def with_groups(self, group: ArrayLike, *, count: int | None = None, names: Sequence[str] = ()) -> "Problem":
        """Gather the demands into groups, such as compounds; see `Groups` for the array."""
        if self.groups is not None:
            message = "the problem already has groups"
            raise UsageError(message)
        numbers = np.asarray(group)
        if count is None:
            count = len(names) or (int(numbers.max()) + 1 if numbers.size else 0)
        part = Groups(numbers, count, tuple(names))
        if len(part.group) != len(self.demands):
            message = f"groups name {len(part.group)} demands, but there are {len(self.demands)}"
            raise UsageError(message)
        return refuse_contradictions(replace(self, groups=part))

    def with_floors(self, *, share: ArrayLike | None = None, vehicles: ArrayLike | None = None) -> "Problem":
        """Serve at least a share (0 to 1) of the vehicles of each group, or so many; a figure each, or one for all."""
        if self.floors is not None:
            message = "the problem already has floors"
            raise UsageError(message)
        if self.groups is None:
            message = "floors need groups: add with_groups() first"
            raise UsageError(message)
        part = floors_of(self.groups, self.demands.vehicles, share=share, least=vehicles)
        return refuse_contradictions(replace(self, floors=part))

    def with_service_floor(self, service: float | str) -> "Problem":
        """Serve at least `service` weighted vehicles, or "all": every vehicle."""
        if self.service_floor is not None:
            message = "the problem already has a service floor"
            raise UsageError(message)
        if service == "all":
            return refuse_contradictions(replace(self, service_floor=self.everybody))
        if isinstance(service, str) or not (np.isfinite(service) and service >= 0):
            message = f"the service must be weighted vehicles, 0 or more, or 'all', not {service!r}"
            raise UsageError(message)
        return refuse_contradictions(replace(self, service_floor=float(service)))

    def with_walking_limit(self, vehicle_m: float) -> "Problem":
        """Limit the vehicle-metres walked by all who are served."""
        if self.walking_limit_m is not None:
            message = "the problem already has a walking limit"
            raise UsageError(message)
        if not (np.isfinite(vehicle_m) and vehicle_m >= 0):
            message = f"the walking limit must be vehicle-metres, 0 or more, not {vehicle_m!r}"
            raise UsageError(message)
        return refuse_contradictions(replace(self, walking_limit_m=float(vehicle_m)))

    def with_count(self, *, least: int = 0, most: int | None = None) -> "Problem":
        """Limit the number of open sites, those that stand today included."""
        if self.count is not None:
            message = "the problem already has a count"
            raise UsageError(message)
        return refuse_contradictions(replace(self, count=Count(least, most)))

    def with_existing(self, modules: ArrayLike, removal_cost_cny: ArrayLike | None = None) -> "Problem":
        """Let some sites stand already (J numbers of modules, 0: nothing); see `Existing` for the arrays.

        Without `removal_cost_cny` nothing may be removed.
        """
        if self.existing is not None:
            message = "the problem already has existing sites"
            raise UsageError(message)
        cost = np.full(np.size(modules), np.nan) if removal_cost_cny is None else np.asarray(removal_cost_cny, float)
        part = Existing(np.asarray(modules), cost)
        if len(part.modules) != len(self.sites):
            message = f"existing has {len(part.modules)} entries, but there are {len(self.sites)} sites"
            raise UsageError(message)
        too_large = np.flatnonzero(part.modules > self.sites.max_modules)
        if too_large.size:
            site = int(too_large[0])
            message = (
                f"{part.modules[site]} modules stand at {self.sites.name(site)}, which holds at most "
                f"{self.sites.max_modules[site]}; give it max_modules of what stands"
            )
            raise UsageError(message)
        return refuse_contradictions(replace(self, existing=part))

    @property
    def locked_in(self) -> IntArray:
        """Return the numbers of the sites that must be built."""
        return self.locks.locked_in if self.locks else np.empty(0, np.int64)

    @property
    def locked_out(self) -> IntArray:
        """Return the numbers of the sites that must not be built."""
        return self.locks.locked_out if self.locks else np.empty(0, np.int64)

    @cached_property  # greedy asks for it at every step
    def standing(self) -> IntArray:
        """Return the modules that stand at each site today (J)."""
        return self.existing.modules if self.existing else np.zeros(len(self.sites), np.int64)

    @property
    def least_modules(self) -> IntArray:
        """Return the modules that each site has in every plan (J): locked in, or standing and not to be removed."""
        least = np.zeros(len(self.sites), np.int64)
        least[self.locked_in] = np.maximum(1, self.standing[self.locked_in])
        if self.existing is not None:
            least[self.existing.stays] = self.existing.modules[self.existing.stays]
        return least

    @property
    def everybody(self) -> float:
        """Return the weighted vehicles of all demands."""
        return float(self.demands.vehicles @ self.demands.weight)

    @property
    def serves_all(self) -> bool:
        """Return whether every vehicle of weight must be served."""
        return self.service_floor is not None and self.service_floor >= self.everybody * (1 - 1e-12)

    @property
    def is_plain(self) -> bool:
        """Return whether goal and parts are those that presolve, bounds and decomposition are exact for.

        These are: most service, budget, cliques, bans, transformers, quotas and locks. Dominance, joined demands and
        prices per piece would lose what floors, counts, walking and existing sites ask for.
        """
        further = (self.floors, self.service_floor, self.walking_limit_m, self.count, self.existing)
        return (self.goal is None or self.goal.aim is Aim.SERVICE) and all(part is None for part in further)

    @property
    def is_divisible(self) -> bool:
        """Return whether nothing but money and quotas ties compounds far apart, so that pieces may be priced alone.

        Floors and what stands today lie within a piece; a service, a walk or a count asked of the whole do not.
        """
        return replace(self, floors=None, existing=None).is_plain

    def site_cost_cny(self, modules: IntArray) -> FloatArray:
        """Return what each site costs with so many modules (J): built, expanded, or removed."""
        if self.existing is None:
            return self.sites.cost_cny(modules)
        added = np.maximum(modules - self.existing.modules, 0) * self.sites.module_cost_cny
        old = np.where(modules > 0, added, self.existing.price_of_removal)
        return np.where(self.existing.stands, old, self.sites.cost_cny(modules))

    def added_load_kva(self, modules: IntArray) -> FloatArray:
        """Return the load each transformer takes on beyond today's (T floats); negative where sites are removed."""
        if self.transformers is None:
            return np.empty(0)
        return self.transformers.load_kva(modules - self.standing)

    def __str__(self) -> str:
        """Return the method section: goal, sets and limits with their figures."""
        from siting.model.method import describe

        return describe(self)
