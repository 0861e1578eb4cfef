"""Pseudonyms: a vendor sees which devices share a clinic, never which clinic that is.

Keyed by a secret of the store, so that a vendor who knows or guesses a clinic's id can't compute its pseudonym.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from schemas.access import Viewer
from schemas.alert import Alert

KEPT_UNDER: Final = "pseudonym"
"""The name of its secret in the store."""
_PREFIX: Final = "clinic-"
_BYTES: Final = 10
"""80 bits: no two of a million clinics collide."""


class Pseudonyms:
    """Stable names for clinics, one for each as long as the store's secret lives."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[str, str] = {}

    def of(self, clinic_id: str) -> str:
        """The clinic's pseudonym, itself an identifier."""
        known = self._known.get(clinic_id)
        if known is None:
            digest = hmac.digest(self._secret, clinic_id.encode(), hashlib.sha256)[:_BYTES]
            known = self._known[clinic_id] = _PREFIX + base64.b32encode(digest).decode().lower()
        return known

    def shown(self, viewer: Viewer, clinic_id: str) -> str:
        """The clinic's id as this viewer may see it."""
        return self.of(clinic_id) if viewer.role == "vendor" else clinic_id

    def shown_subject(self, viewer: Viewer, alert: Alert) -> str:
        """An alert's subject is a clinic where it has neither device nor nozzle."""
        return self.shown(viewer, alert.clinic_id) if alert.subject == alert.clinic_id else alert.subject

    def shown_summary(self, viewer: Viewer, alert: Alert) -> str:
        """Sentences may name the clinic; a vendor gets one that can't."""
        if viewer.role != "vendor":
            return alert.summary
        return f"{alert.rule.replace('_', ' ')}: {self.shown_subject(viewer, alert)}"
