"""The quickstart in JupyterLab: it streams, and what it showed survives."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Lab
else:
    Lab = Any

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "notebooks" / "01_quickstart.ipynb"
CARD_MIME = "application/vnd.mirascope-nb.run+json"

# A piece of each cell's source, and what its output says in the end.
ANSWERS = {
    "Recommend three fantasy books": "a homely hobbit is hired as the burglar of thirteen dwarves.",
    "%%llm sandbox/assistant -o reply": "Murder on the Orient Express",
    "print(reply.text())": "tokens out",
    'await recommend_book("fantasy")': "The Name of the Wind",
    'nb.show(recommend_book.stream("romance"))': "Pride and Prejudice",
    'recommend_book.stream("horror")': "Dracula",
    "nb.gather(": "science fiction: I recommend **Dune**",
    "while response.tool_calls": "It is 22 °C and sunny in **Tokyo**.",
    "await nb.run(": "sunny in Lisbon.",
    "book = (await": "Book(title='The Name of the Wind'",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_quickstart_streams_and_its_answers_survive(
    lab: Lab, notebook: Callable[[Path], str], theme: str
) -> None:
    name = notebook(QUICKSTART)
    await lab.open(name)
    await lab.use_theme(theme)
    await lab.wait_for_kernel()
    await lab.watch_cards()

    await lab.run_all()
    card = lab.page.get_by_role("article", name="LLM response").first
    await expect(card.get_by_role("log")).to_contain_text("The Name of the Wind")
    await card.scroll_into_view_if_needed()
    await expect(card.get_by_role("log")).to_contain_text("Earthsea")
    await lab.screenshot(f"card-{theme}", of=lab.cell("Recommend three fantasy books"))
    await lab.screenshot(f"quickstart-live-{theme}")
    await lab.finish()

    final = ANSWERS["Recommend three fantasy books"]
    first = [text for text in await lab.texts_seen() if "The Name of the Wind" in text]
    # Letters only: what is still raw Markdown in one moment may be rendered in the next.
    letters = ["".join(filter(str.isalpha, text)) for text in first if final not in text]
    assert len(letters) > 5, "the text came at once, or not into the card"
    assert letters == sorted(letters, key=len), "text was taken back"

    await _expect_answers(lab)
    await lab.output("Recommend three").scroll_into_view_if_needed()
    await lab.screenshot(f"quickstart-done-{theme}")

    await lab.command("docmanager:save")
    _check_saved(lab.server.root / name)

    # A page that never saw the widgets, and a kernel that never made them.
    for session in lab.server.ask("api/sessions"):
        lab.server.ask(f"api/sessions/{session['id']}", method="DELETE")
    await lab.open(name)
    await _expect_answers(lab)
    await lab.wait_for_kernel()
    await lab.command("notebook:shutdown-kernel")
    assert not lab.server.ask("api/kernels")
    await _expect_answers(lab)
    await lab.output("Recommend three").scroll_into_view_if_needed()
    await lab.screenshot(f"quickstart-reloaded-{theme}")


async def _expect_answers(lab: Lab) -> None:
    for source, answer in ANSWERS.items():
        await expect(lab.output(source)).to_contain_text(answer)
    await expect(lab.page.get_by_text("Error displaying widget")).to_have_count(0)
    await expect(lab.page.get_by_text("model not found")).to_have_count(0)


def _check_saved(path: Path) -> None:
    saved = json.loads(path.read_text(encoding="utf-8"))
    outputs = [output for cell in saved["cells"] for output in cell.get("outputs", [])]
    kinds = [set(output["data"]) for output in outputs if "data" in output]
    assert sum(CARD_MIME in kind for kind in kinds) == 4
    assert not any("application/vnd.jupyter.widget-view+json" in kind for kind in kinds)
    assert not any(output["output_type"] == "error" for output in outputs)
