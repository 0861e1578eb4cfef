"""Debian's programs that tests run besides the broker."""

from __future__ import annotations

import os
import shutil

import pytest

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def require_program(name: str, package: str) -> str:
    """Where the program is. Skips the test where it is missing, but fails it in CI."""
    found = shutil.which(name) or shutil.which(name, path=_SYSTEM_PATH)
    if found is None:
        reason = f"{name} is not installed; on Debian: apt-get install {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
