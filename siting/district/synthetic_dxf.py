"""Facts, made up: a DXF drawing, tag by tag as a CAD program writes it. Coordinates are drawing units."""

from collections.abc import Mapping, Sequence

__all__ = ["arc", "block", "circle", "drawing", "insert", "line", "point", "polyline", "text"]

Point = tuple[float, float]


def _tags(*pairs: tuple[int, object]) -> str:
    return "".join(f"{code}\n{value}\n" for code, value in pairs)


def polyline(
    layer: str, points: Sequence[Point], handle: str, *, closed: bool = False, bulges: Mapping[int, float] | None = None
) -> str:
    """Return a polyline through `points`; `bulges` (by number of the point, 1 is half a circle) bend what follows."""
    bent = bulges or {}
    corners = [
        pair
        for number, (x, y) in enumerate(points)
        for pair in ((10, x), (20, y), *(((42, bent[number]),) if number in bent else ()))
    ]
    return _tags((0, "LWPOLYLINE"), (5, handle), (8, layer), (90, len(points)), (70, int(closed)), *corners)


def line(layer: str, start: Point, end: Point, handle: str) -> str:
    """Return a straight line."""
    ends = ((10, start[0]), (20, start[1]), (11, end[0]), (21, end[1]))
    return _tags((0, "LINE"), (5, handle), (8, layer), *ends)


def arc(layer: str, centre: Point, radius: float, degrees: Point, handle: str) -> str:
    """Return an arc from one angle to another, counter-clockwise."""
    middle = ((10, centre[0]), (20, centre[1]), (40, radius))
    return _tags((0, "ARC"), (5, handle), (8, layer), *middle, (50, degrees[0]), (51, degrees[1]))


def circle(layer: str, centre: Point, radius: float, handle: str) -> str:
    """Return a circle."""
    return _tags((0, "CIRCLE"), (5, handle), (8, layer), (10, centre[0]), (20, centre[1]), (40, radius))


def block(name: str, *entities: str) -> str:
    """Return a block, drawn around its origin."""
    head = _tags((0, "BLOCK"), (8, "0"), (2, name), (70, 0), (10, 0.0), (20, 0.0), (30, 0.0), (3, name), (1, ""))
    return head + "".join(entities) + _tags((0, "ENDBLK"), (8, "0"))


def insert(layer: str, name: str, at: Point, handle: str, *, scale: Point = (1.0, 1.0), turn_deg: float = 0.0) -> str:
    """Return a block where it is inserted."""
    place = ((10, at[0]), (20, at[1]), (30, 0.0), (41, scale[0]), (42, scale[1]), (50, turn_deg))
    return _tags((0, "INSERT"), (5, handle), (8, layer), (2, name), *place)


def text(layer: str, at: Point, words: str, handle: str) -> str:
    """Return a text at a point."""
    return _tags((0, "TEXT"), (5, handle), (8, layer), (10, at[0]), (20, at[1]), (40, 2.5), (1, words))


def point(layer: str, at: Point, handle: str) -> str:
    """Return a point."""
    return _tags((0, "POINT"), (5, handle), (8, layer), (10, at[0]), (20, at[1]))


def drawing(*entities: str, version: str = "AC1015", codepage: str = "ANSI_936", blocks: Sequence[str] = ()) -> str:
    """Return a whole drawing; its version and code page are what it says of itself."""
    head = _tags((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, version), (9, "$DWGCODEPAGE"), (3, codepage))
    head += _tags((0, "ENDSEC"), (0, "SECTION"), (2, "BLOCKS")) + "".join(blocks) if blocks else ""
    body = _tags((0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")) + "".join(entities)
    return head + body + _tags((0, "ENDSEC"), (0, "EOF"))
