"""Static files: read once, named by a hash of their content, compressed once, kept by browsers for a year."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import Response

from dashboards.charts.render import engine_version

_FOLDER: Final = Path(__file__).parent / "static"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
VEGA_NAME: Final = "vega.js"
"""The charts' script: made by their library, not a file of ours."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    media_type: str
    plain: bytes
    compressed: bytes


class Assets:
    """All static files under one name: modules that import each other stay together over an upgrade."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._assets = {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES}
        digest = hashlib.sha256(engine_version().encode())
        for name, asset in self._assets.items():
            digest.update(name.encode())
            digest.update(asset.plain)
        self.version = digest.hexdigest()[:12]

    def path(self, name: str) -> str:
        """Where a page finds the file. Raises KeyError where there is none of that name."""
        if name not in self._assets and name != VEGA_NAME:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def names(self) -> tuple[str, ...]:
        return tuple(self._assets)

    def text(self, name: str) -> str:
        """The file as text. Raises KeyError where there is none of that name."""
        return self._assets[name].plain.decode()

    def response(self, version: str, name: str, accept_encoding: str) -> Response:
        """The file; 404 for unknown names. Another version's name gets this version's file, not to be kept."""
        asset = self._assets.get(name)
        if asset is None:
            return Response(status_code=404)
        headers = self._headers(version)
        if "gzip" in accept_encoding:
            return Response(
                asset.compressed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"}
            )
        return Response(asset.plain, media_type=asset.media_type, headers=headers)

    def made(self, version: str, compressed: bytes, accept_encoding: str) -> Response:
        """A script that was made, not read."""
        headers = self._headers(version)
        if "gzip" in accept_encoding:
            return Response(compressed, media_type=_MEDIA_TYPES[".js"], headers={**headers, "Content-Encoding": "gzip"})
        return Response(gzip.decompress(compressed), media_type=_MEDIA_TYPES[".js"], headers=headers)

    def _headers(self, version: str) -> dict[str, str]:
        return {
            "Cache-Control": _FOR_EVER if version == self.version else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }


def _read(path: Path) -> Asset:
    plain = path.read_bytes()
    return Asset(_MEDIA_TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0))
