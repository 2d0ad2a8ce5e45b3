"""One page of JupyterLab for a module: cells are added to one notebook and run on one kernel."""

import ast
import asyncio
import json
import re
import runpy
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

if TYPE_CHECKING:
    from tests.e2e.conftest import Server
else:
    Server = Any

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "test-results"

LAUNCH = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-sync", "--disable-component-update", "--no-first-run"),
]

_scripts = runpy.run_path(str(Path(__file__).with_name("scripts.py")))
SETUP: str = _scripts["SETUP"]
INIT: str = _scripts["INIT"]
RUN: str = _scripts["RUN"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "matrix: every ipykernel and front end; `-m matrix` runs it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long matrix out, unless it is asked for."""
    if "matrix" in str(config.getoption("markexpr")):
        return
    skip = pytest.mark.skip(reason="long: `pytest -m matrix` runs it")
    for item in items:
        if item.get_closest_marker("matrix"):
            item.add_marker(skip)


@dataclass
class Cell:
    """One cell of the notebook on the page."""

    bench: "Bench"
    index: int

    @property
    def element(self) -> Locator:
        """The cell."""
        return self.bench.page.locator(".jp-Notebook .jp-Cell").nth(self.index)

    @property
    def output(self) -> Locator:
        """What it shows."""
        return self.element.locator(".jp-Cell-outputArea")

    @property
    def card(self) -> Locator:
        """Its card, live or saved."""
        return self.element.get_by_role("article", name=re.compile("^LLM response"))

    @property
    def log(self) -> Locator:
        """The text of its card."""
        return self.card.get_by_role("log")

    @property
    def state(self) -> Locator:
        """The state of its card, which is the last status in it."""
        return self.card.locator(".mnb-foot").get_by_role("status")

    def call(self, tool: str = "delete_rows") -> Locator:
        """The tool call of that name."""
        return self.card.get_by_role("group", name=f"Tool call {tool}", exact=True)

    def button(self, name: str, tool: str = "delete_rows") -> Locator:
        """A button of that tool call."""
        return self.call(tool).get_by_role("button", name=name, exact=True)

    async def run(self) -> "Cell":
        """Begin to run it."""
        await self.bench.page.evaluate(RUN, [self.index])
        return self

    async def finish(self, *, within: float = 20) -> None:
        """Wait until it has run."""
        async with asyncio.timeout(within):
            await self.bench.page.evaluate("index => window.runs[index]", self.index)

    async def outputs(self) -> list[dict[str, Any]]:
        """Its outputs as they would be saved."""
        return await self.bench.page.evaluate(
            """index => window.jupyterapp.shell.currentWidget.content
                .widgets[index].outputArea.model.toJSON()""",
            self.index,
        )

    async def printed(self) -> str:
        """What it printed or failed with."""
        texts = [
            "".join(output.get("text", "")) or output.get("evalue", "")
            for output in await self.outputs()
        ]
        return "".join(texts)


@dataclass
class Bench:
    """A notebook in a page, with a kernel that has run `SETUP`."""

    page: Page
    server: Server
    requests: list[str] = field(default_factory=list[str])
    """Addresses that the page asked for, other than of the server."""
    name: str = ""

    async def open(self, name: str, *, lab: str = "lab/tree") -> None:
        """Open a notebook of the server's folder."""
        self.name = name
        address = f"{self.server.url}/{lab}/{name}?token={self.server.token}"
        await self.page.goto(address + ("&reset" if lab.startswith("lab") else ""))
        await self.page.wait_for_function(
            """() => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                return Boolean(panel?.context?.isReady && panel.content?.widgets?.length);
            }""",
            timeout=60_000,
        )
        files = self.page.get_by_role("region", name="File Browser")
        if await files.is_visible():
            await self.command("application:toggle-left-area")

    async def wait_for_kernel(self) -> None:
        """Wait until the kernel is idle, and listen to what it says from then on."""
        await self.page.wait_for_function(
            """() => window.jupyterapp.shell.currentWidget
                ?.sessionContext?.session?.kernel?.status === "idle" """,
            timeout=60_000,
        )
        await self.page.evaluate(
            """() => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                if (window.listened === kernel) return;
                window.listened = kernel;
                kernel.iopubMessage.connect((_, message) => {
                    if (message.header.msg_type === "comm_msg") {
                        window.said.push(message.content.data.content ?? {});
                    }
                });
            }"""
        )

    async def restart_kernel(self) -> None:
        """Restart the kernel and set it up."""
        await self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )
        await self.wait_for_kernel()
        await self.set_up()

    async def set_up(self) -> None:
        """Run `SETUP` on the kernel."""
        await self.ask("None", code=SETUP)

    async def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab and wait until it has ended."""
        await self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    async def add(self, source: str) -> Cell:
        """Add a cell at the end of the notebook."""
        index: int = await self.page.evaluate(
            """source => {
                const model = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
                const index = model.cells.length;
                model.insertCell(index, { cell_type: "code", source, metadata: {} });
                return index;
            }""",
            source.strip("\n"),
        )
        return Cell(self, index)

    async def run(self, *sources: str) -> list[Cell]:
        """Add cells, and begin to run them in their order, as `Run All` does."""
        return [await (await self.add(source)).run() for source in sources]

    async def run_one(self, source: str) -> Cell:
        """Add a cell and begin to run it."""
        (cell,) = await self.run(source)
        return cell

    async def ask(self, expression: str, *, code: str = "") -> Any:
        """The value of an expression in the kernel, which must be a literal."""
        async with asyncio.timeout(30):
            found = await self.page.evaluate(
                """async ([expression, code]) => {
                    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session
                        .kernel;
                    const request = kernel.requestExecute({
                        code, silent: true, store_history: false, allow_stdin: true,
                        user_expressions: { value: expression },
                    });
                    const content = (await request.done).content;
                    return content.user_expressions?.value ?? content;
                }""",
                [expression, code],
            )
        assert found["status"] == "ok", found
        return ast.literal_eval(found["data"]["text/plain"])

    async def said(self, kind: str) -> list[dict[str, Any]]:
        """The messages of this kind that the kernel has sent to cards so far."""
        return await self.page.evaluate(
            "kind => window.said.filter((message) => message.kind === kind)", kind
        )

    async def approval(self) -> dict[str, Any]:
        """The last approval that the kernel asked for, and the `id` of the card it is on."""
        found: dict[str, Any] = {}
        for message in await self.page.evaluate("() => window.said"):
            blocks: list[dict[str, Any]] = [
                op[-1] for op in message.get("ops", ()) if op[0] in {"block", "set"}
            ]
            blocks += message.get("card", {}).get("blocks", [])
            for block in blocks:
                asked: dict[str, Any] | None = block.get("approval")
                if asked:
                    found = {**asked, "card": message["id"]}
        assert found, "no approval has been asked for"
        return found

    async def forge(self, cell: Cell, **message: Any) -> None:
        """Send a message by the comm of a cell's live widget, as any script on the page could."""
        await self.page.evaluate(
            """([index, content]) => {
                const panel = window.jupyterapp.shell.currentWidget;
                const area = panel.content.widgets[index].outputArea;
                const view = "application/vnd.jupyter.widget-view+json";
                const id = area.model.toJSON().map((output) => output.data?.[view]?.model_id)
                    .find(Boolean) ?? window.lastComm;
                window.lastComm = id;
                const kernel = panel.sessionContext.session.kernel;
                kernel.sendShellMessage({
                    header: {
                        msg_id: crypto.randomUUID(), msg_type: "comm_msg", username: "",
                        session: kernel.clientId, date: new Date().toISOString(), version: "5.3",
                    },
                    parent_header: {}, metadata: {}, channel: "shell", buffers: [],
                    content: { comm_id: id, data: { method: "custom", content } },
                }, false, true);
            }""",
            [cell.index, message],
        )

    def open_gate(self, name: str) -> None:
        """Let go on what waits in the kernel for a gate of that name."""
        (self.server.root / name).touch()

    async def refusal(self, request: str) -> str:
        """Why the kernel has refused a request."""
        await self.page.wait_for_function(
            "request => window.said.some((message) => message.request === request)", arg=request
        )
        return next(m["reason"] for m in await self.said("refused") if m["request"] == request)

    async def save(self) -> dict[str, Any]:
        """Save the notebook and return what was written."""
        await self.command("docmanager:save")
        return json.loads((self.server.root / self.name).read_text(encoding="utf-8"))

    async def reload(self, *, kernel: bool) -> None:
        """Load the page anew, after every kernel has ended; start another only if wanted."""
        for session in self.server.ask("api/sessions"):
            self.server.ask(f"api/sessions/{session['id']}", method="DELETE")
        if not kernel:
            path = self.server.root / self.name
            content = json.loads(path.read_text(encoding="utf-8"))
            # No kernel is started for what names none that there is.
            content["metadata"]["kernelspec"] = {"name": "none", "display_name": "None"}
            path.write_text(json.dumps(content), encoding="utf-8")
        await self.open(self.name)

    async def use_theme(self, theme: str) -> None:
        """Switch to the `light` or `dark` theme."""
        name = f"JupyterLab {theme.capitalize()}"
        await self.command("apputils:change-theme", theme=name)
        await self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name", arg=name
        )

    async def screenshot(self, name: str, *, of: Locator | None = None) -> None:
        """Save what the page shows, or one element of it, to `test-results/`."""
        RESULTS.mkdir(exist_ok=True)
        await (of or self.page).screenshot(path=RESULTS / f"{name}.png")

    async def expect_nothing_ran(self) -> None:
        """Nothing hostile has run, and nobody but the server was asked for anything."""
        assert await self.page.evaluate("() => window.pwned") == []
        assert self.requests == []


def write_notebook(server: Server, *, kernel: str = "python3") -> str:
    """Write a notebook with one cell into the server's folder and return its name."""
    name = f"{secrets.token_hex(4)}.ipynb"
    first: dict[str, Any] = {
        "cell_type": "code",
        "id": "first",
        "source": "# cards",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    content: dict[str, Any] = {
        "cells": [first],
        "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (server.root / name).write_text(json.dumps(content), encoding="utf-8")
    return name


@asynccontextmanager
async def open_bench(browser: Browser, server: Server) -> AsyncGenerator[Bench]:
    """A page of its own, whose kernels end with it."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 960}, device_scale_factor=2
    )
    await context.add_init_script(INIT)
    page = await context.new_page()
    page.set_default_timeout(15_000)
    bench = Bench(page, server)
    host = urlsplit(server.url).netloc

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc != host:
            bench.requests.append(url)

    page.on("request", lambda request: note(request.url))
    yield bench
    await context.close()
    for session in server.ask("api/sessions"):
        server.ask(f"api/sessions/{session['id']}", method="DELETE")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome(chromium: str) -> AsyncIterator[Browser]:
    """A headless Chromium for a module."""
    expect.set_options(timeout=10_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=LAUNCH, chromium_sandbox=False
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(chrome: Browser, server: Server) -> AsyncIterator[Bench]:
    """A notebook for a module, on the kernel of this interpreter."""
    async with open_bench(chrome, server) as bench:
        await bench.open(write_notebook(server))
        await bench.wait_for_kernel()
        await bench.set_up()
        yield bench
        assert bench.requests == [], "the page asked for what is not the server's"
