"""Whatever a provider answers, a reply or an error of ours comes of it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.fuzz.conftest import Peer

QUICK = settings.get_profile("fuzz-quick")
LONG = settings.get_profile("fuzz-long")


def spoil_bytes(peer: Peer, spoil: dict[str, Any], data: st.DataObject) -> None:
    samples = spoil["corpora"][peer.wire]
    sample = data.draw(st.sampled_from(samples))
    other = data.draw(st.sampled_from(samples))
    chance = random.Random(data.draw(st.integers(0, 2**32)))  # noqa: S311
    peer.ask(spoil["bytes"](sample.body, other.body, chance), streams=sample.streams)


def spoil_values(peer: Peer, spoil: dict[str, Any], data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(spoil["corpora"][peer.wire]))
    values = spoil["values"](sample.body, streams=sample.streams)
    chance = random.Random(data.draw(st.integers(0, 2**32)))  # noqa: S311
    for _ in range(chance.randint(1, 3) if values else 0):
        index = chance.randrange(len(values))
        path = chance.choice(list(spoil["places"](values[index])))
        how = chance.choice(["replace", "remove", "double"])
        values[index] = spoil["replaced"](values[index], path, odd_value(chance), how)
    done = chance.random() < 0.5
    peer.ask(spoil["written"](values, streams=sample.streams, done=done), streams=sample.streams)


ODD = [None, True, 0, -1, 2**70, 1.5, "", "{}", "[", '{"a": 1, "b": 2}', "\ud83e", "add", "NaN"]


def odd_value(chance: random.Random, depth: int = 2) -> Any:
    """A JSON value that nobody expects where it is put."""
    match chance.randrange(4 if depth else 2):
        case 2:
            return [odd_value(chance, depth - 1) for _ in range(chance.randrange(3))]
        case 3:
            return {chance.choice("abc"): odd_value(chance, depth - 1)}
        case _:
            return chance.choice(ODD)


def shuffle_events(peer: Peer, spoil: dict[str, Any], data: st.DataObject) -> None:
    streams = [sample for sample in spoil["corpora"][peer.wire] if sample.streams]
    values: list[Any] = []
    for sample in data.draw(st.lists(st.sampled_from(streams), min_size=1, max_size=2)):
        values += spoil["values"](sample.body, streams=True)
    order = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=60))
    body = spoil["written"]([values[index] for index in order], streams=True)
    peer.ask(body, streams=True)


def invent_values(peer: Peer, spoil: dict[str, Any], data: st.DataObject) -> None:
    """JSON of the names that the wire uses, in any arrangement."""
    names, words = vocabulary(spoil, peer.wire)
    value = st.recursive(
        st.one_of(spoil["weird"], st.sampled_from(words)),
        lambda inner: st.one_of(
            st.dictionaries(st.sampled_from(names), inner, max_size=6), st.lists(inner, max_size=3)
        ),
        max_leaves=20,
    )
    streams = data.draw(st.booleans())
    values = data.draw(st.lists(value, min_size=1, max_size=6))
    peer.ask(spoil["written"](values, streams=streams), streams=streams)


_vocabularies: dict[str, tuple[list[str], list[str]]] = {}


def vocabulary(spoil: dict[str, Any], wire: str) -> tuple[list[str], list[str]]:
    """The names of members that a wire uses, and the short texts, such as its enumerations."""
    if wire not in _vocabularies:
        names: set[str] = set()
        words: set[str] = set()

        def take(pairs: list[tuple[str, Any]]) -> None:
            for name, value in pairs:
                names.add(name)
                if isinstance(value, str) and len(value) < 40:
                    words.add(value)

        for sample in spoil["corpora"][wire]:
            for value in spoil["values"](sample.body, streams=sample.streams):
                json.loads(json.dumps(value), object_pairs_hook=take)
        _vocabularies[wire] = sorted(names), sorted(words)
    return _vocabularies[wire]


WAYS = {
    "bytes spoilt": spoil_bytes,
    "values spoilt": spoil_values,
    "events shuffled": shuffle_events,
    "values invented": invent_values,
}


@pytest.mark.parametrize("way", sorted(WAYS))
@settings(QUICK)
@given(data=st.data())
def test_no_answer_raises_anything_but_an_error_of_ours(
    peer: Peer, spoil: dict[str, Any], way: str, data: st.DataObject
) -> None:
    WAYS[way](peer, spoil, data)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("way", sorted(WAYS))
@settings(LONG)
@given(data=st.data())
def test_no_answer_raises_anything_but_an_error_of_ours_for_long(
    peer: Peer, spoil: dict[str, Any], way: str, data: st.DataObject
) -> None:
    WAYS[way](peer, spoil, data)


def test_the_recordings_themselves_are_read(peer: Peer, spoil: dict[str, Any]) -> None:
    """Else nothing above would prove anything."""
    read = 0
    for sample in spoil["corpora"][peer.wire]:
        outcome = peer.ask(sample.body, streams=sample.streams)
        read += not isinstance(outcome, llm.ResponseValidationError)
    assert read > 4
    assert read >= len(spoil["corpora"][peer.wire]) * 0.7
