"""Coordinates and distances: the metric CRS of a place, and the one meaning of "not less than"."""

from typing import Any

from pyproj import CRS

__all__ = ["DISTANCE_EPSILON_M", "WGS84", "gauss_kruger_epsg", "metric_crs"]

WGS84 = CRS.from_epsg(4326)

#: "Not less than 6 m" includes 6.000 m: a shortfall below this is round-off, not a breach.
DISTANCE_EPSILON_M = 1e-9

_FIRST_MERIDIAN_DEG, _LAST_MERIDIAN_DEG = 75, 135
_FIRST_EPSG = 4534  # CGCS2000 / 3-degree Gauss-Kruger CM 75E; one code per 3 degrees follows
_CHINA_WSEN_DEG = (73.0, 17.0, 136.5, 54.0)


def gauss_kruger_epsg(lon_deg: float) -> int:
    """Return the EPSG code of the CGCS2000 3-degree zone (without zone prefix) around `lon_deg`."""
    meridian = min(max(3 * round(lon_deg / 3), _FIRST_MERIDIAN_DEG), _LAST_MERIDIAN_DEG)
    return _FIRST_EPSG + (meridian - _FIRST_MERIDIAN_DEG) // 3


def metric_crs(lon_deg: float, lat_deg: float) -> CRS:
    """Return the projected CRS in metres for a place: CGCS2000 3-degree zone in and around China, UTM elsewhere.

    Lengths agree with the ellipsoid to 0.02 % in a 3-degree zone and to 0.08 % in UTM.
    Raises `ValueError` for a longitude or latitude that is none.
    """
    if not (-180.0 <= lon_deg <= 180.0 and -84.0 <= lat_deg <= 84.0):
        message = f"no metric CRS for longitude {lon_deg:g}, latitude {lat_deg:g}"
        raise ValueError(message)
    west, south, east, north = _CHINA_WSEN_DEG
    if west <= lon_deg <= east and south <= lat_deg <= north:
        return CRS.from_epsg(gauss_kruger_epsg(lon_deg))
    zone = min(int((lon_deg + 180.0) // 6.0) + 1, 60)
    return CRS.from_epsg((32600 if lat_deg >= 0 else 32700) + zone)


def to_metric(frame: Any, crs: CRS) -> Any:
    """Return `frame` in `crs`; a frame without a CRS is refused by geopandas."""
    return frame if frame.crs == crs else frame.to_crs(crs)
