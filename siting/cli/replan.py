"""Commands on plans that grow: `replan` from last year's run, `nested` over rising budgets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from siting.cli import options as flag
from siting.cli.console import print_json, print_table, progress, say
from siting.errors import UsageError
from siting.study import load_study

__all__ = ["nested", "replan"]

StudyFile = Annotated[Path, typer.Argument(help="A study file (TOML). 研究文件。")]


def replan(
    study: StudyFile,
    *,
    base: Annotated[
        Path | None, typer.Option("--from", help="Last year's run folder; or replan.run. 上年结果。")
    ] = None,
    built: Annotated[list[str] | None, typer.Option("--built", help="A built site's id; repeat. 已建点位。")] = None,
    least_gain: Annotated[
        float | None, typer.Option("--least-gain", help="Vehicles that giving up a planned site must bring.")
    ] = None,
    most_changes: Annotated[int | None, typer.Option("--most-changes", help="Planned sites that may go.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Run folder to write. 输出目录。")] = Path("run"),
    lang: flag.LangFlag = "en",
    as_json: flag.JsonFlag = False,
) -> None:
    """Plan again from last year's run: built sites stay, the rest changes only where worth it. 滚动调整。"""
    from siting.pipeline import raise_findings, run_study

    flag.language(lang)
    asked = load_study(study).with_replan(base, built, least_gain, most_changes)
    with progress(quiet=as_json) as announce:
        finished = run_study(asked, out, announce=announce)
    plan = finished.run.plan
    if plan.replanned is None:
        message = f"{study}: the plan does not start from a run"
        raise UsageError(message)
    if as_json:
        print_json(finished.summary() | {"replan": plan.replanned.as_dict()})
    else:
        for row in plan.replanned.as_dict()["changes"]:
            say(f"{row['change']:9}{row['old_site'] or '–'} → {row['site'] or '–'}: {row[f'reason_{lang}']}")
        for name, value, kept in plan.replanned.prices:
            say(f"{name:9}{value:,.1f} weighted vehicles, {kept} planned sites kept")
        for english, chinese in plan.reasons:
            say(chinese if lang == "zh" else english)
        say(f"map      {finished.folder / 'map.html'}")
    raise_findings(finished)


def nested(
    study: StudyFile,
    *,
    budgets: Annotated[str, typer.Option("--budgets", help="Rising budgets in CNY, e.g. 300000,600000,900000.")],
    as_json: flag.JsonFlag = False,
) -> None:
    """Plan for rising budgets, each plan containing the one before; show what insisting costs. 逐级预算嵌套方案。"""
    from siting.pipeline import Stages, frame_study
    from siting.plan.nested import nested_plans, parse_rising
    from siting.study_options import search_limits, solver_options

    steps = parse_rising(budgets)
    asked = flag.set_aside(load_study(study)).with_budget(steps[-1])
    with progress(quiet=as_json) as announce:
        framing = frame_study(asked, Stages(announce))
        frame = nested_plans(framing, steps, search_limits(asked), solver_options(asked), announce=announce)
    rows: list[dict[str, Any]] = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    if as_json:
        print_json(rows)
    else:
        print_table("Nested plans 嵌套方案", list(frame.columns), frame.to_numpy(dtype=object).tolist())
