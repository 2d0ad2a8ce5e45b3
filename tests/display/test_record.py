"""The run record: its schema, and what may never be in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import mirascope_nb.display
from mirascope_nb import llm
from mirascope_nb.display import Failed, Reasoned, Reply, Said, Tokens, ToolRun
from mirascope_nb.display.record import (
    MAX_RESULT,
    RunRecord,
    as_json,
    digest_of,
    params_of,
    record_of,
    schema_of,
    timing_of,
)

SCHEMA = Path(mirascope_nb.display.__file__).parent / "run-record.schema.json"
MakeReply = Callable[..., Reply]


def full_reply(make_reply: MakeReply) -> Reply:
    tool = ToolRun(
        call="call_1",
        name="delete_rows",
        arguments='{"table":"orders"}',
        state="ok",
        decision="approved",
        by="person",
        reason="fine",
        result="3",
        seconds=0.2,
        waited=4.0,
    )
    return make_reply(
        Reasoned(text="hmm", seconds=1.5),
        Said(text="Let me see."),
        tool,
        Said(text="Done.\n\nAll of it."),
        Failed(title="RateLimitError: slow down", message="Wait 3 s."),
        state="failed",
        provider="sandbox",
        answered="sandbox/other",
        name="other:responses",
        params={"temperature": 0.5, "thinking": {"level": "low"}, "api_key": "sk-1", "top_k": None},
        prompt_digest="ab" * 32,
        prompt_messages=2,
        tokens=Tokens(input=5, output=7, cached=1, reasoning=2),
        cost="0.0003",
        finish="max_tokens",
        note="A title",
        card="c0ffee",
        started=1_700_000_000.1234,
        elapsed=2.34567,
    )


def test_the_published_schema_is_the_generated_one() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema_of(RunRecord)


def test_a_full_record_is_valid_and_survives_json(make_reply: MakeReply) -> None:
    record = as_json(record_of(full_reply(make_reply), [(0, 1), (7, 10)]))
    jsonschema.validate(record, schema_of(RunRecord))
    assert json.loads(json.dumps(record)) == record


@pytest.mark.parametrize("field", ["state", "blocks", "schema_version"])
def test_the_schema_refuses_a_record_without_a_field(make_reply: MakeReply, field: str) -> None:
    record = as_json(record_of(make_reply(), []))
    del record[field]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, schema_of(RunRecord))


def test_the_schema_refuses_what_it_does_not_name(make_reply: MakeReply) -> None:
    record = as_json(record_of(make_reply(), []))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**record, "headers": {}}, schema_of(RunRecord))


def test_equal_runs_have_equal_records_and_differ_in_timing_only(make_reply: MakeReply) -> None:
    def one(**changed: Any) -> Reply:
        tool = ToolRun(
            call=changed["id"], name="t", arguments="{}", state="ok", waited=changed["s"]
        )
        return make_reply(
            tool, Reasoned(text="", seconds=changed["s"]), started=changed["s"], card=changed["id"]
        )

    first, second = one(id="a", s=1.0), one(id="b", s=2.0)
    assert record_of(first, []) == record_of(second, [])
    assert timing_of(first) != timing_of(second)


def test_a_record_holds_neither_the_text_nor_the_ids_nor_unknown_params(
    make_reply: MakeReply,
) -> None:
    written = json.dumps(as_json(record_of(full_reply(make_reply), [(0, 1), (7, 10)])))
    for absent in ("Let me see", "hmm", "call_1", "c0ffee", "sk-1", "api_key", "1700000000"):
        assert absent not in written
    assert params_of({"top_p": 1, "headers": {"x": "y"}}) == {"top_p": 1}


def test_timing_has_a_row_for_every_block(make_reply: MakeReply) -> None:
    timing = as_json(timing_of(full_reply(make_reply)))
    assert timing["elapsed"] == 2.346
    assert timing["blocks"][0] == {"id": None, "seconds": 1.5, "waited": None}
    assert timing["blocks"][2] == {"id": "call_1", "seconds": 0.2, "waited": 4.0}


def test_a_long_result_is_cut_and_says_so(make_reply: MakeReply) -> None:
    tool = ToolRun(call="", name="t", arguments="{}", state="ok", result="x" * (MAX_RESULT + 5))
    record = as_json(record_of(make_reply(tool), []))
    assert record["blocks"][0]["result"].endswith("x… (5 more characters)")


def test_hidden_characters_in_names_are_shown(make_reply: MakeReply) -> None:
    tool = ToolRun(call="", name="a\u202eb", arguments="{}", state="ok")
    assert as_json(record_of(make_reply(tool), []))["blocks"][0]["name"] == "a\\u202eb"


def test_the_prompt_digest_is_that_of_the_messages_and_nothing_else() -> None:
    first = [llm.messages.system("be brief"), llm.messages.user(["hi", "there"])]
    again = [llm.messages.system("be brief"), llm.messages.user(["hi", "there"])]
    other = [llm.messages.system("be brief"), llm.messages.user(["hi", "you"])]
    assert digest_of(first) == digest_of(again) != digest_of(other)
    assert len(digest_of(first)) == 64
