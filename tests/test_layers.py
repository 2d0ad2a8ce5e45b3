"""What imports what, and what an import costs."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

JUPYTER = {
    "IPython",
    "anywidget",
    "comm",
    "ipykernel",
    "ipywidgets",
    "jupyter_client",
    "jupyter_core",
    "jupyterlab",
    "nbclient",
    "nbformat",
    "tornado",
    "traitlets",
    "zmq",
}


def _loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has after running this."""
    code = f"import sys\n{code}\nimport json\nprint(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def _top(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_the_layers_hold() -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout


def test_the_core_imports_no_jupyter_package() -> None:
    loaded = _loaded_by("from mirascope_nb import llm\nllm.Model('openai/gpt-5-mini')")
    assert _top(loaded) & JUPYTER == set()


def test_a_call_in_a_script_imports_no_jupyter_package() -> None:
    call = "from mirascope_nb import llm\nllm.Model('sandbox/fast').call('Hi').text()"
    loaded = _loaded_by(call)
    assert "httpx2" not in loaded
    assert _top(loaded) & JUPYTER == set()


def test_importing_the_package_imports_nothing_but_itself() -> None:
    before = _loaded_by("import __future__, importlib, typing")
    loaded = _loaded_by("import __future__, importlib, typing\nimport mirascope_nb")
    assert loaded - before <= {"mirascope_nb", "mirascope_nb._version"}


def test_importing_the_core_starts_no_thread_and_opens_no_client() -> None:
    loaded = _loaded_by(
        "from mirascope_nb import llm\nimport threading\nassert threading.active_count() == 1"
    )
    assert "httpx2" not in loaded
    assert not {name for name in loaded if name.startswith("mirascope_nb.sandbox")}


def test_loading_the_extension_imports_no_widgets() -> None:
    loaded = _loaded_by(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\n"
        "shell.run_line_magic('load_ext', 'mirascope_nb')"
    )
    assert _top(loaded) & {"ipywidgets", "anywidget", "httpx2"} == set()
