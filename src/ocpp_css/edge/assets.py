"""Static files: read once, served from memory under an address that holds the hash of their content."""

import asyncio
import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from ocpp_css.edge.permissions import public
from ocpp_css.kit.errors import NotFound

FOLDER = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"
_SHORT = "public, max-age=300"
_PACKED = {".js", ".css", ".svg", ".json", ".txt", ".map"}
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css", ".json": "application/json"}


@dataclass(slots=True)
class Asset:
    """One file in memory, and packed once somebody asked for it so."""

    content: bytes = field(repr=False)
    media_type: str
    is_packable: bool
    packed: bytes = field(default=b"", repr=False)


class Assets:
    """All files below a folder; the hash of them all is the version in their address."""

    def __init__(self, folder: Path = FOLDER) -> None:
        digest = hashlib.sha256()
        self._files: dict[str, Asset] = {}
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            name = path.relative_to(folder).as_posix()
            content = path.read_bytes()
            digest.update(name.encode() + b"\0" + content)
            guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
            self._files[name] = Asset(content, guessed, path.suffix in _PACKED)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file; an unknown name is a fault of the program."""
        if name not in self._files:
            raise LookupError(name)
        return f"/static/{self.version}/{name}"

    def find(self, name: str) -> Asset:
        """The file of this name."""
        if name not in self._files:
            raise NotFound
        return self._files[name]

    async def packed(self, asset: Asset) -> bytes:
        """The file gzipped, made once and off the loop."""
        if not asset.packed:
            asset.packed = await asyncio.to_thread(gzip.compress, asset.content, 9, mtime=0)
        return asset.packed


def static_handler(assets: Assets) -> HTTPRouteHandler:
    """The route that serves them."""

    @get("/static/{version:str}/{name:path}", opt=public(identify=False), include_in_schema=False, name="static")
    async def static(request: Request[Any, Any, Any], version: FromPath[str], name: FromPath[Path]) -> Response[bytes]:
        asset = assets.find(name.as_posix().lstrip("/"))
        headers = {"Cache-Control": _FOREVER if version == assets.version else _SHORT}
        content = asset.content
        if asset.is_packable:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                content = await assets.packed(asset)
                headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type=asset.media_type)

    return static
