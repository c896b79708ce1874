"""Where may charging stand in residential compounds, where should it stand, and why not there.

The flow, each arrow a function and each word a record::

    sources -> District + Rulebook -> Zones -> Candidates -> Verdicts -> Links -> Framing -> Solution -> Plan -> files

The names below are the public face; each is imported from its room on first use, so that `import siting` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siting.access.demand import DemandOptions, estimate_demand
    from siting.access.power import connect_power
    from siting.access.walking import WalkOptions, measure_links
    from siting.district.build import SourceOptions, read_district
    from siting.district.quality import inspect_district
    from siting.district.record import District
    from siting.errors import SitingError
    from siting.framing import Limits, frame_problem
    from siting.kinds import Kind, Outcome
    from siting.model.solver import SolverOptions, solve
    from siting.pipeline import run_study
    from siting.plan.audit import audit_run, audit_sites
    from siting.plan.compare import compare_runs
    from siting.plan.plan import make_plan
    from siting.rules.profiles import load_rulebook
    from siting.sites.candidates import CandidateOptions, offer_candidates
    from siting.sites.catalogue import load_catalogue
    from siting.sites.verdicts import judge
    from siting.sites.zones import draw_zones
    from siting.study import load_study, make_study

_HOMES = {
    "CandidateOptions": "siting.sites.candidates",
    "DemandOptions": "siting.access.demand",
    "District": "siting.district.record",
    "Kind": "siting.kinds",
    "Limits": "siting.framing",
    "Outcome": "siting.kinds",
    "SitingError": "siting.errors",
    "SolverOptions": "siting.model.solver",
    "SourceOptions": "siting.district.build",
    "WalkOptions": "siting.access.walking",
    "audit_run": "siting.plan.audit",
    "audit_sites": "siting.plan.audit",
    "compare_runs": "siting.plan.compare",
    "connect_power": "siting.access.power",
    "draw_zones": "siting.sites.zones",
    "estimate_demand": "siting.access.demand",
    "frame_problem": "siting.framing",
    "inspect_district": "siting.district.quality",
    "judge": "siting.sites.verdicts",
    "load_catalogue": "siting.sites.catalogue",
    "load_rulebook": "siting.rules.profiles",
    "load_study": "siting.study",
    "make_plan": "siting.plan.plan",
    "make_study": "siting.study",
    "measure_links": "siting.access.walking",
    "offer_candidates": "siting.sites.candidates",
    "read_district": "siting.district.build",
    "run_study": "siting.pipeline",
    "solve": "siting.model.solver",
}

__all__ = [
    "CandidateOptions",
    "DemandOptions",
    "District",
    "Kind",
    "Limits",
    "Outcome",
    "SitingError",
    "SolverOptions",
    "SourceOptions",
    "WalkOptions",
    "audit_run",
    "audit_sites",
    "compare_runs",
    "connect_power",
    "draw_zones",
    "estimate_demand",
    "frame_problem",
    "inspect_district",
    "judge",
    "load_catalogue",
    "load_rulebook",
    "load_study",
    "make_plan",
    "make_study",
    "measure_links",
    "offer_candidates",
    "read_district",
    "run_study",
    "solve",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its room on first use."""
    if name not in _HOMES:
        message = f"module 'siting' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
