"""Meaning: the numbers of a solution become a plan: which sites, for whom, for how much, and why not more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from siting import tables
from siting.framing import Framing
from siting.kinds import Kind
from siting.model.solution import Solution
from siting.plan.reasons import Sentence, reasons_for

__all__ = ["Plan", "make_plan", "with_left_out"]

_LEAST_SERVED = 1e-6  # vehicles; less is the solver's round-off


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """What to build. The candidate table of the framing is its parent; `sites` are the chosen rows with their meaning.

    `links`: building_id, site_id, walk_m, served (vehicles), one row for each pair served. `upgrades`: transformer_id
    to CNY, only those bought. `reasons`: sentences (English, Chinese) on what limits the plan.
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

    def __post_init__(self) -> None:
        """Check the table of sites."""
        tables.SITES.check(self.sites)


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


def with_left_out(plan: Plan, left_out: Sequence[str], blocking: Sequence[str]) -> Plan:
    """Return the plan with a sentence on sites left out, or still in the way, because together they block an engine."""
    said = []
    if left_out:
        names = ", ".join(left_out)
        said.append(
            Sentence(
                f"Left out because with other sites they would block a fire engine: {names}; the gap is that of the "
                "problem without them.",
                f"因与其他点位合在一起会阻断消防车而未选:{names};最优差距按去掉它们后的问题计。",
            )
        )
    if blocking:
        names = ", ".join(blocking)
        said.append(
            Sentence(
                f"Together these sites may block a fire engine: {names}.", f"这些点位合在一起可能阻断消防车:{names}。"
            )
        )
    return replace(plan, reasons=(*plan.reasons, *said)) if said else plan


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
    modules = solution.modules[built].astype(np.int64)
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
    return sites if len(sites) else tables.SITES.empty(candidates.frame.crs)
