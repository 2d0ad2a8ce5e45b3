"""A real JupyterLab and a real browser, on loopback, in folders of their own."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "test-results"

CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--no-first-run",
]


# A page's first card waits for the kernel's first imports, on a machine that may be busy.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's executable. Without one the tests are skipped, but never where CI is set."""
    wanted = os.environ.get("CHROMIUM")
    names = [wanted] if wanted else []
    names += ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("there is no Chromium here: install one, or set CHROMIUM to its path")
    pytest.skip("there is no Chromium here: install one, or set CHROMIUM to its path")


@dataclass(kw_only=True)
class Server:
    """A running Jupyter server."""

    url: str
    """Such as `http://127.0.0.1:40123`, without a path."""
    token: str
    root: Path
    """The folder that it serves."""

    def ask(self, path: str, *, method: str = "GET") -> Any:
        """What its REST interface answers, or `None` for no content."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            body = reply.read()
        return json.loads(body) if body else None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab with a home of its own, stopped by its process id at the end."""
    home = tmp_path_factory.mktemp("lab")
    root = home / "notebooks"
    root.mkdir()
    token = secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _write_settings(home / "config" / "lab" / "user-settings")
    env = {
        **os.environ,
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "config" / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "config" / "lab" / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        # As in life: what is shown live has to take its time.
        "MIRASCOPE_NB_SANDBOX_PACE": "1",
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"),
        *("--allow-root", "--LabApp.news_url=", "--LabApp.check_for_updates_class="),
    ]
    command[-1] += "jupyterlab.NeverCheckForUpdate"
    log = home / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, env=env, cwd=root, stdout=sink, stderr=subprocess.STDOUT
        )
    server = Server(url=f"http://127.0.0.1:{port}", token=token, root=root)
    try:
        _await_answer(server, process, log)
        yield server
    finally:
        _stop(process)


def _write_settings(folder: Path) -> None:
    """Settings that keep dialogs away and the page from asking the network for anything."""
    settings = {
        "apputils-extension/notification.jupyterlab-settings": {
            "fetchNews": "false",
            "checkForUpdates": False,
            "doNotDisturbMode": True,
        },
        "notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
        "docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
    }
    for name, values in settings.items():
        path = folder / "@jupyterlab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def _await_answer(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            server.ask("api/status")
            return
        time.sleep(0.1)
    pytest.fail("JupyterLab did not start:\n" + log.read_text(encoding="utf-8")[-3000:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM_ARGUMENTS, chromium_sandbox=False
        )
        yield browser
        await browser.close()


@dataclass
class Lab:
    """JupyterLab in a page: what a person would do, by its commands."""

    page: Page
    server: Server
    requests: list[str] = field(default_factory=list[str])
    """Addresses that the page asked for, other than of the server."""

    async def open(self, notebook: str) -> None:
        """Open a notebook of the server's folder, and wait for its kernel."""
        await self.page.goto(
            f"{self.server.url}/lab/tree/{notebook}?token={self.server.token}&reset"
        )
        await self.page.wait_for_function(
            """() => {
                const app = window.jupyterapp;
                const panel = app?.shell?.currentWidget;
                const ready = panel?.context?.isReady;
                return Boolean(ready && panel.content?.widgets?.length);
            }""",
            timeout=60_000,
        )
        if await self.page.get_by_role("region", name="File Browser").is_visible():
            await self.command("application:toggle-left-area")

    async def wait_for_kernel(self) -> None:
        """Wait until the notebook's kernel is idle."""
        await self.page.wait_for_function(
            """() => window.jupyterapp.shell.currentWidget
                ?.sessionContext?.session?.kernel?.status === "idle" """,
            timeout=60_000,
        )

    async def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab and wait until it has ended."""
        await self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    async def run_all(self) -> None:
        """Begin to run every cell; `finish` waits for their end."""
        await self.page.evaluate(
            "() => { window.ran = window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
        )

    async def finish(self) -> None:
        """Wait until every cell that `run_all` began has ended."""
        await self.page.evaluate("() => window.ran")
        await self.wait_for_kernel()

    async def watch_cards(self) -> None:
        """Keep every text that any card's log shows from now on, for `texts_seen`."""
        await self.page.evaluate(
            """() => {
                window.seen = [];
                const look = () => {
                    for (const log of document.querySelectorAll("[role=article] [role=log]")) {
                        const text = log.textContent.trim();
                        if (text && !window.seen.includes(text)) window.seen.push(text);
                    }
                };
                new MutationObserver(look).observe(document.body, {
                    subtree: true, childList: true, characterData: true,
                });
            }"""
        )

    async def texts_seen(self) -> list[str]:
        """The different texts that cards have shown since `watch_cards`, in order."""
        return await self.page.evaluate("() => window.seen")

    def cell(self, text: str) -> Locator:
        """The cell whose source has this text."""
        return self.page.locator(".jp-CodeCell").filter(
            has=self.page.locator(".jp-InputArea", has_text=text)
        )

    def output(self, text: str) -> Locator:
        """What that cell shows."""
        return self.cell(text).locator(".jp-Cell-outputArea")

    async def use_theme(self, theme: str) -> None:
        """Switch to the `light` or `dark` theme and wait until the page has it."""
        name = f"JupyterLab {theme.capitalize()}"
        await self.command("apputils:change-theme", theme=name)
        await self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name", arg=name
        )

    async def screenshot(self, name: str, *, of: Locator | None = None) -> None:
        """Save what the page shows, or one element of it, to `test-results/`."""
        RESULTS.mkdir(exist_ok=True)
        await (of or self.page).screenshot(path=RESULTS / f"{name}.png")


@pytest.fixture
async def lab(browser: Browser, server: Server) -> AsyncIterator[Lab]:
    """A fresh page for JupyterLab, which may ask the server for things and nobody else."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 960}, device_scale_factor=2
    )
    page = await context.new_page()
    lab = Lab(page, server)
    page.on("request", lambda request: _note(lab.requests, server, request.url))
    yield lab
    assert lab.requests == [], "the page asked for what is not the server's"
    await context.close()
    for session in server.ask("api/sessions"):
        server.ask(f"api/sessions/{session['id']}", method="DELETE")


def _note(requests: list[str], server: Server, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("data", "blob", "about"):
        return
    if parts.netloc != urlsplit(server.url).netloc:
        requests.append(url)


@pytest.fixture
def notebook(server: Server) -> Iterator[Callable[[Path], str]]:
    """Puts a copy of a notebook, without outputs, into the server's folder."""
    made: list[Path] = []

    def copy(source: Path) -> str:
        content = json.loads(source.read_text(encoding="utf-8"))
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        path = server.root / f"{secrets.token_hex(4)}-{source.name}"
        path.write_text(json.dumps(content), encoding="utf-8")
        made.append(path)
        return path.name

    yield copy
    for path in made:
        path.unlink(missing_ok=True)
