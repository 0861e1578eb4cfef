"""One's own notifications in memory, for pages that only pass them by; their page is tested on a real gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.access import Viewer
from schemas.my_notifications import MyNotificationsView, OwnSettings, TellingView, TestOutcome


class NoNotifications:
    """Carries out `NotificationPages`: nobody has set anything."""

    async def mine(self, viewer: Viewer) -> MyNotificationsView:
        return MyNotificationsView(
            settings=OwnSettings(
                email="", apprise="", timezone="UTC", quiet_hours="", digest_at="", min_severity="warning",
                language="en", stored=False,
            ),
            person=True,
            telling=TellingView(
                mails=True, ways=(), waits=(), quiet_until_ms=None, next_digest_ms=None, claim_days=3,
                escalation_days=None,
            ),
            messages=(),
            chats=("tgram",),
            public_url=None,
            calendar_path=None,
        )  # fmt: skip

    async def save(self, viewer: Viewer, fields: Mapping[str, str]) -> Sequence[str]:
        return ()

    async def send_test(self, viewer: Viewer) -> TestOutcome:
        return "nowhere"

    async def renew_calendar(self, viewer: Viewer) -> None:
        return None
