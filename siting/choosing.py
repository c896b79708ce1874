"""How a study is solved: at once, over years, for scenarios, or from an earlier run; and with which options."""

from siting.framing import Framing
from siting.model.block import SearchLimits
from siting.model.solver import SolverOptions, solve
from siting.plan.plan import Plan, make_plan
from siting.plan.programme import plan_programme
from siting.plan.replan import replan
from siting.plan.scenarios import plan_uncertain
from siting.study import Study
from siting.study_programme import terms_at_once

__all__ = ["choose_plan", "search_limits", "solver_options"]


def choose_plan(framing: Framing, study: Study) -> Plan:
    """Return the plan of a framed problem: at once, or over the years of its programme, for its scenarios."""
    section = study.programme
    if study.replan is not None:
        money = framing.limits.budget_cny or 0.0
        terms = terms_at_once(study.rules.on, money) if section is None else section.terms()
        return replan(framing, terms, study.replan.again(), search_limits(study))
    if section is not None:
        return plan_programme(framing, section.terms(), search_limits(study))
    if study.uncertainty is not None:
        return plan_uncertain(framing, study.uncertainty.outlook(), search_limits(study), solver_options(study))
    return make_plan(framing, solve(framing.problem, solver_options(study)))


def solver_options(study: Study) -> SolverOptions:
    """Return the solver's options of a study."""
    section = study.solver
    return SolverOptions(
        name=section.name,
        gap=section.gap,
        time_limit_s=section.time_limit_s,
        seed=section.seed,
        workers=section.workers,
    )


def search_limits(study: Study) -> SearchLimits:
    """Return when the search for a programme may stop."""
    return SearchLimits(gap=study.solver.gap, seconds=study.solver.time_limit_s, seed=study.solver.seed)
