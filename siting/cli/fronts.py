"""Commands that ask beyond one plan: `menu`, `front`, `alternatives`, `explain`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from siting.cli import options as flag
from siting.cli.console import print_json, print_table, progress, say
from siting.errors import UsageError
from siting.outputs.texts import Texts
from siting.outputs.words import format_gap, format_number
from siting.study import Study, load_study

__all__ = ["alternatives", "explain", "front", "menu"]

_WIDE = 0.02  # a gap of the menu from which a solve of the whole is worth its time
_TENTHS = 10  # of the whole menu's cost: the table that `menu` prints without a question


def menu(
    run: Annotated[Path, typer.Argument(help="A run folder; its menu is kept in it. 结果目录。")],
    *,
    budget: Annotated[
        list[float] | None, typer.Option("--budget", help="Money in CNY; may be repeated. 预算。")
    ] = None,
    coverage: Annotated[
        list[float] | None,
        typer.Option("--coverage", help="Percent of the vehicles to serve; may be repeated. 覆盖率。"),
    ] = None,
    years: Annotated[
        str | None, typer.Option("--years", help="Budgets A,B,C of following years in CNY. 分年预算。")
    ] = None,
    prices: Annotated[int, typer.Option("--prices", min=2, max=60, help="Prices of the menu, when it is made.")] = 12,
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="Processes, when it is made.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Make the menu again.")] = False,
    whole: Annotated[
        bool, typer.Option("--solve", help="Solve each question as a whole instead: slower, nearer.")
    ] = False,
    lang: flag.LangFlag = "en",
    as_json: flag.JsonFlag = False,
) -> None:
    """Answer any budget, coverage or split over years at once, from plans of each compound kept with the run. 菜单。

    The first call solves every piece of the problem at several prices and keeps that as menu.npz (minutes for a
    city); every later answer takes about a second and states its own proven gap.
    """
    from siting.plan.menu import MenuQuestion, answer_from, solved_again

    flag.language(lang)
    questions = [
        *(MenuQuestion(budget_cny=value) for value in budget or ()),
        *(MenuQuestion(coverage=value / 100.0) for value in coverage or ()),
        *([MenuQuestion(years_cny=_budgets(years))] if years is not None else ()),
    ]
    with progress(quiet=as_json) as announce:
        book, problem, study = _book(run, prices=prices, workers=workers, again=again, announce=announce)
        if book.pieces < 2 or whole:
            from siting.pipeline import Stages, frame_study
            from siting.study_options import solver_options

            announce("solve again")
            problem = problem or frame_study(study, Stages(announce)).problem
            asked = questions or [MenuQuestion(budget_cny=study.limits.budget_cny)]
            answers = [solved_again(problem, question, solver_options(study)) for question in asked]
        else:
            asked = questions or _tenths(book)
            answers = [answer_from(book, question) for question in asked]
    if as_json:
        print_json({"pieces": book.pieces, "plans": len(book.columns), "notes": list(book.notes), "answers": answers})
        return
    texts = Texts.load(lang)
    key = "menu.one_piece" if book.pieces < 2 else "menu.solved" if whole else "menu.held"
    say(texts.t(key, pieces=book.pieces, plans=format_number(len(book.columns)), prices=len(book.ledger.prices) - 1))
    for note in book.notes:
        say(note)
    for answer in answers:
        for line in _lines(answer, texts):
            say(line)
    if any(answer["method"] == "menu" and (answer["gap"] or 0.0) > _WIDE for answer in answers):
        say(texts.t("menu.wide", pieces=book.pieces))


def _book(run: Path, *, prices: int, workers: int, again: bool, announce: Any) -> tuple[Any, Any, Study]:
    """Return the menu of a run, made and kept if there is none; the framed problem if that was needed."""
    from siting.outputs.folder import is_run_folder
    from siting.plan.menu import kept_menu, make_menu_file

    if not is_run_folder(run):
        message = f"{run}: is no run folder; plan first (siting plan STUDY --out RUN)"
        raise UsageError(message)
    study = flag.set_aside(load_study(run / "study.toml"))
    book = None if again else kept_menu(run)
    if book is not None:
        return book, None, study
    from siting.model.menu_making import MenuOptions
    from siting.pipeline import Stages, frame_study

    problem = frame_study(study, Stages(announce)).problem
    options = MenuOptions(prices=prices, workers=max(workers, study.solver.workers), seed=study.solver.seed)
    return make_menu_file(problem, run, options, announce=announce), problem, study


def _budgets(text: str) -> tuple[float, ...]:
    try:
        budgets = tuple(float(part) for part in text.split(","))
    except ValueError:
        message = f"--years {text!r} is not a list of CNY, e.g. 200000,200000,100000"
        raise UsageError(message) from None
    if not 1 <= len(budgets) <= 20:
        message = f"--years names {len(budgets)} years; 1 to 20 are allowed"
        raise UsageError(message)
    return budgets


def _tenths(book: Any) -> list[Any]:
    """Return the questions of the table: tenths of what the dearest plan of the menu costs."""
    from siting.plan.menu import MenuQuestion

    dearest: dict[int, float] = {}
    for column in book.columns:
        dearest[column.piece] = max(dearest.get(column.piece, 0.0), column.cost_cny)
    step = sum(dearest.values()) / _TENTHS
    return [MenuQuestion(budget_cny=round(step * tenth, 0)) for tenth in range(1, _TENTHS + 1)]


def _lines(answer: dict[str, Any], texts: Texts) -> Iterator[str]:
    question = answer["question"]
    share = 100.0 * answer["served"] / answer["wanted"] if answer["wanted"] else 0.0
    figures = {
        "served": format_number(answer["served"]),
        "wanted": format_number(answer["wanted"]),
        "share": f"{share:.1f}",
        "cost": format_number(answer["cost_cny"]),
        "bound": format_number(answer["bound"]),
        "gap": format_gap(answer["gap"]),
        "sites": len(answer["sites"]),
        "seconds": f"{answer['seconds']:.2f}",
    }
    if "budget_cny" in question:
        yield texts.t("menu.budget", budget=format_number(question["budget_cny"]), **figures)
    elif "coverage" in question:
        key = "menu.coverage" if answer["reached"] else "menu.unreached"
        yield texts.t(key, asked=f"{100 * question['coverage']:g}", **figures)
    else:
        money = ", ".join(format_number(value) for value in question["years_cny"])
        yield texts.t("menu.years", years=money, sum=format_number(answer["objective"]), **figures)
        for number, (budget, spent) in enumerate(
            zip(question["years_cny"], answer["cost_by_year_cny"], strict=True), 1
        ):
            sites = sum(row["year"] == number for row in answer["sites"])
            yield texts.t(
                "menu.year", year=number, sites=sites, spent=format_number(spent), budget=format_number(budget)
            )


def alternatives(
    source: flag.SourceArgument,
    *,
    count: Annotated[int, typer.Option("--count", min=1, max=20, help="Plans to look for.")] = 3,
    within: Annotated[float, typer.Option("--within", min=0, max=100, help="Percent of service to give up.")] = 2.0,
    least: Annotated[int, typer.Option("--least", min=1, help="Places that must differ.")] = 1,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="For each of two searches a plan.")] = 30.0,
    lang: flag.LangFlag = "en",
    as_json: flag.JsonFlag = False,
) -> None:
    """Show other plans nearly as good on other ground, and what differs. 备选方案。"""
    from siting.model.alternatives import AlternativeOptions
    from siting.pipeline import Stages, frame_study, plan_framing
    from siting.plan.alternatives import alternatives_of
    from siting.study_options import solver_options

    flag.language(lang)
    study = flag.set_aside(flag.study_of(source))  # the plans that differ are plans for one time and the estimate
    options = AlternativeOptions(count=count, within=within / 100.0, least=least, seconds=seconds)
    with progress(quiet=as_json) as announce:
        stages = Stages(announce)
        plan = plan_framing(frame_study(study, stages), study, stages)
        found = alternatives_of(plan, options, solver_options(study), announce=announce)
    if as_json:
        print_json(found)
        return
    texts, best = Texts.load(lang), found["best"]
    figures = {"service": format_number(best["service"], 1), "cost": format_number(best["cost_cny"])}
    say(texts.t("alternatives.best", sites=len(best["sites"]), status=plan.solution.status_text, **figures))
    for number, item in enumerate(found["alternatives"], start=1):
        figures = {"service": format_number(item["service"], 1), "cost": format_number(item["cost_cny"])}
        key = "alternatives.proven" if item["proven"] else "alternatives.found"
        proof = texts.t(key, least=item["shared_at_least"])
        lost, places = f"{100 * item['share_lost']:.2f}", len(item["sites"])
        counts = {"number": number, "shared": item["shared"], "places": places}
        say(texts.t("alternatives.one", lost=lost, proof=proof, **counts, **figures))
        for name in ("added", "dropped"):
            if item[name]:
                say(texts.t(f"alternatives.{name}", names=", ".join(item[name])))
    say(found["stop"][lang])


def front(
    source: flag.SourceArgument,
    *,
    over: Annotated[str, typer.Option("--over", help="Two of coverage, cost, safety, walking.")] = "coverage,cost",
    points: Annotated[int, typer.Option("--points", min=0, max=200, help="Points; 0 for all there are.")] = 8,
    coverage: Annotated[
        float | None, typer.Option("--coverage", min=0, max=100, help="Percent to serve, if not a figure.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="For each solve; a point takes two.")] = 15.0,
    out: Annotated[Path | None, typer.Option("--out", help="HTML page to write: picture and table.")] = None,
    lang: flag.LangFlag = "en",
    as_json: flag.JsonFlag = False,
) -> None:
    """Show what one figure costs in another: proven plans of which none beats another. 指标取舍前沿。"""
    from siting.model.front import FrontOptions
    from siting.pipeline import Stages, frame_study
    from siting.plan.front import parse_figures, study_front
    from siting.study_options import solver_options

    flag.language(lang)
    aims = parse_figures(over)
    if out is not None and (
        out.is_dir() or out.suffix.lower() not in (".html", ".htm") or not out.absolute().parent.is_dir()
    ):
        message = f"{out}: name an HTML file (.html) in an existing folder"
        raise UsageError(message)
    study = flag.set_aside(flag.study_of(source))
    with progress(quiet=as_json) as announce:
        framing = frame_study(study, Stages(announce))
        solver = solver_options(study)
        solver = replace(solver, time_limit_s=min(solver.time_limit_s, seconds))
        options = FrontOptions(points=points or None, solver=solver)
        share = None if coverage is None else coverage / 100.0
        found = study_front(framing, aims, options, coverage=share, announce=announce)
    if out is not None:
        from siting.outputs.front_page import write_front

        write_front(found, out, name=study.name, lang=lang)
    if as_json:
        print_json(found.as_dict())
        return
    title = Texts.load(lang).t("front.title")
    print_table(title, list(found.table.columns), found.table.to_numpy(dtype=object).tolist())
    for item in found.stops:
        say(getattr(item, lang))


def explain(
    source: flag.SourceArgument,
    *,
    lang: flag.LangFlag = "en",
    as_json: flag.JsonFlag = False,
) -> None:
    """Say why there is no plan, or why it serves no more: what collides, what each limit would have to give. 解释。"""
    from siting.errors import InfeasibleError
    from siting.pipeline import Stages, frame_study, plan_framing

    flag.language(lang)
    study = flag.study_of(source)
    with progress(quiet=as_json) as announce:
        stages = Stages(announce)
        try:
            plan = plan_framing(frame_study(study, stages), study, stages)
        except InfeasibleError as error:
            if not error.details or as_json:
                raise
            said = error.details
            for name in ("collide", "ways_out", "ground", "partial_plan"):
                if said[name]:
                    say(Texts.load(lang).t(f"explain.{name}"))
                for item in said[name]:
                    say(f"  {item[lang]}")
            raise
    if as_json:
        print_json({"status": str(plan.solution.status), "reasons": [item._asdict() for item in plan.reasons]})
        return
    say(plan.solution.status_text)
    for item in plan.reasons:
        say(getattr(item, lang))
