"""Facts, made up: a DXF drawing, tag by tag as a CAD program writes it. Coordinates are drawing units."""

from collections.abc import Sequence

__all__ = ["drawing", "line", "point", "polyline", "text"]

Point = tuple[float, float]


def _tags(*pairs: tuple[int, object]) -> str:
    return "".join(f"{code}\n{value}\n" for code, value in pairs)


def polyline(layer: str, points: Sequence[Point], handle: str, *, closed: bool = False) -> str:
    """Return a polyline through `points`."""
    corners = [pair for x, y in points for pair in ((10, x), (20, y))]
    return _tags((0, "LWPOLYLINE"), (5, handle), (8, layer), (90, len(points)), (70, int(closed)), *corners)


def line(layer: str, start: Point, end: Point, handle: str) -> str:
    """Return a straight line."""
    ends = ((10, start[0]), (20, start[1]), (11, end[0]), (21, end[1]))
    return _tags((0, "LINE"), (5, handle), (8, layer), *ends)


def text(layer: str, at: Point, words: str, handle: str) -> str:
    """Return a text at a point."""
    return _tags((0, "TEXT"), (5, handle), (8, layer), (10, at[0]), (20, at[1]), (40, 2.5), (1, words))


def point(layer: str, at: Point, handle: str) -> str:
    """Return a point."""
    return _tags((0, "POINT"), (5, handle), (8, layer), (10, at[0]), (20, at[1]))


def drawing(*entities: str, version: str = "AC1015", codepage: str = "ANSI_936") -> str:
    """Return a whole drawing; its version and code page are what it says of itself."""
    head = _tags((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, version), (9, "$DWGCODEPAGE"), (3, codepage))
    body = _tags((0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")) + "".join(entities)
    return head + body + _tags((0, "ENDSEC"), (0, "EOF"))
