"""Commands that plan: `plan`, `sweep`, `waivers` and `demo`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from siting.cli import options as flag
from siting.cli.console import print_json, print_pairs, print_table, progress, say
from siting.errors import UsageError
from siting.study import Study, load_study

__all__ = ["demo", "plan", "sweep", "waivers"]

_MANY = 1000  # vehicles; below, a rounded figure and its share would not agree

OutFlag = Annotated[Path, typer.Option("--out", help="Run folder to write; an older run there is replaced. 输出目录。")]


def _study(
    study: Path | None,
    osm: Path | None,
    budget: float | None,
    layers: list[dict[str, str]],
    **others: Any,
) -> Study:
    names = {
        "rules": "rules.profile",
        "on": "rules.on",
        "kind": "facility.kinds",
        "radius": "reach.radius_m",
        "sharing": "reach.sharing",
        "compounds": "source.compounds",
        "solver": "solver.name",
        "gap": "solver.gap",
        "time_limit": "solver.time_limit_s",
        "timings": "output.timings",
        "worth": "output.worth",
        "goal": "goal.aim",
        "service_share": "goal.service_share",
        "floor_share": "limits.floor_share",
        "most_sites": "limits.most_sites",
    }
    flags = {names[name]: value for name, value in others.items()}
    return flag.study_from(study, {"source.osm": osm, "limits.budget_cny": budget, **flags}, layers)


def plan(
    study: flag.StudyArgument = None,
    *,
    osm: flag.OsmFlag = None,
    budget: flag.BudgetFlag = None,
    rules: flag.RulesFlag = None,
    kind: flag.KindFlag = None,
    radius: flag.RadiusFlag = None,
    out: OutFlag = Path("run"),
    layer: flag.LayerFlag = None,
    layer_crs: flag.CrsFlag = None,
    compounds: flag.CompoundsFlag = None,
    sharing: flag.SharingFlag = None,
    on: flag.OnFlag = None,
    solver: flag.SolverFlag = None,
    gap: flag.GapFlag = None,
    time_limit: flag.TimeLimitFlag = None,
    goal: flag.GoalFlag = None,
    service_share: flag.ServiceShareFlag = None,
    floor_share: flag.FloorShareFlag = None,
    most_sites: flag.MostSitesFlag = None,
    timings: Annotated[
        bool, typer.Option("--timings", help="Keep stage seconds in run.json (its bytes then differ from run to run).")
    ] = False,
    worth: Annotated[
        bool,
        typer.Option("--worth", help="Solve again without each chosen site: what it is worth, who follows. 点位价值。"),
    ] = False,
    as_json: flag.JsonFlag = False,
) -> None:
    """Plan what to build: from an OpenStreetMap file and a budget to a lawful, audited plan. 规划选址。"""
    asked = _study(
        study,
        osm,
        budget,
        flag.layer_sections(layer, layer_crs),
        rules=rules,
        on=on,
        kind=kind,
        radius=radius,
        sharing=sharing,
        compounds=compounds,
        solver=solver,
        gap=gap,
        time_limit=time_limit,
        timings=timings or None,
        worth=worth or None,
        goal=goal,
        service_share=service_share,
        floor_share=floor_share,
        most_sites=most_sites,
    )
    _run(asked, out, as_json=as_json)


def demo(
    *,
    out: OutFlag = Path("siting-demo"),
    as_json: flag.JsonFlag = False,
) -> None:
    """Run the main job on the embedded synthetic quarter and say where the map is. 演示。"""
    from siting.district.synthetic import dataset_path

    _run(load_study(dataset_path("quarter.toml")), out, as_json=as_json)


def sweep(
    study: flag.StudyArgument = None,
    *,
    budgets: Annotated[str, typer.Option("--budget", help="FROM:TO:STEP in CNY, e.g. 0:1000000:100000.")],
    osm: flag.OsmFlag = None,
    rules: flag.RulesFlag = None,
    kind: flag.KindFlag = None,
    radius: flag.RadiusFlag = None,
    layer: flag.LayerFlag = None,
    layer_crs: flag.CrsFlag = None,
    compounds: flag.CompoundsFlag = None,
    sharing: flag.SharingFlag = None,
    on: flag.OnFlag = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV file to write.")] = None,
    as_json: flag.JsonFlag = False,
) -> None:
    """Show what more money would bring: coverage against budget. 预算—覆盖率曲线。"""
    from siting.plan.sweep import parse_budgets, sweep_budgets

    steps = parse_budgets(budgets)
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        message = f"{out}: name a CSV file in an existing folder"
        raise UsageError(message)
    asked = _study(
        study,
        osm,
        steps[-1] if study is None else None,
        flag.layer_sections(layer, layer_crs),
        rules=rules,
        on=on,
        kind=kind,
        radius=radius,
        sharing=sharing,
        compounds=compounds,
    )
    from siting.pipeline import Stages, frame_study
    from siting.study_options import solver_options

    with progress(quiet=as_json) as announce:
        framing = frame_study(flag.set_aside(asked).with_budget(steps[-1]), Stages(announce))
        frame = sweep_budgets(framing, steps, solver_options(asked), announce=announce)
    if out is not None:
        frame.to_csv(out, index=False)
    if as_json:
        print_json(frame.to_dict(orient="records"))
    else:
        print_table("Coverage against money 预算—覆盖率", list(frame.columns), frame.to_numpy(dtype=object).tolist())


class Per(StrEnum):
    """What a waiver may name."""

    CANDIDATE = "candidate"
    PLACE = "place"
    COMPOUND = "compound"


def waivers(
    source: flag.SourceArgument,
    *,
    most: Annotated[int, typer.Option("--most", min=1, max=200, help="Waivers to ask about.")] = 5,
    per: Annotated[Per, typer.Option("--per", help="What one waiver names. 豁免对象。")] = Per.PLACE,
    as_json: flag.JsonFlag = False,
) -> None:
    """Price the law: what one clause relaxed at one place would bring, by solving again. 豁免的代价与收益。"""
    from siting.pipeline import Stages, price_study
    from siting.plan.price import why_nothing

    study = flag.set_aside(flag.study_of(source))
    with progress(quiet=as_json) as announce:
        base, frame = price_study(study, Stages(announce), most=most, per=per.value)
    if as_json:
        rows = [
            {str(key): None if value != value else value for key, value in row.items()}
            for row in frame.to_dict(orient="records")
        ]
        said = [item._asdict() for item in why_nothing(base, frame)] if len(frame) else []
        answer = {"served": base.served, "status": str(base.solution.status), "gap": base.solution.gap, "rows": rows}
        print_json(answer | {"why_nothing": said})
        return
    granted = int(frame["granted"].sum()) if len(frame) else 0
    with_them = f"with the {granted} granted" if granted else "without a waiver"
    say(f"{with_them}: {base.served:.0f} of {base.demand:.0f} vehicles, {base.solution.status_text}")
    for row in frame.to_dict(orient="records"):
        say(
            f"{'granted: ' if row['granted'] else ''}"
            f"{row['clause_id']} at {row['where']} ({row['compound_id']}): {row['freed']} candidates freed, "
            f"{row['sites']} used, {row['vehicles']:+.0f} vehicles, {row['households']:+.0f} households, "
            f"{row['spent_cny']:+,.0f} CNY; "
            f"at most {row['at_most']:+.0f} vehicles ({row['status']}, gap {100 * row['gap']:.3g} %)"
        )
    for english, chinese in why_nothing(base, frame) if len(frame) else ():
        say(f"{english} {chinese}")
    if frame.empty:
        say("no place is refused by one must alone 没有只被一条强制条款否决的用地")


def _run(study: Study, out: Path, *, as_json: bool) -> None:
    from siting.pipeline import raise_findings, run_study

    with progress(quiet=as_json) as announce:
        finished = run_study(study, out, announce=announce)
    summary = finished.summary()
    if as_json:
        print_json(summary | {"seconds": {name: round(value, 3) for name, value in finished.seconds.items()}})
    else:
        print_pairs(summary_lines(summary))
        for sentence in summary["reasons"]:
            say(sentence)
        say(f"map     {finished.folder / 'map.html'}")
        say(f"report  {finished.folder / 'report.html'}")
    raise_findings(finished)


def summary_lines(summary: dict[str, Any]) -> dict[str, str]:
    """Return the summary of a run as the lines that `plan` prints."""
    covered = 100.0 * summary["served"] / summary["demand"] if summary["demand"] else 0.0
    digits = 0 if summary["demand"] >= _MANY else 1  # few: households own a share of an electric car each
    title = summary["name"] + (" (synthetic data 合成数据)" if summary["synthetic"] else "")
    return {
        "study": title,
        "status": summary["status_text"],
        "sites": f"{summary['sites']} sites, {summary['ports']} ports",
        "served": f"{summary['served']:,.{digits}f} of {summary['demand']:,.{digits}f} vehicles ({covered:.1f} %)",
        "spent": f"{summary['spent_cny']:,.0f} CNY"
        if summary["budget_cny"] is None
        else f"{summary['spent_cny']:,.0f} of {summary['budget_cny']:,.0f} CNY",
        "refused": f"{summary['refused']} of {summary['candidates']} candidates, each with clause and distance",
        "audit": f"{summary['audit_findings']} findings in {summary['audit_checks']} checks",
    }
