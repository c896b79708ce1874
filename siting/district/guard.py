"""Facts: the door guard. What a file really is, and whether it may be handed to the OSM reader at all.

Foreign files are looked at before libosmium sees them: the kind is taken from the content, not the name;
XML may declare nothing (no DOCTYPE, so no entities to expand); what is packed is unpacked under a limit.
Every refusal is one `SourceError` line that names the file, what is wrong and the repair.
"""

import bz2
import gzip
import hashlib
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siting.errors import SourceError

__all__ = ["Limits", "checked_source", "sha256_of"]

_CHUNK = 1 << 20
_PROLOG_BYTES = 1 << 16
_BLOB_HEADER_MAX = 1 << 16  # limits of the PBF format itself
_BLOB_MAX = 1 << 25


@dataclass(frozen=True)
class Limits:
    """How much a file may unpack to, in bytes.

    Real OSM XML packs 8 to 30 times smaller; a file that unpacks to more than `ratio` times its size is a bomb,
    unless it is no larger than `always_allowed` when unpacked.
    """

    unpacked: int = 4 << 30
    ratio: int = 150
    always_allowed: int = 64 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def checked_source(path: Path, limits: Limits | None = None) -> Iterator[tuple[Path, str]]:
    """Yield (path, libosmium format) of a file that is safe to read; packed XML is unpacked to a temporary file.

    Raises `SourceError` for a missing, empty, foreign, truncated, packed-to-explode or declaring file.
    """
    limits = limits or Limits()
    head = _head(path)
    if head[:2] == b"\x1f\x8b" or head[:3] == b"BZh":
        with tempfile.TemporaryDirectory(prefix="siting-") as folder:
            plain = Path(folder) / "source.osm"
            _unpack(path, plain, packed_with="gzip" if head[:2] == b"\x1f\x8b" else "bzip2", limits=limits)
            with plain.open("rb") as file:
                _refuse_declarations(file.read(_PROLOG_BYTES), path.name)
            yield plain, "osm"
        return
    if b"OSMHeader" in head[:64]:
        _check_pbf(path, limits)
        yield path, "pbf"
        return
    _refuse_declarations(head, path.name)
    yield path, "osm"


def _head(path: Path) -> bytes:
    if not path.exists():
        message = f"{path.name}: no such file; give an OpenStreetMap extract (.osm, .osm.gz, .osm.bz2, .osm.pbf)"
        raise SourceError(message)
    if not path.is_file():
        message = f"{path.name}: is not a file; give the OpenStreetMap extract itself"
        raise SourceError(message)
    try:
        with path.open("rb") as file:
            head = file.read(_PROLOG_BYTES)
    except OSError as error:
        message = f"{path.name}: cannot be opened ({error.strerror}); check its permissions"
        raise SourceError(message) from error
    if not head:
        message = f"{path.name}: the file is empty; download the extract again"
        raise SourceError(message)
    return head


def _unpack(path: Path, target: Path, *, packed_with: str, limits: Limits) -> None:
    """Write the unpacked file to `target`, stopping at the limit."""
    size = path.stat().st_size
    most = min(limits.unpacked, max(limits.always_allowed, limits.ratio * size))
    try:
        with _opened(path, packed_with) as source, target.open("wb") as out:
            written = 0
            while chunk := source.read(_CHUNK):
                if not written:
                    _refuse_declarations(chunk[:_PROLOG_BYTES], path.name)
                written += len(chunk)
                if written > most:
                    message = (
                        f"{path.name}: {size:,} bytes unpack to more than {most:,}, which no OSM extract does; "
                        f"give the unpacked file if it is genuine"
                    )
                    raise SourceError(message)
                out.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        message = f"{path.name}: the {packed_with} file is truncated or damaged; download it again"
        raise SourceError(message) from error
    except OSError as error:
        message = f"{path.name}: cannot be unpacked ({error}); download it again, or free space for temporary files"
        raise SourceError(message) from error
    if not written:
        message = f"{path.name}: unpacks to nothing; download the extract again"
        raise SourceError(message)


def _opened(path: Path, packed_with: str) -> Any:
    return gzip.open(path, "rb") if packed_with == "gzip" else bz2.open(path, "rb")


def _refuse_declarations(head: bytes, name: str) -> None:
    """Refuse anything but UTF-8 XML that opens with `<osm` and declares nothing before it."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"["):
        message = f"{name}: is GeoJSON (or other JSON), not OpenStreetMap data; give it with --layer ROLE={name}"
        raise SourceError(message)
    if text[:1] != b"<" or b"\0" in text[:256]:
        message = f"{name}: is not OpenStreetMap data (neither UTF-8 XML nor PBF); give an .osm or .osm.pbf extract"
        raise SourceError(message)
    while text.startswith((b"<?", b"<!--")):
        end = b"?>" if text.startswith(b"<?") else b"-->"
        _, found, rest = text.partition(end)
        text = rest.lstrip() if found else b""
    if text.startswith(b"<!"):
        message = f"{name}: declares a document type or entities, which OSM files never do; refused as unsafe"
        raise SourceError(message)
    if not text.startswith(b"<osm") or text[4:5] not in (b" ", b"\t", b"\r", b"\n", b">", b"/"):
        message = f"{name}: is XML, but not OpenStreetMap XML (no <osm> at its start); give an .osm extract"
        raise SourceError(message)


def _check_pbf(path: Path, limits: Limits) -> None:
    """Walk over the blobs of a PBF without unpacking them: is it whole, and would it stay within the limits."""
    size = path.stat().st_size
    most = min(limits.unpacked, max(limits.always_allowed, limits.ratio * size))
    unpacked = 0
    with path.open("rb") as file:
        while prefix := file.read(4):
            header_size = int.from_bytes(prefix, "big")
            header = file.read(header_size) if len(prefix) == 4 and header_size <= _BLOB_HEADER_MAX else b""
            blob_size = _varint_field(header, 3)
            start = file.tell()
            if blob_size is None or blob_size > _BLOB_MAX or start + blob_size > size:
                message = f"{path.name}: the PBF is truncated or damaged at byte {start:,}; download it again"
                raise SourceError(message)
            unpacked += _varint_field(file.read(min(32, blob_size)), 2) or blob_size
            if unpacked > most:
                message = f"{path.name}: {size:,} bytes unpack to more than {most:,}; cut out your district first"
                raise SourceError(message)
            file.seek(start + blob_size)


def _varint_field(data: bytes, wanted: int) -> int | None:
    """Return the number in protobuf field `wanted`; length-delimited fields before it are stepped over."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key >> 3 == wanted and key & 7 == 0:
            return value
        if key & 7 == 2:
            at += value
        elif key & 7 != 0:
            return None
    return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, at
