"""A page of each front end that has the extension, and what a person does there."""

import json
import runpy
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

_labs = runpy.run_path(str(Path(__file__).parents[1] / "cards" / "labs.py"))
FRONT_ENDS = {each.name: each for each in (_labs["HERE"], *_labs["FRONT_ENDS"])}
RESULTS = Path(__file__).resolve().parents[3] / "test-results"

SETUP = """\
%load_ext mirascope_nb
import os
import mirascope_nb as nb
from mirascope_nb import llm

@llm.tool
def get_weather(city: str) -> str:
    "Current weather in a city."
    return "22 °C and sunny"
"""


@dataclass
class Notebook:
    """A notebook on a page."""

    page: Page
    server: Any
    front_end: Any
    name: str
    errors: list[str] = field(default_factory=list[str])
    """What the page has complained of."""

    @property
    def is_lab(self) -> bool:
        return self.front_end.module == "jupyterlab"

    async def open(self) -> None:
        """Open it, or open it again."""
        query = f"token={self.server.token}" + ("&reset" if self.is_lab else "")
        await self.page.goto(f"{self.server.url}/{self.front_end.page}/{self.name}?{query}")
        await self.page.wait_for_function(
            """() => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                return Boolean(panel?.context?.isReady && panel.content?.widgets?.length);
            }""",
            timeout=90_000,
        )
        if self.is_lab and await self.page.get_by_role("region", name="File Browser").is_visible():
            await self.command("application:toggle-left-area")

    async def wait_for_kernel(self) -> None:
        """Wait until the kernel has nothing to do."""
        await self.page.wait_for_function(
            """() => window.jupyterapp.shell.currentWidget
                ?.sessionContext?.session?.kernel?.status === "idle" """,
            timeout=60_000,
        )

    async def command(self, name: str, **arguments: Any) -> None:
        """Run a command of the application and wait until it has ended."""
        await self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    async def write(self, source: str) -> Locator:
        """Add a cell at the end, and give its place on the page."""
        count = await self.page.evaluate(
            """source => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.length - 1;
                window.jupyterapp.commands.execute("notebook:insert-cell-below");
                notebook.activeCell.model.sharedModel.setSource(source);
                return notebook.activeCellIndex;
            }""",
            source,
        )
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(count)
        await cell.scroll_into_view_if_needed()
        return cell

    async def begin(self, source: str) -> Locator:
        """Add a cell and begin to run it."""
        cell = await self.write(source)
        await self.page.evaluate(
            "() => { window.ran = window.jupyterapp.commands.execute('notebook:run-cell'); }"
        )
        return cell

    async def run(self, source: str) -> Locator:
        """Add a cell and run it to its end."""
        cell = await self.begin(source)
        await self.page.evaluate("() => window.ran")
        return cell

    async def use_theme(self, theme: str) -> None:
        """Switch to the `light` or `dark` theme."""
        name = f"JupyterLab {theme.capitalize()}"
        await self.command("apputils:change-theme", theme=name)
        await self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name", arg=name
        )

    async def screenshot(self, name: str, *, of: Locator | None = None) -> None:
        """Save what the page shows, or a piece of it, to `test-results/`."""
        RESULTS.mkdir(exist_ok=True)
        await (of or self.page).screenshot(
            path=RESULTS / f"plugin-{self.front_end.name}-{name}.png"
        )


ALWAYS = ("test_the_page_has_nothing_to_complain_of", "test_saved_replies_are_cards")
"""What is tried in every front end also in the quick run."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all but a little of the older front ends to the matrix."""
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here and not item.name.startswith(ALWAYS):
            params = getattr(item, "callspec").params  # noqa: B009, each is parametrised by its front end
            if params["served"] != _labs["HERE"].name:
                item.add_marker(pytest.mark.matrix)


@pytest.fixture(scope="module", params=list(FRONT_ENDS))
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, chromium: str
) -> Iterator[tuple[Any, Any]]:
    """A front end and its server, whose kernel is that of the tests' own Python."""
    del chromium  # without a browser nothing need be served
    front_end = FRONT_ENDS[request.param]
    home = tmp_path_factory.mktemp(front_end.name)
    spec = home / "data" / "kernels" / "mirascope-nb-here"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    env = {"MIRASCOPE_NB_SANDBOX_PACE": "1"}
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Here", "language": "python", "env": env})
    )
    settings = home / "config" / "lab" / "user-settings" / "@jupyterlab"
    for name, values in {
        "apputils-extension/notification": {"fetchNews": "false", "doNotDisturbMode": True},
        "notebook-extension/tracker": {"windowingMode": "none"},
        "docmanager-extension/plugin": {"autosave": False},
    }.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    with _labs["serve"](front_end, home, _Server) as server:
        yield front_end, server


@dataclass(kw_only=True)
class _Server:
    url: str
    token: str
    root: Path


@pytest.fixture
async def notebook(browser: Browser, served: tuple[Any, Any]) -> AsyncIterator[Notebook]:
    """An open notebook with one empty cell, and a kernel that is ready."""
    front_end, server = served
    context = await browser.new_context(
        viewport={"width": 1100, "height": 800}, device_scale_factor=2
    )
    page = await context.new_page()
    name = "plugin.ipynb"
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "a",
        "metadata": {},
        "outputs": [],
    }
    spec = {"display_name": "Here", "language": "python", "name": "mirascope-nb-here"}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}}
    (server.root / name).write_text(
        json.dumps({**content, "cells": [{**cell, "source": ""}]}), encoding="utf-8"
    )
    made = Notebook(page, server, front_end, name)

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            made.errors.append(f"{message.text} {message.location.get('url', '')}")

    page.on("console", note)
    page.on("pageerror", lambda error: made.errors.append(str(error)))
    await made.open()
    await made.wait_for_kernel()
    yield made
    await page.evaluate("() => window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
    await context.close()


@pytest.fixture
async def loaded(notebook: Notebook) -> Notebook:
    """The same, with the package loaded in its kernel."""
    await notebook.run(SETUP)
    return notebook


expect.set_options(timeout=30_000)
