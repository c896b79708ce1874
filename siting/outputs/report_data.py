"""What report.html says: tables and sentences of the run, ready for the template, nothing drawn yet."""

from typing import Any

import pandas as pd

from siting.kinds import Kind, Outcome
from siting.outputs import signed, view
from siting.outputs.evidence_words import source_in_chinese
from siting.outputs.ledger_open import survey_text
from siting.outputs.programme import method_of, programme_rows, reserve_rows
from siting.outputs.replan import change_table, price_rows
from siting.outputs.run import Run
from siting.outputs.scenarios import scenario_rows
from siting.outputs.survey import survey_facts
from siting.outputs.texts import LANGUAGES, Texts
from siting.outputs.words import Words, format_gap, format_number, lost_figure, status_key, status_words_key

__all__ = ["report_data"]

#: Rows of a table in the report; the ledger has them all.
MOST_ROWS = 40
MOST_SURVEYS = 20
#: Of the figures that a site may be worth; vehicles need no word in a column of vehicles.
_UNITS = {"service": "", "cost": "CNY", "walking": "m", "floor": "%", "margin": "m"}


def report_data(run: Run) -> dict[str, Any]:
    """Return the values the template fills in; foreign text is still raw."""
    words = Words.of(run)
    ledger = view.ledger_rows(run)
    clauses = view.clause_table(run)
    return {
        "name": run.district.name,
        "synthetic": run.district.synthetic,
        "credit": "; ".join(view.credits(run)),
        "figures": _figures(run),
        "answer": {lang: _answer(run, lang) for lang in LANGUAGES},
        "question": {lang: _question(run, lang) for lang in LANGUAGES},
        "reasons": list(zip(words.reasons("zh"), words.reasons("en"), strict=True)),
        "sites": _sites(run),
        "worth": _worth(run),
        "open_sites": int(run.plan.sites["outcome"].eq(Outcome.NOT_EVALUATED.value).sum()),
        "refused": _refused(ledger, clauses),
        "survey": _survey(run, clauses, words),
        "unmapped": [
            words.label(key) for key in run.district.compounds.index[run.district.compounds["state"].eq("survey_first")]
        ],
        "clauses": clauses.reset_index().to_dict("records"),
        "signed": signed.signed_rows(run),
        "rulebook": run.rulebook,
        "method": method_of(run),
        "years": programme_rows(run),
        "reserve": reserve_rows(run),
        "scenarios": scenario_rows(run),
        "changes": change_table(run),
        "change_prices": price_rows(run),
        "solver": str(run.plan.solution.solver),
        "assumptions": list(zip(words.assumptions("zh"), words.assumptions("en"), strict=True)),
        "notes": list(zip(words.notes("zh"), words.notes("en"), strict=True)),
        "parameters": [
            (key, *(words.parameter(key, value, lang) for lang in ("zh", "en")))
            for key, value in sorted(run.parameters.items())
        ],
        "catalogue": _catalogue(run),
        "counts": run.district.counts(),
        "quality": _quality(run),
        "dropped": _dropped(run.district.dropped),
        "unreachable": run.links.unreachable["layer"].value_counts().sort_index().to_dict(),
        "inputs": run.district.inputs,
        "versions": dict(sorted(run.versions.items())),
        "audit": _audit(run, words),
        "upgrades": sorted(run.plan.upgrades.items()),
        "timestamp": run.timestamp.strftime("%Y-%m-%d"),
        "status": status_key(run.plan.solution.status),
    }


def _figures(run: Run) -> dict[str, str]:
    figures = view.totals(run)
    text = {key: format_number(value) for key, value in figures.items() if not isinstance(value, str)}
    coverage = figures["coverage"]
    text["coverage"] = "–" if coverage is None else f"{100 * coverage:.0f}%"
    text["coverage_width"] = f"{100 * (coverage or 0):.1f}"
    text["mean_walk_m"] = format_number(figures["mean_walk_m"])
    return text


def _kinds(run: Run, texts: Texts) -> str:
    kinds: tuple[Kind, ...] = run.zones.kinds
    return texts.t("report.and").join(texts.t(f"kind.{kind.value}") for kind in kinds)


def _question(run: Run, lang: str) -> str:
    texts, figures = Texts.load(lang), _figures(run)
    key = "report.question_text" if run.parameters.get("budget_cny") is not None else "report.question_free"
    return texts.t(
        key,
        name=run.district.name,
        compounds=figures["compounds"],
        demand=figures["demand"],
        vehicle=texts.t(f"vehicle.{run.demand.vehicle}"),
        kinds=_kinds(run, texts),
        budget=figures["budget_cny"],
        radius=format_number(run.links.radius_m),
        rules=run.rulebook.title_zh if lang == "zh" else run.rulebook.title_en,
        on=run.rulebook.on.isoformat(),
    )


def _answer(run: Run, lang: str) -> str:
    texts, figures = Texts.load(lang), _figures(run)
    key = "report.answer_text" if len(run.plan.sites) else "report.answer_empty"
    return texts.t(
        key,
        **figures,
        vehicle=texts.t(f"vehicle.{run.demand.vehicle}"),
        status=texts.t(status_words_key(run), gap=format_gap(run.plan.solution.gap)),
    )


def _sites(run: Run) -> list[dict[str, Any]]:
    walks = run.plan.links.groupby("site_id")["walk_m"].max()
    waivers = signed.waivers_of_sites(run)
    return [
        {
            "number": number,
            "id": site_id,
            "name": row["compound_name"] if isinstance(row["compound_name"], str) else row["compound_id"],
            "kind": row["kind"],
            "bays": format_number(row["bays"]),
            "ports": format_number(row["ports"]),
            "power": format_number(row["power_kw"], 1),
            "cost": format_number(row["cost_cny"]),
            "served": format_number(row["served"]),
            "households": format_number(row["households_served"]),
            "clearance": format_number(row["clearance_m"], 2),
            "walk": format_number(walks.get(site_id)),
            "outcome": row["outcome"],
            "waivers": waivers.get(str(site_id), ""),
            "tier": row["tier"],
            "year": str(row["year"]) if row["year"] else "",
        }
        for number, (site_id, row) in enumerate(run.plan.sites.iterrows(), start=1)
    ]


def _worth(run: Run) -> list[dict[str, Any]]:
    if run.worth is None:
        return []
    numbers = {name: number for number, name in enumerate(run.plan.sites.index, start=1)}
    worth: list[dict[str, Any]] = [
        {str(key): value for key, value in row.items()} for row in run.worth.head(MOST_ROWS).to_dict("records")
    ]
    return [
        {
            "number": numbers[row["site_id"]],
            "id": row["site_id"],
            "needed": bool(row["needed"]),
            "lost": " ".join((lost_figure(row)[1], _UNITS[lost_figure(row)[0]])).strip(),
            "instead": row["instead"],
        }
        for row in worth
    ]


def _refused(ledger: pd.DataFrame, clauses: Any) -> list[dict[str, Any]]:
    counts = view.refused_by_clause(ledger)
    most = float(counts["refused"].max()) if len(counts) else 1.0
    return [
        clauses.loc[clause_id].to_dict()
        | {
            "clause_id": clause_id,
            "refused": format_number(row["refused"]),
            "alone": format_number(row["alone"]),
            "compounds": format_number(row["compounds"]),
            "worst": format_number(-row["worst_margin"], 2) if row["worst_margin"] < 0 else None,
            "width": f"{100 * row['refused'] / most:.1f}",
        }
        for clause_id, row in counts.iterrows()
    ]


def _survey(run: Run, clauses: Any, words: Words) -> list[dict[str, Any]]:
    facts: Any = survey_facts(run)
    return [
        {
            "what": survey_text(row.fact, row.ask, row.subject, words.name(row.subject)),  # Chinese, English
            "laws": [clauses.loc[name].to_dict() for name in str(row.clause_ids).split(";")],
            "force": row.force,
            "sites": row.sites,
            "households": format_number(row.households),
            "freed": row.freed_candidates,
            "freed_households": format_number(row.freed_households),
        }
        for row in facts.head(MOST_SURVEYS).itertuples(index=False)
    ]


def _catalogue(run: Run) -> list[dict[str, Any]]:
    kinds = {kind.value for kind in run.zones.kinds}
    frame = run.candidates.catalogue.as_frame()
    rows: Any = frame[frame["kind"].isin(kinds)].to_dict("records")
    return [row | {"source_zh": source_in_chinese(row["source"])} for row in rows]


def _quality(run: Run) -> dict[str, str]:
    buildings = run.district.buildings
    homes = run.demand.frame
    return {
        "heights": format_number(100 * float(buildings["height_source"].isin(["tag", "planner", "survey"]).mean()))
        if len(buildings)
        else "–",
        "households": format_number(100 * float(homes["households_source"].ne("estimate").mean()))
        if len(homes)
        else "–",
        "error": format_number(run.district.position_error_m, 2),
    }


def _dropped(dropped: pd.DataFrame) -> list[tuple[str, str, int]]:
    counts: Any = dropped.groupby(["layer", "reason"], sort=True).size().sort_values(ascending=False, kind="stable")
    return [(str(layer), str(reason), int(count)) for (layer, reason), count in counts.items()]


def _audit(run: Run, words: Words) -> dict[str, Any] | None:
    if run.audit is None:
        return None
    return {
        "checks": format_number(run.audit.get("checks")),
        "count": len(run.audit["findings"]),
        "findings": list(zip(words.findings("zh"), words.findings("en"), strict=True))[:MOST_ROWS],
        "notes": [str(note) for note in run.audit.get("notes", ())],
    }
