"""The sections of a study file, each a frozen record that refuses unknown keys and values that cannot be meant."""

import difflib
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from siting.district.attestation import Attestation
from siting.district.layer_columns import choose_role
from siting.errors import LayerError
from siting.kinds import Kind, Outcome
from siting.model.goal import Aim
from siting.sites.waiver import Waiver

__all__ = [
    "AttestationSection",
    "Count",
    "DemandSection",
    "DxfAnchorSection",
    "DxfSection",
    "FacilitySection",
    "FloorSection",
    "GoalSection",
    "GroupSection",
    "LayerSection",
    "LimitsSection",
    "NotNegative",
    "OutputSection",
    "Positive",
    "QuotaSection",
    "ReachSection",
    "RulesSection",
    "Section",
    "SolverSection",
    "SourceSection",
    "TurnoverSection",
    "WaiverSection",
    "WeightSection",
    "Word",
]

Share = Annotated[float, Field(ge=0.0, le=1.0, strict=True)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False, strict=True)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)]
Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
Vehicles = Annotated[float, Field(ge=0.0, le=1e9, allow_inf_nan=False, strict=True)]

Word = Annotated[str, Field(min_length=1, max_length=500)]


def _kind(text: str) -> str:
    if text not in set(Kind):
        close = difflib.get_close_matches(text, [kind.value for kind in Kind], n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; choose from {', '.join(Kind)}"
        message = f"unknown kind {text!r}{hint}"
        raise ValueError(message)
    return text


def _aim(text: str) -> str:
    goals = [aim.value for aim in Aim if aim is not Aim.EXPENSE]
    if text not in goals:
        close = difflib.get_close_matches(text, goals, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; choose from {', '.join(goals)}"
        message = f"unknown goal {text!r}{hint}"
        raise ValueError(message)
    return text


def _layer_role(text: str) -> str:
    """Return a role as given if layers have it: a wrong word in the study is the study's fault, not the layer's."""
    try:
        choose_role(text, "role")
    except LayerError as error:
        raise ValueError(str(error).removeprefix("role: ")) from None
    return text


class Section(BaseModel):
    """A part of the study: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SourceSection(Section):
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


class DxfAnchorSection(Section):
    """Where a drawing lies: its point (x, y) is the place (lon, lat)."""

    x: float
    y: float
    lon: Annotated[float, Field(ge=-180.0, le=180.0)]
    lat: Annotated[float, Field(ge=-84.0, le=84.0)]
    rotation_deg: float = 0.0


class DxfSection(Section):
    """What of a DXF drawing is the layer."""

    layers: tuple[str, ...] = ()
    text_layers: tuple[str, ...] = ()
    close_m: NotNegative = 0.5
    unit_m: Positive = 1.0
    anchor: DxfAnchorSection | None = None


class LayerSection(Section):
    """One layer of the planner's own, a file or a database table; it overrides OpenStreetMap object by object."""

    role: Annotated[str, AfterValidator(_layer_role)]
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


class RulesSection(Section):
    """Which law, on which day, and which outcomes other than PASS may still be planned."""

    profile: str = "national"
    on: date
    stage: Literal["existing", "new"] = "existing"
    admit: tuple[Literal["UNCERTAIN"], ...] = ()
    require: tuple[Word, ...] = ()  # forces or clauses treated as musts

    def admitted(self) -> tuple[Outcome, ...]:
        """Return the admitted outcomes as words of the ledger."""
        return tuple(Outcome(name) for name in self.admit)


class FacilitySection(Section):
    """What may be built. All kinds of one study charge the same vehicle: e-bikes or cars."""

    kinds: tuple[Annotated[str, AfterValidator(_kind)], ...] = ("ebike_shed",)
    max_per_compound: Annotated[int, Field(ge=1, le=400)] = 100
    cable: Literal["ground", "catalogue"] = "ground"
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


class WeightSection(Section):
    """How much a complaint, a hazard and a coming renovation add to the weight of a compound, which is 1."""

    complaint: NotNegative = 0.05
    hazard: NotNegative = 0.1
    renovation: NotNegative = 0.25
    most: Annotated[float, Field(ge=1.0, allow_inf_nan=False)] = 2.0


class TurnoverSection(Section):
    """How vehicles use ports, and how long they may wait; see siting.access.turnover."""

    charges_per_day: Annotated[float, Field(ge=0.001, le=100.0, strict=True)] = 0.4
    hours: Annotated[float, Field(ge=0.01, le=1000.0, strict=True)] = 6.0
    peak_share: Annotated[float, Field(ge=0.001, le=1.0, strict=True)] = 0.15
    wait_share: Annotated[float, Field(ge=0.0001, le=0.99, strict=True)] = 0.1
    wait_minutes: Annotated[float, Field(ge=0.0, le=1440.0, strict=True)] = 15.0


class DemandSection(Section):
    """How many vehicles want a port, where no layer says so."""

    ebikes_per_household: Annotated[float, Field(ge=0.0, le=100.0, strict=True)] = 1.0
    evs_per_household: NotNegative | None = None
    m2_per_household: Positive = 92.5
    default_levels: Positive = 5.0
    weight: WeightSection = WeightSection()
    turnover: TurnoverSection | None = None  # None: the catalogue's vehicles a port


class GroupSection(Section):
    """Compounds, by id or name, whose residents share their sites."""

    name: str
    compounds: Annotated[tuple[str, ...], Field(min_length=2)]


class ReachSection(Section):
    """How far people walk, over which ground, and to whose site."""

    radius_m: Annotated[float, Field(gt=0.0, le=20_000.0, strict=True)] = 200.0
    sharing: Literal["own", "neighbours", "groups", "everyone"] = "own"
    neighbour_m: Positive = 30.0
    groups: tuple[GroupSection, ...] = ()
    ground: Literal["open", "network"] = "open"
    boundary: Literal["gates", "open"] = "gates"
    steps: Literal["walked", "closed"] = "walked"
    slope_factor: Annotated[float, Field(ge=1.0, le=10.0, strict=True)] = 1.0
    steep_percent: Annotated[float, Field(gt=0.0, le=100.0, strict=True)] = 8.0
    max_leg_m: Positive = 150.0

    @model_validator(mode="after")
    def _groups_are_used(self) -> "ReachSection":
        if (self.sharing == "groups") != bool(self.groups):
            message = 'sharing "groups" and [[reach.groups]] go together; give both or neither'
            raise ValueError(message)
        return self


class GoalSection(Section):
    """What is asked for first; among plans equal in it the next figures decide, the cheapest last."""

    aim: Annotated[str, AfterValidator(_aim)] = "service"
    service_share: Share | None = None  # the least share of all weighted vehicles that is served


class FloorSection(Section):
    """The least that one compound, by id or name, is served."""

    compound: Word
    share: Share = 0.0
    vehicles: Vehicles = 0.0


class QuotaSection(Section):
    """The most compounds of one subdistrict that get sites."""

    subdistrict: Word
    most: Count


class LimitsSection(Section):
    """Money, decisions already taken, and what compounds and subdistricts may ask for."""

    budget_cny: NotNegative | None = None
    locked_in: tuple[str, ...] = ()
    locked_out: tuple[str, ...] = ()
    floor_share: Share = 0.0  # of the vehicles of every compound in which somebody can walk to a lawful place
    floors: tuple[FloorSection, ...] = ()
    least_sites: Count = 0
    most_sites: Count | None = None
    walking_km: NotNegative | None = None  # vehicle-kilometres that all who are served walk together
    quotas: tuple[QuotaSection, ...] = ()

    @model_validator(mode="after")
    def _counts_and_names_agree(self) -> "LimitsSection":
        if self.most_sites is not None and self.most_sites < self.least_sites:
            message = f"least_sites {self.least_sites} and most_sites {self.most_sites} cannot both hold"
            raise ValueError(message)
        for what, names in (
            ("floors repeat compound", [item.compound for item in self.floors]),
            ("quotas repeat subdistrict", [item.subdistrict for item in self.quotas]),
        ):
            if len(set(names)) != len(names):
                message = f"{what} {next(name for name in names if names.count(name) > 1)!r}"
                raise ValueError(message)
        return self


class SolverSection(Section):
    """Which solver, in how many processes for a problem of many pieces, and when it may stop."""

    name: Literal["highs", "cbc"] = "highs"
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    gap: Share = 0.001
    time_limit_s: Positive = 120.0
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class AttestationSection(Section):
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


class WaiverSection(Section):
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


class OutputSection(Section):
    """What the files say first, what is reckoned beyond the plan, and whether run.json holds the stage times."""

    language: Literal["zh", "en"] = "zh"
    timings: bool = False
    worth: bool = False
