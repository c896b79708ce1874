"""The main job: from a study to an audited run folder, stage by stage.

    sources -> district + rules -> zones -> candidates -> verdicts -> access -> problem -> solution -> plan
    -> files -> audit

Each function here names one stretch of that line; none holds logic of its own. The run is written to a temporary
folder, audited there from the written files, and renamed into place, so that nothing half-written is left behind.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from siting.access.cables import lay_cables
from siting.access.demand import DemandOptions, estimate_demand
from siting.access.fire_access import blocking_sites
from siting.access.openings import Boundary
from siting.access.paths import trace_walks
from siting.access.power import connect_power
from siting.access.sharing import Group, Sharing
from siting.access.streets import without_steps
from siting.access.turnover import Turnover, with_turnover
from siting.access.walking import GroundModel, WalkOptions, measure_links
from siting.district.attestation import attest, facility_overrides
from siting.district.build import CompoundSource, SourceOptions, read_district
from siting.district.layer_spec import DxfAnchor, DxfMapping, LayerSpec
from siting.district.layer_weight import WeightFormula
from siting.district.record import District
from siting.errors import AuditError, StudyError
from siting.framing import Framing, Limits, frame_problem
from siting.kinds import Kind
from siting.model.solver import SolverOptions, solve
from siting.outputs.folder import atomic_folder, refuse_foreign
from siting.outputs.run import Run
from siting.outputs.run_folder import write_audited, write_run
from siting.plan.audit import audit_run, audit_sites
from siting.plan.audit_record import AuditReport
from siting.plan.drawn import read_drawn_sites
from siting.plan.plan import Plan, make_plan, with_left_out
from siting.plan.price import PriceOptions, price_waivers
from siting.rules.features import FEATURE_CLASSES
from siting.rules.profiles import load_rulebook
from siting.sites.candidates import CandidateOptions, offer_candidates
from siting.sites.catalogue import load_catalogue
from siting.sites.moves import smallest_moves
from siting.sites.verdicts import judge
from siting.sites.zones import draw_zones
from siting.study import Study
from siting.study_sections import LayerSection

__all__ = [
    "Finished",
    "Stages",
    "audit_drawn",
    "frame_study",
    "plan_framing",
    "price_study",
    "raise_findings",
    "read_sources",
    "run_study",
    "solver_options",
]

_MOST_LEFT_OUT = 8  # sites left out because they block a fire engine together with others

_VERSIONED = (
    "siting",
    "geopandas",
    "highspy",
    "numpy",
    "osmium",
    "pandas",
    "pulp",
    "pyogrio",
    "pyproj",
    "scipy",
    "shapely",
)


def _quiet(_stage: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, eq=False)
class Stages:
    """Reports each stage as it starts and keeps how long it took, in seconds."""

    announce: Callable[[str], None] = _quiet
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage; a stage that runs twice adds up."""
        self.announce(name)
        start = perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start


@dataclass(frozen=True, eq=False)
class Finished:
    """What `run_study` hands back: the run as planned, its audit, its folder, and seconds by stage."""

    run: Run
    report: AuditReport
    folder: Path
    seconds: Mapping[str, float]

    def summary(self) -> dict[str, Any]:
        """Return the figures a planner asks for first, as plain data."""
        plan = self.run.plan
        verdicts = plan.framing.links.verdicts
        return {
            "name": self.run.study["name"],
            "synthetic": verdicts.candidates.zones.district.synthetic,
            "folder": str(self.folder),
            "status": str(plan.solution.status),
            "status_text": plan.solution.status_text,
            "gap": plan.solution.gap,
            "sites": len(plan.sites),
            "ports": int(plan.sites["ports"].sum()),
            "served": plan.served,
            "demand": plan.demand,
            "spent_cny": plan.spent_cny,
            "budget_cny": plan.framing.limits.budget_cny,
            "candidates": len(verdicts.candidates.frame),
            "refused": len(verdicts.candidates.frame) - len(verdicts.accepted),
            "audit_findings": len(self.report.findings),
            "audit_checks": self.report.checks,
            "reasons": [english for english, _chinese in plan.reasons],
        }


def read_sources(study: Study) -> District:
    """Read the facts a study names: OpenStreetMap, then the planner's layers over it."""
    source = study.source
    district = read_district(
        SourceOptions(
            osm=source.osm,
            name=study.name,
            layers=tuple(map(_layer_spec, study.layers)),
            compounds_from=CompoundSource(source.compounds),
            bbox_deg=source.bbox_deg,
            halo_m=source.halo_m,
            position_error_m=source.position_error_m,
            surveyed=source.surveyed,
            weights=WeightFormula(**study.demand.weight.model_dump()),
        )
    )
    if study.reach.steps == "closed":
        district = without_steps(district)
    return attest(district, (item.record() for item in study.attestations), FEATURE_CLASSES)


def _layer_spec(section: LayerSection) -> LayerSpec:
    """Return one layer of a study as what the facts' stage reads."""
    drawing = section.dxf
    mapping = None
    if drawing is not None:
        anchor = None if drawing.anchor is None else DxfAnchor(**drawing.anchor.model_dump())
        mapping = DxfMapping(**(drawing.model_dump() | {"anchor": anchor}))
    return LayerSpec(
        role=section.role,
        path=section.path,
        url=section.url,
        crs=section.crs,
        layer_name=section.layer,
        dxf=mapping,
    )


def frame_study(study: Study, stages: Stages) -> Framing:
    """Go from the sources to the numbers: everything up to, but not including, the choice."""
    with stages.stage("facts"):
        district = read_sources(study)
    with stages.stage("law"):
        rulebook = load_rulebook(study.rules.profile, on=study.rules.on, stage=study.rules.stage)
        catalogue = load_catalogue(_figures(study, district))
    with stages.stage("options"):
        zones = draw_zones(district, rulebook, tuple(Kind(kind) for kind in study.facility.kinds), catalogue)
        candidates = offer_candidates(
            zones, catalogue, CandidateOptions(max_per_compound=study.facility.max_per_compound)
        )
    with stages.stage("cables"):
        candidates = lay_cables(candidates) if study.facility.cable == "ground" else candidates
    with stages.stage("verdicts"):
        verdicts = judge(
            candidates, admit=study.rules.admitted(), waivers=tuple(item.record() for item in study.waivers)
        )
    with stages.stage("reach"):
        demand = with_turnover(estimate_demand(district, _demand_options(study)), _turnover(study))
        links = measure_links(verdicts, demand, _walk_options(study))
        power = connect_power(verdicts)
    with stages.stage("problem"):
        limits = study.limits
        return frame_problem(
            links,
            power,
            Limits(
                budget_cny=limits.budget_cny,
                locked_in=limits.locked_in,
                locked_out=limits.locked_out,
                turnover=_turnover(study),
            ),
        )


def plan_framing(framing: Framing, study: Study, stages: Stages) -> Plan:
    """Choose: solve the framed problem and say what the numbers mean.

    Sites that each leave a fire engine its way may block it together; then the one that serves least of them is
    left out and the choice is made again, a few times at most, and the plan says so.
    """
    left_out: list[str] = []
    while True:
        with stages.stage("choice"):
            solution = solve(framing.problem, solver_options(study))
        with stages.stage("plan"):
            plan = make_plan(framing, solution)
            blocking = blocking_sites(framing.links.verdicts, list(plan.sites.index))
        free = [name for name in blocking if name not in framing.limits.locked_in]
        if not free or len(left_out) == _MOST_LEFT_OUT:
            return with_left_out(plan, left_out, blocking)
        left_out.append(min(free, key=lambda name: (float(plan.sites["served"][name]), name)))
        limits = replace(framing.limits, locked_out=(*framing.limits.locked_out, left_out[-1]))
        framing = frame_problem(framing.links, framing.power, limits)


def run_study(study: Study, folder: Path, *, announce: Callable[[str], None] = _quiet) -> Finished:
    """Run the main job and leave a complete, audited run folder at `folder`.

    Raises a `SitingError` (and leaves `folder` as it was) when the job cannot be done. Audit findings do not
    raise: the folder is written with them, and `Finished.report` holds them.
    """
    refuse_foreign(folder)  # before any work, so that nobody waits for a refusal
    stages = Stages(announce)
    plan = plan_framing(frame_study(study, stages), study, stages)
    with stages.stage("moves"):
        moves = smallest_moves(plan.framing.links.verdicts)
    with stages.stage("walks"):
        walks = trace_walks(plan.framing.links, plan.links, _walk_options(study))
    run = Run(
        plan=plan,
        moves=moves,
        walks=walks,
        study=study.as_dict(),
        parameters=_parameters(study, plan),
        seconds={},
        timestamp=study.file_time,
        versions={name: version(name) for name in _VERSIONED},
        audit=None,
    )
    with atomic_folder(folder) as draft:
        with stages.stage("files"):
            write_run(run, draft)
        with stages.stage("audit"):
            report = audit_run(draft)
        with stages.stage("files"):
            run = replace(
                run,
                audit=report.as_dict(),
                seconds=dict(stages.seconds) if study.output.timings else {},
            )
            write_audited(run, report, draft)
    return Finished(run=run, report=report, folder=folder, seconds=stages.seconds)


def raise_findings(finished: Finished) -> None:
    """Raise `AuditError` naming the first finding if the audit of a finished run has any."""
    findings = finished.report.findings
    if findings:
        message = f"{finished.folder}: the audit has {len(findings)} findings; first: {findings[0].sentence_en}"
        raise AuditError(message)


def audit_drawn(study: Study, sites: Path, *, kind: Kind | None) -> AuditReport:
    """Audit sites that somebody drew against the facts and the law of a study."""
    district = read_sources(study)
    rulebook = load_rulebook(study.rules.profile, on=study.rules.on, stage=study.rules.stage)
    return audit_sites(read_drawn_sites(sites, district.crs, kind=kind), district, rulebook, kind=kind)


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


def price_study(study: Study, stages: Stages, *, most: int) -> tuple[Plan, pd.DataFrame]:
    """Return the plan of a study and what one waiver each would bring it; see `siting.plan.price`."""
    plan = plan_framing(frame_study(study, stages), study, stages)
    options = PriceOptions(walk=_walk_options(study), solver=solver_options(study), most=most)
    return plan, price_waivers(plan, options, announce=stages.announce)


def _demand_options(study: Study) -> DemandOptions:
    section = study.demand
    options = DemandOptions(
        vehicle=study.facility.vehicle,
        ebikes_per_household=section.ebikes_per_household,
        m2_per_household=section.m2_per_household,
        default_levels=section.default_levels,
    )
    if section.evs_per_household is None:
        return options
    return replace(options, evs_per_household=section.evs_per_household)


def _figures(study: Study, district: District) -> Mapping[str, Mapping[str, Any]]:
    """Return the planner's figures over the catalogue: those of the study, and what was signed for of a kind."""
    figures = {kind: dict(values) for kind, values in study.facility.catalogue.items()}
    for kind, values in facility_overrides(district.attestations).items():
        held = figures.setdefault(kind, {})
        for key, value in values.items():
            if held.setdefault(key, value) != value:
                message = f"facility.catalogue.{kind}.{key} = {held[key]!r}, but an attestation says {value!r}"
                raise StudyError(message)
    return figures


def _turnover(study: Study) -> Turnover | None:
    section = study.demand.turnover
    return None if section is None else Turnover(**section.model_dump())


def _walk_options(study: Study) -> WalkOptions:
    section = study.reach
    return WalkOptions(
        radius_m=section.radius_m,
        sharing=Sharing(section.sharing),
        groups=tuple(Group(group.name, group.compounds) for group in section.groups),
        neighbour_m=section.neighbour_m,
        ground=GroundModel(section.ground),
        boundary=Boundary(section.boundary),
        max_leg_m=section.max_leg_m,
    )


def _parameters(study: Study, plan: Plan) -> dict[str, object]:
    catalogue = plan.framing.links.verdicts.candidates.catalogue
    by_kind = {kind: catalogue.kind(Kind(kind)).vehicles_per_port for kind in study.facility.kinds}
    figures = set(by_kind.values())
    return {
        "kinds": list(study.facility.kinds),
        "radius_m": study.reach.radius_m,
        "sharing": study.reach.sharing,
        "ground": study.reach.ground,
        "boundary": study.reach.boundary,
        "vehicle": study.facility.vehicle,
        "vehicles_per_port": figures.pop() if len(figures) == 1 else by_kind,
        "position_error_m": study.source.position_error_m,
        "admit": list(study.rules.admit),
        "budget_cny": study.limits.budget_cny,
        **({} if study.demand.turnover is None else {"turnover": study.demand.turnover.model_dump()}),
    }
