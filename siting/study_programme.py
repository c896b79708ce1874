"""The sections of a study file on years, uncertain demand and last year's run."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from siting.plan.programme_record import Terms, Together
from siting.plan.replan_record import Again
from siting.plan.scenarios_record import NOMINAL, Outlook, Scenario
from siting.study_sections import Count, Section, Word

__all__ = [
    "ProgrammeSection",
    "ReplanSection",
    "ScenarioSection",
    "TogetherSection",
    "UncertaintySection",
    "terms_at_once",
]

Year = Annotated[int, Field(ge=1990, le=2200, strict=True)]
#: Bounds that no plan means to pass; beyond them sums lose their digits and solvers their footing.
Weight = Annotated[float, Field(ge=0.0, le=1e6, strict=True)]
Price = Annotated[float, Field(ge=0.01, le=100.0, strict=True)]
Factor = Annotated[float, Field(ge=0.0, le=1000.0, strict=True)]
Budget = Annotated[float, Field(ge=0.0, le=1e15, strict=True)]


class TogetherSection(Section):
    """Works of others in one year, e.g. a renovation's trench: sites of these compounds cost a share of their price."""

    year: Year
    compounds: Annotated[tuple[Word, ...], Field(min_length=1)]
    factor: Price


class ProgrammeSection(Section):
    """Years in order: money, what a year's service counts, prices, tiers; and a reserve beyond the money."""

    first_year: Year
    budgets_cny: Annotated[tuple[Budget, ...], Field(min_length=1, max_length=10)]
    weights: tuple[Weight, ...] = ()
    prices: tuple[Price, ...] = ()
    tiers: tuple[Literal["implement", "plan"], ...] = ()
    carry_over: bool = True
    reserve_cny: Budget = 0.0
    lead_years: Annotated[int, Field(ge=0, le=10, strict=True)] | None = None
    together: tuple[TogetherSection, ...] = ()

    @model_validator(mode="after")
    def _one_figure_a_year(self) -> "ProgrammeSection":
        count = len(self.budgets_cny)
        for name in ("weights", "prices", "tiers"):
            given = len(getattr(self, name))
            if given not in (0, count):
                message = f"{name} has {given} figures for {count} years of budgets_cny"
                raise ValueError(message)
        if self.weights and not sum(self.weights) > 0:
            message = "weights are all 0: the service of no year counts"
            raise ValueError(message)
        if self.tiers and list(self.tiers) != sorted(self.tiers):  # implement, then plan
            message = "tiers go back from plan to implement; a later year is never firmer than an earlier one"
            raise ValueError(message)
        return self

    def terms(self) -> Terms:
        """Return the programme as the stages know it."""
        count = len(self.budgets_cny)
        return Terms(
            first_year=self.first_year,
            budgets_cny=self.budgets_cny,
            weights=self.weights or (1.0,) * count,
            prices=self.prices or (1.0,) * count,
            tiers=self.tiers or ("implement", *("plan",) * (count - 1)),
            carry_over=self.carry_over,
            reserve_cny=self.reserve_cny,
            lead_years=self.lead_years,
            together=tuple(Together(item.year, item.compounds, item.factor) for item in self.together),
        )


class ScenarioSection(Section):
    """One way demand may come: factors on the vehicles of compounds (by id or name), elsewhere `factor`."""

    name: Word
    weight: Weight = 1.0
    factor: Factor = 1.0
    factors: Mapping[str, Factor] = Field(default_factory=dict)
    table: Path | None = None  # CSV: compound_id, factor

    @model_validator(mode="after")
    def _not_the_estimate(self) -> "ScenarioSection":
        if self.name == NOMINAL:
            message = f"{NOMINAL!r} is the name of the estimate itself; choose another"
            raise ValueError(message)
        return self


class UncertaintySection(Section):
    """Plan for several scenarios of demand at once, the estimate always among them."""

    goal: Literal["worst", "worst_share", "average"] = "worst"
    estimate_weight: Weight = 1.0
    scenarios: Annotated[tuple[ScenarioSection, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _names_differ(self) -> "UncertaintySection":
        names = [item.name for item in self.scenarios]
        if len(set(names)) < len(names):
            message = f"scenarios {', '.join(names)} repeat a name"
            raise ValueError(message)
        if not self.estimate_weight + sum(item.weight for item in self.scenarios) > 0:
            message = "the weights of all scenarios are 0"
            raise ValueError(message)
        return self

    def outlook(self) -> Outlook:
        """Return the scenarios as the stages know them, the estimate first."""
        listed = (
            Scenario(name=item.name, weight=item.weight, factor=item.factor, factors=item.factors, table=item.table)
            for item in self.scenarios
        )
        return Outlook(goal=self.goal, scenarios=(Scenario(name=NOMINAL, weight=self.estimate_weight), *listed))


class ReplanSection(Section):
    """Start from an earlier run: what is built stays, a planned site goes only where that brings `least_gain`."""

    run: Path
    built: tuple[str, ...] = ()
    least_gain: Annotated[float, Field(ge=0.0, le=1e9, strict=True)] = 10.0
    most_changes: Count | None = None

    def again(self) -> Again:
        """Return the request as the stages know it."""
        return Again(run=self.run, built=self.built, least_gain=self.least_gain, most_changes=self.most_changes)


def terms_at_once(on: date, budget_cny: float) -> Terms:
    """Return the one year in which a study without a programme spends its budget."""
    return Terms(first_year=on.year, budgets_cny=(budget_cny,), weights=(1.0,), prices=(1.0,), tiers=("implement",))
