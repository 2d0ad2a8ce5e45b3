"""Fill a JSON schema with values that suit the prompt, and that the schema accepts."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mirascope_nb.sandbox.constraints import (
    branches_of,
    count_at,
    distinct,
    has_kind,
    is_number,
    kinds,
    number_at,
    repaired_number,
    repaired_text,
    resolved,
)
from mirascope_nb.sandbox.facts import Facts, words_of
from mirascope_nb.sandbox.hints import heeded
from mirascope_nb.sandbox.jsonvalue import Object, as_list, as_object, as_text, is_list, is_object
from mirascope_nb.sandbox.patterns import matching
from mirascope_nb.sandbox.skills import classify, list_asked_for, list_of_noun
from mirascope_nb.sandbox.subjects import Record, records_of, subject_text
from mirascope_nb.sandbox.values import MISSING, Finder, number_in, sample_of

_DEEP = 4
_A_LIST = 3
_MOST_WANTED = 50
_TOO_DEEP = 24
_MOST_ITEMS = 1000
_UPPER = re.compile(r"\b(?:all caps|upper ?case|capital letters)\b", re.IGNORECASE)


def fill(
    schema: Object,
    facts: Facts,
    *,
    answer: Callable[[], str],
    known: Mapping[str, Any] | None = None,
    eager: bool = False,
) -> Any:
    """A value that the schema accepts and that suits the prompt.

    Args:
        schema: JSON schema, in the plain form or in Google's (upper-case types, `nullable`).
        facts: What was found in the prompt.
        answer: Gives the reply in prose, for fields that ask for one.
        known: Values by field name that are decided already.
        eager: Fill the arguments of a tool: take whatever the prompt offers, and leave optional
            fields out unless it speaks of them.
    """
    hints = {*words_of(as_text(schema.get("title"))), *_field_words(schema, schema, 0)}
    records = records_of(facts, hints)
    finder = Finder(facts=facts, known=known or {}, answer=answer, eager=eager)
    return _Filling(schema, finder, records).value(schema, (), records[0], 0)


class _Filling:
    """One schema being filled."""

    def __init__(self, root: Object, finder: Finder, records: Sequence[Record]) -> None:
        self._root = root
        self._finder = finder
        self._facts = finder.facts
        self._records = records

    def value(self, schema: Object, names: tuple[str, ...], record: Record, depth: int) -> Any:
        schema = heeded(resolved(schema, self._root))
        if "const" in schema:
            return schema["const"]
        if is_list(schema.get("enum")) and schema["enum"]:
            return self._choice(schema["enum"], names, schema, record)
        branches = branches_of(schema, self._root)
        if branches:
            return self._branch(branches, schema, names, record, depth)
        allowed = kinds(schema)
        if len(allowed) > 1 or (schema.get("nullable") and "null" not in allowed):
            every = [*allowed, "null"] if schema.get("nullable") else allowed
            plain = {key: item for key, item in schema.items() if key not in {"type", "nullable"}}
            options = [plain | {"type": kind} for kind in dict.fromkeys(every)]
            return self._branch(options, {}, names, record, depth)
        match allowed[0]:
            case "object":
                return self._object(schema, names, record, depth)
            case "array":
                return self._array(schema, names, record, depth)
            case "integer" | "number":
                return self._number(schema, names, record, required=True)
            case "boolean":
                return self._boolean(names, schema, record)
            case "null":
                return None
            case _:
                return self._string(schema, names, record)

    def _choice(
        self, options: list[Any], names: tuple[str, ...], schema: Object, record: Record
    ) -> Any:
        found = self._finder.evident(names, schema, record)
        if found in options:
            return found
        low = self._facts.text.lower()
        texts = [option for option in options if isinstance(option, str)]
        if isinstance(found, str):
            alike = (text for text in texts if text.lower() == found.lower())
            if (same := next(alike, None)) is not None:
                return same
        for text in texts:
            if re.search(rf"\b{re.escape(text.lower().replace('_', ' '))}\b", low):
                return text
        mentioned = [number for number in self._facts.numbers if number in options]
        if mentioned:
            return mentioned[0]
        return classify(subject_text(self._facts), texts) if texts else options[0]

    def _branch(
        self,
        options: list[Object],
        schema: Object,
        names: tuple[str, ...],
        record: Record,
        depth: int,
    ) -> Any:
        """One of several schemas: one the prompt speaks of, `null` if it says nothing."""
        null = next((option for option in options if kinds(option) == ["null"]), None)
        rest = [option for option in options if option is not null]
        spoken = [option for option in rest if self._is_evident(option, names, record, depth)]
        if null is not None and (not spoken or depth > _DEEP):
            if "default" in schema and schema["default"] is not None and depth <= _DEEP:
                return schema["default"]
            return None
        chosen = spoken or rest
        if depth > _DEEP:
            # Somewhere a recursive type has to end.
            chosen = sorted(chosen, key=lambda option: "object" in kinds(option))
        return self.value(chosen[0], names, record, depth + 1) if chosen else None

    def _is_evident(
        self, schema: Object, names: tuple[str, ...], record: Record, depth: int
    ) -> bool:
        if depth > _DEEP:
            return False
        if is_list(schema.get("enum")) or "const" in schema:
            options = [schema["const"]] if "const" in schema else schema["enum"]
            low = self._facts.text.lower()
            found = self._finder.evident(names, schema, record)
            return found in options or any(
                re.search(rf"\b{re.escape(option.lower())}\b", low)
                for option in options
                if isinstance(option, str)
            )
        kind = kinds(schema)[0]
        if kind == "object":
            return any(
                self._is_evident(resolved(item, self._root), (*names, name), record, depth + 2)
                for name, item in as_object(schema.get("properties")).items()
                if is_object(item)
            )
        if kind == "array":
            return self._list_of(names, record) is not None
        found = self._finder.evident(names, schema, record)
        # A text of another form than the schema's is not what it means.
        return has_kind(found, kind) and not (
            isinstance(found, str)
            and {"pattern", "format"} & schema.keys()
            and repaired_text(found, schema) != found
        )

    def _object(self, schema: Object, names: tuple[str, ...], record: Record, depth: int) -> Object:
        properties = as_object(schema.get("properties"))
        required = {name for name in as_list(schema.get("required")) if isinstance(name, str)}
        filled: Object = {}
        for name, item in properties.items():
            inner = self._inherited(as_object(item), name, schema)
            if depth > _TOO_DEEP:
                break
            if name not in required and not self._wanted(inner, (*names, name), record, depth):
                continue
            filled[name] = self.value(inner, (*names, name), record, depth + 1)
        # A tool without parameters takes none, also where its schema leaves that open.
        if not properties and not (self._finder.eager and not schema.get("additionalProperties")):
            filled |= self._entries(schema, names, record, depth)
        return filled

    def _inherited(self, item: Object, name: str, parent: Object) -> Object:
        """A field's schema, with what its parent's description demands of it."""
        said = as_text(parent.get("description"))
        if _UPPER.search(said) and re.search(rf"\b{re.escape(name)}\b", said, re.IGNORECASE):
            return item | {"description": f"{as_text(item.get('description'))} all caps"}
        return item

    def _wanted(self, item: Object, names: tuple[str, ...], record: Record, depth: int) -> bool:
        """Whether to fill a field that may be left out."""
        whole = resolved(item, self._root)
        if names[-1] in self._finder.known:
            return True
        if not self._finder.eager:
            return depth <= _DEEP and "default" not in whole
        return any(
            self._is_evident(branch, names, record, depth)
            for branch in branches_of(whole, self._root) or [whole]
            if kinds(branch) != ["null"]
        )

    def _entries(
        self, schema: Object, names: tuple[str, ...], record: Record, depth: int
    ) -> Object:
        """The entries of a mapping whose keys are free."""
        least = count_at(schema, "minProperties")
        most = count_at(schema, "maxProperties") or max(least, 2)
        wanted = max(least, min(most, 2))
        by_pattern = as_object(schema.get("patternProperties"))
        item = schema.get("additionalProperties")
        if by_pattern:
            pattern, item = next(iter(by_pattern.items()))
            first = matching(pattern)
            keys = [first] if first is not None else []
        else:
            limits = as_object(schema.get("propertyNames"))
            fixed = [key for key in as_list(limits.get("enum")) if isinstance(key, str)]
            keys = fixed or list(self._free_keys(max(wanted, least), limits))
        if item is False or depth > _DEEP:
            return {}
        inner = item if is_object(item) else {"type": "string"}
        count = max(least, min(wanted, len(keys)))
        return {key: self.value(inner, (*names, key), record, depth + 1) for key in keys[:count]}

    def _free_keys(self, count: int, limits: Object) -> Iterator[str]:
        topics = [as_text(word) for word in as_list(self._records[0].get("keywords"))]
        for index in range(count):
            key = topics[index] if index < len(topics) else f"item_{index + 1}"
            yield repaired_text(key, limits)

    def _array(
        self, schema: Object, names: tuple[str, ...], record: Record, depth: int
    ) -> list[Any]:
        prefix = [item for item in as_list(schema.get("prefixItems")) if is_object(item)]
        least = count_at(schema, "minItems")
        most = min(int(schema.get("maxItems", _MOST_ITEMS)), _MOST_ITEMS)
        if prefix:
            return [
                self.value(item, (*names, f"item{index}"), record, depth + 1)
                for index, item in enumerate(prefix)
            ]
        items = resolved(as_object(schema.get("items")), self._root)
        if depth > _DEEP and not least:
            return []
        if kinds(items) == ["object"] and "enum" not in items:
            count = min(max(self._wanted_count(), least), most)
            own = self._records
            return [
                self.value(items, names, own[index % len(own)], depth + 1) for index in range(count)
            ]
        found = self._list_of(names, record)
        values = [] if found is None else [self._fitted(item, items) for item in found]
        values = [value for value in values if value is not MISSING]
        unique = schema.get("uniqueItems") is True
        if unique:
            values = distinct(values)
        values = values[:most]
        wanted = max(least, 1) if not values else least
        while len(values) < min(wanted, most):
            made = self._another(items, names, record, depth, values if unique else [])
            if made is MISSING:
                break
            values.append(made)
        return values

    def _another(
        self,
        items: Object,
        names: tuple[str, ...],
        record: Record,
        depth: int,
        taken: list[Any],
    ) -> Any:
        """One more item, unlike those that are taken."""
        made = self.value(items, (names[-1] if names else "item",), record, depth + 1)
        if made not in taken:
            return made
        options = as_list(items.get("enum"))
        if options:
            return next((option for option in options if option not in taken), MISSING)
        for step in range(1, len(taken) + 2):
            other = made
            if isinstance(made, str):
                other = repaired_text(f"{made} {step + 1}", items)
            elif isinstance(made, int | float) and not isinstance(made, bool):
                size = items.get("multipleOf") or 1
                other = repaired_number(made + step * size, items)
                if other in taken:
                    other = repaired_number(made - step * size, items)
            elif isinstance(made, bool):
                other = not made
            if other not in taken:
                return other
        return MISSING

    def _list_of(self, names: tuple[str, ...], record: Record) -> list[Any] | None:
        """The items of a list that the prompt or its subject names."""
        if not names:
            return None
        found = self._finder.evident(names, {"type": "array"}, record)
        if is_list(found):
            return found
        words, facts = words_of(names[-1]), self._facts
        listed = list_of_noun(" ".join(words)) or list_asked_for(facts.text)
        if listed:
            return listed[: self._wanted_count()]
        for head, items in facts.lists:
            if set(words_of(head)) & set(words) or self._finder.eager or len(items) >= _A_LIST:
                return list(items)
        if facts.numbers and (self._finder.eager or "numbers" in words):
            return list(facts.numbers)
        if len(facts.quoted) > 1:
            return list(facts.quoted)
        return None if found is MISSING else [found]

    def _wanted_count(self) -> int:
        """How many items the prompt asks for."""
        if len(self._facts.people) > 1:
            return len(self._records)
        asked = (int(number) for number in self._facts.numbers if 1 <= number <= _MOST_WANTED)
        return next(asked, 3 if len(self._records) > 1 else 2)

    def _fitted(self, item: Any, schema: Object) -> Any:
        """An item of a found list as the schema wants it, or `MISSING`."""
        branches = branches_of(schema, self._root)
        if branches:
            fitting = (self._fitted(item, branch) for branch in branches)
            return next((made for made in fitting if made is not MISSING), MISSING)
        options = [schema["const"]] if "const" in schema else as_list(schema.get("enum"))
        if options:
            return item if item in options else MISSING
        kind = kinds(schema)[0]
        if not has_kind(item, kind):
            return MISSING
        if isinstance(item, str):
            return repaired_text(item, schema)
        return repaired_number(item, schema) if is_number(item) else MISSING

    def _number(
        self, schema: Object, names: tuple[str, ...], record: Record, *, required: bool
    ) -> float:
        kind = kinds(schema)[0]
        found = self._finder.evident(names, schema, record)
        if isinstance(found, str):
            found = number_in(found)
        name = names[-1] if names else ""
        if not is_number(found):
            found = self._finder.worked_out(name)
        if not is_number(found):
            found = self._finder.number(name, required=required)
        if not is_number(found):
            found = sample_of(schema, kind)
        if not is_number(found):
            found = self._finder.invented(names, numeric=True)
            top = number_at(schema, "maximum") or number_at(schema, "exclusiveMaximum")
            if top is not None and kind == "integer" and found <= 1 < top:
                # Out of five, out of ten: most things deserve a good mark.
                found = round(top * 0.8)
        return repaired_number(found, schema)

    def _boolean(self, names: tuple[str, ...], schema: Object, record: Record) -> bool:
        found = self._finder.evident(names, schema, record)
        if isinstance(found, bool):
            return found
        if isinstance(found, str) and found.lower() in {"true", "false", "yes", "no", "on", "off"}:
            return found.lower() in {"true", "yes", "on"}
        default = schema.get("default")
        return default if isinstance(default, bool) else True

    def _string(self, schema: Object, names: tuple[str, ...], record: Record) -> str:
        found = self._finder.evident(names, schema, record)
        if is_list(found):
            found = ", ".join(map(str, found))
        elif isinstance(found, int | float) and not isinstance(found, bool):
            found = str(found)
        if not isinstance(found, str):
            found = sample_of(schema, "string")
        if not isinstance(found, str):
            found = self._finder.invented(names, numeric=False)
        if _UPPER.search(as_text(schema.get("description"))):
            found = found.upper()
        return repaired_text(found, schema)


def _field_words(schema: Object, root: Object, depth: int) -> Iterator[str]:
    whole = resolved(schema, root)
    for name, item in as_object(whole.get("properties")).items():
        yield from words_of(name)
        if depth < _DEEP and is_object(item):
            yield from _field_words(item, root, depth + 1)
    items = whole.get("items")
    if depth < _DEEP and is_object(items):
        yield from _field_words(items, root, depth + 1)
