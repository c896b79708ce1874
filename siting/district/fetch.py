"""Facts from the network: OpenStreetMap data of a place, downloaded once into a file; the only module that goes online.

osmnx finds the place (Nominatim) and asks for the objects (Overpass); its answers are taken as they come from
the server and written as plain OpenStreetMap XML, so that what is planned from is always a file.
"""

import gzip
import json
import math
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from siting.district.classes import KEYS
from siting.district.tags import clean_text
from siting.errors import SourceError, UsageError

__all__ = ["LARGEST_KM2", "fetch_place"]

#: A district has a few square kilometres; more than this is a slip, and unkind to public servers.
LARGEST_KM2 = 400.0
_KM_PER_DEGREE = 111.2
_MARGIN_DEG = 0.004  # about 400 m of neighbours around a named place
_ENDINGS = (".osm", ".osm.gz")
_COPYRIGHT = "OpenStreetMap and contributors"
_LICENCE = "https://opendatacommons.org/licenses/odbl/1-0/"

Bbox = tuple[float, float, float, float]
Element = Mapping[str, Any]


@dataclass
class _Ear:
    """Listens to what the servers answer, refuses errors at once (osmnx would retry for ever), keeps the objects."""

    place: str
    elements: dict[tuple[str, int], Element] = field(default_factory=dict)

    def hear(self, response: Any, **_options: Any) -> None:
        """Take one answer; raise `SourceError` if it is an error, or no OpenStreetMap data."""
        content = response.content  # read before anything is raised, so that the connection closes
        host = response.url.split("/")[2]
        if response.is_redirect:
            return
        if response.status_code in (429, 504):
            message = f"{self.place}: {host} is busy ({response.status_code}); try again in a few minutes"
            raise SourceError(message)
        if not response.ok:
            reason = f"{response.status_code} {response.reason}"
            message = f"{self.place}: {host} answered {reason}; try again later, or use another server"
            raise SourceError(message)
        if response.url.split("?")[0].endswith("/interpreter"):
            for element in _elements_of(content, f"{self.place}: {host}"):
                self.elements[element["type"], element["id"]] = element


def fetch_place(
    place: str,
    path: Path,
    *,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    timeout_s: float = 180.0,
) -> None:
    """Download what OpenStreetMap knows of `place` into `path` (.osm or .osm.gz), readable by `read_osm`.

    `place` is a name that Nominatim finds, or "W,S,E,N" in degrees. Around a named place 400 m are added.
    `overpass_url` and `nominatim_url` are other servers than the public ones; `timeout_s` is the patience with each
    answer. The file appears only when it is complete.
    Raises `UsageError` for arguments that cannot be meant, `SourceError`, one line, for everything that the network
    or the servers refuse.
    """
    path = Path(path)
    _check_target(path)
    bbox = _bbox_from_text(place)
    ear = _Ear(clean_text(place))
    with _osmnx(ear, overpass_url, nominatim_url, timeout_s) as osmnx, _one_line_errors(ear.place):
        _download(osmnx, bbox or _find(osmnx, ear.place), ear.place)
    if not ear.elements:
        message = f"{ear.place}: OpenStreetMap has nothing there; check the name or the box (W,S,E,N)"
        raise SourceError(message)
    _write(ear.elements, path)


def _check_target(path: Path) -> None:
    if not path.name.casefold().endswith(_ENDINGS):
        message = f"{path.name}: can write {' or '.join(_ENDINGS)} only; name the file so"
        raise UsageError(message)
    if not path.parent.is_dir():
        message = f"{path}: its folder does not exist; make it first"
        raise UsageError(message)


def _bbox_from_text(text: str) -> Bbox | None:
    """Return the box "W,S,E,N", or None for a text that is a name."""
    parts = text.replace("，", ",").split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        if text.strip():
            return None
        message = "the place is blank; give a name, or W,S,E,N in degrees"
        raise UsageError(message) from None
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        message = f"place {text!r}: a box is four numbers, W,S,E,N in degrees"
        raise UsageError(message)
    west, south, east, north = numbers
    if not (-180 <= west < east <= 180 and -84 <= south < north <= 84):
        message = f"place {text!r} is not W,S,E,N in degrees (west < east, south < north; longitude first)"
        raise UsageError(message)
    box = (west, south, east, north)
    _check_size(box, text)
    return box


def _check_size(bbox: Bbox, place: str) -> None:
    west, south, east, north = bbox
    width_km = (east - west) * _KM_PER_DEGREE * math.cos(math.radians((south + north) / 2))
    area_km2 = width_km * (north - south) * _KM_PER_DEGREE
    if area_km2 > LARGEST_KM2:
        message = f"place {place!r} spans {area_km2:,.0f} km2, more than {LARGEST_KM2:g}; name a smaller place or a box"
        raise UsageError(message)


@contextmanager
def _osmnx(ear: _Ear, overpass_url: str | None, nominatim_url: str | None, timeout_s: float) -> Iterator[Any]:
    """Yield osmnx, set up to download through `ear`; its settings and the resolver it replaces are put back."""
    import osmnx  # slow to import, and nobody else needs it

    wanted = {
        "use_cache": False,
        "cache_only_mode": True,  # download, then stop: we want the answer, not osmnx's tables
        "overpass_rate_limit": False,  # would wait for minutes; `ear` says that the server is busy instead
        "doh_url_template": None,
        "requests_timeout": timeout_s,
        "requests_kwargs": {"hooks": {"response": ear.hear}},
        "http_user_agent": "siting (charging facility planning)",
        "overpass_settings": f"[out:json][timeout:{math.ceil(timeout_s)}]{{maxsize}}",
    }
    servers = {"overpass_url": overpass_url, "nominatim_url": nominatim_url}
    wanted |= {name: url for name, url in servers.items() if url is not None}
    before = {name: getattr(osmnx.settings, name) for name in wanted}
    resolver = socket.getaddrinfo
    try:
        for name, value in wanted.items():
            setattr(osmnx.settings, name, value)
        yield osmnx
    finally:
        socket.getaddrinfo = resolver
        for name, value in before.items():
            setattr(osmnx.settings, name, value)


@contextmanager
def _one_line_errors(place: str) -> Iterator[None]:
    """Turn every error of the network and of osmnx into one `SourceError`."""
    import requests

    try:
        yield
    except requests.exceptions.Timeout as error:
        message = f"{place}: the server did not answer in time; try again, or wait longer with --timeout"
        raise SourceError(message) from error
    except (requests.exceptions.ConnectionError, socket.gaierror) as error:
        message = (
            f"{place}: no connection to the server; check the network, or give an extract you have with --osm FILE"
        )
        raise SourceError(message) from error
    except requests.exceptions.RequestException as error:
        message = f"{place}: the request failed ({_short(error)}); check the server's address"
        raise SourceError(message) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # what osmnx raises for answers it cannot use
        message = f"{place}: the server's answer cannot be used ({_short(error)}); give the box W,S,E,N instead"
        raise SourceError(message) from error


def _short(error: BaseException) -> str:
    return " ".join(f"{error}".split())[:120] or type(error).__name__


def _find(osmnx: Any, place: str) -> Bbox:
    """Return the box around a named place, with a margin for its neighbours."""
    try:
        found = osmnx.geocode_to_gdf(place)
    except osmnx._errors.InsufficientResponseError as error:
        message = f"{place}: no such place is known to OpenStreetMap; try another spelling, or give the box W,S,E,N"
        raise SourceError(message) from error
    except TypeError as error:
        message = f"{place}: is mapped as a point, without extent; give the box W,S,E,N instead"
        raise SourceError(message) from error
    west, south, east, north = found.total_bounds.tolist()
    box = (west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG)
    _check_size(box, place)
    return box


def _download(osmnx: Any, bbox: Bbox, place: str) -> None:
    tags = {key: True for key in KEYS if ":" not in key}
    try:
        osmnx.features_from_bbox(bbox, tags)
    except osmnx._errors.CacheOnlyInterruptError:
        return  # as asked: everything was downloaded and heard
    message = f"{place}: osmnx did not stop after the download; this version of it is not known"
    raise SourceError(message)


def _elements_of(content: bytes, where: str) -> list[Element]:
    """Return the nodes, ways and relations of an Overpass answer."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        message = f"{where} did not answer with OpenStreetMap data; try again later, or use another server"
        raise SourceError(message) from error
    remark = answer.get("remark", "") if isinstance(answer, dict) else ""
    if "error" in str(remark).casefold():
        message = f"{where} gave up ({' '.join(str(remark).split())[:100]}); ask for a smaller box"
        raise SourceError(message)
    elements = answer.get("elements") if isinstance(answer, dict) else None
    if not isinstance(elements, list) or not all(map(_is_element, elements)):
        message = f"{where} answered with something that is not OpenStreetMap data; use another server"
        raise SourceError(message)
    return elements


def _is_element(element: Any) -> bool:
    if not isinstance(element, dict) or not isinstance(element.get("id"), int):
        return False
    tags = element.get("tags", {})
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return False
    if element.get("type") == "node":
        lon, lat = element.get("lon"), element.get("lat")
        return isinstance(lon, (int, float)) and isinstance(lat, (int, float)) and abs(lon) <= 180 and abs(lat) <= 90
    if element.get("type") == "way":
        refs = element.get("nodes", [])
        return isinstance(refs, list) and all(isinstance(ref, int) for ref in refs)
    members = element.get("members", [])
    return element.get("type") == "relation" and isinstance(members, list) and all(map(_is_member, members))


def _is_member(member: Any) -> bool:
    return (
        isinstance(member, dict)
        and isinstance(member.get("ref"), int)
        and member.get("type") in ("node", "way", "relation")
        and isinstance(member.get("role", ""), str)
    )


def _write(elements: Mapping[tuple[str, int], Element], path: Path) -> None:
    """Write OpenStreetMap XML beside `path`, then rename it: nodes, ways, relations, each by id."""
    order = ("node", "way", "relation")
    listed = [elements[key] for key in sorted(elements, key=lambda key: (order.index(key[0]), key[1]))]
    data = "".join(_lines(listed)).encode("utf-8")
    if path.name.casefold().endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".siting-") as folder:
            draft = Path(folder) / path.name
            draft.write_bytes(data)
            draft.replace(path)
    except OSError as error:
        message = f"{path.name}: cannot be written ({error.strerror}); check the folder"
        raise SourceError(message) from error


def _lines(elements: Iterable[Element]) -> Iterator[str]:
    yield "<?xml version='1.0' encoding='UTF-8'?>\n"
    credit = f"copyright={quoteattr(_COPYRIGHT)} license={quoteattr(_LICENCE)}"
    yield f'<osm version="0.6" generator="siting fetch" {credit}>\n'
    for element in elements:
        kind = element["type"]
        place = f' lat="{element["lat"]:.7f}" lon="{element["lon"]:.7f}"' if kind == "node" else ""
        yield f'  <{kind} id="{element["id"]}"{place}>\n'
        for ref in element.get("nodes", ()):
            yield f'    <nd ref="{ref}"/>\n'
        for member in element.get("members", ()):
            role = _attribute(member.get("role", ""))
            yield f'    <member type="{member["type"]}" ref="{member["ref"]}" role={role}/>\n'
        for key, value in sorted(element.get("tags", {}).items()):
            yield f"    <tag k={_attribute(key)} v={_attribute(value)}/>\n"
        yield f"  </{kind}>\n"
    yield "</osm>\n"


def _attribute(text: str) -> str:
    """Return `text` as a quoted XML attribute; controls and whatever else XML cannot hold become spaces."""
    return quoteattr("".join(letter if letter.isprintable() else " " for letter in text))
