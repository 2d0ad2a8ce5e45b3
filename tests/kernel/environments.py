"""Virtual environments with one ipykernel each, made once and kept in `.venv-kernels/`.

Run as a script to make them all ahead of the tests: `python tests/kernel/environments.py`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The oldest and newest of each way in which ipykernel handles its shell channel.
IPYKERNELS = ("6.29.5", "6.31.0", "7.0.1", "7.3.0", "7.4.0")


def environment(ipykernel: str) -> Path:
    """Return the interpreter of an environment with that ipykernel, making it if need be.

    Beside ipykernel it has what the package depends on; the package itself comes by `PYTHONPATH`.

    Raises:
        subprocess.CalledProcessError: The environment could not be made, for want of a network say.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [f"ipykernel=={ipykernel}", *project["dependencies"]]
    return make_environment(ROOT / ".venv-kernels" / ipykernel, wanted)


def make_environment(home: Path, wanted: list[str]) -> Path:
    """Return the interpreter of an environment with these packages, making it if need be.

    Raises:
        subprocess.CalledProcessError: The environment could not be made.
    """
    key = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()
    stamp = home / "made-of"
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == key:
        return python
    home.parent.mkdir(exist_ok=True)
    # Made aside and moved, so that two runs at once do not see each other's half.
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        fresh = Path(scratch) / home.name
        _make(fresh, python.relative_to(home), wanted)
        (fresh / "made-of").write_text(key, encoding="utf-8")
        shutil.rmtree(home, ignore_errors=True)
        fresh.rename(home)
    return python


def _make(home: Path, python: Path, wanted: list[str]) -> None:
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.defpath]))
    if uv is None:
        _run(sys.executable, "-m", "venv", str(home))
        _run(str(home / python), "-m", "pip", "install", "--quiet", *wanted)
    else:
        _run(uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(home))
        _run(uv, "pip", "install", "--quiet", "--python", str(home / python), *wanted)


def _run(*command: str) -> None:
    # Certificates of the system, as pip uses them, for whoever is behind a proxy of their own.
    env = {**os.environ, "UV_NATIVE_TLS": os.environ.get("UV_NATIVE_TLS", "1")}
    subprocess.run(command, check=True, env=env, capture_output=True, text=True)


if __name__ == "__main__":
    for version in IPYKERNELS:
        print(environment(version))  # noqa: T201
