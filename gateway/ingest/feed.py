"""The commit feed: tells followers (alerts, pages) which devices changed, never how often.

A follower that is slow gets one larger set instead of a longer queue, so memory is bounded by the fleet's size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import NamedTuple


class Changed(NamedTuple):
    """The devices that changed since the follower last asked, and the last commit among them."""

    commit_no: int
    device_ids: frozenset[str]


class Follower:
    """One reader of the feed."""

    def __init__(self, feeds: tuple[CommitFeed, ...]) -> None:
        self._feeds = feeds
        self._wake = asyncio.Event()
        self._device_ids: set[str] = set()
        self._commit_no = 0

    async def next(self) -> Changed:
        """Waits for a change, then hands out all that has gathered."""
        await self._wake.wait()
        return Changed(self._commit_no, self.gathered())

    async def wait(self) -> None:
        """Returns once something has gathered."""
        await self._wake.wait()

    def gathered(self) -> frozenset[str]:
        """Hands out the devices that have gathered, without waiting for any."""
        self._wake.clear()
        device_ids = frozenset(self._device_ids)
        self._device_ids.clear()
        return device_ids

    def tell(self, commit_no: int, device_ids: Iterable[str]) -> None:
        self._commit_no = max(self._commit_no, commit_no)
        self._device_ids.update(device_ids)
        self._wake.set()

    def close(self) -> None:
        for feed in self._feeds:
            feed.leave(self)


class CommitFeed:
    """Hands each committed change to every follower."""

    def __init__(self) -> None:
        self._followers: set[Follower] = set()

    def follow(self, *others: CommitFeed) -> Follower:
        """One follower of this feed, and of others beside it."""
        feeds = (self, *others)
        follower = Follower(feeds)
        for feed in feeds:
            feed.join(follower)
        return follower

    def join(self, follower: Follower) -> None:
        self._followers.add(follower)

    def leave(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def publish(self, commit_no: int, device_ids: Iterable[str]) -> None:
        ids = tuple(device_ids)
        for follower in self._followers:
            follower.tell(commit_no, ids)
