"""What OpenAI's two APIs share: errors, headers, the list of models, and tool choices."""

import math
from collections.abc import Sequence
from typing import Any

from mirascope_nb.sandbox.faults import STATUS_OF, Allowance, Fault, FaultKind, Refused
from mirascope_nb.sandbox.jsonvalue import Object, as_object, as_text, is_object, objects
from mirascope_nb.sandbox.prompt import ToolChoice, ToolOffer
from mirascope_nb.sandbox.stamp import Stamp
from mirascope_nb.sandbox.wires.base import Failure, Headers, HttpRequest, duration, masked
from mirascope_nb.sandbox.wires.ranges import Range, first_breach

MODELS = ("assistant", "echo", "slow", "thinker", "fast", "flaky", "limited-5")
"""Models that `GET /v1/models` names; any other name is answered as well."""

BAD_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The API expects a JSON payload, but what was sent was not valid "
    "JSON.)"
)

_ERROR_TYPE: dict[FaultKind, tuple[str, str | None]] = {
    "authentication": ("invalid_request_error", "invalid_api_key"),
    "model_not_found": ("invalid_request_error", "model_not_found"),
    "rate_limit": ("requests", "rate_limit_exceeded"),
    "server": ("server_error", None),
    "overloaded": ("server_error", None),
}
_STATUS: dict[FaultKind, int] = {**STATUS_OF, "overloaded": 503}
_CREATED = 1735689600


def list_models() -> Object:
    """The body of `GET /v1/models`."""
    return {"object": "list", "data": [describe_model(f"sandbox/{name}") for name in MODELS]}


def describe_model(name: str) -> Object:
    """The body of `GET /v1/models/{name}`."""
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "mirascope_nb"}


def error_of(fault: Fault) -> Object:
    """The `error` object of a fault."""
    kind, code = _ERROR_TYPE.get(fault.kind, ("invalid_request_error", None))
    return {
        "message": fault.message or _message(fault),
        "type": kind,
        "param": fault.param,
        "code": fault.code or code,
    }


def failure(fault: Fault) -> Failure:
    """A fault as an answer."""
    headers: Headers = []
    if fault.retry_after is not None:
        headers = [
            ("retry-after", str(max(math.ceil(fault.retry_after), 0))),
            ("retry-after-ms", str(max(math.ceil(fault.retry_after * 1000), 0))),
        ]
    status = fault.status or _STATUS[fault.kind]
    return Failure(status=status, body={"error": error_of(fault)}, headers=headers)


def limit_headers(stamp: Stamp, allowance: Allowance | None) -> Headers:
    """Request id and rate-limit state."""
    limit, remaining, reset = (
        (allowance.limit, allowance.remaining, allowance.reset)
        if allowance is not None
        else (5000, 4999, 0.012)
    )
    return [
        ("x-ratelimit-limit-requests", str(limit)),
        ("x-ratelimit-limit-tokens", "800000"),
        ("x-ratelimit-remaining-requests", str(remaining)),
        ("x-ratelimit-remaining-tokens", "799993"),
        ("x-ratelimit-reset-requests", duration(reset)),
        ("x-ratelimit-reset-tokens", "0s"),
        ("x-request-id", f"req_{stamp.hexadecimal('request', 32)}"),
    ]


def missing(field: str) -> Refused:
    """The refusal of a body without a required field."""
    return Refused(
        Fault(
            kind="bad_request",
            message=f"Missing required parameter: '{field}'.",
            param=field,
            code="missing_required_parameter",
        )
    )


def wrong_type(field: str, expected: str) -> Refused:
    """The refusal of a field of another type."""
    return Refused(
        Fault(
            kind="bad_request",
            message=f"Invalid type for '{field}': expected {expected}.",
            param=field,
            code="invalid_type",
        )
    )


SAMPLING = (
    Range(name="temperature", low=0, high=2),
    Range(name="top_p", low=0, high=1),
)
"""What both of OpenAI's wires take."""


def check_ranges(body: Object, ranges: Sequence[Range]) -> None:
    """Refuse a number that the service refuses.

    Raises:
        Refused: When one is out of its range.
    """
    breach = first_breach(body, ranges)
    if breach is None:
        return
    name, kind = breach.range.name, "integer" if breach.range.whole else "decimal"
    if breach.kind == "type":
        raise wrong_type(name, f"{'an' if breach.range.whole else 'a'} {kind}")
    side, sign = ("below minimum", ">=") if breach.kind == "low" else ("above maximum", "<=")
    code = f"{kind}_{'below_min' if breach.kind == 'low' else 'above_max'}_value"
    message = (
        f"Invalid '{name}': {kind} {side} value. Expected a value {sign} {breach.bound:g}, but got "
        f"{breach.value} instead."
    )
    raise Refused(Fault(kind="bad_request", message=message, param=name, code=code))


def model_name(body: Object) -> str:
    """The model a body asks for.

    Raises:
        Refused: When it names none.
    """
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise Refused(
            Fault(kind="bad_request", message="you must provide a model parameter", param="model")
        )
    return name


def tool_offers(body: Object) -> tuple[ToolOffer, ...]:
    """The function tools of a body, flat (responses) or nested (chat)."""
    offers: list[ToolOffer] = []
    for tool in objects(body.get("tools")):
        function = as_object(tool.get("function")) if "function" in tool else tool
        name = as_text(function.get("name"))
        if tool.get("type", "function") == "function" and name:
            offers.append(
                ToolOffer(
                    name=name,
                    description=as_text(function.get("description")),
                    schema=as_object(function.get("parameters")),
                )
            )
    return tuple(offers)


def tool_choice(body: Object) -> ToolChoice:
    """How free the reply is to call tools: both spellings of `tool_choice`."""
    parallel = body.get("parallel_tool_calls") is not False
    choice: Any = body.get("tool_choice")
    if choice == "none":
        return ToolChoice(mode="none", parallel=parallel)
    if choice == "required":
        return ToolChoice(mode="required", parallel=parallel)
    if not is_object(choice):
        return ToolChoice(parallel=parallel)
    if choice.get("type") == "allowed_tools":
        allowed = as_object(choice.get("allowed_tools")) or choice
        names = tuple(_name_of(tool) for tool in objects(allowed.get("tools")))
        mode = "required" if allowed.get("mode") == "required" else "auto"
        return ToolChoice(mode=mode, names=names, parallel=parallel)
    name = _name_of(choice)
    return ToolChoice(mode="required", names=(name,), parallel=False) if name else ToolChoice()


def api_key(request: HttpRequest) -> str:
    """The key of an `Authorization: Bearer` header; empty when there is none."""
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


def _name_of(choice: Object) -> str:
    return as_text(choice.get("name")) or as_text(as_object(choice.get("function")).get("name"))


def _message(fault: Fault) -> str:
    words: dict[FaultKind, str] = {
        "authentication": (
            f"Incorrect API key provided: {masked(fault.subject)}. You can find your API key at "
            "https://platform.openai.com/account/api-keys."
        ),
        "model_not_found": (
            f"The model `{fault.subject}` does not exist or you do not have access to it."
        ),
        "not_found": f"Invalid URL ({fault.subject})",
        "method_not_allowed": (
            f"Not allowed ({fault.subject}). (HINT: Perhaps you meant to use a different HTTP "
            "method?)"
        ),
        "rate_limit": (
            f"Rate limit reached for {fault.subject or 'this model'} on requests per second. "
            f"Please try again in {duration(fault.retry_after or 0.0)}."
        ),
        "server": (
            "The server had an error while processing your request. Sorry about that! (This is a "
            "simulated failure.)"
        ),
        "overloaded": "The engine is currently overloaded, please try again later.",
        "permission": "You have insufficient permissions for this operation.",
        "too_large": "Request entity too large.",
    }
    return words.get(fault.kind, "Invalid request.")
