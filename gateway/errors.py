"""The one hierarchy of errors. Third-party exceptions are translated into these at the edge where they arise."""

from __future__ import annotations


class SilverpointError(Exception):
    """Base of all our errors; its message tells the reader what to do."""


class ConfigError(SilverpointError):
    """Wrong configuration or usage (exit code 2). Carries every mistake found, one clear line each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class StoreError(SilverpointError):
    """The store refused, and trying again as it stands will not help (exit code 1)."""


class StoreUnavailableError(StoreError):
    """The store can't commit just now (disk full, locked, I/O error): hold what was received and try again."""


class StoreVersionError(StoreError):
    """The store was written by a newer program than this one."""


class AlreadyRunningError(SilverpointError):
    """Another gateway holds this store's lock."""


class NotFoundError(SilverpointError):
    """What was asked for does not exist, or lies outside the caller's scope."""


class ConflictError(SilverpointError):
    """The act does not fit what is there (a name already taken, an alert already resolved)."""


class InvalidInputError(SilverpointError):
    """What a person or a program gave can't be taken; `mistakes` lists all of it, one line each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


class ForbiddenError(SilverpointError):
    """The role of the caller does not allow the act."""


class NotSignedInError(SilverpointError):
    """No credential was given, or it is not known (any more)."""


class TooManyAttemptsError(SilverpointError):
    """Too many failed sign-ins; `retry_in_ms` says when the next is looked at."""

    def __init__(self, retry_in_ms: int) -> None:
        super().__init__(f"too many failed sign-ins: try again in {-(-retry_in_ms // 1000)} s")
        self.retry_in_ms = retry_in_ms


class ListenError(SilverpointError):
    """An address, socket or certificate can't be used to listen (exit code 1)."""


class NotRunningError(SilverpointError):
    """No gateway listens on the local socket: act on the store itself."""


class NotDeliveredError(SilverpointError):
    """A message could not be sent just now; `retry_in_ms` is what the receiver asked for, if it did."""

    def __init__(self, why: str, retry_in_ms: int | None = None) -> None:
        super().__init__(why)
        self.retry_in_ms = retry_in_ms


class UndeliverableError(SilverpointError):
    """A message that will never be taken as it is: the address or the credentials must be changed."""
