"""The machine-readable contract, made from the types that `decode` checks with: AsyncAPI 3.0 and JSON Schema 2020-12.

What neither can say stands in the descriptions: no key twice, no number of more than 40 digits, an integer without
fraction or exponent, no session that ends before it starts.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import CoreSchema
from pydantic_core.core_schema import WithDefaultSchema

from schemas.identity import IDENTIFIER_PATTERN
from schemas.messages import (
    AdviceMessage,
    NozzleMessage,
    SessionMessage,
    StatusMessage,
    TelemetryBatch,
    TelemetrySample,
)
from schemas.topics import DEFAULT_ROOT, device_topic

Json: TypeAlias = dict[str, Any]

ASYNCAPI_VERSION: Final = "3.0.0"
JSON_SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
CONTRACT_VERSION: Final = "1.0.0"
MQTT_BINDING_VERSION: Final = "0.2.0"

_TITLE: Final = "Silverpoint device messages"
_DESCRIPTION: Final = (
    "What fractional-mesotherapy devices say over MQTT, and what they are told. UTF-8 JSON, one object, at most "
    "512 KiB, at most 16 levels deep, no key twice, no number of more than 40 digits; integers are written without "
    "fraction and exponent, and a session does not end before it starts. Version 1 grows by optional fields only."
)
_PARAMETERS: Final = {
    "clinic_id": f"The clinic where the device stands. {IDENTIFIER_PATTERN}",
    "device_id": f"The device; its id is unique in the fleet, whatever its clinic. {IDENTIFIER_PATTERN}",
}


class _Spoken:
    """One kind of message: its types, and how it travels."""

    def __init__(self, kind: str, summary: str, *models: type[BaseModel], retained: bool = False) -> None:
        self.kind = kind
        self.summary = summary
        self.models = models
        self.retained = retained
        self.to_device = kind == "advice"

    def schema(self, prefix: str) -> Json:
        """The schema of its payload, by reference to those of its types."""
        references = [{"$ref": f"{prefix}{model.__name__}"} for model in self.models]
        return references[0] if len(references) == 1 else {"description": self.summary, "anyOf": references}


_SPOKEN: Final = (
    _Spoken("telemetry", "One reading of a device, or a backlog of up to 1000.", TelemetrySample, TelemetryBatch),
    _Spoken("session", "A treatment session, at its end.", SessionMessage),
    _Spoken("nozzle", "A nozzle was fitted or removed.", NozzleMessage),
    _Spoken("status", "The device is online, or (as its will) offline.", StatusMessage, retained=True),
    _Spoken("advice", "How the device's nozzle stands.", AdviceMessage, retained=True),
)


def asyncapi(root: str = DEFAULT_ROOT) -> str:
    """The AsyncAPI 3.0 document of the gateway's side, as JSON: it receives four kinds and sends advice."""
    document = {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {"title": _TITLE, "version": CONTRACT_VERSION, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {spoken.kind: _channel(spoken, root) for spoken in _SPOKEN},
        "operations": {_operation_name(spoken): _operation(spoken) for spoken in _SPOKEN},
        "components": {
            "messages": {spoken.kind: _message(spoken) for spoken in _SPOKEN},
            "parameters": {name: {"description": text} for name, text in _PARAMETERS.items()},
            "schemas": _definitions("#/components/schemas/{model}"),
        },
    }
    return json.dumps(document, indent=2)


def json_schema() -> str:
    """One JSON Schema 2020-12 document with a definition for each kind; the whole accepts a message of any kind."""
    prefix = "#/$defs/"
    kinds = {spoken.kind: spoken.schema(prefix) for spoken in _SPOKEN}
    document = {
        "$schema": JSON_SCHEMA_DIALECT,
        "title": _TITLE,
        "description": _DESCRIPTION,
        "anyOf": [{"$ref": f"{prefix}{kind}"} for kind in kinds],
        "$defs": kinds | _definitions(prefix + "{model}"),
    }
    return json.dumps(document, indent=2)


class _WireSchema(GenerateJsonSchema):
    """Schemas without titles made from field names, and without the null that stands for an absent field."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        described: CoreSchema = schema["schema"]
        return self.generate_inner(described)


def _definitions(ref_template: str) -> Json:
    models = [(model, "validation") for spoken in _SPOKEN for model in spoken.models]
    _, document = models_json_schema(models, ref_template=ref_template, schema_generator=_WireSchema)  # type: ignore[arg-type]
    definitions: Json = document["$defs"]
    return definitions


def _channel(spoken: _Spoken, root: str) -> Json:
    return {
        "address": device_topic("{clinic_id}", "{device_id}", spoken.kind, root),
        "description": spoken.summary,
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in _PARAMETERS},
        "messages": {spoken.kind: {"$ref": f"#/components/messages/{spoken.kind}"}},
    }


def _operation_name(spoken: _Spoken) -> str:
    return f"{'send' if spoken.to_device else 'receive'}{spoken.kind.capitalize()}"


def _operation(spoken: _Spoken) -> Json:
    return {
        "action": "send" if spoken.to_device else "receive",
        "summary": spoken.summary,
        "channel": {"$ref": f"#/channels/{spoken.kind}"},
        "messages": [{"$ref": f"#/channels/{spoken.kind}/messages/{spoken.kind}"}],
        "bindings": {"mqtt": {"qos": 1, "retain": spoken.retained, "bindingVersion": MQTT_BINDING_VERSION}},
    }


def _message(spoken: _Spoken) -> Json:
    return {
        "name": spoken.kind,
        "summary": spoken.summary,
        "contentType": "application/json",
        "payload": spoken.schema("#/components/schemas/"),
    }
