"""Config: one study as a frozen, fully checked record, read from TOML or made from bare flags.

A study says what to plan: the sources, the rule profile, the kinds of facility, demand, reach, limits and solver.
Unknown keys are refused with a suggestion, every mistake of a file is reported in one line, paths are relative
to the file. Only this module, the pipeline and the command line know about studies; stages get plain options.
"""

import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Field, PrivateAttr, ValidationError, model_validator

from siting.errors import StudyError
from siting.study_programme import (
    ProgrammeSection,
    ReplanSection,
    ScenarioSection,
    TogetherSection,
    UncertaintySection,
)
from siting.study_sections import (
    AttestationSection,
    DemandSection,
    FacilitySection,
    GoalSection,
    LayerSection,
    LimitsSection,
    OutputSection,
    ReachSection,
    RulesSection,
    Section,
    SolverSection,
    SourceSection,
    WaiverSection,
)

__all__ = ["Study", "load_study", "make_study"]

_MONEY_CNY = 0.005  # half a fen
_MOST_FAULTS = 12  # of one study in one line
_MOST_PARTS = 50  # of one key, between dots
_LONGEST_KEY = 2_000  # characters of a line that are looked at for a key


class Study(Section):
    """One question to the planner's software, complete and checked."""

    name: str = Field(default="", max_length=200)
    timestamp: datetime | None = None  # written into files; midnight UTC of rules.on when absent
    source: SourceSection
    layers: tuple[LayerSection, ...] = ()
    rules: RulesSection
    facility: FacilitySection = FacilitySection()
    demand: DemandSection = DemandSection()
    reach: ReachSection = ReachSection()
    goal: GoalSection = GoalSection()
    limits: LimitsSection = LimitsSection()
    programme: ProgrammeSection | None = None
    uncertainty: UncertaintySection | None = None
    replan: ReplanSection | None = None
    solver: SolverSection = SolverSection()
    output: OutputSection = OutputSection()
    attestations: tuple[AttestationSection, ...] = ()
    waivers: tuple[WaiverSection, ...] = ()
    _origin: str = PrivateAttr(default="")  # the file it was read from

    @model_validator(mode="after")
    def _has_a_source(self) -> "Study":
        if self.source.osm is None and not self.layers:
            message = "source.osm is missing: name an OpenStreetMap file"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _goal_and_limits_agree(self) -> "Study":
        goal, limits = self.goal, self.limits
        least = goal.aim in ("cost", "walking", "margin")
        if limits.budget_cny is None and not least:
            message = f"limits.budget_cny is missing: how much money is there, in CNY, for goal {goal.aim!r}?"
            raise ValueError(message)
        if least and not (goal.service_share or limits.floor_share or limits.floors):
            message = f"goal {goal.aim!r} needs goal.service_share or floors: without them nothing is the best plan"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _the_years_spend_the_budget(self) -> "Study":
        if self.solver.name != "highs" and self.set_aside:
            message = (
                f"solver.name = {self.solver.name!r} cannot be asked for with {self.set_aside[0]}: years, "
                "scenarios and re-plans are solved by 'highs'; take one of them out"
            )
            raise ValueError(message)
        if self.replan is not None and self.programme is None and self.limits.budget_cny is None:
            message = "limits.budget_cny is missing: a replan without programme spends it in one year"
            raise ValueError(message)
        if self.programme is not None:
            total = math.fsum(self.programme.budgets_cny)
            if self.limits.budget_cny is not None and abs(total - self.budget_cny) > _MONEY_CNY:
                message = f"limits.budget_cny is {self.budget_cny:,.2f}, but programme.budgets_cny are {total:,.2f}"
                raise ValueError(message)
        return self

    @property
    def file_time(self) -> datetime:
        """The one time stamp that every file of the run carries."""
        if self.timestamp is None:
            return datetime.combine(self.rules.on, time(), tzinfo=UTC)
        return self.timestamp if self.timestamp.tzinfo else self.timestamp.replace(tzinfo=UTC)

    def as_dict(self) -> dict[str, Any]:
        """Return the resolved study as plain data, without unknown values: the content of study.toml."""
        resolved: dict[str, Any] = _without_none(self.model_dump(mode="json"))
        return resolved

    @property
    def budget_cny(self) -> float:
        """The money, CNY; without a limit (only where the goal is least cost, walking or margin) it is infinite."""
        return math.inf if self.limits.budget_cny is None else self.limits.budget_cny

    @contextmanager
    def named(self) -> Iterator[None]:
        """Name the file in a `StudyError` raised within: what is wrong may show only once the facts are read."""
        try:
            yield
        except StudyError as error:
            if not self._origin or str(error).startswith(self._origin):
                raise
            message = f"{self._origin}: {error}"
            raise StudyError(message) from error

    @property
    def is_at_once(self) -> bool:
        """Return whether it plans for one time and the estimate: no years, no scenarios, no earlier run."""
        return not self.set_aside

    @property
    def set_aside(self) -> tuple[str, ...]:
        """Return the sections that `at_once` leaves out."""
        return tuple(name for name in ("programme", "uncertainty", "replan") if getattr(self, name) is not None)

    def at_once(self) -> "Study":
        """Return the same study for one time and the estimate alone: no years, no scenarios, no earlier run."""
        return self.model_copy(update={"programme": None, "uncertainty": None, "replan": None})

    def with_budget(self, budget_cny: float) -> "Study":
        """Return the same study with another budget, spent at once and for the estimate alone."""
        limits = self.limits.model_copy(update={"budget_cny": budget_cny})
        return self.at_once().model_copy(update={"limits": limits})

    def with_replan(
        self, run: Path | None, built: Sequence[str] | None, least_gain: float | None, most_changes: int | None
    ) -> "Study":
        """Return the same study started from an earlier run; what is None stays as the study says."""
        given = {"built": built, "least_gain": least_gain, "most_changes": most_changes}
        changed = {key: value for key, value in given.items() if value is not None}
        held = {} if self.replan is None else self.replan.model_dump()
        if run is not None:
            held["run"] = run.absolute()
        if "run" not in held:
            message = "name the run to start from: --from RUN_FOLDER, or replan.run in the study"
            raise StudyError(message)
        return make_study(self.as_dict() | {"replan": held | changed})


def load_study(path: Path) -> Study:
    """Read a study file; relative paths in it count from its folder.

    Raises `StudyError` with one line that names the file and every wrong key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        message = f"{path}: no such study file"
        raise StudyError(message) from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read as UTF-8 text ({error})"
        raise StudyError(message) from error
    _refuse_deep_keys(path, text)
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        message = f"{path}: not TOML: {str(error)[:200]}"
        raise StudyError(message) from error
    study = make_study(data, folder=path.parent, label=str(path))
    study._origin = str(path)
    return study


def _refuse_deep_keys(path: Path, text: str) -> None:
    """Raise `StudyError` for a key of more parts than any study has, before a parser nests them."""
    for number, line in enumerate(text.splitlines(), 1):
        key = line.lstrip()[:_LONGEST_KEY].partition("=")[0]
        if key.count(".") > _MOST_PARTS and not key.startswith(("#", '"', "'")):
            message = f"{path}: line {number}: a key of more than {_MOST_PARTS} parts; no study has such a key"
            raise StudyError(message)


def make_study(data: Mapping[str, Any], *, folder: Path | None = None, label: str = "flags") -> Study:
    """Check `data` (the content of a study file) and return the study; `rules.on` defaults to today.

    `folder` is where relative paths start; `label` names the origin in messages.
    Raises `StudyError` listing every mistake.
    """
    values: dict[str, Any] = dict(data)
    rules = values.get("rules", {})
    if isinstance(rules, Mapping):
        values["rules"] = {"on": datetime.now(UTC).date(), **rules}
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        faults = [_sentence(fault) for fault in error.errors(include_url=False)]
        more = f"; and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        message = f"{label}: {'; '.join(faults[:_MOST_FAULTS])}{more}"
        raise StudyError(message) from None
    return _with_absolute_paths(study, (folder or Path()).resolve())


def _with_absolute_paths(study: Study, folder: Path) -> Study:
    source = study.source
    if source.osm is not None:
        source = source.model_copy(update={"osm": _absolute(folder, source.osm)})
    layers = tuple(
        layer if layer.path is None else layer.model_copy(update={"path": _absolute(folder, layer.path)})
        for layer in study.layers
    )
    rules = study.rules
    if rules.profile.endswith(".toml"):
        rules = rules.model_copy(update={"profile": str(_absolute(folder, Path(rules.profile)))})
    uncertain = study.uncertainty
    if uncertain is not None:
        placed = tuple(
            item if item.table is None else item.model_copy(update={"table": _absolute(folder, item.table)})
            for item in uncertain.scenarios
        )
        uncertain = uncertain.model_copy(update={"scenarios": placed})
    again = study.replan
    if again is not None:
        again = again.model_copy(update={"run": _absolute(folder, again.run)})
    name = study.name or (source.osm.name.split(".")[0] if source.osm else layers[0].role)
    return study.model_copy(
        update={
            "source": source,
            "layers": layers,
            "rules": rules,
            "name": name,
            "uncertainty": uncertain,
            "replan": again,
        }
    )


def _absolute(folder: Path, path: Path) -> Path:
    try:
        absolute = (folder / path.expanduser()).resolve()
        absolute.exists()  # refuses a name too long
    except (OSError, RuntimeError, ValueError) as error:  # a link to itself, no such user, a NUL, a name too long
        message = f"{str(path)[:80]!r} cannot be a path ({str(error)[:80]}); name a file"
        raise StudyError(message) from error
    return absolute


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value


def _sentence(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"]) or "study"
    if fault["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(fault["loc"][-1]), _keys_at(fault["loc"][:-1]), n=1)
        return f"{where}: unknown key" + (f", did you mean {close[0]!r}?" if close else "")
    if fault["type"] == "missing":
        return f"{where}: is missing"
    reason = (
        str(fault["msg"])
        .removeprefix("Value error, ")
        .replace("is not a valid path for <class 'pathlib.Path'>", "should be a path")
    )
    value = fault["input"]
    text = repr(value)
    simple = isinstance(value, str | int | float | bool) and not _is_nan(value)
    shown = f" (got {text[:80]}{'…' * (len(text) > 80)})" if simple else ""
    return f"{where}: {reason[0].lower()}{reason[1:]}{shown}"


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


_LISTED: Mapping[str, type[BaseModel]] = {
    "layers": LayerSection,
    "together": TogetherSection,
    "scenarios": ScenarioSection,
    "attestations": AttestationSection,
    "waivers": WaiverSection,
}


def _keys_at(location: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = Study
    for part in location:
        if isinstance(part, int):
            continue
        if part in _LISTED:
            model = _LISTED[part]
            continue
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        inner = [each for each in (annotation, *get_args(annotation)) if isinstance(each, type)]
        models = [each for each in inner if issubclass(each, BaseModel)]
        if not models:
            return []
        model = models[0]
    return list(model.model_fields)
