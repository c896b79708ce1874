"""Config: one study as a frozen, fully checked record, read from TOML or made from bare flags.

A study says what to plan: the sources, the rule profile, the kinds of facility, demand, reach, limits and solver.
Unknown keys are refused with a suggestion, every mistake of a file is reported in one line, paths are relative
to the file. Only this module, the pipeline and the command line know about studies; stages get plain options.
"""

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from siting.district.attestation import Attestation
from siting.errors import StudyError
from siting.kinds import Kind, Outcome
from siting.sites.waiver import Waiver

__all__ = ["AttestationSection", "LayerSection", "Study", "WaiverSection", "load_study", "make_study"]

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False, strict=True)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)]

_MOST_FAULTS = 12  # of one study in one line
Word = Annotated[str, Field(min_length=1, max_length=500)]


def _kind(text: str) -> str:
    if text not in set(Kind):
        close = difflib.get_close_matches(text, [kind.value for kind in Kind], n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; choose from {', '.join(Kind)}"
        message = f"unknown kind {text!r}{hint}"
        raise ValueError(message)
    return text


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SourceSection(_Section):
    """Where the facts come from."""

    osm: Path | None = None
    compounds: Literal["osm", "blocks"] = "osm"
    bbox_deg: tuple[float, float, float, float] | None = None
    halo_m: NotNegative = 300.0
    position_error_m: NotNegative = 1.0
    surveyed: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _bbox_is_west_south_east_north(self) -> "SourceSection":
        if self.bbox_deg is not None:
            west, south, east, north = self.bbox_deg
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                message = f"bbox_deg must be west, south, east, north in degrees, got {list(self.bbox_deg)}"
                raise ValueError(message)
        return self


class DxfAnchorSection(_Section):
    """Where a drawing lies: its point (x, y) is the place (lon, lat)."""

    x: float
    y: float
    lon: Annotated[float, Field(ge=-180.0, le=180.0)]
    lat: Annotated[float, Field(ge=-84.0, le=84.0)]
    rotation_deg: float = 0.0


class DxfSection(_Section):
    """What of a DXF drawing is the layer."""

    layers: tuple[str, ...] = ()
    text_layers: tuple[str, ...] = ()
    close_m: NotNegative = 0.5
    unit_m: Positive = 1.0
    anchor: DxfAnchorSection | None = None


class LayerSection(_Section):
    """One layer of the planner's own, a file or a database table; it overrides OpenStreetMap object by object."""

    role: str
    path: Path | None = None
    url: str | None = None
    crs: str | None = None
    layer: str | None = None
    dxf: DxfSection | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "LayerSection":
        if (self.path is None) == (self.url is None):
            message = "give either path (a file) or url (postgresql://user@host/database)"
            raise ValueError(message)
        if self.url is not None and re.match(r"^[a-z+]+://[^/@:]*:[^/@]*@", self.url):
            message = "url holds a password, which every run folder would copy; put it into PGPASSWORD or ~/.pgpass"
            raise ValueError(message)
        return self


class RulesSection(_Section):
    """Which law, on which day, and which outcomes other than PASS may still be planned."""

    profile: str = "national"
    on: date
    stage: Literal["existing", "new"] = "existing"
    admit: tuple[Literal["UNCERTAIN"], ...] = ()

    def admitted(self) -> tuple[Outcome, ...]:
        """Return the admitted outcomes as words of the ledger."""
        return tuple(Outcome(name) for name in self.admit)


class FacilitySection(_Section):
    """What may be built. All kinds of one study charge the same vehicle: e-bikes or cars."""

    kinds: tuple[Annotated[str, AfterValidator(_kind)], ...] = ("ebike_shed",)
    max_per_compound: Annotated[int, Field(ge=1, le=400)] = 40
    catalogue: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_vehicle(self) -> "FacilitySection":
        if not self.kinds:
            message = f"kinds is empty; choose from {', '.join(Kind)}"
            raise ValueError(message)
        vehicles = {kind.split("_")[0] for kind in self.kinds}
        if len(vehicles) > 1:
            message = f"kinds {', '.join(self.kinds)} mix e-bikes and cars; plan them in two studies"
            raise ValueError(message)
        if len(set(self.kinds)) != len(self.kinds):
            message = f"kinds {', '.join(self.kinds)} repeat a kind"
            raise ValueError(message)
        return self

    @property
    def vehicle(self) -> str:
        """The vehicle that all kinds of this study charge: "ebike" or "ev"."""
        return self.kinds[0].split("_")[0]


class WeightSection(_Section):
    """How much a complaint, a hazard and a coming renovation add to the weight of a compound, which is 1."""

    complaint: NotNegative = 0.05
    hazard: NotNegative = 0.1
    renovation: NotNegative = 0.25
    most: Annotated[float, Field(ge=1.0, allow_inf_nan=False)] = 2.0


class DemandSection(_Section):
    """How many vehicles want a port, where no layer says so."""

    ebikes_per_household: NotNegative = 1.0
    evs_per_household: NotNegative | None = None
    m2_per_household: Positive = 92.5
    default_levels: Positive = 5.0
    weight: WeightSection = WeightSection()


class GroupSection(_Section):
    """Compounds, by id or name, whose residents share their sites."""

    name: str
    compounds: Annotated[tuple[str, ...], Field(min_length=2)]


class ReachSection(_Section):
    """How far people walk, over which ground, and to whose site."""

    radius_m: Positive = 200.0
    sharing: Literal["own", "neighbours", "groups", "everyone"] = "own"
    neighbour_m: Positive = 30.0
    groups: tuple[GroupSection, ...] = ()
    ground: Literal["open", "network"] = "open"
    boundary: Literal["gates", "open"] = "gates"
    max_leg_m: Positive = 150.0

    @model_validator(mode="after")
    def _groups_are_used(self) -> "ReachSection":
        if (self.sharing == "groups") != bool(self.groups):
            message = 'sharing "groups" and [[reach.groups]] go together; give both or neither'
            raise ValueError(message)
        return self


class LimitsSection(_Section):
    """Money and decisions already taken."""

    budget_cny: NotNegative
    locked_in: tuple[str, ...] = ()
    locked_out: tuple[str, ...] = ()


class SolverSection(_Section):
    """Which solver, in how many processes for a problem of many pieces, and when it may stop."""

    name: Literal["highs", "cbc"] = "highs"
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    gap: Share = 0.001
    time_limit_s: Positive = 120.0
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class AttestationSection(_Section):
    """One fact that somebody signed for; without who, when and document it is none."""

    id: Word
    subject: Word  # a building id, a kind of facility, or a class of objects
    fact: Word
    value: bool | float | str
    who: Word
    when: date
    document: Word

    def record(self) -> Attestation:
        """Return the statement as the stages know it."""
        values = self.model_dump()
        return Attestation(attestation_id=values.pop("id"), **values)


class WaiverSection(_Section):
    """One clause relaxed at one place by somebody who answers for it."""

    id: Word
    clause: Word
    where: Word  # a candidate, a place or a compound
    who: Word
    when: date
    reason: Word

    def record(self) -> Waiver:
        """Return the waiver as the stages know it."""
        values = self.model_dump()
        return Waiver(waiver_id=values.pop("id"), clause_id=values.pop("clause"), **values)


class OutputSection(_Section):
    """What the files say first, and whether run.json holds the (never repeatable) stage times."""

    language: Literal["zh", "en"] = "zh"
    timings: bool = False


class Study(_Section):
    """One question to the planner's software, complete and checked."""

    name: str = Field(default="", max_length=200)
    timestamp: datetime | None = None  # written into files; midnight UTC of rules.on when absent
    source: SourceSection
    layers: tuple[LayerSection, ...] = ()
    rules: RulesSection
    facility: FacilitySection = FacilitySection()
    demand: DemandSection = DemandSection()
    reach: ReachSection = ReachSection()
    limits: LimitsSection
    solver: SolverSection = SolverSection()
    output: OutputSection = OutputSection()
    attestations: tuple[AttestationSection, ...] = ()
    waivers: tuple[WaiverSection, ...] = ()

    @model_validator(mode="after")
    def _has_a_source(self) -> "Study":
        if self.source.osm is None and not self.layers:
            message = "source.osm is missing: name an OpenStreetMap file"
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

    def with_budget(self, budget_cny: float) -> "Study":
        """Return the same study with another budget."""
        return self.model_copy(update={"limits": self.limits.model_copy(update={"budget_cny": budget_cny})})


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
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        message = f"{path}: not TOML: {str(error)[:200]}"
        raise StudyError(message) from error
    return make_study(data, folder=path.parent, label=str(path))


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
    name = study.name or (source.osm.name.split(".")[0] if source.osm else layers[0].role)
    return study.model_copy(update={"source": source, "layers": layers, "rules": rules, "name": name})


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
    reason = str(fault["msg"]).removeprefix("Value error, ")
    value = fault["input"]
    text = repr(value)
    simple = isinstance(value, str | int | float | bool) and not _is_nan(value)
    shown = f" (got {text[:80]}{'…' * (len(text) > 80)})" if simple else ""
    return f"{where}: {reason[0].lower()}{reason[1:]}{shown}"


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


_LISTED: Mapping[str, type[BaseModel]] = {
    "layers": LayerSection,
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
