"""Where a page may send its reader: local paths only."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

FLEET_PATH: Final = "/"
WORK_PATH: Final = "/work"
PRODUCT_PATH: Final = "/product"
REPORTS_PATH: Final = "/reports"
NOTIFICATIONS_PATH: Final = "/me/notifications"
ORDERS_PATH: Final = f"{WORK_PATH}/orders"
ONCE_FIELD: Final = "once"
"""The hidden field of a form by which a second sending of the same is known."""
ACT_PATH: Final = "/act"
"""The one link to act: `?alert=` leads to what the alert asks for, `?clinic=` to what is to be done there."""


def safe_next(target: str | None) -> str:
    """The local path to go to after signing in; the fleet page where `target` could lead anywhere else."""
    if not target or not target.startswith("/") or target.startswith("//") or not target.isascii():
        return FLEET_PATH
    if "\\" in target or any(ord(character) < 0x21 for character in target):
        return FLEET_PATH
    return target


def sign_in_link(sign_in_path: str, after: str) -> str:
    """The sign-in page, which leads back to `after`."""
    target = safe_next(after)
    return sign_in_path if target == FLEET_PATH else f"{sign_in_path}?{urlencode({'next': target})}"
