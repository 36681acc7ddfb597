"""The console's files: a folder in, routes out, each file compressed once and named by the revision of them all; reads none
after the start, and lets a page load nothing from elsewhere."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from proxy.api.endpoint import refusal_response
from proxy.api.errors import not_found

FOLDER: Final = Path(__file__).parent.parent / "console"
PAGE: Final = "index.html"
DOCS: Final = "docs.html"
_REVISION_MARK: Final = b"{revision}"
_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_SAFETY: Final[Mapping[str, str]] = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "vary": "accept-encoding",
}
_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"


class Asset:
    """A file as it is sent, packed by the first who wants it so."""

    def __init__(self, media_type: str, plain: bytes) -> None:
        self.media_type = media_type
        self.plain = plain

    @cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.plain, 9, mtime=0)


class Console:
    """`/ui` is the page, `/docs` the one that shows the API, `/ui/REVISION/...` what both load; a page of an older revision is
    sent to the newest one. Its files are read when one is asked for: many a gateway is never looked at."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    @cached_property
    def revision(self) -> str:
        return _revision(self._files)

    @cached_property
    def assets(self) -> Mapping[str, Asset]:
        return {name: _asset(name, content, self.revision) for name, content in self._files.items()}

    @cached_property
    def _files(self) -> Mapping[str, bytes]:
        return {path.relative_to(self._folder).as_posix(): path.read_bytes() for path in _paths(self._folder)}

    def routes(self) -> list[Route]:
        return [
            Route("/ui", self._page, methods=["GET"]),
            Route("/docs", self._docs, methods=["GET"]),
            Route("/ui/{revision}", self._old_page, methods=["GET"]),
            Route("/ui/{revision}/{name:path}", self._file, methods=["GET"]),
        ]

    async def _page(self, request: Request) -> Response:
        return _answer(request, self.assets[PAGE], _ASK_AGAIN)

    async def _docs(self, request: Request) -> Response:
        return _answer(request, self.assets[DOCS], _ASK_AGAIN)

    async def _old_page(self, _request: Request) -> Response:
        return RedirectResponse("/ui", 307, {"cache-control": _ASK_AGAIN})

    async def _file(self, request: Request) -> Response:
        asset = self.assets.get(request.path_params["name"])
        if asset is None or request.path_params["revision"] != self.revision:
            return refusal_response(not_found(request.url.path))
        return _answer(request, asset, _FOREVER)


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in _TYPES)


def _revision(files: Mapping[str, bytes]) -> str:
    found = hashlib.sha256()
    for name, content in files.items():
        found.update(f"{name} {len(content)} ".encode() + content)
    return found.hexdigest()[:12]


def _asset(name: str, content: bytes, revision: str) -> Asset:
    plain = content.replace(_REVISION_MARK, revision.encode()) if name in (PAGE, DOCS) else content
    return Asset(_TYPES[Path(name).suffix], plain)


def _answer(request: Request, asset: Asset, caching: str) -> Response:
    headers = {**_SAFETY, "cache-control": caching}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.plain, headers=headers, media_type=asset.media_type)
    return Response(asset.packed, headers={**headers, "content-encoding": "gzip"}, media_type=asset.media_type)
