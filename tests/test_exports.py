"""What the public modules export: all of it, in order, and each with a word of explanation."""

import ast
import importlib
import inspect
import sys
import textwrap
import typing
from collections.abc import Iterator
from typing import Any

import pytest

import mirascope_nb
from mirascope_nb import llm

MODULES = [
    "mirascope_nb",
    "mirascope_nb.llm",
    "mirascope_nb.llm.calls",
    "mirascope_nb.llm.content",
    "mirascope_nb.llm.exceptions",
    "mirascope_nb.llm.formatting",
    "mirascope_nb.llm.messages",
    "mirascope_nb.llm.models",
    "mirascope_nb.llm.prompts",
    "mirascope_nb.llm.providers",
    "mirascope_nb.llm.responses",
    "mirascope_nb.llm.retries",
    "mirascope_nb.llm.tools",
    "mirascope_nb.llm.types",
    "mirascope_nb.sandbox",
]

by_module = pytest.mark.parametrize("name", MODULES)


@by_module
def test_exports_are_sorted_and_exist(name: str) -> None:
    module = importlib.import_module(name)
    assert list(module.__all__) == _sorted(module.__all__)
    for each in module.__all__:
        assert hasattr(module, each), each


def _sorted(names: list[str]) -> list[str]:
    """As ruff sorts them: constants, then classes, then the rest."""
    return sorted(names, key=lambda name: (not name.isupper(), not name[:1].isupper(), name))


def test_all_that_the_core_names_is_exported() -> None:
    ours = {
        name
        for name, value in vars(llm).items()
        if not name.startswith("_")
        and str(getattr(value, "__module__", "")).startswith("mirascope")
    }
    assert ours <= set(llm.__all__)


@by_module
def test_each_exported_class_and_function_has_a_docstring(name: str) -> None:
    module = importlib.import_module(name)
    silent = [each for each in module.__all__ if not _explained(getattr(module, each))]
    assert silent == []


def _explained(value: Any) -> bool:
    if not (inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value)):
        return True  # a constant or an alias: its docstring, if any, is not kept at run time
    if typing.get_origin(value) is not None:
        return True
    text = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    return bool(text and text.strip())


@by_module
def test_exported_methods_have_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    silent: list[str] = []
    for each in module.__all__:
        value = getattr(module, each)
        if inspect.isclass(value) and value.__module__.startswith("mirascope_nb"):
            for method, member in vars(value).items():
                function = getattr(member, "__func__", getattr(member, "fget", member))
                own = inspect.isfunction(function) and not method.startswith("_")
                if own and not inspect.getdoc(getattr(value, method)):
                    silent.append(f"{each}.{method}")
    assert silent == []


@by_module
def test_what_is_raised_is_said(name: str) -> None:
    module = importlib.import_module(name)
    silent: list[str] = []
    for each in module.__all__:
        for label, function in _functions(each, getattr(module, each)):
            said = function.__doc__ or ""
            silent += [f"{label}: {error}" for error in _raised(function) if error not in said]
    assert silent == []


def _functions(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A function, or the public methods and the constructor of a class of ours."""
    if inspect.isfunction(value):
        yield name, value
    if not inspect.isclass(value) or not value.__module__.startswith("mirascope_nb"):
        return
    for method, member in vars(value).items():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        is_public = method == "__init__" or not method.startswith(("_", "do_"))
        if inspect.isfunction(function) and is_public:
            yield f"{name}.{method}", function


def _raised(function: Any) -> set[str]:
    """The errors that a function's own body raises by name."""
    if not function.__module__.startswith("mirascope_nb") or _is_generated(function):
        return set()
    names: set[str] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name))) if name[0].isupper():
                names.add(name)
            case _:
                pass
    return names - {"AssertionError", "PydanticOmit"}


def _is_generated(function: Any) -> bool:
    """Whether `dataclass` or `Protocol` put it into the class."""
    return function.__code__.co_filename in {"<string>", typing.__file__}


def test_what_the_package_offers_can_be_had() -> None:
    for name in mirascope_nb.__all__:
        assert getattr(mirascope_nb, name) is not None
    assert set(mirascope_nb.__all__) <= set(dir(mirascope_nb))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'shwo'"):
        mirascope_nb.shwo  # type: ignore[attr-defined]  # noqa: B018


def test_an_optional_part_that_is_not_installed_is_no_attribute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(llm, "mcp", raising=False)
    monkeypatch.setitem(sys.modules, "mirascope_nb.llm.mcp", None)
    assert not hasattr(llm, "mcp")
    with pytest.raises(AttributeError, match="no attribute 'modle'"):
        llm.modle  # noqa: B018


def test_the_version_is_said_once() -> None:
    from importlib.metadata import version

    assert version("mirascope-nb") == mirascope_nb.__version__
    assert sys.modules["mirascope_nb"].__version__ == mirascope_nb.__version__
