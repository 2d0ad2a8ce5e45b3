"""Front ends to test against: environments with one JupyterLab or Notebook each, in `.venv-labs/`.

Run as a script to make them all ahead of the tests: `python tests/e2e/cards/labs.py`.
"""

import json
import os
import runpy
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]

_kernels = runpy.run_path(str(ROOT / "tests" / "kernel" / "environments.py"))
IPYKERNELS: tuple[str, ...] = _kernels["IPYKERNELS"]
environment = _kernels["environment"]
make_environment = _kernels["make_environment"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontEnd:
    """A front end, and where it keeps what it opens."""

    name: str
    packages: tuple[str, ...]
    """What its environment has; none means the environment that runs the tests."""
    module: str
    page: str
    """The path of a notebook's page, without the notebook's name."""


HERE = FrontEnd(name="lab", packages=(), module="jupyterlab", page="lab/tree")
"""The JupyterLab that is installed beside the package."""
FRONT_ENDS = (
    FrontEnd(name="lab-4.2", packages=("jupyterlab==4.2.7",), module="jupyterlab", page="lab/tree"),
    FrontEnd(name="notebook-7", packages=("notebook==7.6.*",), module="notebook", page="notebooks"),
)

_WIDGETS = ("ipywidgets>=8.1.5", "anywidget>=0.9.18")


def front_end_environment(front_end: FrontEnd) -> Path:
    """Return the interpreter of an environment with that front end, making it if need be."""
    if not front_end.packages:
        return Path(sys.executable)
    return make_environment(ROOT / ".venv-labs" / front_end.name, [*front_end.packages, *_WIDGETS])


def write_kernel(folder: Path, ipykernel: str) -> str:
    """Write the kernelspec of an ipykernel into a folder of kernelspecs, and return its name."""
    name = "ipykernel-" + ipykernel
    spec = folder / name
    spec.mkdir(parents=True, exist_ok=True)
    python = environment(ipykernel)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    paths = [path for path in (os.environ.get("PYTHONPATH"), str(ROOT)) if path]
    content = {
        "argv": argv,
        "display_name": name,
        "language": "python",
        "env": {"PYTHONPATH": os.pathsep.join(paths)},
    }
    (spec / "kernel.json").write_text(json.dumps(content), encoding="utf-8")
    return name


@contextmanager
def serve(front_end: FrontEnd, home: Path, make_server: Any) -> Generator[Any]:
    """Serve a front end from a home of its own."""
    python = front_end_environment(front_end)
    root = home / "notebooks"
    root.mkdir(parents=True)
    token = secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    extensions = home / "data" / "labextensions"
    extensions.mkdir(parents=True)
    (extensions / "mirascope-nb").symlink_to(ROOT / "mirascope_nb" / "labextension")
    env = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    env.pop("PYTHONPATH", None)
    command = [
        *(str(python), "-m", front_end.module, "--no-browser", "--expose-app-in-browser"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"),
        *("--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
    ]
    log = home / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, env=env, cwd=root, stdout=sink, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _await_answer(f"{url}/api?token={token}", process, log)
        yield make_server(url=url, token=token, root=root)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with (
            suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(url, timeout=10),
        ):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start:\n" + log.read_text(encoding="utf-8")[-2000:])


if __name__ == "__main__":
    for front_end in FRONT_ENDS:
        print(front_end_environment(front_end))  # noqa: T201
