"""QGIS styles of plan.gpkg as QML text: one palette, safe for colour-blind eyes, labels in Chinese and English."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from siting.outputs.texts import Texts

__all__ = ["PALETTE", "STYLED", "style_qml"]

#: The colours of every picture the package draws (after Okabe and Ito, 2008, muted for large areas).
PALETTE: Mapping[str, str] = MappingProxyType(
    {
        "site": "#00695c",
        "accepted": "#1b8a7a",
        "refused": "#d1495b",
        "zone": "#c8553d",
        "served": "#3f7fb5",
        "partly": "#9cc3e0",
        "unserved": "#e5a53a",
        "building": "#d6d2c8",
        "building_line": "#9d978a",
        "sensitive": "#b48ead",
        "compound": "#7a5c3e",
        "road": "#b8b4aa",
        "green": "#cfe3c4",
        "water": "#b7d6ea",
        "barrier": "#6b6459",
        "hydrant": "#b03a2e",
        "parking": "#e3e6ee",
        "power": "#7a6a00",
        "hazard": "#a85b00",
    }
)


@dataclass(frozen=True)
class _Look:
    """How one class is drawn: `shape` is fill, line or marker; `width` in mm; `hatch` draws lines, no fill."""

    shape: str
    fill: str
    line: str
    width: float = 0.26
    opacity: float = 1.0
    hatch: bool = False
    dash: bool = False


@dataclass(frozen=True)
class _Style:
    """One layer: classes by the values of a column (value, text key, look), or one look for all."""

    column: str | None
    classes: tuple[tuple[str, str, _Look], ...]
    label: str | None = None


def _fill(fill: str, line: str, **more: float) -> _Look:
    return _Look("fill", PALETTE[fill], PALETTE[line], **more)  # type: ignore[arg-type]


_USES = {
    "residential": "building",
    "kindergarten": "sensitive",
    "school": "sensitive",
    "hospital": "sensitive",
    "elderly_care": "sensitive",
    "garage": "parking",
    "shed": "parking",
    "commercial": "road",
    "industrial": "road",
    "public": "road",
    "service": "road",
    "unknown": "building",
}

_STYLES: Mapping[str, _Style] = {
    "compounds": _Style(
        None, (("", "layer.compounds", _Look("fill", "", PALETTE["compound"], 0.5, dash=True)),), "name"
    ),
    "buildings": _Style(
        "use", tuple((use, f"use.{use}", _fill(colour, "building_line", width=0.15)) for use, colour in _USES.items())
    ),
    "service": _Style(
        "state",
        tuple(
            (state, f"service.{state}", _fill(state, "building_line", width=0.15))
            for state in ("served", "partly", "unserved")
        ),
    ),
    "entrances": _Style(None, (("", "layer.entrances", _Look("marker", PALETTE["compound"], "#ffffff", 1.2)),)),
    "roads": _Style(
        "drivable",
        (
            ("true", "road.drivable", _Look("line", "", PALETTE["road"], 0.7)),
            ("false", "road.path", _Look("line", "", PALETTE["road"], 0.3, dash=True)),
        ),
    ),
    "barriers": _Style(None, (("", "layer.barriers", _Look("line", "", PALETTE["barrier"], 0.35)),)),
    "gates": _Style(None, (("", "layer.gates", _Look("marker", "#ffffff", PALETTE["barrier"], 2.0)),)),
    "openings": _Style(
        "basis",
        (
            ("gate", "opening.gate", _Look("marker", PALETTE["accepted"], PALETTE["barrier"], 1.8)),
            ("way", "opening.way", _Look("marker", PALETTE["zone"], PALETTE["barrier"], 1.8)),
            ("assumed", "opening.assumed", _Look("marker", "#ffffff", PALETTE["zone"], 1.2)),
        ),
    ),
    "walks": _Style(None, (("", "layer.walks", _Look("line", "", PALETTE["hazard"], 0.4)),)),
    "parking": _Style(None, (("", "layer.parking", _fill("parking", "building_line", width=0.15)),)),
    "zones": _Style(
        None, (("", "layer.zones", _Look("fill", PALETTE["zone"], PALETTE["zone"], 0.1, opacity=0.45, hatch=True)),)
    ),
    "candidates": _Style(
        "accepted",
        (
            ("true", "candidate.accepted", _Look("fill", "", PALETTE["accepted"], 0.4)),
            ("false", "candidate.refused", _Look("fill", "", PALETTE["refused"], 0.3)),
        ),
    ),
    "groups": _Style(None, (("", "layer.groups", _Look("fill", "", PALETTE["site"], 0.15)),)),
    "parts": _Style(
        "part",
        tuple(
            (part, f"part.{part}", _Look("fill", colour, "#37474f", 0.1, opacity=opacity))
            for part, colour, opacity in (
                ("aisle", "#eceff1", 0.9),
                ("bay", "#ffffff", 1.0),
                ("cabinet", "#4db6ac", 1.0),
                ("pile", "#d32f2f", 1.0),
                ("roof", "#90a4ae", 0.5),
            )
        ),
    ),
    "sites": _Style(
        "kind",
        tuple(
            (kind, f"kind.{kind}", _Look("fill", colour, "#ffffff", 0.4))
            for kind, colour in (
                ("ebike_open", "#00897b"),
                ("ebike_shed", "#00695c"),
                ("ebike_cabinet", "#4db6ac"),
                ("ev_surface", "#5e35b1"),
                ("ev_garage", "#9575cd"),
            )
        ),
        "ports",
    ),
    "study_area": _Style(None, (("", "layer.study_area", _Look("fill", "", "#444444", 0.4, dash=True)),)),
}

#: The layers that carry a style, in the order they are written.
STYLED = tuple(_STYLES)


def style_qml(layer: str) -> str:
    """Return the QML document of one styled layer; raise `KeyError` if it has no style."""
    style = _STYLES[layer]
    symbols = "".join(_symbol(str(number), look) for number, (_, _, look) in enumerate(style.classes))
    if style.column is None:
        renderer = f'<renderer-v2 type="singleSymbol" symbollevels="0"><symbols>{symbols}</symbols></renderer-v2>'
    else:
        categories = "".join(
            f'<category value="{escape(value)}" symbol="{number}" label="{escape(_both(key))}" render="true"/>'
            for number, (value, key, _) in enumerate(style.classes)
        )
        renderer = (
            f'<renderer-v2 type="categorizedSymbol" attr="{style.column}" symbollevels="0">'
            f"<categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>"
        )
    labels = _labels(style.label) if style.label else ""
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        f'<qgis version="3.22" styleCategories="Symbology|Labeling|Fields" labelsEnabled="{int(bool(labels))}">'
        f"{renderer}{labels}{_aliases()}</qgis>\n"
    )


def _both(key: str) -> str:
    return f"{Texts.load('zh').t(key)} {Texts.load('en').t(key)}"


def _aliases() -> str:
    columns = Texts.load("zh").under("column")
    rows = "".join(
        f'<alias index="{number}" field="{name}" name="{escape(text)}"/>'
        for number, (name, text) in enumerate(sorted(columns.items()))
    )
    return f"<aliases>{rows}</aliases>"


def _symbol(name: str, look: _Look) -> str:
    body = {"fill": _fill_layers, "line": _line_layers, "marker": _marker_layers}[look.shape](look)
    return f'<symbol type="{look.shape}" name="{name}" alpha="{look.opacity:g}" clip_to_extent="1">{body}</symbol>'


def _fill_layers(look: _Look) -> str:
    if look.hatch:
        inner = _layer("SimpleLine", {"line_color": _rgba(look.line), "line_width": "0.18", "line_width_unit": "MM"})
        hatch = _layer(
            "LinePatternFill",
            {"angle": "45", "distance": "1.6", "distance_unit": "MM", "line_width": "0.18"},
            f'<symbol type="line" name="@0@0" alpha="1" clip_to_extent="1">{inner}</symbol>',
        )
        return hatch + _outline(look)
    if not look.fill:
        return _outline(look)
    return _layer(
        "SimpleFill",
        {
            "color": _rgba(look.fill),
            "style": "solid",
            "outline_color": _rgba(look.line),
            "outline_style": "solid",
            "outline_width": f"{look.width:g}",
            "outline_width_unit": "MM",
        },
    )


def _outline(look: _Look) -> str:
    return _layer(
        "SimpleLine",
        {
            "line_color": _rgba(look.line),
            "line_style": "dash" if look.dash else "solid",
            "line_width": f"{look.width:g}",
            "line_width_unit": "MM",
        },
    )


def _line_layers(look: _Look) -> str:
    return _outline(look)


def _marker_layers(look: _Look) -> str:
    return _layer(
        "SimpleMarker",
        {
            "name": "circle",
            "color": _rgba(look.fill),
            "outline_color": _rgba(look.line),
            "outline_width": "0.3",
            "outline_width_unit": "MM",
            "size": f"{look.width:g}",
            "size_unit": "MM",
        },
    )


def _layer(kind: str, options: Mapping[str, str], inner: str = "") -> str:
    rows: Iterable[str] = (f'<prop k="{key}" v="{value}"/>' for key, value in options.items())
    return f'<layer class="{kind}" enabled="1" pass="0" locked="0">{"".join(rows)}{inner}</layer>'


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _labels(column: str) -> str:
    return (
        '<labeling type="simple"><settings calloutType="simple">'
        f'<text-style fieldName="{column}" isExpression="0" fontSize="9" fontSizeUnit="Point" textColor="60,50,40,255"'
        ' fontFamily="Microsoft YaHei,Noto Sans CJK SC" namedStyle="Regular">'
        '<text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" bufferColor="255,255,255,255"/></text-style>'
        '<placement placement="1"/></settings></labeling>'
    )
