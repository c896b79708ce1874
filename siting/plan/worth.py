"""Meaning: what each chosen site is worth, from the problem solved again without its place, and its runner-up."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from siting.framing import Framing
from siting.model.parts import IntArray
from siting.model.problem import Problem
from siting.model.solution import Solution
from siting.model.solver import SolverOptions
from siting.model.worth import Worth, worth_of_sites
from siting.plan.plan import Plan

__all__ = ["WORTH_COLUMNS", "places_of", "worth_table"]

#: One row a chosen site. `loss_*` are in the goal's first figure, `figure`: weighted vehicles where it is the service.
#: `instead` lists what is built instead, modules in brackets.
WORTH_COLUMNS = (
    "site_id",
    "place_id",
    "compound_id",
    "served",
    "figure",
    "loss_at_least",
    "loss_at_most",
    "runner_up",
    "instead",
    "needed",
    "status",
    "gap",
)
_MOST_INSTEAD = 5


def worth_table(
    plan: Plan,
    options: SolverOptions,
    *,
    again: Callable[[Framing], Plan] | None = None,
    announce: Callable[[str], None] = lambda _stage: None,
) -> pd.DataFrame:
    """Return what would be lost if the place of each chosen site fell through; the dearest loss first.

    The loss lies between `loss_at_least` and `loss_at_most`; the runner-up is the first of the sites that the plan
    without the place builds instead. `again` plans a framing as `plan` was, where that was over years or scenarios.
    A reserve has no worth yet, and no row.
    """
    framing = plan.framing
    count = len(plan.sites)
    names = framing.candidate_ids
    done: list[int] = []

    def say(site: int) -> None:
        done.append(site)
        announce(f"worth of site {len(done)} of {count}: {names[site]}")

    def solved(problem: Problem) -> Solution:
        assert again is not None
        return again(replace(framing, problem=problem)).solution

    worths = worth_of_sites(
        framing.problem,
        plan.solution,
        places_of(plan),
        options,
        again=None if again is None else solved,
        announce=say,
    )
    rows = [_row(plan, worth) for worth in worths]
    frame = pd.DataFrame(rows, columns=list(WORTH_COLUMNS))
    order = frame.assign(rank=-frame["loss_at_most"]).sort_values(["rank", "site_id"], kind="stable")
    return order[list(WORTH_COLUMNS)].reset_index(drop=True)


def places_of(plan: Plan) -> IntArray:
    """Return the number of the place of each site of the problem."""
    frame = plan.framing.links.verdicts.candidates.frame
    places = frame["place_id"].loc[list(plan.framing.candidate_ids)]
    codes: IntArray = pd.factorize(places, sort=True)[0].astype("int64")
    return codes


def _row(plan: Plan, worth: Worth) -> dict[str, Any]:
    names = plan.framing.candidate_ids
    name = names[worth.site]
    site = plan.sites.loc[name]
    instead = [f"{names[other]} ({modules})" for other, modules in worth.instead[:_MOST_INSTEAD]]
    return {
        "site_id": name,
        "place_id": site["place_id"],
        "compound_id": site["compound_id"],
        "served": float(site["served"]),
        "figure": str(plan.solution.aim),
        "loss_at_least": worth.loss_at_least,
        "loss_at_most": worth.loss_at_most,
        "runner_up": names[worth.instead[0][0]] if worth.instead else None,
        "instead": "; ".join(instead),
        "needed": worth.needed,
        "status": worth.status,
        "gap": worth.gap,
    }
