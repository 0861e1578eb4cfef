"""What came with a form: the fields that were typed, and the file that was chosen."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import UploadFile


async def typed_in(request: Request) -> dict[str, str]:
    """The fields, without files; of a field that is there twice the last."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


async def chosen_file(request: Request) -> str | None:
    """The text of the field `file`; None where nobody chose one. What is no text shows as such when it is read."""
    given = (await request.form()).get("file")
    if not isinstance(given, UploadFile) or not given.filename:
        return None
    return (await given.read()).decode("utf-8", errors="replace")
