"""The examples that people know from the documentation of Mirascope's async calls.

They run here as they are written there, apart from the import line and the model: against the
sandbox by its own name, and by the name of another provider that is pointed at it; in a script
that ends in `asyncio.run(main())`, and in a notebook cell that ends in `await main()`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BASIC_CALL = """
import asyncio

from mirascope_nb import llm


@llm.call("openai/gpt-5-mini")
async def recommend_book(genre: str):
    return f"Recommend a {genre} book."


async def main():
    response = await recommend_book("fantasy")
    print(response.text())


asyncio.run(main())
"""

BASIC_PROMPT = """
import asyncio

from mirascope_nb import llm


@llm.prompt
async def recommend_book(genre: str):
    return f"Recommend a {genre} book."


async def main():
    response: llm.AsyncResponse = await recommend_book("openai/gpt-5-mini", "fantasy")
    print(response.text())


asyncio.run(main())
"""

BASIC_MODEL = """
import asyncio

from mirascope_nb import llm

model = llm.Model("openai/gpt-5-mini")


async def main():
    response: llm.AsyncResponse = await model.call_async("Recommend a fantasy book.")
    print(response.text())


asyncio.run(main())
"""

PARALLEL = """
import asyncio

from mirascope_nb import llm


@llm.call("openai/gpt-5-mini")
async def recommend_book(genre: str):
    return f"Recommend a {genre} book."


async def main():
    genres = ["fantasy", "mystery", "romance"]
    responses = await asyncio.gather(*[recommend_book(genre) for genre in genres])
    for genre, response in zip(genres, responses, strict=False):
        print(f"[{genre}]: {response.pretty()}\\n")


asyncio.run(main())
"""

TOOLS = '''
import asyncio

from mirascope_nb import llm


@llm.tool
async def fetch_weather(city: str) -> str:
    """Fetch current weather for a city."""
    await asyncio.sleep(0.1)  # Simulate async API call
    return f"72°F and sunny in {city}"


@llm.call("openai/gpt-5-mini", tools=[fetch_weather])
async def weather_assistant(query: str):
    return query


async def main():
    response = await weather_assistant("What's the weather in Tokyo?")

    while response.tool_calls:
        tool_outputs = await response.execute_tools()
        response = await response.resume(tool_outputs)

    print(response.pretty())


asyncio.run(main())
'''

STREAMING = """
import asyncio

from mirascope_nb import llm


@llm.call("openai/gpt-5-mini")
async def recommend_book(genre: str):
    return f"Recommend a {genre} book."


async def main():
    response = await recommend_book.stream("fantasy")
    async for chunk in response.text_stream():
        print(chunk, end="", flush=True)


asyncio.run(main())
"""

FANTASY = r"I recommend \*\*The Name of the Wind\*\* by Patrick Rothfuss.*"
EXAMPLES = {
    "call": (BASIC_CALL, FANTASY, 1),
    "prompt": (BASIC_PROMPT, FANTASY, 1),
    "model": (BASIC_MODEL, FANTASY, 1),
    "parallel": (
        PARALLEL,
        (
            rf"\[fantasy\]: {FANTASY}"
            r"\[mystery\]: I recommend \*\*Murder on the Orient Express.*"
            r"\[romance\]: I recommend \*\*Pride and Prejudice.*"
        ),
        3,
    ),
    "tools": (TOOLS, r"It is 72 °F and sunny in \*\*Tokyo\*\*\.\s*", 2),
    "streaming": (STREAMING, FANTASY, 1),
}
MODELS = ["sandbox/assistant", "openai/gpt-5-mini"]


by_example = pytest.mark.parametrize(("code", "expected", "calls"), EXAMPLES.values(), ids=EXAMPLES)
by_model = pytest.mark.parametrize("model", MODELS)


def _for_model(code: str, model: str, url: str) -> str:
    """The example with the model it is to ask, and where to find it."""
    if model == "openai/gpt-5-mini":
        line = "from mirascope_nb import llm\n"
        register = f"llm.register_provider('openai', base_url='{url}/v1', api_key='sk-anything')\n"
        return code.replace(line, line + register)
    return code.replace("openai/gpt-5-mini", model)


@by_model
@by_example
def test_an_example_runs_as_a_script(
    *, code: str, expected: str, calls: int, model: str, llm_sandbox: Any, tmp_path: Path
) -> None:
    script = tmp_path / "example.py"
    script.write_text(_for_model(code, model, llm_sandbox.url), encoding="utf-8")
    env = {**os.environ, "MIRASCOPE_NB_SANDBOX_PACE": "0", "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(
        [sys.executable, "-W", "error", script],
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.fullmatch(expected, ran.stdout, re.DOTALL)
    if model == "openai/gpt-5-mini":
        assert len(llm_sandbox.requests) == calls


@pytest.mark.kernel
@by_model
@by_example
def test_an_example_runs_in_a_cell(
    *, code: str, expected: str, calls: int, model: str, llm_sandbox: Any, notebook_kernel: Any
) -> None:
    cell = _for_model(code, model, llm_sandbox.url).replace("asyncio.run(main())", "await main()")
    ran = notebook_kernel.run(cell)
    assert ran.error is None
    assert ran.shown == []
    assert re.fullmatch(expected, ran.printed, re.DOTALL)
    if model == "openai/gpt-5-mini":
        assert len(llm_sandbox.requests) == calls
