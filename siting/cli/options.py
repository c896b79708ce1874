"""The flags that several commands take, and how bare flags become a study."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from siting.cli.console import note
from siting.errors import UsageError
from siting.study import Study, load_study, make_study

__all__ = [
    "BudgetFlag",
    "CompoundsFlag",
    "CrsFlag",
    "FloorShareFlag",
    "GapFlag",
    "GoalFlag",
    "JsonFlag",
    "KindFlag",
    "LangFlag",
    "LayerFlag",
    "MostSitesFlag",
    "OnFlag",
    "OsmFlag",
    "RadiusFlag",
    "RulesFlag",
    "ServiceShareFlag",
    "SharingFlag",
    "SolverFlag",
    "SourceArgument",
    "StudyArgument",
    "TimeLimitFlag",
    "language",
    "layer_sections",
    "set_aside",
    "study_from",
    "study_of",
]

StudyArgument = Annotated[
    Path | None, typer.Argument(help="A study file (TOML); or use the flags. 研究文件。", show_default=False)
]
SourceArgument = Annotated[Path, typer.Argument(help="A study file or a run folder. 研究文件或结果目录。")]
OsmFlag = Annotated[
    Path | None, typer.Option("--osm", readable=False, help="OpenStreetMap file: .osm, .osm.gz, .osm.bz2, .osm.pbf.")
]
RulesFlag = Annotated[str | None, typer.Option("--rules", help="Rule profile by name, or your own TOML file. 规则集。")]
KindFlag = Annotated[
    list[str] | None, typer.Option("--kind", help="What may be built; repeat for several kinds. 设施类型。")
]
RadiusFlag = Annotated[float | None, typer.Option("--radius", help="Walking limit in metres. 步行距离上限(米)。")]
BudgetFlag = Annotated[float | None, typer.Option("--budget", help="Money in CNY. 预算(元)。")]
GoalFlag = Annotated[
    str | None,
    typer.Option(
        "--goal",
        help="What comes first: service (default), cost, walking, floor (the worst-off compound) or margin. 目标。",
    ),
]
ServiceShareFlag = Annotated[
    float | None,
    typer.Option("--service-share", help="Serve at least this share (0 to 1) of all weighted vehicles. 服务率下限。"),
]
FloorShareFlag = Annotated[
    float | None,
    typer.Option("--floor-share", help="Serve at least this share (0 to 1) in every compound in reach. 各小区下限。"),
]
MostSitesFlag = Annotated[int | None, typer.Option("--most-sites", help="Build at most so many sites. 点位数上限。")]
LayerFlag = Annotated[
    list[str] | None,
    typer.Option("--layer", help="ROLE=FILE of your own, over OpenStreetMap: compounds=…, buildings=…, transformers=…"),
]
CrsFlag = Annotated[
    str | None, typer.Option("--layer-crs", help="CRS of layers that do not say theirs, e.g. EPSG:4490.")
]
CompoundsFlag = Annotated[
    str | None, typer.Option("--compounds", help="osm: mapped residential areas; blocks: made from the streets.")
]
SharingFlag = Annotated[str | None, typer.Option("--sharing", help="Whose sites people may use: own or everyone.")]
OnFlag = Annotated[str | None, typer.Option("--on", help="Law in force on this day, YYYY-MM-DD (default: today).")]
SolverFlag = Annotated[str | None, typer.Option("--solver", help="highs or cbc.")]
GapFlag = Annotated[float | None, typer.Option("--gap", help="Stop within this share of the proven bound.")]
TimeLimitFlag = Annotated[float | None, typer.Option("--time-limit", help="Seconds the solver may take.")]
LangFlag = Annotated[str, typer.Option("--lang", help="en or zh.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def language(text: str) -> str:
    """Return the language of --lang; raise `UsageError` for any but en and zh."""
    if text not in ("en", "zh"):
        message = f"--lang {text!r} is unknown; choose en or zh"
        raise UsageError(message)
    return text


def layer_sections(layers: list[str] | None, crs: str | None) -> list[dict[str, str]]:
    """Turn ROLE=FILE, ROLE=FILE:LAYER and ROLE=postgresql://...#TABLE flags into the `layers` of a study."""
    sections = []
    for text in layers or []:
        role, equals, path = text.partition("=")
        if not equals or not role.strip() or not path.strip():
            message = f"--layer {text!r} is not ROLE=FILE, e.g. --layer compounds=compounds.gpkg"
            raise UsageError(message)
        section = {"role": role.strip(), **_where(path.strip())}
        sections.append(section if crs is None else section | {"crs": crs})
    return sections


def _where(text: str) -> dict[str, str]:
    """Return the source of a layer: FILE, FILE:LAYER where files hold several, or postgresql://...#TABLE."""
    if text.startswith("postgresql://"):
        url, _, table = text.partition("#")
        return {"url": url, "layer": table} if table else {"url": url}
    path, colon, layer = text.rpartition(":")
    if colon and layer and path.casefold().endswith((".gpkg", ".gdb", ".xlsx")):
        return {"path": path, "layer": layer}
    return {"path": text}


def study_of(source: Path) -> Study:
    """Return the study of a file, or the one that a run folder was planned from."""
    return load_study(source / "study.toml" if source.is_dir() else source)


def study_from(path: Path | None, flags: Mapping[str, Any], layers: list[dict[str, str]]) -> Study:
    """Return the study of a file, or of bare flags; flags given beside a file are refused, never half-used.

    `flags` maps "section.key" to a value, None where the flag was not given.
    """
    given = {key: value for key, value in flags.items() if value is not None}
    if path is not None:
        if given or layers:
            names = ", ".join([*given, *(["layers"] if layers else [])])
            message = f"{path}: a study file says it all; write {names} there, or leave the file out"
            raise UsageError(message)
        return load_study(path)
    if "source.osm" not in given and not layers:
        message = "nothing to plan: name a study file or --osm FILE"
        raise UsageError(message)
    data: dict[str, Any] = {"source": {}, "layers": layers}
    for key, value in given.items():
        section, name = key.split(".")
        data.setdefault(section, {})[name] = value
    if "budget_cny" not in data.get("limits", {}) and "goal" not in data:
        message = "--budget is missing: how much money is there, in CNY?"
        raise UsageError(message)
    return make_study(data)


def set_aside(study: Study) -> Study:
    """Return the study for one time and the estimate, and say which of its sections that leaves out."""
    if study.set_aside:
        note(f"asked at once and for the estimate: {', '.join(study.set_aside)} of the study set aside")
    return study.at_once()
