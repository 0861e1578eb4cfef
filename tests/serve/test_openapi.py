"""The machine-readable description of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from tests.serve.rig import Rig

DOCS: Final = Path(__file__).parents[2] / "docs" / "api.md"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


async def document(rig: Rig) -> dict[str, Any]:
    async with rig.client() as client:
        answer = await client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    whole: dict[str, Any] = answer.json()
    return whole


async def test_the_document_is_whole(rig: Rig) -> None:
    whole = await document(rig)
    assert whole["openapi"].startswith("3.1")
    for reference in references(whole):
        node: Any = whole
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    for schema in whole["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = [operation["operationId"] for methods in whole["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


async def test_every_operation_of_the_api_says_who_may_ask_and_how_it_fails(rig: Rig) -> None:
    whole = await document(rig)
    assert {"HTTPBearer", "APIKeyCookie"} <= set(whole["components"]["securitySchemes"])
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            if not path.startswith("/api/v1"):
                continue
            assert operation["security"], path
            assert operation["description"], path
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            if method == "post":
                assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}, path
                assert "at_ms" in str(whole["components"]["schemas"][_body(operation)]["properties"]), path


async def test_answers_are_what_the_document_says(rig: Rig) -> None:
    whole = await document(rig)
    async with await rig.client_of("admin") as client:
        for path in ("/devices", "/nozzles", "/clinics", "/alerts", "/quarantine", "/audit", "/fleet/summary", "/me"):
            operation = whole["paths"][f"/api/v1{path}"]["get"]
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            validator = Draft202012Validator({**schema, "components": whole["components"]})
            validator.validate((await client.get(f"/api/v1{path}")).json())


def _body(operation: dict[str, Any]) -> str:
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    reference: str = next(references(schema))
    return reference.rpartition("/")[2]


async def test_the_documentation_lists_every_operation_and_no_other(rig: Rig) -> None:
    listed = set(re.findall(r"^\| `([A-Z]+) (/\S+)`", DOCS.read_text(), re.MULTILINE))
    paths = (await document(rig))["paths"]
    assert listed == {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in paths.items()
        if path.startswith("/api/v1")
        for method in methods
    }
