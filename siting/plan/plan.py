"""Meaning: the numbers of a solution become a plan: which sites, for whom, for how much, and why not more."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from siting import tables
from siting.access.fire_access import Block
from siting.access.turnover import share_waiting
from siting.framing import Framing, modules_per_step
from siting.kinds import Kind
from siting.model.solution import Solution
from siting.plan.programme_record import Programme
from siting.plan.reasons import Sentence, reasons_for
from siting.plan.replan_record import Replanned
from siting.plan.scenarios_record import Uncertain

__all__ = ["Plan", "make_plan"]

_LEAST_SERVED = 1e-6  # vehicles; less is the solver's round-off


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """What to build. The candidate table of the framing is its parent; `sites` are the chosen rows with their meaning.

    `links`: building_id, site_id, walk_m, served (vehicles), one row for each pair served. `upgrades`: transformer_id
    to CNY, only those bought. `reasons`: sentences (English, Chinese) on what limits the plan. `not_together`: sets of
    candidates that the choice wanted and that would have blocked a fire engine together. With a `programme` the sites
    hold its reserve too, which no other figure counts.
    """

    sites: gpd.GeoDataFrame  # siting.tables.SITES
    links: pd.DataFrame
    spent_cny: float
    upgrades: dict[str, float]
    removals: dict[str, float]  # candidate_id to CNY, of sites that stand today and are given up
    demand: float  # vehicles
    served: float  # vehicles
    households_served: float
    reasons: tuple[Sentence, ...]
    framing: Framing
    solution: Solution
    not_together: tuple[Block, ...] = ()
    programme: Programme | None = None
    uncertain: Uncertain | None = None
    replanned: Replanned | None = None

    def __post_init__(self) -> None:
        """Check the table of sites."""
        tables.SITES.check(self.sites)

    @property
    def funded(self) -> gpd.GeoDataFrame:
        """Return the sites that there is money for: all but the reserve."""
        return self.sites[self.sites["tier"].ne("reserve")]


def make_plan(framing: Framing, solution: Solution) -> Plan:
    """Return the plan that `solution` means for `framing`; both are kept in it."""
    served = _served_links(framing, solution)
    sites = _sites(framing, solution, served)
    upgrades, removals = _upgrades(framing, solution), _removals(framing, solution)
    demand = framing.links.demand.frame
    return Plan(
        sites=sites,
        links=served.drop(columns="households").reset_index(drop=True),
        spent_cny=float(sites["cost_cny"].sum()) + sum(upgrades.values()) + sum(removals.values()),
        upgrades=upgrades,
        removals=removals,
        demand=float(demand["vehicles"].sum()),
        served=float(served["served"].sum()),
        households_served=float(served["households"].sum()),
        reasons=reasons_for(framing, solution),
        framing=framing,
        solution=solution,
    )


def _upgrades(framing: Framing, solution: Solution) -> dict[str, float]:
    """Return what is bought of each transformer's steps, transformer_id to CNY."""
    transformers = framing.problem.transformers
    bought: dict[str, float] = {}
    if transformers is not None:
        for number, step in solution.upgrades:
            name = framing.transformer_ids[number]
            bought[name] = bought.get(name, 0.0) + float(transformers.steps[number][step][1])
    return dict(sorted(bought.items()))


def _removals(framing: Framing, solution: Solution) -> dict[str, float]:
    """Return what is paid to remove each site that stands today and is not in the plan."""
    gone = np.flatnonzero((framing.problem.standing > 0) & (solution.modules == 0)).tolist()
    return {framing.candidate_ids[number]: float(solution.site_spent_cny[number]) for number in gone}


def _served_links(framing: Framing, solution: Solution) -> pd.DataFrame:
    """Return building_id, site_id, walk_m, served (vehicles), households of every pair that is served."""
    links = framing.links.frame
    demand = framing.links.demand.frame
    chosen = solution.served > _LEAST_SERVED
    rows = links[["building_id", "candidate_id", "walk_m"]][chosen].rename(columns={"candidate_id": "site_id"})
    served = solution.served[chosen]
    of_building = demand.loc[rows["building_id"]]
    vehicles = of_building["vehicles"].to_numpy(float)
    share = np.divide(served, vehicles, out=np.zeros_like(served), where=vehicles > 0)
    return rows.assign(served=served, households=share * of_building["households"].to_numpy(float))


def _sites(framing: Framing, solution: Solution, served: pd.DataFrame) -> gpd.GeoDataFrame:
    verdicts = framing.links.verdicts
    candidates = verdicts.candidates
    built = np.flatnonzero(solution.modules > 0)
    ids = [framing.candidate_ids[number] for number in built]
    frame = candidates.frame.loc[ids]
    step = modules_per_step(verdicts, framing.candidate_ids, framing.limits)
    modules = (solution.modules * step)[built].astype(np.int64)
    ports = modules * frame["ports_per_module"].to_numpy(np.int64)
    port_kw = np.array([candidates.catalogue.kind(Kind(kind)).port_kw for kind in frame["kind"]], dtype=float)
    by_site = served.groupby("site_id")[["served", "households"]].sum().reindex(ids, fill_value=0.0)
    names = candidates.zones.district.compounds["name"].reindex(frame["compound_id"]).to_numpy(object)
    sites = gpd.GeoDataFrame(
        {
            "compound_id": frame["compound_id"].to_numpy(object),
            "compound_name": names,
            "place_id": frame["place_id"].to_numpy(object),
            "kind": frame["kind"].to_numpy(object),
            "bays": frame["bays"].to_numpy(np.int64),
            "modules": modules,
            "ports": ports,
            "power_kw": ports * port_kw,
            "cost_cny": solution.site_spent_cny[built],
            "served": by_site["served"].to_numpy(float),
            "households_served": by_site["households"].to_numpy(float),
            "clearance_m": verdicts.clearance_m.reindex(ids).to_numpy(float),
            "outcome": verdicts.outcomes.reindex(ids).to_numpy(object),
            "transformer_id": framing.power.feeds.reindex(ids).to_numpy(object),
            "year": np.zeros(len(ids), dtype=np.int64),
            "tier": ["implement"] * len(ids),
        },
        geometry=frame.geometry.to_numpy(),
        index=pd.Index(ids, name="site_id", dtype=object),
        crs=candidates.frame.crs,
    )
    if "garage_id" in frame:
        sites.insert(3, "garage_id", frame["garage_id"].to_numpy(object))
    known = {name: frame[name].to_numpy(float) for name in ("cable_m", "cable_straight_m") if name in frame}
    turnover = framing.limits.turnover
    if turnover is not None:
        loads = by_site["served"].to_numpy(float) * turnover.load_of_one
        waits = [share_waiting(count, load, turnover) for count, load in zip(ports.tolist(), loads, strict=True)]
        known["wait_share"] = np.array(waits, dtype=float)
    return sites.assign(**known) if len(sites) else tables.SITES.empty(candidates.frame.crs)
