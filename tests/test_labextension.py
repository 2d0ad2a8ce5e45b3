"""What the JupyterLab extension was built from is what Python says today."""

import json
from pathlib import Path

import mirascope_nb
from mirascope_nb.magics import grammar

ROOT = Path(__file__).parents[1]


def test_the_editor_completes_the_options_that_the_magic_takes() -> None:
    offered = json.loads((ROOT / "labextension/src/plugin/grammar.json").read_text())
    assert offered == grammar.export()


def test_the_extension_has_the_version_of_the_package() -> None:
    built = json.loads((ROOT / "mirascope_nb/labextension/package.json").read_text())
    assert built["version"] == mirascope_nb.__version__


def test_the_built_extension_is_where_the_wheel_and_jupyter_look_for_it() -> None:
    [path] = mirascope_nb._jupyter_labextension_paths()  # pyright: ignore[reportPrivateUsage]
    folder = ROOT / "mirascope_nb" / path["src"]
    package = json.loads((folder / "package.json").read_text())
    assert (folder / package["jupyterlab"]["_build"]["load"]).is_file()
