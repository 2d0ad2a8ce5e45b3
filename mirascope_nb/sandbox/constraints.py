"""What a JSON schema demands of a single value, and how to make a value comply."""

import datetime as dt
import math
import re
from typing import Any, TypeGuard

from mirascope_nb.sandbox.jsonvalue import Object, as_list, as_object, as_text, is_list, objects
from mirascope_nb.sandbox.patterns import matching

_MOST_STEPS = 24
_FORMATS: dict[str, tuple[str, str]] = {
    "date": (r"\d{4}-\d{2}-\d{2}", "2026-01-15"),
    "date-time": (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d\d:\d\d)", "2026-01-15T10:30:00Z"),
    "time": (r"\d{2}:\d{2}:\d{2}(Z|[+-]\d\d:\d\d)?", "10:30:00"),
    "duration": (r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", "PT30M"),
    "email": (r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "ada@example.org"),
    "idn-email": (r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "ada@example.org"),
    "name-email": (r".+ <[\w.+-]+@[\w-]+(\.[\w-]+)+>", "Ada <ada@example.org>"),
    "uri": (r"https?://\S+", "https://example.org/"),
    "url": (r"https?://\S+", "https://example.org/"),
    "multi-host-uri": (r"\w+://\S+", "https://example.org/"),
    "hostname": (r"[a-z\d.-]+\.[a-z]+", "example.org"),
    "uuid": (r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}", "5f0c9b7e-3d7a-4c1e-9a55-2f6d1f0b8a11"),
    "uuid1": (r"(?!)", "0b2b3f1e-6c1e-11ee-8c99-0242ac120002"),
    "uuid4": (r"(?!)", "5f0c9b7e-3d7a-4c1e-9a55-2f6d1f0b8a11"),
    "ipv4": (r"(\d{1,3}\.){3}\d{1,3}", "192.0.2.1"),
    "ipv6": (r"[\da-f:]+:[\da-f:]*", "2001:db8::1"),
    "ipvanyaddress": (r"(\d{1,3}\.){3}\d{1,3}", "192.0.2.1"),
    "ipv4network": (r"(\d{1,3}\.){3}\d{1,3}/\d+", "192.0.2.0/24"),
    "ipv6network": (r"[\da-f:]+/\d+", "2001:db8::/32"),
    "ipvanynetwork": (r"(\d{1,3}\.){3}\d{1,3}/\d+", "192.0.2.0/24"),
    "ipv4interface": (r"(\d{1,3}\.){3}\d{1,3}/\d+", "192.0.2.1/24"),
    "ipv6interface": (r"[\da-f:]+/\d+", "2001:db8::1/32"),
    "ipvanyinterface": (r"(\d{1,3}\.){3}\d{1,3}/\d+", "192.0.2.1/24"),
    "byte": (r"(?:[A-Za-z\d+/]{4})+", "c2FuZGJveA=="),
    "base64": (r"(?:[A-Za-z\d+/]{4})+", "c2FuZGJveA=="),
    "base64url": (r"(?:[A-Za-z\d_-]{4})+", "c2FuZGJveA=="),
    "json-string": (r"(?!)", "{}"),
}
"""For a string format: what a value must look like, and one that does."""


def resolved(schema: Object, root: Object) -> Object:
    """A schema with its reference followed and its `allOf` merged."""
    for _ in range(_MOST_STEPS):
        if isinstance(schema.get("$ref"), str):
            target: Any = root
            for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
                key = step.replace("~1", "/").replace("~0", "~")
                target = as_object(target).get(key, {}) if key else target
            rest = {key: item for key, item in schema.items() if key != "$ref"}
            schema = as_object(target) | rest
        elif is_list(schema.get("allOf")):
            merged: Object = {key: item for key, item in schema.items() if key != "allOf"}
            for part in schema["allOf"]:
                inner = resolved(as_object(part), root)
                properties = as_object(merged.get("properties")) | as_object(
                    inner.get("properties")
                )
                required = [*as_list(merged.get("required")), *as_list(inner.get("required"))]
                merged = inner | merged
                if properties:
                    merged |= {"properties": properties, "required": required}
            schema = merged
        else:
            break
    return schema


def branches_of(schema: Object, root: Object) -> list[Object]:
    """The alternatives of a schema; empty when it is a single one.

    A decimal number may come as text too, but not as any text, and pydantic's schema does not say
    which: such text is left out.
    """
    given = as_list(schema.get("anyOf")) or as_list(schema.get("oneOf"))
    shared = {key: schema[key] for key in ("description", "title") if key in schema}
    branches = [resolved(shared | branch, root) for branch in objects(given)]
    if any(kinds(branch) == ["number"] for branch in branches):
        return [branch for branch in branches if kinds(branch) != ["string"]]
    return branches


def kinds(schema: Object) -> list[str]:
    """The types a schema allows, in lower case; what it implies when it names none."""
    given: Any = schema.get("type")
    named = [given] if isinstance(given, str) else as_list(given)
    if named:
        return [str(kind).lower() for kind in named]
    if "properties" in schema or "additionalProperties" in schema:
        return ["object"]
    if "items" in schema or "prefixItems" in schema:
        return ["array"]
    if {"minimum", "maximum", "multipleOf"} & schema.keys():
        return ["number"]
    return ["string"]


def has_kind(value: object, kind: str) -> bool:
    """Whether a value is of a JSON type."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return is_number(value) and isinstance(value, int)
        case "number":
            return is_number(value)
        case "array":
            return is_list(value)
        case _:
            return False


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number; in JSON, `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_at(schema: Object, key: str) -> float | None:
    """A number that a schema gives for a keyword."""
    value: Any = schema.get(key)
    return value if is_number(value) else None


def count_at(schema: Object, key: str) -> int:
    """A count that a schema gives for a keyword; 0 when it gives none."""
    return int(number_at(schema, key) or 0)


def repaired_number(value: float, schema: Object) -> float:
    """The nearest number that keeps the schema's bounds and step."""
    whole = kinds(schema)[0] == "integer"
    low, high = _bounds(schema, whole=whole)
    if whole:
        value = round(value)
    if low is not None and value < low:
        value = low
    if high is not None and value > high:
        value = high
    step = number_at(schema, "multipleOf")
    if step is not None and step > 0:
        times = math.floor(value / step)
        if low is not None and times * step < low:
            times += 1
        value = times * step
    return round(value) if whole else value


def repaired_text(value: str, schema: Object) -> str:
    """The value if the schema takes it, else one like it that it takes."""
    form = as_text(schema.get("format"))
    if form in _FORMATS:
        looks, example = _FORMATS[form]
        if not (re.fullmatch(looks, value) and _is_real(value, form)):
            value = example
    pattern = as_text(schema.get("pattern"))
    if pattern and not _matches(pattern, value):
        value = matching(pattern) or value
    least, most = count_at(schema, "minLength"), number_at(schema, "maxLength")
    if len(value) < least:
        # What a pattern matches at its end, it mostly matches more than once.
        more = (value[-1:] or "a") if pattern else " and so on"
        value += (more * (least // len(more) + 1))[: least - len(value)]
    return value if most is None else value[: int(most)]


def distinct(values: list[Any]) -> list[Any]:
    """The values without repetitions; they need not be hashable."""
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _bounds(schema: Object, *, whole: bool) -> tuple[float | None, float | None]:
    """The least and the greatest number that a schema takes."""
    low, high = number_at(schema, "minimum"), number_at(schema, "maximum")
    above = number_at(schema, "exclusiveMinimum")
    below = number_at(schema, "exclusiveMaximum")
    if whole:
        low = None if low is None else math.ceil(low)
        high = None if high is None else math.floor(high)
    if above is not None:
        edge = math.floor(above) + 1 if whole else _inside(above, high, below, default=above + 1)
        low = edge if low is None else max(low, edge)
    if below is not None:
        edge = math.ceil(below) - 1 if whole else _inside(below, low, above, default=below - 1)
        high = edge if high is None else min(high, edge)
    return low, high


def _inside(
    edge: float, inclusive: float | None, exclusive: float | None, *, default: float
) -> float:
    """A number just inside an exclusive bound, towards the other bound."""
    other = inclusive if inclusive is not None else exclusive
    return default if other is None else edge + (other - edge) / 4


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:  # another dialect: nothing can be said
        return True


def _is_real(value: str, form: str) -> bool:
    """Whether a text in the shape of a date is a date."""
    if form != "date":
        return True
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True
