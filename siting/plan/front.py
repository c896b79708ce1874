"""Meaning: what one figure costs in another: exact fronts over coverage, cost, safety and walking of one study."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from siting.errors import UsageError
from siting.framing import Framing
from siting.model.front import Front, FrontOptions, FrontPoint, front
from siting.model.goal import Aim
from siting.model.measures import value_of
from siting.plan.plan import Plan, make_plan
from siting.plan.reasons import Sentence

__all__ = ["FRONT_FIGURES", "StudyFront", "parse_figures", "study_front"]

#: The words of the command line, and the figures of the model.
FRONT_FIGURES = {"coverage": Aim.SERVICE, "cost": Aim.COST, "safety": Aim.MARGIN, "walking": Aim.WALKING}
_WORDS = {aim: word for word, aim in FRONT_FIGURES.items()}


@dataclass(frozen=True, eq=False)
class StudyFront:
    """A front with its plans: `table` has one row a point, `stops` says why it ends where it does."""

    front: Front
    framing: Framing
    plans: tuple[Plan, ...]
    table: pd.DataFrame
    stops: tuple[Sentence, ...]

    @property
    def figures(self) -> tuple[str, str]:
        """Return the words of the two figures."""
        one, other = (_WORDS[aim] for aim in self.front.aims)
        return one, other

    def as_dict(self) -> dict[str, Any]:
        """Return points and stops as plain data."""
        rows = [
            {str(key): None if value != value else value for key, value in row.items()}
            for row in self.table.to_dict(orient="records")
        ]
        return {"over": list(self.figures), "points": rows, "stops": [item._asdict() for item in self.stops]}


def parse_figures(text: str) -> tuple[Aim, Aim]:
    """Read two figures, e.g. "coverage,cost"; raise `UsageError` for anything else."""
    words = [word.strip() for word in text.split(",")]
    if len(words) != 2 or len(set(words)) != 2 or not set(words) <= set(FRONT_FIGURES):
        message = f"--over {text!r}: name two of {', '.join(FRONT_FIGURES)}, e.g. coverage,cost"
        raise UsageError(message)
    return FRONT_FIGURES[words[0]], FRONT_FIGURES[words[1]]


def study_front(
    framing: Framing,
    aims: tuple[Aim, Aim],
    options: FrontOptions,
    *,
    coverage: float | None = None,
    announce: Callable[[str], None] = lambda _stage: None,
) -> StudyFront:
    """Return the front of two figures of a framed study; money is lifted where cost is one of them.

    `coverage` (0 to 1 of the weighted vehicles) is held where coverage itself is no figure of the front.
    """
    problem = framing.problem
    if Aim.SERVICE not in aims and (coverage is not None or problem.service_floor is None):
        if coverage is None:
            message = f"a front over {' and '.join(_WORDS[aim] for aim in aims)} needs the coverage to hold: --coverage"
            raise UsageError(message)
        problem = replace(problem, service_floor=coverage * problem.everybody)
    framing = replace(framing, problem=problem)
    found = front(problem, aims, options, announce=announce)
    plans = tuple(make_plan(framing, point.solution) for point in found.points)
    rows = [_row(framing, *pair) for pair in zip(found.points, plans, strict=True)]
    stops = tuple(_stop(aims, name, value) for name, value in found.stops)
    if plans and not len(plans[0].sites):
        stops = (_NOTHING, *(stop for stop, (name, _) in zip(stops, found.stops, strict=True) if name != "second"))
    return StudyFront(found, framing, plans, pd.DataFrame(rows, columns=list(_COLUMNS)), stops)


_COLUMNS = (
    "coverage",
    "served",
    "cost_cny",
    "margin_m",
    "walked_vehicle_m",
    "mean_walk_m",
    "sites",
    "proven",
    "gap_1",
    "gap_2",
    "status",
)


def _row(framing: Framing, point: FrontPoint, plan: Plan) -> dict[str, Any]:
    problem, solution = framing.problem, point.solution
    figure = {aim: value_of(problem, aim, solution.modules, solution.served) for aim in FRONT_FIGURES.values()}
    walked = float(solution.served.sum())
    return {
        "coverage": figure[Aim.SERVICE] / problem.everybody if problem.everybody else 0.0,
        "served": plan.served,
        "cost_cny": figure[Aim.COST],
        "margin_m": figure[Aim.MARGIN] if len(plan.sites) else float("nan"),
        "walked_vehicle_m": figure[Aim.WALKING],
        "mean_walk_m": figure[Aim.WALKING] / walked if walked else float("nan"),
        "sites": len(plan.sites),
        "proven": point.is_proven,
        "gap_1": point.gaps[0],
        "gap_2": point.gaps[1] if np.isfinite(point.bounds[1]) else float("nan"),
        "status": str(solution.status),
    }


def _stop(aims: tuple[Aim, Aim], name: str, value: float) -> Sentence:
    one, other = (_FIGURE_WORDS[aim] for aim in aims)
    first, second = (_amount(aim, value) for aim in aims)
    count = f"{value:,.0f}"
    return {
        "first": Sentence(
            f"Ends there: no plan has better {one.en} than {first}.", f"到此为止：{one.zh}不能优于 {first}。"
        ),
        "second": Sentence(
            f"Begins there: no plan has better {other.en} than {second}.", f"由此开始：{other.zh}不能优于 {second}。"
        ),
        "reach": Sentence(
            "More serves nobody: every vehicle that can walk to a lawful place has a port.",
            "再多也无人可服务：步行可达合法用地的车辆都有充电口。",
        ),
        "spread": Sentence(
            f"{count} points, spread evenly; others may lie between (--points).",
            f"共 {count} 个点，均匀分布；其间可能还有其他点(--points)。",
        ),
        "all": Sentence(
            f"All {count} points: no other plan is unbeaten, but for steps below 0.01 % of the range.",
            f"共 {count} 个点，已列全(小于范围 0.01 % 的差别不计)。",
        ),
        "dropped": Sentence(
            f"{count} plans found on the way are beaten by a point shown, and left out.",
            f"途中求得的 {count} 个方案不优于所列的点，未列出。",
        ),
        "failed": Sentence(
            f"Under {count} limits no plan was found in the time; give more (solver.time_limit_s).",
            f"有 {count} 个限值未能及时求出方案；请增加求解时间(solver.time_limit_s)。",
        ),
        "time": Sentence(
            f"{count} points are TIME-LIMITED: their gaps say how far they may be from the front.",
            f"{count} 个点因时限中止：差距列说明离前沿最多多远。",
        ),
    }[name]


_NOTHING = Sentence(
    "Point 1 builds nothing: it costs nothing and serves nobody. The front begins there.",
    "第 1 点什么都不建:不花钱,也不服务任何人;前沿由此开始。",
)
_FIGURE_WORDS = {
    Aim.SERVICE: Sentence("coverage", "覆盖"),
    Aim.COST: Sentence("cost", "造价"),
    Aim.MARGIN: Sentence("safety (metres beyond the clauses at the tightest site)", "安全余量(最紧点位超出条款的米数)"),
    Aim.WALKING: Sentence("walking (vehicle-metres)", "步行(辆·米)"),
}


def _amount(aim: Aim, value: float) -> str:
    return {
        Aim.SERVICE: f"{value:,.0f}",
        Aim.COST: f"{value:,.0f} CNY",
        Aim.MARGIN: f"{value:,.2f} m",
        Aim.WALKING: f"{value:,.0f}",
    }[aim]
