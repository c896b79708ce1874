"""The sections of a study file on years, uncertain demand and last year's run."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from siting.plan.programme_record import Terms, Together
from siting.study_sections import NotNegative, Positive, Section, Word

__all__ = ["ProgrammeSection", "TogetherSection"]

Year = Annotated[int, Field(ge=1990, le=2200, strict=True)]


class TogetherSection(Section):
    """Works of others in one year, e.g. a renovation's trench: sites of these compounds cost a share of their price."""

    year: Year
    compounds: Annotated[tuple[Word, ...], Field(min_length=1)]
    factor: Positive


class ProgrammeSection(Section):
    """Years in order: money, what a year's service counts, prices, tiers; and a reserve beyond the money."""

    first_year: Year
    budgets_cny: Annotated[tuple[NotNegative, ...], Field(min_length=1, max_length=10)]
    weights: tuple[NotNegative, ...] = ()
    prices: tuple[Positive, ...] = ()
    tiers: tuple[Literal["implement", "plan"], ...] = ()
    carry_over: bool = True
    reserve_cny: NotNegative = 0.0
    lead_years: Annotated[int, Field(ge=0, le=10)] | None = None
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
