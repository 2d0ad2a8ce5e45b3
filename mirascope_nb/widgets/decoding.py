"""What the browser says, read with suspicion: a frozen message, or a refusal.

Anything on the page can send by a card's comm. What is not exactly one of the protocol's messages
never becomes one: it changes nothing, it raises nothing into the kernel, and nothing of what it
holds is kept, shown or logged.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, cast

from mirascope_nb.widgets.protocol import (
    CARD_REQUESTS,
    PROGRESS_REQUESTS,
    BrowserMessage,
    CardRequest,
    ProgressRequest,
    RefusedMessage,
    Scope,
)

logger = logging.getLogger(__name__)

MAX_ID = 128
"""Characters of an id that a browser may send."""
MAX_REASON = 4_000
"""Characters of a reason for a denial."""
MAX_ARGUMENTS = 1_048_576
"""Characters of edited arguments."""


class MalformedMessageError(ValueError):
    """A browser message that is not one of ours. It stays inside this module."""


def decode_card_request(content: object, *, card_id: str) -> CardRequest | RefusedMessage | None:
    """Read a card's browser message.

    Returns:
        The message; or the refusal to send back, for one of this card that is malformed; or `None`
        for what does not even say that it is of this card.
    """
    return cast("CardRequest | RefusedMessage | None", _decode(content, card_id, CARD_REQUESTS))


def decode_progress_request(
    content: object, *, card_id: str
) -> ProgressRequest | RefusedMessage | None:
    """Read a progress bar's browser message; see `decode_card_request`."""
    found = _decode(content, card_id, PROGRESS_REQUESTS)
    return cast("ProgressRequest | RefusedMessage | None", found)


def _decode(
    content: object, card_id: str, kinds: Mapping[str, type[BrowserMessage]]
) -> BrowserMessage | RefusedMessage | None:
    try:
        return _read_message(content, card_id, kinds)
    except MalformedMessageError as error:
        # The content itself is untrusted and may be long: only what is wrong with it is logged.
        logger.warning("refused a message from the browser: %s", error)
    return _refusal(content, card_id)


def _refusal(content: object, card_id: str) -> RefusedMessage | None:
    """What to answer to a malformed message: nothing in it is repeated but its own request id."""
    if not isinstance(content, dict):
        return None
    message = cast("dict[str, Any]", content)
    try:
        request = _CHECKS["request"](message.get("request"))
    except MalformedMessageError:
        return None
    if message.get("id") != card_id:
        return None
    return {
        "kind": "refused",
        "id": card_id,
        "request": request,
        "reason": "The kernel does not understand this message.",
    }


def _read_message(
    content: object, card_id: str, kinds: Mapping[str, type[BrowserMessage]]
) -> BrowserMessage:
    if not isinstance(content, dict):
        raise MalformedMessageError("not an object")
    message = cast("dict[str, Any]", content)
    kind = message.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise MalformedMessageError("unknown kind")
    made = kinds[kind]
    names = [field.name for field in fields(made)]
    if message.keys() != {"kind", *names}:
        raise MalformedMessageError(f"{kind} has missing or unknown fields")
    values: dict[str, Any] = {}
    for name in names:
        try:
            values[name] = _CHECKS[name](message[name])
        except MalformedMessageError as error:
            raise MalformedMessageError(f"{kind}.{name}: {error}") from None
    if values["id"] != card_id:
        raise MalformedMessageError("addressed to another card")
    return made(**values)


def _text(limit: int, *, least: int = 0) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str):
            raise MalformedMessageError("not a string")
        if not least <= len(value) <= limit:
            raise MalformedMessageError("too short or too long")
        return value

    return check


def _optional(check: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else check(value)


def _whole(value: object) -> int:
    # A JSON number of JavaScript may arrive as 3.0; `True` is an int to Python and none of ours.
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedMessageError("not a whole number")
    return value


def _decision(value: object) -> str:
    if value not in ("approve", "deny"):
        raise MalformedMessageError("neither approve nor deny")
    return cast("str", value)


def _scope(value: object) -> Scope:
    if not isinstance(value, dict):
        raise MalformedMessageError("not an object")
    scope = cast("dict[str, Any]", value)
    if scope.keys() != {"argument", "value"}:
        raise MalformedMessageError("missing or unknown fields")
    return Scope(argument=_optional(_text(MAX_REASON))(scope["argument"]), value=scope["value"])


_CHECKS: Mapping[str, Callable[[object], Any]] = {
    "id": _text(MAX_ID, least=1),
    "request": _text(MAX_ID, least=1),
    "have": _optional(_whole),
    "approval": _text(MAX_ID, least=1),
    "digest": _text(MAX_ID, least=1),
    "decision": _decision,
    "reason": _optional(_text(MAX_REASON)),
    "arguments": _text(MAX_ARGUMENTS),
    "scope": _scope,
    "value": _whole,
}
