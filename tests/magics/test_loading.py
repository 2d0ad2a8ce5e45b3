import subprocess
import sys
from typing import Any

import mirascope_nb
from mirascope_nb.magics import load, unload


def footprint(shell: Any) -> dict[str, Any]:
    """All that loading touches."""
    callbacks = shell.events.callbacks
    return {
        "registry": sorted(shell.magics_manager.registry),
        "line": sorted(shell.magics_manager.magics["line"]),
        "cell": sorted(shell.magics_manager.magics["cell"]),
        "cleanup": list(shell.input_transformers_cleanup),
        "events": {name: list(each) for name, each in callbacks.items()},
        "matchers": list(shell.Completer.custom_matchers),
        "configurables": [type(each).__name__ for each in shell.configurables],
        "names": sorted(shell.user_ns),
    }


def test_loading_twice_registers_once(bare_shell: Any) -> None:
    load(bare_shell)
    once = footprint(bare_shell)
    magics = bare_shell.magics_manager.registry["LLMMagics"]
    load(bare_shell)
    assert footprint(bare_shell) == once
    assert bare_shell.magics_manager.registry["LLMMagics"] is magics


def test_unloading_undoes_everything(bare_shell: Any) -> None:
    before = footprint(bare_shell)
    load(bare_shell)
    assert footprint(bare_shell) != before
    unload(bare_shell)
    assert footprint(bare_shell) == before
    unload(bare_shell)
    assert footprint(bare_shell) == before


def test_unloading_leaves_a_magic_that_replaced_ours(bare_shell: Any) -> None:
    load(bare_shell)

    def other(line: str) -> str:
        return line

    bare_shell.register_magic_function(other, "line", "llm")
    unload(bare_shell)
    assert bare_shell.magics_manager.magics["line"]["llm"] is other


def test_extension_prints_nothing_and_keeps_out_of_the_namespace(
    bare_shell: Any, capsys: Any
) -> None:
    names = sorted(bare_shell.user_ns)
    mirascope_nb.load_ipython_extension(bare_shell)
    mirascope_nb.unload_ipython_extension(bare_shell)
    assert capsys.readouterr() == ("", "")
    assert sorted(bare_shell.user_ns) == names


def test_cells_without_our_magic_are_not_touched(shell: Any) -> None:
    source = "x = 1\n%timeit -n1 -r1 x\n"
    with_ours = shell.transform_cell(source)
    unload(shell)
    assert shell.transform_cell(source) == with_ours


def test_a_terminal_still_sees_an_unfinished_cell(shell: Any) -> None:
    manager = shell.input_transformer_manager
    assert manager.check_complete("%%llm\nHello")[0] == "incomplete"
    assert manager.check_complete("%%llm\nHello\n\n")[0] == "complete"
    assert manager.check_complete("%llm What is this?")[0] == "complete"


def test_loading_imports_neither_widgets_nor_the_calls() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == "[]\n"


_LOAD = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
import mirascope_nb
mirascope_nb.load_ipython_extension(shell)
heavy = {'ipywidgets', 'anywidget', 'pydantic', 'httpx2', 'mirascope_nb.llm'}
print(sorted(heavy & set(sys.modules)))
"""


def test_reloading_leaves_one_of_each_and_unloading_none(bare_shell: Any) -> None:
    from mirascope_nb import _defaults, extension
    from mirascope_nb.magics.completion import MATCHER
    from mirascope_nb.magics.transformer import LLMTransformer

    def count() -> list[int]:
        matchers = bare_shell.Completer.custom_matchers
        hooks = bare_shell.events.callbacks["post_run_cell"]
        return [
            sum(isinstance(each, LLMTransformer) for each in bare_shell.input_transformers_cleanup),
            sum(getattr(each, "matcher_identifier", None) == MATCHER for each in matchers),
            sum(getattr(each, "__name__", "") == "cell_ended" for each in hooks),
            sum(type(each).__name__ == "LLMMagics" for each in bare_shell.configurables),
            sum(value is not None for value in (_defaults.make_approver, _defaults.note_reply)),
        ]

    for _ in range(3):
        extension.load(bare_shell)
        extension.unload(bare_shell)
        extension.load(bare_shell)
        extension.load(bare_shell)
    assert count() == [1, 1, 1, 1, 2]
    extension.unload(bare_shell)
    extension.unload(bare_shell)
    assert count() == [0, 0, 0, 0, 0]


def test_reload_ext_forgets_what_was_spent_and_counts_on(bare_shell: Any) -> None:
    from mirascope_nb import spending

    def run(code: str) -> None:
        bare_shell.run_cell(code).raise_error()

    run("%load_ext mirascope_nb")
    run("%llm -q -m sandbox/fast Hi")
    run("%reload_ext mirascope_nb")
    run("%llm -q -m sandbox/fast Hi")
    assert spending.session().total.calls == 1
    run("%unload_ext mirascope_nb")
    run("from mirascope_nb import llm\nllm.Model('sandbox/fast').call('Hi')")
    assert spending.session().total.calls == 0
