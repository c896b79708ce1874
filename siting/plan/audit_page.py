"""The audit for people: one small page, Chinese and English side by side, without a script or a foreign address."""

from html import escape

from siting.kinds import Outcome
from siting.plan.audit_record import AuditReport, Finding, number

__all__ = ["audit_page"]

_STYLE = """
body { font: 15px/1.5 system-ui, "Noto Sans SC", "Microsoft YaHei", sans-serif; margin: 2rem auto; max-width: 70rem;
       padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.verdict { padding: .6rem 1rem; border-left: .4rem solid; border-radius: .2rem; }
.clean { background: #e8f5ec; border-color: #1a7f37; } .found { background: #fdecea; border-color: #b42318; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid #d0d7de; padding: .3rem .5rem; text-align: left; vertical-align: top; }
td.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.code { font-family: ui-monospace, monospace; font-size: .85rem; }
.scroll { overflow-x: auto; }
"""
_OUTCOMES = {
    Outcome.PASS: "通过",
    Outcome.FAIL: "不通过",
    Outcome.UNCERTAIN: "误差内不确定",
    Outcome.NOT_EVALUATED: "缺资料未判",
}


def audit_page(report: AuditReport) -> str:
    """Return the page as HTML; every text of the run is escaped."""
    state = "clean" if report.clean else "found"
    verdict_zh = "未发现问题" if report.clean else f"发现 {len(report.findings)} 个问题"
    verdict_en = "no findings" if report.clean else f"{len(report.findings)} findings"
    parts = [
        f'<!doctype html>\n<html lang="zh">\n<head><meta charset="utf-8"><title>独立复核 Audit</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n<body>',
        "<h1>独立复核 Independent audit</h1>",
        f'<p class="verdict {state}"><strong>{verdict_zh}</strong>(共 {report.checks} 项检查)<br>'
        f"<strong>{verdict_en}</strong> in {report.checks} checks</p>",
        "<p>复核只读已写出的文件,用另一套程序逐个对象重新量算,不用避让区、空间索引和求解器。<br>"
        "The audit reads the written files only and measures again, object by object, by other code: "
        "no zones, no spatial index, no solver.</p>",
        *(f"<p>{escape(note)}</p>" for note in report.notes),
        _findings(report.findings),
        _outcomes(report),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _findings(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return ""
    rows = "\n".join(
        f'<tr><td class="code">{escape(item.code)}</td><td>{escape(item.site_id or "")}</td>'
        f"<td>{escape(item.clause_id or '')}</td><td>{escape(item.feature_id or '')}</td>"
        f'<td class="figure">{_figure(item.measured)}</td><td class="figure">{_figure(item.required)}</td>'
        f"<td>{escape(item.unit)}</td><td>{escape(item.sentence_zh)}<br>{escape(item.sentence_en)}</td></tr>"
        for item in findings
    )
    heads = ("代码 Code", "选定点 Site", "条款 Clause", "对象 Object", "实测 Measured", "要求 Required", "单位", "")
    return f"<h2>问题 Findings</h2>\n{_table(heads, rows)}"


def _outcomes(report: AuditReport) -> str:
    frame = report.verdicts
    if frame.empty:
        return "<h2>条款 Clauses</h2>\n<p>没有选定点可量算。 No sites to measure.</p>"
    rows = []
    for clause_id, group in frame.groupby("clause_id", sort=True):
        counts = group["outcome"].value_counts()
        cells = "".join(f'<td class="figure">{int(counts.get(outcome.value, 0))}</td>' for outcome in _OUTCOMES)
        first = group.iloc[0]
        rows.append(
            f'<tr><td class="code">{escape(str(clause_id))}</td><td>{escape(first["metric"])}</td>'
            f"<td>{escape(first['force'])}</td>{cells}</tr>"
        )
    heads = ("条款 Clause", "指标 Metric", "效力 Force", *(f"{zh} {outcome}" for outcome, zh in _OUTCOMES.items()))
    return f"<h2>逐条重新量算 Measured again, clause by clause</h2>\n{_table(heads, chr(10).join(rows))}"


def _table(heads: tuple[str, ...], rows: str) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>'


def _figure(value: float | None) -> str:
    figure = number(value)
    return "" if figure is None else f"{figure:.3f}".rstrip("0").rstrip(".")
