"""What `make dist` makes, as a user gets it: in an environment of its own, and no node anywhere."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]

IN_A_KERNEL = """
import json, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel()
shown = []
def note(message):
    shown.append([message["msg_type"], message["content"]])
for code in ("%load_ext mirascope_nb", "%%llm sandbox/fast\\nHi"):
    reply = client.execute_interactive(code, output_hook=note, timeout=60, allow_stdin=False)
    assert reply["content"]["status"] == "ok", reply
client.stop_channels()
manager.shutdown_kernel(now=True)
(output,) = [content["data"] for kind, content in shown if kind == "display_data"]
print(json.dumps(sorted(output)))
"""

WIDGETS = """
from importlib.resources import files
static = files("mirascope_nb.widgets") / "static"
for name in ("card.js", "card.css", "progress.js", "progress.css"):
    assert (static / name).read_text(encoding="utf-8")
"""

FIXTURE = """
from mirascope_nb import llm

def test_reply(llm_sandbox):
    llm_sandbox.reply("as laid out")
    assert llm.Model("sandbox/fast").call("Hi").text() == "as laid out"
"""


OURS = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", "__pycache__", "node_modules", "dist", "build", "test-results"
)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` leaves, made in a copy so that the clone's own stays as it is."""
    modules = ROOT / "labextension" / "node_modules"
    if not modules.is_dir():
        pytest.skip("`make ui` installs what building needs")
    copy = tmp_path_factory.mktemp("dist") / "clone"
    shutil.copytree(ROOT, copy, ignore=OURS)
    (copy / ".venv").symlink_to(sys.prefix)
    (copy / "labextension" / "node_modules").symlink_to(modules)
    # What is installed is there already, whatever its age.
    made = [".venv/made-for-dev", "labextension/node_modules/.package-lock.json"]
    command = ["make", *(f"--old-file={each}" for each in made), "dist"]
    ran = subprocess.run(
        command, cwd=copy, capture_output=True, text=True, timeout=400, check=False
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return copy / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment's folder of programs."""
    folder = tmp_path_factory.mktemp("wheel") / "venv"
    uv = Path(sys.executable).with_name("uv")
    env = {**os.environ, "UV_NATIVE_TLS": "1"}
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, folder],
        [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python",
         f"{wheel}[lab]", "pytest"],
    ):  # fmt: skip
        made = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"nothing can be installed here: {made.stderr[-300:]}")
    return folder / "bin"


def run(place: Path, *command: str, cwd: Path) -> str:
    """Run one of its programs, with nothing else to be found."""
    env: Mapping[str, str] = {
        **{name: value for name, value in os.environ.items() if name in ("LANG", "TMPDIR")},
        "PATH": str(place),
        "HOME": str(cwd),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    ran = subprocess.run(
        [str(place / command[0]), *command[1:]],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout + ran.stderr


def test_the_wheel_has_what_is_built_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "mirascope_nb/widgets/static/card.js",
        "mirascope_nb/display/progress-record.schema.json",
        "mirascope_nb/display/run-record.schema.json",
        "mirascope_nb/py.typed",
        "share/jupyter/labextensions/mirascope-nb/package.json",
        "share/jupyter/labextensions/mirascope-nb/install.json",
    ):
        assert any(name.endswith(wanted) for name in names), wanted
    assert not any("node_modules" in name or name.startswith("tests/") for name in names)
    package = next(name for name in names if name.endswith("mirascope-nb/package.json"))
    entry = json.loads(zipfile.ZipFile(wheel).read(package))["jupyterlab"]["_build"]["load"]
    assert any(name.endswith(entry) for name in names)


def test_the_source_has_what_is_built_too_so_that_it_installs_without_node(dist: Path) -> None:
    (found,) = dist.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert "mirascope_nb/widgets/static/card.js" in names
    assert "mirascope_nb/labextension/package.json" in names
    assert not any("node_modules" in name or ".venv" in name for name in names)


def test_the_quickstart_runs(place: Path, tmp_path: Path) -> None:
    notebook = tmp_path / "quickstart.ipynb"
    shutil.copy(ROOT / "notebooks" / "01_quickstart.ipynb", notebook)
    run(place, "jupyter", "execute", "--inplace", notebook.name, cwd=tmp_path)
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    kinds = [output["output_type"] for cell in cells for output in cell.get("outputs", [])]
    assert "display_data" in kinds
    assert "error" not in kinds


def test_a_cell_runs_in_a_kernel(place: Path, tmp_path: Path) -> None:
    shown = run(place, "python", "-c", IN_A_KERNEL, cwd=tmp_path).splitlines()
    (line,) = [line for line in shown if line.startswith('["')]
    assert json.loads(line) == [
        "application/vnd.mirascope-nb.run+json",
        "text/markdown",
        "text/plain",
    ]


def test_the_widgets_are_there(place: Path, tmp_path: Path) -> None:
    run(place, "python", "-c", WIDGETS, cwd=tmp_path)


def test_jupyterlab_has_the_extension_enabled(place: Path, tmp_path: Path) -> None:
    listed = run(place, "jupyter", "labextension", "list", cwd=tmp_path)
    (line,) = [line for line in listed.splitlines() if "mirascope-nb" in line]
    assert "enabled" in line
    assert "OK" in line


def test_the_simulator_can_be_started_from_a_shell(place: Path, tmp_path: Path) -> None:
    assert "usage" in run(place, "python", "-m", "mirascope_nb.sandbox", "--help", cwd=tmp_path)


def test_a_users_tests_have_the_simulator(place: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FIXTURE, encoding="utf-8")
    assert "1 passed" in run(place, "python", "-m", "pytest", "-q", cwd=tmp_path)
