"""Facts: the datums of Chinese data. What a layer declares becomes WGS 84 here, to far better than a millimetre.

GCJ-02 (maps of AMap and Tencent) and BD-09 (Baidu) bend WGS 84 by 0.2-1.4 km. The amount changes 5 m over 0.9 km,
so one shift per city is not enough (GROUND.md section 5). The formulas are the published ones; what a provider serves
may differ from them by metres. The inverse is found by fixed-point iteration: the offset changes by less than 1 %
from a point to its image, so each round gains two digits. CGCS2000 and WGS 84 agree to decimetres and count as one.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from siting.errors import LayerError
from siting.geo import WGS84

__all__ = [
    "SHIFTS",
    "Datum",
    "bd09_from_wgs84",
    "gcj02_from_wgs84",
    "in_separate_region",
    "parse_datum",
    "shapes_from_wgs84",
    "shapes_to_wgs84",
    "wgs84_from_bd09",
    "wgs84_from_gcj02",
]

#: Names of the bent datums.
SHIFTS = ("gcj02", "bd09")

_AXIS_M, _ECCENTRICITY2 = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, as the published formula has it
_CHINA_WSEN_DEG = (72.004, 0.8293, 137.8347, 55.8271)  # outside, the formula bends nothing
_BAIDU = np.pi * 3000.0 / 180.0
_ROUNDS = 7

#: Where providers differ on whether the map is bent. Rough outlines (about 0.5 km), longitude and latitude.
_SEPARATE = MappingProxyType(
    {
        "Hong Kong": shapely.Polygon(  # along the Shenzhen River from Mirs Bay to Deep Bay
            [
                *((113.82, 22.13), (114.52, 22.13), (114.52, 22.55), (114.31, 22.56), (114.225, 22.545)),
                *((114.165, 22.56), (114.11, 22.53), (114.06, 22.515), (114.03, 22.50), (113.95, 22.48)),
                *((113.87, 22.42), (113.82, 22.35)),
            ]
        ),
        "Macau": shapely.Polygon(
            [(113.528, 22.10), (113.61, 22.10), (113.61, 22.21), (113.555, 22.215), (113.535, 22.20), (113.54, 22.15)]
        ),
        "Taiwan": shapely.Polygon(
            [(119.2, 23.0), (120.0, 21.7), (121.1, 21.7), (122.3, 24.6), (121.9, 25.7), (120.9, 25.5), (119.6, 24.1)]
        ),
    }
)

_WORDS = MappingProxyType(
    {
        "wgs84": "wgs84",
        "wgs1984": "wgs84",
        "cgcs2000": "cgcs2000",
        "国家2000": "cgcs2000",
        "2000国家大地坐标系": "cgcs2000",
        "天地图": "cgcs2000",
        "gcj02": "gcj02",
        "mars": "gcj02",
        "火星坐标": "gcj02",
        "高德": "gcj02",
        "腾讯": "gcj02",
        "bd09": "bd09",
        "bd09ll": "bd09",
        "百度": "bd09",
    }
)
_LABELS = MappingProxyType({4326: "wgs84", 4490: "cgcs2000"})
_FIRST_ZONE, _LAST_ZONE, _FIRST_ZONE_EPSG, _FIRST_MERIDIAN_EPSG = 25, 45, 4513, 4534


@dataclass(frozen=True, eq=False, kw_only=True)
class Datum:
    """What coordinates mean: a CRS, and by which published formula its degrees are bent.

    `everywhere`: the bend also holds in Hong Kong, Macau and Taiwan, where providers differ.
    """

    label: str
    crs: CRS
    shift: str = ""  # "" or one of SHIFTS
    everywhere: bool = False


def gcj02_from_wgs84(lonlat: Any, *, everywhere: bool = False) -> Any:
    """Return WGS 84 degrees, shape (n, 2), as GCJ-02; unbent outside China.

    Points of Hong Kong, Macau and Taiwan stay as they are unless `everywhere`.
    """
    return _forward(lonlat, lambda plain: plain + _gcj_offset(plain), everywhere)


def bd09_from_wgs84(lonlat: Any, *, everywhere: bool = False) -> Any:
    """Return WGS 84 degrees, shape (n, 2), as BD-09; like `gcj02_from_wgs84` elsewhere."""
    return _forward(lonlat, lambda plain: _baidu_from_gcj(plain + _gcj_offset(plain)), everywhere)


def wgs84_from_gcj02(lonlat: Any, *, everywhere: bool = False) -> Any:
    """Return GCJ-02 degrees, shape (n, 2), as WGS 84; the round trip closes below 1e-6 m.

    Within 0.6 km of the borders named in `gcj02_from_wgs84` a bent point and an unbent one cannot be told apart.
    """
    return _inverse(lonlat, lambda guess: guess + _gcj_offset(guess), everywhere)


def wgs84_from_bd09(lonlat: Any, *, everywhere: bool = False) -> Any:
    """Return BD-09 degrees, shape (n, 2), as WGS 84; like `wgs84_from_gcj02`."""
    return _inverse(lonlat, lambda guess: _baidu_from_gcj(guess + _gcj_offset(guess)), everywhere)


def _forward(lonlat: Any, bend: Any, everywhere: bool) -> Any:
    result = _pairs(lonlat).copy()
    bent = _bent(result, everywhere)
    result[bent] = bend(result[bent])
    return result


def _inverse(lonlat: Any, bend: Any, everywhere: bool) -> Any:
    given = _pairs(lonlat)
    result = given.copy()
    near = _in_formula(given)
    target = given[near]
    guess = target.copy()
    for _ in range(_ROUNDS):
        guess = guess + (target - bend(guess))
    result[near] = np.where(_bent(guess, everywhere)[:, np.newaxis], guess, target)
    return result


def _pairs(lonlat: Any) -> Any:
    return np.asarray(lonlat, dtype=float).reshape(-1, 2)


def _bent(lonlat: Any, everywhere: bool) -> Any:
    """Return which points of WGS 84 the maps bend."""
    inside = _in_formula(lonlat)
    if not everywhere:
        for region in _SEPARATE.values():
            inside &= ~shapely.contains_xy(region, *lonlat.T)
    return inside


def _in_formula(lonlat: Any) -> Any:
    west, south, east, north = _CHINA_WSEN_DEG
    lon, lat = lonlat.T
    return (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)


def _gcj_offset(lonlat: Any) -> Any:
    """Return the published offset in degrees."""
    lon, lat = lonlat.T
    x, y = lon - 105.0, lat - 35.0
    ripple = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    root = np.sqrt(np.abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple * 2.0 / 3.0
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple * 2.0 / 3.0
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY2 * np.sin(radians) ** 2
    per_lon = _AXIS_M / np.sqrt(magic) * np.cos(radians)
    per_lat = _AXIS_M * (1.0 - _ECCENTRICITY2) / (magic * np.sqrt(magic))
    return np.degrees(np.column_stack((east / per_lon, north / per_lat)))


def _baidu_from_gcj(lonlat: Any) -> Any:
    lon, lat = lonlat.T
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return np.column_stack((radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006))


def in_separate_region(lonlat: Any) -> str:
    """Return the name of the region where providers differ that holds the first such point, "" if none does."""
    pairs = _pairs(lonlat)
    return next((name for name, area in _SEPARATE.items() if shapely.contains_xy(area, *pairs.T).any()), "")


def shapes_to_wgs84(shapes: Any, datum: Datum) -> Any:
    """Return shapes (2D, None where there is none) in `datum` as WGS 84 degrees."""
    plain = _projected(shapes, datum.crs, WGS84)
    if not datum.shift:
        return plain
    straighten = wgs84_from_gcj02 if datum.shift == "gcj02" else wgs84_from_bd09
    return shapely.transform(plain, lambda xy: straighten(xy, everywhere=datum.everywhere))


def shapes_from_wgs84(shapes: Any, shift: str, *, everywhere: bool = True) -> Any:
    """Return shapes in WGS 84 degrees as degrees of a bent datum ("": as they are)."""
    if not shift:
        return shapes
    bend = gcj02_from_wgs84 if shift == "gcj02" else bd09_from_wgs84
    return shapely.transform(shapes, lambda xy: bend(xy, everywhere=everywhere))


def _projected(shapes: Any, crs: CRS, target: CRS) -> Any:
    transform = Transformer.from_crs(crs, target, always_xy=True).transform
    return shapely.transform(shapes, lambda xy: np.column_stack(transform(xy[:, 0], xy[:, 1])))


def parse_datum(text: str, name: str) -> Datum:
    """Return the datum called `text`, e.g. "gcj02", "bd09-everywhere", "cgcs2000 zone 37", "EPSG:4546".

    Raises `LayerError`, one line, for what is unknown.
    """
    word = re.sub(r"[\s_\-]", "", text.casefold())
    everywhere = word.endswith("everywhere")
    datum = _WORDS.get(word.removesuffix("everywhere"), "")
    if datum in SHIFTS:
        return Datum(label=datum, crs=WGS84, shift=datum, everywhere=everywhere)
    if word.startswith(("gcj", "bd09", "mars")):
        message = f"{name}: datum {text!r} is not known; choose gcj02 or bd09 in degrees, or convert it first"
        raise LayerError(message)
    zone = re.fullmatch(r"cgcs2000(zone|cm)(\d+)e?", word)
    if zone:
        crs: Any = _three_degree_epsg(zone[1], int(zone[2]), text, name)
    else:
        crs = {"wgs84": 4326, "cgcs2000": 4490}.get(datum, text.strip())
    try:
        found = _earthly(CRS.from_user_input(crs), name)
    except CRSError as error:
        message = f"{name}: CRS {text!r} is unknown; give a code such as EPSG:4490, or wgs84, cgcs2000, gcj02, bd09"
        raise LayerError(message) from error
    return Datum(label=_LABELS.get(found.to_epsg(), text.strip()), crs=found)


def _three_degree_epsg(what: str, number: int, text: str, name: str) -> int:
    """Return the EPSG code of a 3-degree zone: "zone" 37 has its number before the easting, "cm" 111 has not."""
    if what == "zone" and _FIRST_ZONE <= number <= _LAST_ZONE:
        return _FIRST_ZONE_EPSG + number - _FIRST_ZONE
    if what == "cm" and number % 3 == 0 and 3 * _FIRST_ZONE <= number <= 3 * _LAST_ZONE:
        return _FIRST_MERIDIAN_EPSG + number // 3 - _FIRST_ZONE
    message = f"{name}: {text!r} is no 3-degree zone; zones are {_FIRST_ZONE}-{_LAST_ZONE}, cm 75-135 in steps of 3"
    raise LayerError(message)


def _earthly(crs: CRS, name: str) -> CRS:
    if not (crs.is_geographic or crs.is_projected):
        message = f"{name}: CRS {crs.name!r} says no place on the globe; declare one with crs= (--layer-crs EPSG:...)"
        raise LayerError(message)
    return crs
