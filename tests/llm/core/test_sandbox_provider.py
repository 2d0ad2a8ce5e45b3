"""The sandbox is a provider like another, wherever its server is now."""

from mirascope_nb import llm
from mirascope_nb.sandbox import Sandbox


async def test_calls_follow_the_sandbox_to_a_server_that_was_started_anew() -> None:
    model = llm.Model("sandbox/fast")
    for expected in ("first", "second"):
        with Sandbox(pace=0) as sandbox, sandbox.as_default():
            sandbox.reply(expected)
            assert (await model.call_async("hello")).text() == expected
            assert len(sandbox.requests) == 1
