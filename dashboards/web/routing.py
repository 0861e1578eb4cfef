"""Routers of pages: addresses that people see, so they are in no list of the API's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Response

from dashboards.web.pages.numbers import ID_DIGITS

RowId: TypeAlias = Annotated[int, Path(ge=1, lt=10**ID_DIGITS)]
"""The number of something that the store keeps, in an address."""
Endpoint: TypeAlias = Callable[..., Awaitable[Response]]


def pages_router(gets: Iterable[tuple[str, Endpoint]], posts: Iterable[tuple[str, Endpoint]] = ()) -> APIRouter:
    """A router that answers each address by its endpoint; the first that fits counts."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)
    for method, routes in (("GET", gets), ("POST", posts)):
        for path, endpoint in routes:
            router.add_api_route(path, endpoint, methods=[method], response_model=None)
    return router
