"""Health: whether the process lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from fastapi import APIRouter, Response
from pydantic import BaseModel


class Readiness(Protocol):
    """What the gateway knows of its own ability to take messages in."""

    def broker_connected(self) -> bool: ...

    def commit_fault(self) -> str | None:
        """Why the last commit failed; None where it went through, or none was tried yet."""
        ...


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """`reasons` lists all that keeps the gateway from its work."""

    ready: bool
    reasons: tuple[str, ...]


def faults(readiness: Readiness) -> Sequence[str]:
    """One sentence for each thing that is not as it should be."""
    found = [] if readiness.broker_connected() else ["not connected to the broker"]
    commit_fault = readiness.commit_fault()
    if commit_fault is not None:
        found.append(f"the store can't commit: {commit_fault}")
    return found


def health_routes(readiness: Readiness) -> APIRouter:
    """`/healthz` and `/readyz`, open to everybody."""
    router = APIRouter(tags=["health"])

    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz")
    async def healthz() -> Alive:
        return Alive()

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", responses={503: {"model": Ready}})
    async def readyz(response: Response) -> Ready:
        reasons = tuple(faults(readiness))
        response.status_code = 503 if reasons else 200
        return Ready(ready=not reasons, reasons=reasons)

    return router
