"""Pages to bytes: the templates, and the compression of what they make."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from dashboards.web.assets import Assets
from dashboards.web.format import age_text, machine_time
from dashboards.web.links import NOTIFICATIONS_PATH
from dashboards.web.pages.actions import SHOWN_LINES, ActionLine
from dashboards.web.pages.asked import COLUMNS, TableAsked
from dashboards.web.pages.fleet import FleetPage
from dashboards.web.pages.rows import BAR_UNITS, BATTERY_UNITS, WEAR_SCALE, Badge, DeviceRow, Place, device_row
from dashboards.web.shell import NavLink, shell_words
from dashboards.web.strings import CATALOGUES, Strings
from schemas.access import Viewer
from schemas.page_views import PageAct
from schemas.views import DeviceView

_COMPRESSION_LEVEL: Final = 5
_COMPRESS_FROM_BYTES: Final = 1_000
_SCALE: Final = {"bar": BAR_UNITS, "limit": round(BAR_UNITS / WEAR_SCALE, 1), "battery": BATTERY_UNITS}


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page: who looks, where they may go, and what a form of theirs must carry."""

    viewer: Viewer
    strings: Strings
    nav: tuple[NavLink, ...]
    may: frozenset[PageAct]
    csrf: str
    once: str
    """New for each page: the key of its forms."""
    now_ms: int


class Templates:
    """The pages of the product, drawn from their models."""

    def __init__(self, assets: Assets, *, sign_in_path: str, sign_out_path: str) -> None:
        self._environment = Environment(
            loader=PackageLoader("dashboards.web", "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            asset=assets.path,
            assets_version=assets.version,
            sign_in_path=sign_in_path,
            sign_out_path=sign_out_path,
            machine_time=machine_time,
            catalogues=tuple(CATALOGUES.values()),
            notifications_path=NOTIFICATIONS_PATH,
        )

    def warm(self) -> None:
        """Compiles what the fleet page is drawn from."""
        for name in ("base.html", "macros.html", "fleet.html"):
            self._environment.get_template(name)

    def fleet(self, page: FleetPage, frame: Frame) -> str:
        """The fleet page."""
        strings = frame.strings
        return self.page(
            "fleet.html",
            frame,
            page,
            columns=COLUMNS,
            blank_row=_blank_row(strings),
            blank_line=_blank_line(),
            script_data=_script_data(page, strings),
        )

    def page(self, name: str, frame: Frame, page: object, **values: object) -> str:
        """A page or a part of one. `age` in the templates is how long ago something was when it was made."""

        def age(time_ms: int) -> str:
            return age_text(frame.now_ms - time_ms, frame.strings.numbers)

        return self._draw(
            name,
            frame.strings,
            viewer=frame.viewer,
            nav=frame.nav,
            may=frame.may,
            csrf=frame.csrf,
            once=frame.once,
            page=page,
            age=age,
            scale=_SCALE,
            **{"script_data": shell_data(frame), **values},
        )

    def sign_in(self, *, after: str, mistake: str, strings: Strings) -> str:
        """The sign-in page; `mistake` says why the last attempt failed, empty at the first."""
        return self._draw("sign_in.html", strings, after=after, mistake=mistake)

    def error(self, *, title: str, detail: str, strings: Strings) -> str:
        """A page that says what went wrong and what to do."""
        return self._draw("error.html", strings, title=title, detail=detail)

    def _draw(self, name: str, strings: Strings, **values: object) -> str:
        template = self._environment.get_template(name)
        return template.render(
            lang=strings.language,
            shell=strings.shell,
            t=strings.fleet,
            b=strings.board,
            p=strings.people,
            o=strings.outbox,
            s=strings.story,
            w=strings.pages,
            r=strings.report,
            sold=strings.product,
            told=strings.told,
            **values,
        )


def page_response(html: str, request: Request, status: int = 200) -> Response:
    """A page that no cache may keep: it is one viewer's."""
    return _response(html.encode(), "text/html; charset=utf-8", request, {"Cache-Control": "no-store"}, status)


def json_response(text: str, request: Request) -> Response:
    """JSON that a browser may ask for again by its ETag."""
    content = text.encode()
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"Cache-Control": "private, no-cache", "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return _response(content, "application/json", request, headers)


def saved_file(content: str | bytes, name: str, media_type: str) -> Response:
    """A file that is to be saved, never shown as a page of ours, nor kept by a cache: it is one viewer's."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def shell_data(frame: Frame) -> dict[str, object]:
    """What the script needs on every page."""
    return {"nowMs": frame.now_ms, "words": shell_words(frame.strings)}


def _response(
    content: bytes, media_type: str, request: Request, headers: Mapping[str, str], status: int = 200
) -> Response:
    headers = {**headers, "Vary": "Accept-Encoding, Accept-Language, Cookie"}
    if len(content) >= _COMPRESS_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        content = gzip.compress(content, _COMPRESSION_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, status_code=status, media_type=media_type, headers=headers)


def _blank_row(strings: Strings) -> DeviceRow:
    """The row that the script clones for a device which was not there when the page was made."""
    view = DeviceView(
        id="",
        clinic_id="",
        label="",
        model=None,
        firmware=None,
        form=None,
        state="in_service",
        online=False,
        last_seen_ms=None,
        power=None,
        sessions=None,
        nozzle=None,
        wear_band="unknown",
        forecast=None,
    )
    return device_row(view, Place("", "UTC"), strings)


def _blank_line() -> ActionLine:
    return ActionLine(
        id=0,
        severity="info",
        tone="ok",
        severity_text="",
        title="",
        badge="",
        subject="",
        detail="",
        device_id=None,
        device="",
        clinic="",
        wear_text="",
        wear_units=None,
        since_ms=0,
        since_title="",
        acknowledged="",
    )


def _script_data(page: FleetPage, strings: Strings) -> dict[str, object]:
    """What the script needs: field names of the arrays it gets, and the words that it writes itself."""
    words = strings.fleet
    return {
        "nowMs": page.as_of_ms,
        "edition": page.edition,
        "rowFields": DeviceRow._fields,
        "shownLines": SHOWN_LINES,
        "lineFields": ActionLine._fields,
        "badgeFields": Badge._fields,
        "sort": TableAsked().sort,
        "words": {
            **shell_words(strings),
            "notHeard": words.not_heard,
            "online": words.online,
            "offline": words.offline,
            "inSession": words.in_session,
            "more": words.action_more,
        },
    }
