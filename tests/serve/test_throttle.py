"""Guessing passwords costs time."""

from __future__ import annotations

import pytest

from gateway.clock import ManualClock
from gateway.errors import TooManyAttemptsError
from gateway.serve.throttle import SignInThrottle


def fail(throttle: SignInThrottle, times: int, name: str = "anna", client: str = "10.0.0.1") -> None:
    for _ in range(times):
        throttle.attempt(name, client)


def test_the_wait_grows_with_every_failure() -> None:
    clock = ManualClock(0)
    throttle = SignInThrottle(clock)
    fail(throttle, 5)
    waits = []
    for _ in range(4):
        with pytest.raises(TooManyAttemptsError) as raised:
            throttle.attempt("anna", "10.0.0.1")
        waits.append(raised.value.retry_in_ms)
        clock.advance(raised.value.retry_in_ms)
        throttle.attempt("anna", "10.0.0.1")
    assert waits == [1_000, 2_000, 4_000, 8_000]


def test_another_person_on_another_machine_does_not_wait() -> None:
    throttle = SignInThrottle(ManualClock(0))
    fail(throttle, 5)
    throttle.attempt("boris", "10.0.0.2")


def test_a_machine_that_tries_many_names_waits() -> None:
    throttle = SignInThrottle(ManualClock(0))
    for number in range(20):
        throttle.attempt(f"name-{number}", "10.0.0.1")
    with pytest.raises(TooManyAttemptsError):
        throttle.attempt("name-20", "10.0.0.1")


def test_a_name_tried_from_everywhere_waits_a_minute_at_most() -> None:
    clock = ManualClock(0)
    throttle = SignInThrottle(clock)
    waits = []
    for number in range(200):
        try:
            throttle.attempt("anna", f"10.0.1.{number}")
        except TooManyAttemptsError as error:
            waits.append(error.retry_in_ms)
            clock.advance(error.retry_in_ms)
    assert max(waits) == 60_000


def test_a_success_forgets_the_failures() -> None:
    throttle = SignInThrottle(ManualClock(0))
    fail(throttle, 4)
    throttle.succeeded("anna", "10.0.0.1")
    fail(throttle, 5)


def test_failures_are_forgotten_after_an_hour_and_their_number_is_bounded() -> None:
    clock = ManualClock(0)
    throttle = SignInThrottle(clock)
    fail(throttle, 5)
    clock.advance(3_600_001)
    fail(throttle, 5)
    for number in range(30_000):
        throttle.attempt(f"name-{number}", f"client-{number}")
    assert len(throttle._failures) <= 10_000
