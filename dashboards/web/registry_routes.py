"""The addresses of the registry: its page, its forms, its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.web.csv_file import CSV_TYPE
from dashboards.web.format import count_text
from dashboards.web.forms import chosen_file, typed_in
from dashboards.web.mistake_sentences import mistake_texts
from dashboards.web.pages.registry import (
    FIELDS,
    KINDS,
    PATH,
    ImportTried,
    RegistryAsked,
    Tried,
    read_address,
    registry_page,
    time_zones,
    write_address,
)
from dashboards.web.render import page_response, saved_file
from dashboards.web.routing import pages_router
from dashboards.web.site import Site, strings_of
from schemas.access import Viewer

_UNPROCESSABLE: Final = 422
_MISTAKES_SHOWN: Final = 20


def registry_routes(site: Site) -> APIRouter:
    """The router of the registry page."""
    shown = _RegistryPages(site)
    return pages_router(
        gets=(
            (PATH, shown.page),
            (f"{PATH}/export.csv", shown.export),
        ),
        posts=(
            (f"{PATH}/import", shown.take),
            (f"{PATH}/{{kind}}/{{entry_id}}", shown.save),
        ),
    )


@dataclass(frozen=True)
class _RegistryPages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        viewer = await self.site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        return await self._drawn(request, viewer, read_address(request.query_params))

    async def save(self, request: Request, kind: str, entry_id: str) -> Response:
        return await self.site.posted(request, lambda viewer: self._save(request, viewer, kind, entry_id))

    async def _save(self, request: Request, viewer: Viewer, kind: str, entry_id: str) -> Response:
        entry_kind = next((known for known in KINDS if known == kind), None)
        if entry_kind is None:
            return await self.site.missing(request, viewer)
        typed = await typed_in(request)
        fields = {name: typed[name] for name in FIELDS[entry_kind] if name in typed}
        asked = replace(read_address(typed), kind=entry_kind, edit="", saved="")
        mistakes = await self.site.deps.acts.save_entry(viewer, entry_kind, entry_id, fields)
        if not mistakes:
            return RedirectResponse(write_address(replace(asked, saved=entry_id)), status_code=303)
        return await self._drawn(request, viewer, replace(asked, edit=entry_id), tried=Tried(fields, mistakes))

    async def take(self, request: Request) -> Response:
        return await self.site.posted(request, lambda viewer: self._take(request, viewer))

    async def _take(self, request: Request, viewer: Viewer) -> Response:
        strings = strings_of(request)
        words = strings.pages.registry
        text = await chosen_file(request)
        if text is None:
            imported = ImportTried(mistakes=(words.import_nothing,))
        else:
            outcome = await self.site.deps.acts.import_registry(viewer, text)
            n = count_text(outcome.entries, strings.numbers)
            done = "" if outcome.mistakes else words.import_done.of(outcome.entries).format(n=n)
            imported = ImportTried(done, mistake_texts(outcome.mistakes[:_MISTAKES_SHOWN], {}, strings))
        return await self._drawn(request, viewer, RegistryAsked(), imported=imported)

    async def export(self, request: Request) -> Response:
        viewer = await self.site.admitted(request, "exchange_registry")
        if isinstance(viewer, Response):
            return viewer
        csv = await self.site.deps.acts.export_registry(viewer)
        return saved_file(csv, "registry.csv", CSV_TYPE)

    async def _drawn(
        self,
        request: Request,
        viewer: Viewer,
        asked: RegistryAsked,
        *,
        tried: Tried | None = None,
        imported: ImportTried | None = None,
    ) -> Response:
        site = self.site
        if "registry" not in site.deps.pages.may(viewer):
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer, PATH)
        page = registry_page(
            asked=asked,
            registry=site.deps.pages.registry(viewer),
            may=frame.may,
            tried=tried or Tried(),
            imported=imported or ImportTried(),
            strings=frame.strings,
        )
        wrong = bool(page.mistakes or page.imported.mistakes)
        html = site.templates.page("registry.html", frame, page, zones=time_zones() if page.kind == "clinic" else ())
        return page_response(html, request, status=_UNPROCESSABLE if wrong else 200)
