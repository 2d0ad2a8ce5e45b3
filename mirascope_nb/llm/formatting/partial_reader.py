"""Models that grow with their text.

The value of a text that breaks off is read in two ways. What is closed, because something follows
it or its container has ended, has to be valid, or there is nothing to show. The last value at each
level is open: it is there as soon as it makes sense, and left out until then. So a date of which
half has come is `None`, and a word where a number should be ends it all when a comma follows.

A reader keeps what it has made of closed values, so that each is validated once. The instances it
gives are new from the root down to what is open; they share the parts that are closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Generic, cast

from mirascope_nb.llm.formatting.format import Format
from mirascope_nb.llm.formatting.partial import partial_model
from mirascope_nb.llm.formatting.partial_json import MISSING, PartialJSON
from mirascope_nb.llm.formatting.shapes import Shape, UnexpectedMemberError, shape_of
from mirascope_nb.llm.formatting.types import FormatT

__all__ = ["PartialReader", "parse_partial"]


def parse_partial(
    format: Format[FormatT], value: object, *, is_complete: bool = False
) -> FormatT | None:
    """The format's value as far as it is known, or `None` while nothing can be said. Never raises.

    Args:
        format: What to read; not an `OutputParser`.
        value: A JSON value, such as that of `PartialJSON`, or `MISSING`. It is not changed, and
            nothing of it that may still grow is in the result.
        is_complete: Whether the last value at each level has ended as well, and has to be valid.

    Returns:
        An instance of `Partial[...]`, in which what is not known is `None`; for a format that is
        no model, the value inside the JSON that carries it.
    """
    builder = _Builder(format)
    builder.distrust()
    return cast("FormatT | None", builder.build(value, is_complete=is_complete))


class PartialReader(Generic[FormatT]):
    """The value of a format, read from a text that is still arriving.

    It gives at any time what `parse_partial` gives of the same text. Where that takes time in
    proportion to the text, a reader takes time in proportion to what is new.
    """

    def __init__(self, format: Format[FormatT]) -> None:
        self._json = PartialJSON()
        self._builder = _Builder(format)
        self._final: object = MISSING

    def feed(self, delta: str) -> None:
        """Take the next piece of the text."""
        self._json.feed(delta)

    @property
    def value(self) -> FormatT | None:
        """As `parse_partial` of the text so far."""
        if self._final is not MISSING:
            return cast("FormatT | None", self._final)
        value = self._json.value
        if self._json.has_repeats:
            self._builder.distrust()
        built = self._builder.build(value, is_complete=self._json.is_complete)
        if self._json.is_complete:
            self._final = built
        return cast("FormatT | None", built)


class _InvalidError(Exception):
    """A closed value does not fit."""


_LEFT_OUT: Final = object()


@dataclass(slots=True)
class _Frame:
    """What has been made of an open container's closed members."""

    container: object
    built: Any
    """A list of items, or a dictionary of members."""
    count: int = 0
    """Members of the container that are in `built` or were passed over."""


class _Builder:
    def __init__(self, format: Format[Any]) -> None:
        self._is_wrapped = format.is_wrapped
        self._shape = shape_of(partial_model(format.model))
        self._frames: list[_Frame] = []  # the outermost container first
        self._is_distrustful = False

    def distrust(self) -> None:
        """Read everything anew, as what counts as closed may change all the same."""
        self._frames.clear()
        self._is_distrustful = True

    def build(self, value: object, *, is_complete: bool) -> object:
        if value is MISSING:
            return None
        try:
            if is_complete:
                built = self._shape.whole(value)
            else:
                built = self._open(self._shape, value, depth=0)
        except Exception:  # noqa: BLE001, validators of the user's may raise anything
            return None
        return built.output if self._is_wrapped else built

    def _open(self, shape: Shape, value: object, *, depth: int) -> Any:
        if not isinstance(value, shape.reads):
            return shape.whole(_copied(value))
        if depth == len(self._frames) or self._frames[depth].container is not value:
            self._frames[depth:] = [_Frame(value, [] if isinstance(value, list) else {})]
        frame = self._frames[depth]
        if isinstance(value, list):
            return self._open_array(shape, cast("list[object]", value), frame, depth + 1)
        return self._open_object(shape, cast("dict[str, object]", value), frame, depth + 1)

    def _open_array(self, shape: Shape, value: list[object], frame: _Frame, depth: int) -> Any:
        item = shape.item()
        for each in value[frame.count : len(value) - 1]:
            frame.built.append(self._closed(item, each))
            frame.count += 1
        items = frame.built.copy()
        # A number that may go on can vanish: then the last member has been closed before.
        if frame.count < len(value):
            last = self._last(item, value[-1], depth)
            if last is not _LEFT_OUT:
                items.append(last)
        return items

    def _open_object(
        self, shape: Shape, value: dict[str, object], frame: _Frame, depth: int
    ) -> Any:
        closed = len(value) - 1
        if frame.count < closed:
            for name, each in islice(value.items(), frame.count, closed):
                member = shape.member(name)
                if member is not None:
                    frame.built[member[0]] = self._closed(member[1], each)
                frame.count += 1
        members = frame.built.copy()
        if frame.count < len(value):
            name = next(reversed(value))
            member = shape.member(name)
            if member is not None:
                last = self._last(member[1], value[name], depth)
                if last is not _LEFT_OUT:
                    members[member[0]] = last
        return shape.assemble(members)

    def _closed(self, shape: Shape, value: object) -> Any:
        try:
            return shape.whole(_copied(value) if self._is_distrustful else value)
        except Exception as error:
            raise _InvalidError from error

    def _last(self, shape: Shape, value: object, depth: int) -> Any:
        try:
            return self._open(shape, value, depth=depth)
        except (_InvalidError, UnexpectedMemberError):
            raise
        except Exception:  # noqa: BLE001, as in `build`
            return _LEFT_OUT


def _copied(value: Any) -> Any:
    """A value without containers that may still grow."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_copied(each) for each in cast("list[Any]", value)]
    return value
