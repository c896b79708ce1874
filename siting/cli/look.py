"""Commands that look before anything is planned: `fetch`, `inspect` and `rules`."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siting.cli import options as flag
from siting.cli.console import in_terminal, print_json, print_pairs, print_table, progress, say
from siting.errors import UsageError

if TYPE_CHECKING:
    from siting.district.quality import Inspection
    from siting.outputs.texts import Texts

__all__ = ["fetch", "inspect", "rules"]


def fetch(
    place: Annotated[str, typer.Argument(help="A place name, or W,S,E,N in degrees. 地名或经纬度范围。")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="OpenStreetMap file to write (.osm).")],
    overpass_url: Annotated[str | None, typer.Option(help="Another Overpass server.")] = None,
    nominatim_url: Annotated[str | None, typer.Option(help="Another Nominatim server.")] = None,
    timeout_s: Annotated[float, typer.Option("--timeout", min=1.0, help="Seconds to wait for a server.")] = 180.0,
    as_json: flag.JsonFlag = False,
) -> None:
    """Download OpenStreetMap data for a place; the only command that uses the network. 下载地图数据。"""
    from siting.district.fetch import fetch_place

    with progress(quiet=as_json) as announce:
        announce(f"fetching {place}")
        fetch_place(place, out, overpass_url=overpass_url, nominatim_url=nominatim_url, timeout_s=timeout_s)
    if as_json:
        print_json({"file": str(out), "bytes": out.stat().st_size})
    else:
        say(f"{out}: {out.stat().st_size:,} bytes; next: siting inspect {out}")


def inspect(
    source: Annotated[Path, typer.Argument(help="An OpenStreetMap file or a study file. 地图文件或研究文件。")],
    *,
    layer: flag.LayerFlag = None,
    layer_crs: flag.CrsFlag = None,
    compounds: flag.CompoundsFlag = None,
    lang: flag.LangFlag = "en",
    as_json: flag.JsonFlag = False,
) -> None:
    """Say what is there, what is missing, guessed or contradictory. 数据体检。"""
    from siting.district.quality import inspect_district
    from siting.outputs.texts import Texts
    from siting.pipeline import read_sources

    flag.language(lang)
    study_file = source if source.suffix == ".toml" else None
    flags = {
        "source.osm": None if study_file else source,
        "source.compounds": compounds,
        "limits.budget_cny": None if study_file else 0.0,
    }
    study = flag.study_from(study_file, flags, flag.layer_sections(layer, layer_crs))
    with progress(quiet=as_json) as announce:
        announce("facts")
        inspection = inspect_district(read_sources(study))
    if as_json:
        print_json(inspection.as_dict())
    else:
        print_pairs(_there(inspection, Texts.load(lang)))
        for sentence in inspection.sentences(lang):
            say(sentence)


def rules(
    profile: Annotated[str | None, typer.Argument(help="A rule profile; without one, all are listed. 规则集。")] = None,
    *,
    on: flag.OnFlag = None,
    diff: Annotated[str | None, typer.Option("--diff", help="Another profile: show only what differs.")] = None,
    stage: Annotated[str, typer.Option("--stage", help="existing or new: which compounds are planned.")] = "existing",
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a profile file.")] = False,
    as_json: flag.JsonFlag = False,
) -> None:
    """Show the clauses in force with value, force, source and confidence. 查看条款。"""
    from siting.rules.describe import rulebook_facts, rulebook_table
    from siting.rules.profiles import available_profiles, diff_rulebooks, load_rulebook
    from siting.rules.schema import schema_text

    if schema:
        say(schema_text().rstrip())
        return
    day = _day(on)
    findings: tuple[str, ...] = ()
    said: dict[str, object] = {}
    notes: tuple[str, ...] = ()
    if profile is None:
        if diff is not None:
            message = "--diff needs two profiles: siting rules PROFILE --diff OTHER"
            raise UsageError(message)
        books = [load_rulebook(name, on=day, stage=stage) for name in available_profiles()]
        columns = ["profile", "title_en", "title_zh", "chain", "clauses"]
        rows = [
            [book.profile, book.title_en, book.title_zh, " > ".join(book.chain), len(book.clauses)] for book in books
        ]
        title = f"Rule profiles on {day} 规则集"
    else:
        book = load_rulebook(profile, on=day, stage=stage)
        other = None if diff is None else load_rulebook(diff, on=day, stage=stage)
        frame = rulebook_table(book) if other is None else diff_rulebooks(book, other)
        columns = [str(column) for column in frame.columns]
        rows = frame.to_numpy(dtype=object).tolist()
        title = f"{book.title_en} {book.title_zh}, {day}" + (f" against {diff}" if diff else "")
        findings = (*book.findings, *(() if other is None else other.findings))
        said = rulebook_facts(book) if other is None else rulebook_facts(book) | {"diff": rulebook_facts(other)}
        notes = (*book.notes, *(() if other is None else other.notes))
    if as_json:
        plain = [{name: _plain(value) for name, value in zip(columns, row, strict=True)} for row in rows]
        print_json(
            {"on": str(day), "profile": profile, "stage": stage, "rows": plain, "findings": list(findings)} | said
        )
        return
    if profile is not None and diff is None and in_terminal():  # 25 columns: no screen is that wide
        for row in rows:
            say(_clause({name: str(value) for name, value in zip(columns, row, strict=True)}))
    else:
        print_table(title, columns, rows)
    for sentence in dict.fromkeys((*findings, *notes)):
        say(sentence)


def _clause(row: dict[str, str]) -> str:
    """Return a clause for people to read: what it asks of whom, its title, and where it was seen."""
    return (
        f"{row['clause_id']}  {row['force']}  {row['asks']} to {row['to']}  ({row['kinds']})\n"
        f"    {row['title_zh']}  {row['title_en']}\n"
        f"    {row['standard']} {row['clause']}; {row['confidence']}: {row['source']}"
    )


def _there(inspection: "Inspection", texts: "Texts") -> dict[str, str]:
    """Return what is there: the place, then a line for each layer with its kinds, the most frequent first."""
    area = f"{inspection.study_area_ha:,.0f} ha, {inspection.crs}"
    lines = {inspection.name: area + (f" ({texts.t('page.synthetic')})" if inspection.synthetic else "")}
    for layer, count in inspection.layers.items():
        kinds = sorted(inspection.kinds.get(layer, {}).items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{_word(texts, layer, kind)} {number:,}" for kind, number in kinds)
        lines[texts.t(f"layer.{layer}")] = f"{count:,}" + (f" ({named})" if named else "")
    return lines


def _word(texts: "Texts", layer: str, kind: str) -> str:
    """Return the catalogue's word for a kind of object, or the kind itself."""
    group = {"compounds": "state", "buildings": "use", "obstacles": "obstacle"}.get(layer, f"kind_of.{layer}")
    return texts.catalogue.get(f"{group}.{kind}", kind.replace("_", " "))


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"--on {text!r} is not a day; write YYYY-MM-DD"
        raise UsageError(message) from None


def _plain(value: object) -> object:
    if value is None or value != value:
        return None
    if isinstance(value, str | int | float | bool):
        return value
    return str(value)
