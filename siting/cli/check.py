"""Commands that check and explain what was planned: `audit`, `compare` and `why`."""

from pathlib import Path
from typing import Annotated

import typer

from siting.cli import options as flag
from siting.cli.console import print_json, progress, say
from siting.errors import AuditError, UsageError
from siting.kinds import Kind

__all__ = ["audit", "compare", "why"]


def audit(
    run: Annotated[Path | None, typer.Argument(help="A run folder. 结果目录。", show_default=False)] = None,
    *,
    sites: Annotated[Path | None, typer.Option("--sites", help="Drawn sites (GeoJSON, GeoPackage).")] = None,
    osm: flag.OsmFlag = None,
    rules: flag.RulesFlag = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Kind of drawn sites that do not say theirs.")] = None,
    layer: flag.LayerFlag = None,
    layer_crs: flag.CrsFlag = None,
    compounds: flag.CompoundsFlag = None,
    on: flag.OnFlag = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for audit.json and audit.html.")] = None,
    as_json: flag.JsonFlag = False,
) -> None:
    """Re-measure a plan, or sites you drew, from the facts by other code. 独立复核。"""
    from siting.pipeline import audit_drawn
    from siting.plan.audit import audit_run, write_audit

    if (run is None) == (sites is None):
        message = "name a run folder, or --sites FILE with --osm FILE and --rules PROFILE; one of the two"
        raise UsageError(message)
    with progress(quiet=as_json) as announce:
        announce("audit")
        if run is not None:
            report = audit_run(run)
        elif sites is not None:
            flags = {"source.osm": osm, "source.compounds": compounds, "rules.profile": rules, "rules.on": on}
            study = flag.study_from(None, flags | {"limits.budget_cny": 0.0}, flag.layer_sections(layer, layer_crs))
            report = audit_drawn(study, sites, kind=Kind.create(kind) if kind else None)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_audit(report, out)
    if as_json:
        print_json(report.as_dict())
    else:
        for finding in report.findings:
            say(f"{finding.code}: {finding.sentence_en}")
        say(f"{len(report.findings)} findings in {report.checks} checks 问题数/检查数")
    if report.findings:
        message = f"{run or sites}: the audit has {len(report.findings)} findings"
        raise AuditError(message)


def compare(
    run_a: Annotated[Path, typer.Argument(help="A run folder.")],
    run_b: Annotated[Path, typer.Argument(help="Another run folder.")],
    *,
    lang: flag.LangFlag = "en",
    as_json: flag.JsonFlag = False,
) -> None:
    """Compare two runs: sites added, moved, dropped; who gains and who loses. 方案比较。"""
    from siting.plan.compare import compare_runs

    flag.language(lang)
    comparison = compare_runs(run_a, run_b)
    if as_json:
        print_json(comparison.as_dict())
    else:
        for sentence in comparison.sentences(lang):
            say(sentence)


def why(
    run: Annotated[Path, typer.Argument(help="A run folder. 结果目录。")],
    candidate: Annotated[str, typer.Argument(help="A candidate or site id, as in candidates.geojson. 候选点编号。")],
    *,
    lang: flag.LangFlag = "en",
    as_json: flag.JsonFlag = False,
) -> None:
    """Say all there is to say of one candidate: every clause, the smallest move, whom it serves, why (not). 为什么。"""
    from siting.outputs.card import read_card
    from siting.outputs.card_words import card_lines

    flag.language(lang)
    card = read_card(run, candidate)
    if as_json:
        print_json(card)
    else:
        for line in card_lines(card, lang):
            say(line)
