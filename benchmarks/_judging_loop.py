"""The plain loop: one footprint, `GeoSeries.distance` to every object, the decision; what a planner would script."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import GeometryCollection, LineString, Point
from shapely.ops import nearest_points

from siting.district.record import District
from siting.rules.clause import Clause, Metric
from siting.rules.features import Features, features_of
from siting.rules.measures import LAYOUT_METRICS, FacilityFacts, Shapes, gap_needs, requirement_of

WORST = ["FAIL", "UNCERTAIN", "NOT EVALUATED", "PASS"]
EPSILON = 1e-9
ROADSIDE_M = 12.0


class Loop:
    """One clause, its objects laid out as GeoSeries."""

    def __init__(self, clause: Clause, district: District, facility: FacilityFacts) -> None:
        self.clause, self.facility, self.value = clause, facility, float(clause.value or 0.0)
        if clause.to == "layout":
            return
        self.features = features_of(district, clause.to)
        self.series = _series(self.features)
        self.without = "NOT EVALUATED" if self.features.completeness.value == "unknown" else "PASS"
        if clause.metric is Metric.GAP_KEPT:
            self.one, self.other, self.owed = gap_needs(clause, district)
            self.others = self.series if self.other is self.one else _series(self.other)
        elif clause.metric is Metric.ROAD_DISTANCE:
            self.roads = features_of(district, "road")
            self.road_series = _series(self.roads)
            self.bands = [self._band(at) for at in range(len(self.series))]
        elif clause.metric is Metric.LANE_WIDTH:
            self.sides = features_of(district, "lane_side")
            self.side_series = _series(self.sides)
        else:
            self.needs = requirement_of(clause, district, facility)[1]

    def judge(self, shapes: Shapes, row: int) -> tuple[str, float, float]:
        footprint, metric = shapes.footprints[row], self.clause.metric
        if self.clause.to == "garage":  # the town has none
            return "NOT EVALUATED", np.nan, self.value
        if not self._applies(shapes, row):
            return "PASS", self._layout(shapes, row) if metric in LAYOUT_METRICS else np.nan, np.nan
        if metric in LAYOUT_METRICS:
            return self._limit(self._layout(shapes, row))
        if metric is Metric.EQUIPMENT:
            return "NOT EVALUATED", np.nan, 0.0
        if metric is Metric.GAP_KEPT:
            return self._gap(footprint)
        if metric is Metric.LANE_WIDTH:
            return self._width(footprint)
        apart = self.series.distance(footprint)
        if metric is Metric.COVER:
            return self._cover(apart)
        if metric is Metric.ROAD_DISTANCE:
            return self._along(footprint, apart)
        if metric is Metric.ADJACENCY:
            return self._touches(apart)
        return self._distance(footprint, apart)

    def _applies(self, shapes: Shapes, row: int) -> bool:
        area, bays = shapes.footprints[row].area, shapes.bays[row]
        figures = {"min_area_m2": area, "min_power_kw": bays * self.facility.port_kw}
        for name, limit in self.clause.when.items():
            figure = figures.get(name, bays)
            if figure > float(str(limit)) if name == "max_bays" else figure < float(str(limit)):
                return False
        groups = int((shapes.group_of == row).sum())
        return not (self.clause.metric is Metric.GROUP_GAP and groups == 1)

    def _layout(self, shapes: Shapes, row: int) -> float:
        groups = np.flatnonzero(shapes.group_of == row)
        ground = [shapes.group_shapes[at] for at in groups]
        metric = self.clause.metric
        if metric is Metric.GROUP_LENGTH:
            return float(max(shapes.group_length_m[groups]))
        if metric is Metric.GROUP_SIZE:
            return float(max(shapes.group_bays[groups]))
        if metric is Metric.GROUP_GAP:
            pairs = [(a, b) for a in range(len(ground)) for b in range(a)]
            return min((ground[a].distance(ground[b]) for a, b in pairs), default=np.nan)
        if metric is Metric.PLACE_SIZE:
            return float(shapes.bays[row])
        if metric is Metric.AREA_PER_VEHICLE:
            return float(shapes.footprints[row].area / shapes.bays[row])
        if metric is Metric.SOCKET_SPACING:
            return float(self.facility.socket_spacing_m)
        return float(self.facility.exits if metric is Metric.EXITS else self.facility.port_kw)

    def _limit(self, measured: float) -> tuple[str, float, float]:
        if np.isnan(measured):
            return "NOT EVALUATED", measured, self.value
        short = measured - self.value if self.clause.op == "<=" else self.value - measured
        return ("FAIL" if short > EPSILON else "PASS"), measured, self.value

    def _distance(self, footprint: Any, apart: pd.Series) -> tuple[str, float, float]:
        if not len(apart):
            return self.without, np.nan, self.needs.stated
        by_area = self.clause.metric is Metric.TURNING_AREA or (
            self.clause.metric is Metric.KEEP_CLEAR and self.clause.to != "fire_lane"
        )
        found = []
        for at in apart.index:
            low, high, error = self.needs.low[at], self.needs.high[at], self.features.errors_m[at]
            if apart[at] > self.needs.high.max() + self.features.errors_m.max() + 2 * EPSILON and at != apart.idxmin():
                continue
            measured = _clear(footprint, self.series[at], apart[at]) if by_area else apart[at]
            outcome = "UNCERTAIN"
            if measured - error >= high - EPSILON:
                outcome = "PASS"
            elif measured + error < low - EPSILON and not self.features.doubtful[at]:
                outcome = "FAIL"
            asked = low if outcome == "FAIL" else high
            found.append((WORST.index(outcome), measured - asked, measured, asked))
        rank, _, measured, asked = min(found, key=lambda item: item[:2])
        return (self.without if rank == 3 else WORST[rank]), measured, asked

    def _touches(self, apart: pd.Series) -> tuple[str, float, float]:
        error, doubtful = self.features.errors_m, self.features.doubtful
        near = [(0 if apart[at] <= EPSILON and not doubtful[at] else 1) for at in apart.index[apart <= error + EPSILON]]
        if near:
            return WORST[min(near)], float(near.count(min(near))), 0.0
        return self.without, 0.0 if len(apart) or self.without == "PASS" else np.nan, 0.0

    def _cover(self, apart: pd.Series) -> tuple[str, float, float]:
        nearest = apart.idxmin()
        measured, error = apart[nearest], self.features.errors_m[nearest]
        if measured + error <= self.value + EPSILON:
            return "PASS", measured, self.value
        if self.without != "PASS":
            return "NOT EVALUATED", measured, self.value
        return ("FAIL" if measured - error > self.value + EPSILON else "UNCERTAIN"), measured, self.value

    def _band(self, hydrant: int) -> tuple[int, float]:
        """Return the road a hydrant stands at (-1: none) and how far from its centreline the band reaches."""
        beside = self.road_series.distance(self.series[hydrant])
        if beside.min() > ROADSIDE_M:
            return -1, 0.0
        road = int(beside.idxmin())
        width = float(self.roads.attributes["width_m"][road])
        return road, max(2.0 if np.isnan(width) else width / 2.0, float(beside[road]))

    def _along(self, footprint: Any, apart: pd.Series) -> tuple[str, float, float]:
        reach = self.value + 2 * max(band for _, band in self.bands) + 3 * self.features.errors_m.max()
        found = []
        for at in apart.index[apart <= reach]:
            (road, band), error, measured, sure = self.bands[at], self.features.errors_m[at], apart[at], True
            if road >= 0 and footprint.distance(self.road_series[road]) <= band + error + EPSILON:
                line = self.road_series[road]
                foot = line.project(self.series[at].centroid)
                feet = [line.project(Point(corner)) for corner in footprint.exterior.coords]
                measured = min(measured, max(min(feet) - foot, foot - max(feet), 0.0))
                beside = footprint.distance(line)
                sure = beside <= band + EPSILON or apart[at] + error < self.value - EPSILON
            found.append(_decide(measured, self.value, self.value, error, sure=sure))
        rank, _, measured, _asked = min(found, default=(3, 0.0, np.nan, np.nan), key=lambda item: item[:2])
        return (self.without if rank == 3 else WORST[rank]), measured, self.value

    def _gap(self, footprint: Any) -> tuple[str, float, float]:
        errors = max(self.one.errors_m.max(initial=0.0), self.other.errors_m.max(initial=0.0))
        reach = self.owed.high.max() + 2 * errors + 2 * EPSILON
        first, second = self.series.distance(footprint), self.others.distance(footprint)
        found = []
        for i in first.index[first <= reach]:
            for j in second.index[second <= reach]:
                if self.one is self.other and j <= i:
                    continue
                pair = self.series[i], self.others[j]
                apart, error = pair[0].distance(pair[1]), self.one.errors_m[i] + self.other.errors_m[j]
                hull = GeometryCollection(list(pair)).convex_hull
                inside = _clear(footprint, hull, footprint.distance(hull))
                edge = max(self.one.errors_m[i], self.other.errors_m[j])
                if apart <= EPSILON or apart > self.owed.served_m + error + EPSILON:
                    continue
                if inside >= -EPSILON and inside > edge - EPSILON:
                    continue
                sure = inside < -EPSILON and apart <= self.owed.served_m - error + EPSILON
                low, high = (
                    t[self.owed.one_class[i], self.owed.other_class[j]] for t in (self.owed.low, self.owed.high)
                )
                sure = sure and not self.one.doubtful[i] and not self.other.doubtful[j]
                found.append(_decide(first[i] + second[j], low, high, error, sure=sure))
        return self._worst(found)

    def _width(self, footprint: Any) -> tuple[str, float, float]:
        apart = self.side_series.distance(footprint)
        found = []
        for at in apart.index[apart <= 2 * self.value + self.sides.errors_m.max(initial=0.0) + 2 * EPSILON]:
            if apart[at] <= EPSILON:
                continue
            here, there = nearest_points(footprint, self.side_series[at])
            beside = self.series.distance(LineString([here, there]))
            for lane in beside.index[beside <= self.features.errors_m + EPSILON]:
                error = max(self.sides.errors_m[at], self.features.errors_m[lane])
                found.append(_decide(apart[at], self.value, self.value, error, sure=beside[lane] <= EPSILON))
        return self._worst(found)

    def _worst(self, found: list[tuple[int, float, float, float]]) -> tuple[str, float, float]:
        if not found:
            return self.without, np.nan, np.nan
        rank, _, measured, asked = min(found, key=lambda item: item[:2])
        return (self.without if rank == 3 else WORST[rank]), measured, asked


def _series(features: Features) -> gpd.GeoSeries:
    return gpd.GeoSeries(features.shapes)


def _decide(measured: float, low: float, high: float, error: float, *, sure: bool) -> tuple[int, float, float, float]:
    rank = 1
    if measured - error >= high - EPSILON:
        rank = 3
    elif sure and measured + error < low - EPSILON:
        rank = 0
    asked = low if rank == 0 else high
    return rank, measured - asked, measured, asked


def _clear(footprint: Any, shape: Any, apart: float) -> float:
    if apart > EPSILON:
        return apart
    if shapely.get_dimensions(shape) < 2:
        return -0.001
    overlap = footprint.intersection(shape)
    return -2.0 * overlap.area / overlap.length if overlap.area > 0.0 else apart
