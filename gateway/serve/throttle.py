"""Sign-in throttling: guessing passwords costs time that grows with every failure. In memory, bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.clock import Clock
from gateway.errors import TooManyAttemptsError

_MAX_KEYS: Final = 10_000
_FORGET_MS: Final = 3_600_000


class _Rule(NamedTuple):
    free: int
    """Failures before the first wait."""
    longest_ms: int


_PAIR: Final = _Rule(free=5, longest_ms=900_000)
_CLIENT: Final = _Rule(free=20, longest_ms=900_000)
_NAME: Final = _Rule(free=50, longest_ms=60_000)
"""Short, so that a stranger can't lock somebody out for long."""


class _Failures(NamedTuple):
    failed: int
    last_ms: int


class SignInThrottle:
    """Counts failed sign-ins by name and client, by client, and by name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def attempt(self, name: str, client: str) -> None:
        """Counts an attempt as failed until `succeeded` says otherwise, so that many at once gain nothing.

        Raises TooManyAttemptsError where it must wait; such an attempt is not counted.
        """
        now_ms = self._clock.monotonic_ms()
        wait_ms = max(self._wait_ms(key, rule, now_ms) for key, rule in _keys(name, client))
        if wait_ms > 0:
            raise TooManyAttemptsError(wait_ms)
        for key, _ in _keys(name, client):
            self._failures[key] = _Failures(self._known(key, now_ms).failed + 1, now_ms)
            self._failures.move_to_end(key)
        while len(self._failures) > _MAX_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, client: str) -> None:
        """Forgets the failures of this name from this client; those of the client's other names stay."""
        pair, by_client, by_name = (key for key, _ in _keys(name, client))
        self._failures.pop(pair, None)
        for key in (by_client, by_name):
            failures = self._failures.get(key)
            if failures is not None:
                self._failures[key] = failures._replace(failed=failures.failed - 1)

    def _known(self, key: str, now_ms: int) -> _Failures:
        failures = self._failures.get(key)
        if failures is None or now_ms - failures.last_ms > _FORGET_MS:
            return _Failures(0, now_ms)
        return failures

    def _wait_ms(self, key: str, rule: _Rule, now_ms: int) -> int:
        failures = self._known(key, now_ms)
        over = failures.failed - rule.free
        if over < 0:
            return 0
        backoff_ms = min(rule.longest_ms, 1_000 << min(over, 20))
        return failures.last_ms + backoff_ms - now_ms


def _keys(name: str, client: str) -> Sequence[tuple[str, _Rule]]:
    return ((f"pair:{client}:{name}", _PAIR), (f"client:{client}", _CLIENT), (f"name:{name}", _NAME))
