"""Write tiny OpenStreetMap files by hand: coordinates are metres (x east, y north) around one place.

``OsmText().area((0, 0, 30, 12), building="yes").line([(0, 20), (90, 20)], highway="service").write(path)``
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self
from xml.sax.saxutils import quoteattr

LON, LAT = 111.0, 35.0
_DEG_X, _DEG_Y = 1 / 91_287.0, 1 / 110_941.0  # degrees a metre at 35 N


class OsmText:
    """The nodes, ways and relations of one file, numbered from 1 in the order they are added."""

    def __init__(self):
        self.nodes: list[str] = []
        self.ways: list[str] = []
        self.relations: list[str] = []

    def point(self, x: float, y: float, **tags: str) -> Self:
        self._node(x, y, tags)
        return self

    def line(
        self, points: Sequence[tuple[float, float]], *, missing: int = 0, closed: bool = False, **tags: str
    ) -> Self:
        """Add a way; its last `missing` nodes are not in the file; a closed one ends at its first node."""
        refs = [self._node(x, y, {}) for x, y in points[: len(points) - missing]]
        refs += [900_000 + number for number in range(missing)]
        self._way([*refs, refs[0]] if closed else refs, tags)
        return self

    def area(self, box: tuple[float, float, float, float], *, missing: int = 0, **tags: str) -> Self:
        """Add a closed way around the box (x0, y0, x1, y1); `missing` of its corners are not in the file."""
        x0, y0, x1, y1 = box
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        refs = [self._node(x, y, {}) for x, y in corners[: 4 - missing]]
        refs += [900_000 + number for number in range(missing)]
        self._way([*refs, refs[0]], tags)
        return self

    def relation(self, members: Sequence[tuple[int, str]], **tags: str) -> Self:
        """Add a multipolygon of (way number, role)."""
        parts = "".join(f'<member type="way" ref="{way}" role="{role}"/>' for way, role in members)
        words = _tags({"type": "multipolygon"} | tags)
        self.relations.append(f'<relation id="{len(self.relations) + 1}" version="1">{parts}{words}</relation>')
        return self

    def text(self, generator: str = "by hand") -> str:
        body = "\n".join([*self.nodes, *self.ways, *self.relations])
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="{generator}">\n{body}\n</osm>\n'

    def write(self, path: Path, generator: str = "by hand") -> Path:
        path.write_text(self.text(generator), encoding="utf-8")
        return path

    def _node(self, x: float, y: float, tags: dict[str, str]) -> int:
        number = len(self.nodes) + 1
        place = f'lat="{LAT + y * _DEG_Y:.7f}" lon="{LON + x * _DEG_X:.7f}"'
        self.nodes.append(f'<node id="{number}" version="1" {place}>{_tags(tags)}</node>')
        return number

    def _way(self, refs: Sequence[int], tags: dict[str, str]) -> None:
        nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self.ways.append(f'<way id="{len(self.ways) + 1}" version="1">{nodes}{_tags(tags)}</way>')


def _tags(tags: dict[str, str]) -> str:
    """Return tags as XML; "__" in a keyword stands for ":"."""
    return "".join(f"<tag k={quoteattr(key.replace('__', ':'))} v={quoteattr(value)}/>" for key, value in tags.items())
