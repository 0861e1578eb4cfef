"""The addresses of people: their list, its forms, its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.web.csv_file import CSV_TYPE
from dashboards.web.format import count_text
from dashboards.web.forms import chosen_file, typed_in
from dashboards.web.mistake_sentences import mistake_texts
from dashboards.web.pages.people import (
    PATH,
    PeopleAsked,
    PeopleImported,
    PersonTried,
    people_address,
    people_csv,
    people_page,
)
from dashboards.web.pages.registry import PATH as REGISTRY_PATH
from dashboards.web.render import page_response, saved_file
from dashboards.web.routing import pages_router
from dashboards.web.site import Site, strings_of
from schemas.access import Viewer

_UNPROCESSABLE: Final = 422
_MISTAKES_SHOWN: Final = 20


def people_routes(site: Site) -> APIRouter:
    """The router of the page of people."""
    shown = _PeoplePages(site)
    return pages_router(
        gets=(
            (PATH, shown.page),
            (f"{PATH}/export.csv", shown.export),
        ),
        posts=(
            (f"{PATH}/import", shown.take),
            (PATH, shown.save),
        ),
    )


@dataclass(frozen=True)
class _PeoplePages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        viewer = await self.site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        query = request.query_params
        return await self._drawn(request, viewer, PeopleAsked(query.get("edit", ""), query.get("saved", "")), None)

    async def save(self, request: Request) -> Response:
        return await self.site.posted(request, lambda viewer: self._save(request, viewer))

    async def _save(self, request: Request, viewer: Viewer) -> Response:
        """A form with `new` adds somebody; one without changes whom it names."""
        fields = await typed_in(request)
        name, new = fields.get("name", "").strip(), "new" in fields
        mistakes = await self.site.deps.acts.save_person(viewer, name, fields, new=new)
        if not mistakes:
            return RedirectResponse(people_address(PeopleAsked(saved=name)), status_code=303)
        asked = PeopleAsked(edit="" if new else name)
        return await self._drawn(request, viewer, asked, PersonTried(fields, mistakes, new))

    async def take(self, request: Request) -> Response:
        return await self.site.posted(request, lambda viewer: self._take(request, viewer))

    async def _take(self, request: Request, viewer: Viewer) -> Response:
        strings = strings_of(request)
        text = await chosen_file(request)
        if text is None:
            imported = PeopleImported(mistakes=(strings.pages.registry.import_nothing,))
        else:
            outcome = await self.site.deps.acts.import_people(viewer, text)
            n = count_text(outcome.entries, strings.numbers)
            done = "" if outcome.mistakes else strings.people.imported.of(outcome.entries).format(n=n)
            imported = PeopleImported(done, mistake_texts(outcome.mistakes[:_MISTAKES_SHOWN], {}, strings))
        return await self._drawn(request, viewer, PeopleAsked(), None, imported)

    async def export(self, request: Request) -> Response:
        viewer = await self.site.admitted(request, "people")
        if isinstance(viewer, Response):
            return viewer
        csv = people_csv(await self.site.deps.pages.people(viewer))
        return saved_file(csv, "people.csv", CSV_TYPE)

    async def _drawn(
        self,
        request: Request,
        viewer: Viewer,
        asked: PeopleAsked,
        tried: PersonTried | None,
        imported: PeopleImported | None = None,
    ) -> Response:
        site = self.site
        if "people" not in site.deps.pages.may(viewer):
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer, REGISTRY_PATH)
        page = people_page(
            await site.deps.pages.people(viewer), asked, tried, imported or PeopleImported(), frame.strings
        )
        html = site.templates.page("people.html", frame, page)
        return page_response(html, request, status=_UNPROCESSABLE if tried or page.imported.mistakes else 200)
