"""Pictures of the report as inline SVG: text stays text in the page's own fonts, so Chinese needs no font file."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup, escape

from siting.outputs import view
from siting.outputs.run import Run
from siting.outputs.styles import PALETTE
from siting.outputs.texts import LANGUAGES, Texts
from siting.outputs.words import Words, format_number

__all__ = ["bilingual", "coverage_chart", "plan_picture"]

_WIDTH = 1000.0
_MARGIN_M = 25.0
_SHARPNESS_M = 0.3  # outlines are simplified by this much: less than a printed dot
_SCALE_STEPS_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_PIN = 11.0  # radius
_PINS_APART = 25.0  # between centres: 2 x (radius + half the rim), and a hair
_MOST_PUSHES = 200
_GREEN = ("green", "pitch", "playground")


@dataclass(frozen=True)
class _Frame:
    """The piece of ground shown, in metres, and units of the drawing for one metre."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, shapes: gpd.GeoSeries) -> "_Frame":
        west, south, east, north = shapes.total_bounds
        return cls(west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)

    @property
    def scale(self) -> float:
        return _WIDTH / (self.east - self.west)

    @property
    def height(self) -> float:
        return (self.north - self.south) * self.scale

    def units(self, coordinates: Any) -> Any:
        flipped = np.column_stack([coordinates[:, 0] - self.west, self.north - coordinates[:, 1]])
        return np.round(flipped * self.scale, 1)


def bilingual(key: str, /, **values: Any) -> Markup:
    """Return one text in every language, each marked with its own; the page shows one of them."""
    spans = (Markup('<span lang="{}">{}</span>').format(lang, Texts.load(lang).t(key, **values)) for lang in LANGUAGES)
    return Markup("").join(spans)


def plan_picture(run: Run) -> Markup:
    """Return the plan as one SVG: ground, buildings by service, numbered sites, scale and north."""
    district = run.district
    shown = district.compounds.geometry
    frame = _Frame.around(shown if len(shown) else gpd.GeoSeries([district.study_area], crs=district.crs))
    parts = [
        *_ground(run, frame),
        *_built(run, frame),
        *_pins(run, frame),
        *_scale_bar(frame),
    ]
    label = escape(f"{district.name}")
    return Markup(
        f'<svg class="plan" viewBox="0 0 {_WIDTH:g} {frame.height:.0f}" role="img" aria-label="{label}"'
        f' xmlns="http://www.w3.org/2000/svg"><clipPath id="frame">'
        f'<rect width="{_WIDTH:g}" height="{frame.height:.0f}"/>'
        f'</clipPath><g clip-path="url(#frame)"><rect width="{_WIDTH:g}" height="{frame.height:.0f}" fill="#f2efe8"/>'
    ) + Markup("").join([*parts, Markup("</g></svg>")])


def _ground(run: Run, frame: _Frame) -> Iterable[Markup]:
    district, obstacles = run.district, run.district.obstacles
    yield _path(district.compounds.geometry, frame, fill="#fdfaf3")
    yield _path(_areas(obstacles[obstacles["kind"].isin(_GREEN)].geometry), frame, fill=PALETTE["green"])
    water = obstacles[obstacles["kind"].eq("water")].geometry
    streams = water.geom_type.isin(["LineString", "MultiLineString"])
    yield _path(water[~streams], frame, fill=PALETTE["water"])
    yield _path(water[streams], frame, stroke=PALETTE["water"], width=3.0)
    yield _path(district.parking.geometry, frame, fill=PALETTE["parking"])
    drivable = district.roads[district.roads["drivable"].astype(bool)]
    paths = district.roads[~district.roads["drivable"].astype(bool)]
    width = max(2.0, 4.0 * frame.scale)
    yield _path(drivable.geometry, frame, stroke="#cfc9bc", width=width + 1.6)
    yield _path(drivable.geometry, frame, stroke="#ffffff", width=width)
    yield _path(paths.geometry, frame, stroke="#b5aea0", width=1.0, dash="4 3")
    yield _path(district.compounds.geometry, frame, stroke=PALETTE["compound"], width=1.6, dash="7 3")
    yield _path(district.barriers.geometry, frame, stroke=PALETTE["barrier"], width=1.0)


def _areas(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    return shapes[shapes.geom_type.isin(["Polygon", "MultiPolygon"])]


def _built(run: Run, frame: _Frame) -> Iterable[Markup]:
    buildings = run.district.buildings.geometry
    state = view.building_service(run)["state"].reindex(buildings.index)
    yield _path(buildings[state.isna()], frame, fill=PALETTE["building"], stroke="#aaa497", width=0.5)
    for name in ("served", "partly", "unserved"):
        yield _path(buildings[state.eq(name)], frame, fill=PALETTE[name], stroke="#6f7f8b", width=0.5)
    yield _path(run.plan.sites.geometry, frame, fill=PALETTE["site"], stroke="#ffffff", width=0.8)


def _pins(run: Run, frame: _Frame) -> Iterable[Markup]:
    centres = frame.units(shapely.get_coordinates(shapely.centroid(run.plan.sites.geometry.to_numpy())))
    pins = _apart(centres, (_PIN, _WIDTH - _PIN), (_PIN, max(frame.height - _PIN, _PIN)))
    for (x, y), (at_x, at_y) in zip(pins, centres, strict=True):
        if math.hypot(x - at_x, y - at_y) > _PIN / 2:  # a pin that was moved aside points at its site
            yield Markup(
                f'<path d="M{x:g} {y:g}L{at_x:g} {at_y:g}" stroke="{PALETTE["site"]}" stroke-width="1.4"/>'
                f'<circle cx="{at_x:g}" cy="{at_y:g}" r="2.4" fill="{PALETTE["site"]}"/>'
            )
    for number, ((x, y), tier) in enumerate(zip(pins, run.plan.sites["tier"], strict=True), start=1):
        fill, ink, rim = (PALETTE["site"], "#fff", "#fff")
        if tier == "reserve":  # not built with this money: hollow, as on the map
            fill, ink, rim = "#fff", PALETTE["site"], PALETTE["site"]
        dash = ' stroke-dasharray="3 2"' if tier == "reserve" else ""
        yield Markup(
            f'<circle cx="{x:g}" cy="{y:g}" r="11" fill="{fill}" stroke="{rim}" stroke-width="2"{dash}/>'
            f'<text x="{x:g}" y="{y + 4:g}" text-anchor="middle" font-size="11.5" font-weight="600" fill="{ink}">'
            f"{number}</text>"
        )


def _apart(centres: Any, across: tuple[float, float], down: tuple[float, float]) -> Any:
    """Return places for pins, in the drawing, none over another: those too near push each other aside."""
    places = np.clip(np.array(centres, dtype=float).reshape(-1, 2), *np.column_stack([across, down]))
    for _ in range(_MOST_PUSHES):
        step = places[:, np.newaxis] - places
        apart = np.hypot(step[..., 0], step[..., 1])
        near = np.triu(apart < _PINS_APART, 1)
        if not near.any():
            break
        for one, other in np.argwhere(near).tolist():
            gap, length = _PINS_APART - apart[one, other], apart[one, other]
            ahead = step[one, other] / length if length > 0 else np.array([np.cos(one + 1.0), np.sin(one + 1.0)])
            places[one] += 0.5 * gap * ahead
            places[other] -= 0.5 * gap * ahead
        places = np.clip(places, *np.column_stack([across, down]))
    return np.round(places, 1)


def _scale_bar(frame: _Frame) -> Iterable[Markup]:
    length_m = next((step for step in _SCALE_STEPS_M if step * frame.scale >= 80), _SCALE_STEPS_M[-1])
    width, x, y = length_m * frame.scale, 24.0, frame.height - 22
    yield Markup(
        f'<g fill="none" stroke="#3d4a46" stroke-width="1.5"><path d="M{x:g} {y - 6:.1f}V{y:.1f}H{x + width:.1f}'
        f'V{y - 6:.1f}"/></g><text x="{x + 6:g}" y="{y - 6:.1f}" font-size="13" fill="#3d4a46">{length_m} m</text>'
        f'<g transform="translate({_WIDTH - 34:g} 16)"><path d="M8 0L15 22L8 17L1 22Z" fill="#3d4a46"/>'
        '<text x="8" y="36" text-anchor="middle" font-size="13" font-weight="600" fill="#3d4a46">N</text></g>'
    )


def _path(
    shapes: gpd.GeoSeries,
    frame: _Frame,
    *,
    fill: str = "none",
    stroke: str = "none",
    width: float = 0.0,
    dash: str = "",
) -> Markup:
    """Return all `shapes` as one path; those outside the frame are left out, points too."""
    inside = shapes.cx[frame.west : frame.east, frame.south : frame.north]
    steps = "".join(
        _outline(part, frame)
        for shape in shapely.simplify(inside.to_numpy(), _SHARPNESS_M)
        if shape is not None
        for part in shapely.get_parts(shape)
    )
    if not steps:
        return Markup("")
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return Markup(
        f'<path d="{steps}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" stroke-width="{width:.2g}"'
        f'{dashes} stroke-linejoin="round"/>'
    )


def _outline(part: Any, frame: _Frame) -> str:
    if part.geom_type == "LineString":
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in frame.units(shapely.get_coordinates(part)))
    if part.geom_type != "Polygon":
        return ""
    rings = (part.exterior, *part.interiors)
    return "".join(
        "M" + "L".join(f"{x:g} {y:g}" for x, y in frame.units(shapely.get_coordinates(ring)[:-1])) + "Z"
        for ring in rings
    )


def coverage_chart(figures: pd.DataFrame, words: Words) -> Markup:
    """Return bars of served and wanted vehicles, one a compound in the order given (`view.compound_figures`)."""
    left, right, row = 210.0, 150.0, 24.0
    most = max(float(figures["demand"].max()), 1.0) if len(figures) else 1.0
    room = _WIDTH - left - right
    parts = []
    for number, (compound_id, item) in enumerate(figures.iterrows()):
        y = number * row
        wanted, served = item["demand"] / most * room, item["served"] / most * room
        share = "–" if pd.isna(item["coverage"]) else f"{100 * item['coverage']:.0f} %"
        text = f"{format_number(item['served'])} / {format_number(item['demand'])} · {share}"
        parts.append(
            Markup(
                '<text x="{:g}" y="{:g}" text-anchor="end" font-size="13">{}</text>'
                '<rect x="{:g}" y="{:g}" width="{:.1f}" height="15" rx="2" fill="{}"/>'
                '<rect x="{:g}" y="{:g}" width="{:.1f}" height="15" rx="2" fill="{}"/>'
                '<text x="{:.1f}" y="{:g}" font-size="12" fill="#4d5955">{}</text>'
            ).format(
                *(left - 10, y + 16, _short(words.label(str(compound_id)))),
                *(left, y + 4, max(wanted, 0.5), "#f0d9ad"),
                *(left, y + 4, served, PALETTE["served"]),
                *(left + wanted + 8, y + 16, text),
            )
        )
    height = max(len(figures), 1) * row + 4
    head = Markup('<svg class="chart" viewBox="0 0 {:g} {:g}" role="img" xmlns="http://www.w3.org/2000/svg">')
    return head.format(_WIDTH, height) + Markup("").join(parts) + Markup("</svg>")


def _short(name: str, longest: int = 22) -> str:
    width, kept = 0, ""
    for letter in name:
        width += 2 if ord(letter) > 255 else 1
        if width > longest + 4:
            return kept + "…"
        kept += letter
    return kept
