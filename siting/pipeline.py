"""The main job: from a study to an audited run folder, stage by stage.

    sources -> district + rules -> zones -> candidates -> verdicts -> access -> problem -> solution -> plan
    -> files -> audit

Each function here names one stretch of that line; none holds logic of its own. The run is written to a temporary
folder, audited there from the written files, and renamed into place, so that nothing half-written is left behind.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from siting.access.cables import lay_cables
from siting.access.demand import estimate_demand
from siting.access.paths import trace_walks
from siting.access.power import connect_power
from siting.access.streets import note_slopes, without_steps
from siting.access.turnover import with_turnover
from siting.access.walking import measure_links
from siting.district.attestation import attest
from siting.district.build import read_district
from siting.district.record import District
from siting.errors import AuditError, InfeasibleError
from siting.framing import Framing, frame_problem
from siting.kinds import Kind
from siting.outputs.folder import atomic_folder, refuse_foreign
from siting.outputs.run import Run
from siting.outputs.run_folder import write_audited, write_run
from siting.plan.audit import audit_run, audit_sites
from siting.plan.audit_record import AuditReport
from siting.plan.carried import carry_over
from siting.plan.choice import choose, solved_by
from siting.plan.drawn import read_drawn_sites
from siting.plan.explain import explain, explain_limits, explained
from siting.plan.plan import Plan
from siting.plan.price import PriceOptions, price_waivers
from siting.plan.programme import plan_programme
from siting.plan.replan import replan
from siting.plan.scenarios import plan_uncertain
from siting.plan.worth import worth_table
from siting.rules.clause import Rulebook
from siting.rules.features import FEATURE_CLASSES
from siting.rules.profiles import load_rulebook
from siting.sites.candidates import CandidateOptions, offer_candidates
from siting.sites.catalogue import load_catalogue
from siting.sites.moves import smallest_moves
from siting.sites.verdicts import judge
from siting.sites.zones import draw_zones
from siting.study import Study
from siting.study_options import (
    demand_options,
    figures_of,
    limits_of,
    parameters_of,
    search_limits,
    solver_options,
    source_options,
    turnover_of,
    walk_options,
)
from siting.study_programme import terms_at_once

__all__ = [
    "Finished",
    "Stages",
    "audit_drawn",
    "choose_plan",
    "frame_study",
    "plan_framing",
    "price_study",
    "raise_findings",
    "read_sources",
    "run_study",
]

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
            "goal": str(plan.solution.aim),
            "objective": plan.solution.objective,
            "bound": plan.solution.bound,
            "sites": len(plan.funded),
            "ports": int(plan.funded["ports"].sum()),
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
    district = read_district(source_options(study))
    if study.reach.steps == "closed":
        district = without_steps(district)
    district = note_slopes(district, walk_options(study).slopes)
    return attest(district, (item.record() for item in study.attestations), FEATURE_CLASSES)


def frame_study(study: Study, stages: Stages) -> Framing:
    """Go from the sources to the numbers: everything up to, but not including, the choice."""
    with study.named():
        return _framed(study, stages)


def _framed(study: Study, stages: Stages) -> Framing:
    with stages.stage("facts"):
        district = read_sources(study)
    with stages.stage("law"):
        rulebook = _rulebook(study)
        catalogue = load_catalogue(figures_of(study, district))
    with stages.stage("options"):
        zones = draw_zones(district, rulebook, tuple(Kind(kind) for kind in study.facility.kinds), catalogue)
        candidates = offer_candidates(
            zones, catalogue, CandidateOptions(max_per_compound=study.facility.max_per_compound)
        )
        if study.replan is not None:
            candidates = carry_over(candidates, study.replan.run)
    with stages.stage("cables"):
        candidates = lay_cables(candidates) if study.facility.cable == "ground" else candidates
    with stages.stage("verdicts"):
        verdicts = judge(
            candidates, admit=study.rules.admitted(), waivers=tuple(item.record() for item in study.waivers)
        )
    with stages.stage("reach"):
        demand = with_turnover(estimate_demand(district, demand_options(study)), turnover_of(study))
        links = measure_links(verdicts, demand, walk_options(study))
        power = connect_power(verdicts)
    with stages.stage("problem"):
        asked = limits_of(study)
        try:
            return frame_problem(links, power, asked)
        except InfeasibleError as error:
            raise explained(error, lambda: explain_limits(links, power, asked)) from error


def _rulebook(study: Study) -> Rulebook:
    rules = study.rules
    return load_rulebook(rules.profile, on=rules.on, stage=rules.stage, require=rules.require)


def plan_framing(framing: Framing, study: Study, stages: Stages) -> Plan:
    """Choose: solve the framed problem and say what the numbers mean.

    Sites that each leave a fire engine its way may block it together; such sets are banned one by one, and the
    choice is made again (see `siting.plan.choice`).
    """
    with stages.stage("choice"), study.named():
        return choose(framing, partial(_decided, study=study), announce=stages.announce)


def _decided(framing: Framing, study: Study) -> Plan:
    try:
        return choose_plan(framing, study)
    except InfeasibleError as error:
        raise explained(error, lambda: explain(framing)) from error


def choose_plan(framing: Framing, study: Study) -> Plan:
    """Return the plan of a framed problem: at once, or over the years of its programme, for its scenarios."""
    section, limits = study.programme, search_limits(study)
    outlook = None if study.uncertainty is None else study.uncertainty.outlook()
    if study.replan is not None:
        terms = terms_at_once(study.rules.on, study.budget_cny) if section is None else section.terms()
        return replan(framing, terms, study.replan.again(), limits, outlook=outlook)
    if section is not None:
        return plan_programme(framing, section.terms(), limits, outlook=outlook)
    if outlook is not None:
        return plan_uncertain(framing, outlook, limits, solver_options(study))
    return solved_by(solver_options(study))(framing)


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
        walks = trace_walks(plan.framing.links, plan.links, walk_options(study))
    worth = None
    if study.output.worth:
        with stages.stage("worth"):
            again = None if study.is_at_once else partial(choose_plan, study=study)
            worth = worth_table(plan, solver_options(study), again=again, announce=announce)
    run = Run(
        plan=plan,
        moves=moves,
        walks=walks,
        worth=worth,
        study=study.as_dict(),
        parameters=parameters_of(study, plan),
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
    rulebook = _rulebook(study)
    return audit_sites(read_drawn_sites(sites, district.crs, kind=kind), district, rulebook, kind=kind)


def price_study(study: Study, stages: Stages, *, most: int, per: str = "place") -> tuple[Plan, pd.DataFrame]:
    """Return the plan of a study and what one waiver each would bring it; see `siting.plan.price`."""
    study = study.at_once()  # for the estimate: what a waiver is priced against
    plan = plan_framing(frame_study(study, stages), study, stages)
    options = PriceOptions(walk=walk_options(study), solver=solver_options(study), most=most, per=per)
    return plan, price_waivers(plan, options, announce=stages.announce)
