"""Dispatch: an act by its name and JSON arguments, for the local socket and for commands that run without a gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from gateway.errors import InvalidInputError
from gateway.serve import action_shapes as shapes
from gateway.serve.access import LOCAL
from gateway.serve.actions import Actions
from schemas.access import Scope, Viewer

if TYPE_CHECKING:
    from gateway.serve.product_reader import ProductReader

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Act:
    """One act: the shape of its arguments, and the method that does it."""

    arguments: type[BaseModel]
    do: Callable[[Actions, Viewer, Any], Awaitable[BaseModel]]


ACTIONS: Final[Mapping[str, Act]] = {
    "ping": Act(shapes.Nothing, Actions.ping),
    "user_add": Act(shapes.NewUser, Actions.add_user),
    "user_password": Act(shapes.NewPassword, Actions.change_password),
    "user_remove": Act(shapes.Named, Actions.remove_user),
    "token_create": Act(shapes.NewToken, Actions.create_token),
    "token_list": Act(shapes.Nothing, Actions.list_tokens),
    "token_revoke": Act(shapes.Named, Actions.revoke_tokens),
    "quarantine_list": Act(shapes.QuarantineQuery, Actions.quarantine_list),
    "quarantine_release": Act(shapes.Release, Actions.quarantine_release),
    "registry_import": Act(shapes.RegistryImport, Actions.registry_import),
    "registry_export": Act(shapes.Nothing, Actions.registry_export),
    "replay": Act(shapes.Replay, Actions.replay),
    "vendor_tell": Act(shapes.VendorTelling, Actions.tell_vendor),
    "rehearse": Act(shapes.Rehearse, Actions.rehearse),
}


PRODUCT_FACTS: Final = "product_facts"
VENDOR_USE: Final = "vendor_use"
"""Has what vendors are told of use made, of the settled months between `since_ms` and `until_ms`."""
VENDOR: Final = Viewer("report", "vendor", Scope(clinics=frozenset()))
"""Whoever makes the vendor's report on this machine sees no more of it than a vendor."""


async def dispatch(
    actions: Actions,
    name: str,
    args: Mapping[str, JsonValue],
    actor: Viewer = LOCAL,
    product: ProductReader | None = None,
) -> dict[str, JsonValue]:
    """Does the act and gives its answer as JSON. `product` answers for the report that `PRODUCT_FACTS` asks for.

    Raises InvalidInputError for an unknown name or wrong arguments, and whatever the act itself raises.
    """
    if name == PRODUCT_FACTS and product is not None:
        return (await product.facts(VENDOR)).model_dump(mode="json")
    if name == VENDOR_USE and product is not None:
        span = _checked(shapes.Span, args)
        return (await product.usage(VENDOR, "model", span.since_ms, span.until_ms)).model_dump(mode="json")
    act = ACTIONS.get(name)
    if act is None:
        raise InvalidInputError([f"there is no action {name[:40]!r}: use one of {', '.join(ACTIONS)}"])
    answer = await act.do(actions, actor, _checked(act.arguments, args))
    return answer.model_dump(mode="json")


def _checked(shape: type[M], args: Mapping[str, JsonValue]) -> M:
    try:
        return shape.model_validate(dict(args))
    except ValidationError as error:
        raise InvalidInputError([_line(item["loc"], item["msg"]) for item in error.errors()]) from None


def _line(location: tuple[int | str, ...], message: str) -> str:
    path = ".".join(str(part) for part in location)
    return f"{path}: {message}" if path else message
