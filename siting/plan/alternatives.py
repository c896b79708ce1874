"""Meaning: other plans nearly as good, and what differs: sites added and dropped, service and money."""

from collections.abc import Callable
from typing import Any

import numpy as np

from siting.model.alternatives import AlternativeOptions, Alternatives, find_alternatives
from siting.model.solver import SolverOptions
from siting.plan.plan import Plan
from siting.plan.reasons import Sentence
from siting.plan.worth import places_of

__all__ = ["alternatives_of"]


def alternatives_of(
    plan: Plan,
    options: AlternativeOptions,
    solver: SolverOptions,
    *,
    announce: Callable[[str], None] = lambda _stage: None,
) -> dict[str, Any]:
    """Return the plan's figures, each alternative with what differs from the plan, and why there are no more.

    Services are weighted vehicles; `shared` counts the places shared with the earlier plan that is most alike.
    """
    framing = plan.framing
    found = find_alternatives(
        framing.problem,
        plan.solution,
        places_of(plan),
        options,
        solver=solver,
        announce=lambda number: announce(f"alternative {number + 1} of {options.count}"),
    )
    stop = _stop(found, options)
    return {
        "best": {
            "sites": list(plan.sites.index),
            "service": plan.solution.objective,
            "cost_cny": plan.spent_cny,
            "status": str(plan.solution.status),
            "gap": plan.solution.gap,
        },
        "within": options.within,
        "alternatives": [_row(plan, found, number) for number in range(len(found.plans))],
        "stop": {"name": found.stop, "en": stop.en, "zh": stop.zh},
    }


def _row(plan: Plan, found: Alternatives, number: int) -> dict[str, Any]:
    names, other = plan.framing.candidate_ids, found.plans[number]
    sites = [names[site] for site in np.flatnonzero(other.modules > 0).tolist()]
    now = set(plan.sites.index)
    place = plan.framing.links.verdicts.candidates.frame["place_id"]
    best = plan.solution.objective
    return {
        "sites": sites,
        "added": sorted(set(sites) - now),
        "dropped": sorted(now - set(sites)),
        "kept_places": sorted(set(place[sites]) & set(place[list(now)])),
        "shared": other.shared,
        "shared_at_least": other.at_least,
        "proven": other.is_proven,
        "service": other.service,
        "service_lost": best - other.service,
        "share_lost": (best - other.service) / best if best else 0.0,
        "cost_cny": other.cost_cny,
    }


def _stop(found: Alternatives, options: AlternativeOptions) -> Sentence:
    share = f"{100 * options.within:g}"
    return {
        "count": Sentence("As many as were asked for; there may be more.", "已达到要求的数量，可能还有更多。"),
        "none": Sentence(
            f"No other plan within {share} % of the best differs from all of these in {options.least} places or more.",
            f"与最优相差 {share} % 以内、且与以上各方案至少相差 {options.least} 处用地的方案不再存在。",
        ),
        "time": Sentence(
            f"None was found in {options.seconds:g} s (--seconds); there may be more.",
            f"{options.seconds:g} 秒内未找到(--seconds)，可能还有更多。",
        ),
    }[found.stop]
