"""report.html: one file for the meeting: question, answer, plan, reasons, law, method, doubts; Chinese and English."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from siting.outputs import view
from siting.outputs.evidence_words import standard_in_chinese
from siting.outputs.pages import policy, read_asset, render
from siting.outputs.pictures import bilingual, coverage_chart, plan_picture
from siting.outputs.report_data import MOST_ROWS, report_data
from siting.outputs.run import Run
from siting.outputs.texts import LANGUAGES, Texts
from siting.outputs.words import Words

__all__ = ["write_report"]


def write_report(run: Run, path: Path) -> None:
    """Write report.html; both languages are inside, it opens in the study's (Chinese unless it says otherwise)."""
    language = str(run.study.get("output", {}).get("language", LANGUAGES[0]))
    script = read_asset("report.js").strip()
    figures = view.compound_figures(run).sort_values("demand", ascending=False, kind="stable")
    page = render(
        "report.html.j2",
        lang=language,
        title=f"{run.district.name} · {Texts.load(language).t('report.title')}",
        policy=policy(script),
        script=Markup(script),
        style=Markup(read_asset("report.css")),
        t=bilingual,
        pair=_pair,
        known=_known,
        law_name=_law_name,
        picture=plan_picture(run),
        chart=coverage_chart(figures.head(MOST_ROWS), Words.of(run)),
        more_compounds=max(len(figures) - MOST_ROWS, 0),
        d=report_data(run),
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def _pair(chinese: Any, english: Any) -> Markup:
    """Return a sentence of the run in both languages, escaped."""
    if chinese == english:
        return Markup("{}").format(chinese)
    return Markup('<span lang="zh">{}</span><span lang="en">{}</span>').format(chinese, english)


def _law_name(clause: Mapping[str, Any]) -> Markup:
    """Return standard and clause in both languages."""
    name = f"{clause['standard']} {clause['clause']}".strip()
    return _pair(standard_in_chinese(name), name)


def _known(prefix: str, name: str) -> Markup:
    """Return the catalogue's words for a name of data, or the name itself."""
    key = f"{prefix}.{name}"
    return bilingual(key) if key in Texts.load(LANGUAGES[0]).catalogue else Markup("{}").format(name)
