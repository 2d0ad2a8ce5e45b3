"""The responses API as servers imitate it: whatever they leave out, the reply is the same."""

import runpy
from pathlib import Path
from typing import Any

import pytest

EVENTS = runpy.run_path(str(Path(__file__).parent / "events" / "openai_responses.py"))
completed, message, call, added, done, text, text_done, args, args_done, parts = (
    EVENTS[name]
    for name in (
        "completed",
        "message",
        "call",
        "added",
        "done",
        "text",
        "text_done",
        "args",
        "args_done",
        "parts",
    )
)


TWO = message("msg_1", "One."), message("msg_2", "Two.")


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([completed(*TWO)], id="the last event only"),
        pytest.param([done(0, TWO[0]), done(1, TWO[1]), completed()], id="items done only"),
        pytest.param(
            [
                added(0, TWO[0]),
                text(0, "One."),
                done(0, TWO[0]),
                text(1, "Tw"),
                text(1, "o."),
                completed(*TWO),
            ],
            id="no done, no added",
        ),
        pytest.param(
            [text(0, "On"), text(1, "Tw"), text(0, "e."), text(1, "o."), completed(*TWO)],
            id="overlapping",
        ),
        pytest.param(
            [
                added(0, TWO[0]),
                added(1, TWO[1]),
                text(1, "Two.", item_id="msg_2"),
                text_done(1, "Two.", item_id="msg_2"),
                text(0, "One.", item_id="msg_1"),
                text_done(0, "One.", item_id="msg_1"),
                completed(*TWO),
            ],
            id="out of order",
        ),
        pytest.param(
            [text_done(0, "One."), text_done(1, "Two."), completed()], id="parts done only"
        ),
        pytest.param(
            [text(0, "On"), text_done(0, "One."), text(1, "Two"), done(1, TWO[1]), completed()],
            id="deltas lost",
        ),
        pytest.param(
            [
                added(0, TWO[0]),
                text(0, "One.", item_id="x1"),
                text_done(0, "One.", item_id="x2"),
                done(0, {**TWO[0], "id": "x3"}),
                added(1, TWO[1]),
                text(1, "Two.", item_id="x4"),
                done(1, {**TWO[1], "id": "x5"}),
                completed({**TWO[0], "id": "x6"}, {**TWO[1], "id": "x7"}),
            ],
            id="ids change",
        ),
        pytest.param(
            [
                added(0, TWO[0]),
                text(0, "One.", item_id="msg_1"),
                done(0, TWO[0]),
                added(0, TWO[1]),
                text(0, "Two.", item_id="msg_2"),
                done(0, TWO[1]),
                completed(*TWO),
            ],
            id="index reused",
        ),
        pytest.param(
            [
                {"type": "response.output_text.delta", "delta": "One."},
                {"type": "response.output_text.done", "text": "One."},
                {"type": "response.output_text.delta", "delta": "Two."},
                completed(*TWO),
            ],
            id="ids and indexes absent",
        ),
        pytest.param(
            [
                text(0, "One.", content_index=3),
                text_done(0, "One.", content_index=3),
                done(0, TWO[0]),
                text(1, "Two.", content_index=3),
                done(1, TWO[1]),
                completed(*TWO),
            ],
            id="parts counted another way",
        ),
    ],
)
def test_texts_however_a_server_tells_of_them(received_items: Any, events: Any) -> None:
    stream = received_items({"type": "response.created", "response": {}}, *events)
    assert sorted(parts(stream)) == ["One.", "Two."]


CALLS = call("a", '{"title":"A"}'), call("b", '{"title":"B"}')


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([completed(*CALLS)], id="the last event only"),
        pytest.param([done(0, CALLS[0]), done(1, CALLS[1]), completed()], id="items done only"),
        pytest.param(
            [
                added(0, CALLS[0]),
                args(0, '{"title":"A"}'),
                added(1, CALLS[1]),
                args(1, '{"title":"B"}'),
                completed(*CALLS),
            ],
            id="never done",
        ),
        pytest.param(
            [
                added(0, CALLS[0]),
                args(0, '{"title'),
                added(1, CALLS[1]),
                args(1, '{"title'),
                completed(*CALLS),
            ],
            id="deltas lost",
        ),
        pytest.param(
            [
                added(0, CALLS[0]),
                added(1, CALLS[1]),
                args(0, '{"title":'),
                args(1, '{"title":'),
                args(0, '"A"}'),
                args(1, '"B"}'),
                args_done(0, '{"title":"A"}'),
                args_done(1, '{"title":"B"}'),
                completed(*CALLS),
            ],
            id="interleaved",
        ),
        pytest.param(
            [
                args(0, '{"title":"A"}'),
                args_done(0, '{"title":"A"}'),
                done(0, CALLS[0]),
                args(1, '{"title":"B"}'),
                done(1, CALLS[1]),
                completed(*CALLS),
            ],
            id="never added",
        ),
        pytest.param(
            [
                args_done(0, '{"title":"A"}'),
                args_done(1, '{"title":"B"}'),
                completed(*CALLS),
            ],
            id="named by the last event",
        ),
        pytest.param(
            [
                added(0, CALLS[0]),
                args_done(0, '{"title":"A"}'),
                done(0, {**CALLS[0], "id": None}),
                added(1, CALLS[1]),
                args_done(1, '{"title":"B"}'),
                done(1, {**CALLS[1], "id": None}),
                completed({**CALLS[0], "call_id": "x1"}, {**CALLS[1], "call_id": "x2"}),
            ],
            id="ids change",
        ),
        pytest.param(
            [
                added(0, CALLS[0]),
                args_done(0, '{"title":"A"}'),
                done(0, CALLS[0]),
                completed(*CALLS),
            ],
            id="one untold",
        ),
        pytest.param(
            [
                added(0, CALLS[0]),
                args_done(0, '{"title":"A"}'),
                done(0, CALLS[0]),
                args(0, '{"title":"B"}'),
                done(0, CALLS[1]),
                completed(),
            ],
            id="index reused, never added",
        ),
        pytest.param(
            [
                added(0, CALLS[0]),
                args_done(0, '{"title":"A"}'),
                done(0, {**CALLS[0], "call_id": "x", "id": "y"}),
                added(1, CALLS[1]),
                done(1, CALLS[1]),
                completed(*CALLS),
            ],
            id="done under another id",
        ),
    ],
)
def test_calls_however_a_server_tells_of_them(received_items: Any, events: Any) -> None:
    stream = received_items(*events)
    assert [call.args for call in stream.tool_calls] == ['{"title":"A"}', '{"title":"B"}']
    assert [call.id for call in stream.tool_calls] == ["call_a", "call_b"]
    assert [item["call_id"] for item in stream.messages[-1].raw_message] == ["call_a", "call_b"]
