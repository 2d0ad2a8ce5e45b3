"""Puts the magics into a shell, and takes them out again without a trace."""

from typing import Any, Final

from mirascope_nb import spending
from mirascope_nb.magics.completion import MATCHER, make_matcher
from mirascope_nb.magics.llm import LLMMagics
from mirascope_nb.magics.transformer import LLMTransformer

_KINDS: Final = ("line", "cell")


def load(shell: Any) -> None:
    """Register the magics with a shell. A shell that has them already is left as it is.

    Args:
        shell: An IPython `InteractiveShell`.
    """
    if _registered(shell) is not None:
        return
    magics = LLMMagics(shell)
    shell.register_magics(magics)
    spending.watch()
    shell.input_transformers_cleanup.append(LLMTransformer(shell))
    shell.events.register("post_run_cell", magics.session.cell_ended)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(make_matcher(magics))


def unload(shell: Any) -> None:
    """Take out all that `load` put in. Variables that cells have bound stay."""
    magics = _registered(shell)
    if magics is None:
        return
    spending.forget()
    manager = shell.magics_manager
    manager.registry.pop(LLMMagics.__name__, None)
    for kind in _KINDS:
        if getattr(manager.magics[kind].get("llm"), "__self__", None) is magics:
            del manager.magics[kind]["llm"]
    if magics in shell.configurables:
        shell.configurables.remove(magics)
    transforms = shell.input_transformers_cleanup
    transforms[:] = [each for each in transforms if not isinstance(each, LLMTransformer)]
    shell.events.unregister("post_run_cell", magics.session.cell_ended)
    if shell.Completer is not None:
        matchers = shell.Completer.custom_matchers
        matchers[:] = [
            each for each in matchers if getattr(each, "matcher_identifier", None) != MATCHER
        ]


def _registered(shell: Any) -> Any | None:
    return shell.magics_manager.registry.get(LLMMagics.__name__)
