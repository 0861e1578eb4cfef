"""Learning in a process of its own: the loop goes on, Ctrl-C ends both, and what hangs is ended with the gateway."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from typing import Final

from gateway.errors import SilverpointError
from gateway.forecasting.fit import FitRequest, Learnt, learn_model
from gateway.store.forecast_rows import NozzleBins

_END_WITHIN_S: Final = 2.0
_NICE: Final = 10
_SENT_AT_ONCE: Final = 10


async def learn_apart(request: FitRequest) -> Learnt | None:
    """`learn_model` in a spawned process. Cancelled, it ends the process. Raises SilverpointError where it fails."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_main, args=(theirs,), name="wear learning", daemon=True
    )
    await asyncio.to_thread(process.start)
    theirs.close()
    try:
        answer = await asyncio.to_thread(_ask, ours, request)
    except (EOFError, OSError):
        raise SilverpointError(f"learning the wear of {request.model or 'nozzles'} ended before it was done") from None
    finally:
        process.terminate()
        await asyncio.shield(asyncio.to_thread(process.join, _END_WITHIN_S))
        ours.close()
    if isinstance(answer, str):
        raise SilverpointError(f"learning the wear of {request.model or 'nozzles'} failed: {answer}")
    return answer


def _ask(pipe: Connection, request: FitRequest) -> Learnt | str | None:
    # In parts: what is sent is packed in one go, and packing holds the interpreter.
    pipe.send(request._replace(nozzles=()))
    for first in range(0, len(request.nozzles), _SENT_AT_ONCE):
        pipe.send(request.nozzles[first : first + _SENT_AT_ONCE])
    pipe.send(None)
    answer: Learnt | str | None = pipe.recv()
    return answer


def _main(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us in order
    os.nice(_NICE)
    try:
        pipe.send(_answer(_received(pipe)))
    except (EOFError, OSError):
        return


def _received(pipe: Connection) -> FitRequest:
    request: FitRequest = pipe.recv()
    nozzles: list[tuple[NozzleBins, str | None]] = []
    while (part := pipe.recv()) is not None:
        nozzles += part
    return request._replace(nozzles=tuple(nozzles))


def _answer(request: FitRequest) -> Learnt | str | None:
    try:
        return learn_model(request)
    except (ArithmeticError, ValueError, IndexError) as error:
        return f"{type(error).__name__}: {error}"
