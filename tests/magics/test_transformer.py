import ast

import pytest

from mirascope_nb.magics.transformer import RUNNER, transform_lines


def transform(cell: str, *, blocking: bool = False) -> str:
    return "".join(transform_lines(cell.splitlines(keepends=True), blocking=blocking))


def awaited_line(prompt: str, *, bound: bool = False) -> str:
    return f"await {RUNNER}.run_line({prompt!r}{', bound=True' if bound else ''})"


def blocking_line(prompt: str) -> str:
    return f"get_ipython().run_line_magic('llm', {prompt!r})"


def test_cell_becomes_a_top_level_await() -> None:
    assert transform("%%llm sandbox/assistant -o x\nHello {name}\n") == (
        f"await {RUNNER}.run_cell('sandbox/assistant -o x', 'Hello {{name}}\\n')\n"
    )


def test_cell_without_options() -> None:
    assert transform("%%llm\nHi\n") == f"await {RUNNER}.run_cell('', 'Hi\\n')\n"


def test_body_keeps_every_character() -> None:
    body = 'a\\b \'q\' """t""" \t\x0c é 🐢\n\n  indented\n%%llm inner\n'
    source = transform("%%llm\n" + body)
    call = ast.parse(source, mode="exec").body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Await)
    assert isinstance(call.value.value, ast.Call)
    assert ast.literal_eval(call.value.value.args[1]) == body


@pytest.mark.parametrize(
    "cell",
    [
        "%%llmx\nHi\n",
        "%%llm_two a\nHi\n",
        "%%llm?\n",
        "%%llm??\n",
        "%llm?\n",
        "%llm??\n",
        "?%llm\n",
        "%llmx hello\n",
        "%llm-foo hello\n",
        "# only a comment\n\n",
        "%%bash\n%llm hello\n",
        "%%writefile a.py\n%%llm\nHi\n",
        'text = """\n%llm hello\n%%llm\n"""\n',
        "text = '%llm hello'\n",
        "x = (1\n%llm\n)\n",
        "x = y %llm\n",
        "# %llm hello\n",
        "print(1)\n",
        "",
        "x = 1  # %%llm\n",
        "f(x=%llm)\n",
        "!echo %llm\n",
        "%timeit %llm hello\n",
    ],
)
def test_what_is_not_ours_is_left_alone(cell: str) -> None:
    assert transform(cell) == cell


@pytest.mark.parametrize("above", ["# a comment first\n", "\n\n", "#!x\n\n  # two\n"])
def test_comments_and_empty_lines_may_stand_above(above: str) -> None:
    assert transform(f"{above}%%llm -o x\nHi\n") == (
        f"{above}await {RUNNER}.run_cell('-o x', 'Hi\\n')\n"
    )
    assert transform(f"%%time\n{above}%%llm\nHi\n") == (
        f"%%time\n{above}get_ipython().run_cell_magic('llm', '', 'Hi\\n')\n"
    )


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1\n%%llm\nWhat's new?\n",
        "x = %%llm sandbox/echo\nIt's new\n",
        "if a:\n    %%llm\n    Hi\n",
        "%llm one\n%%llm two\nthree\n",
    ],
)
def test_a_cell_magic_below_code_is_refused_and_nothing_runs(cell: str) -> None:
    assert transform(cell) == f"{RUNNER}.refuse_misplaced()\n"


def test_line_becomes_an_await() -> None:
    assert transform("%llm What's a monad?\n") == awaited_line("What's a monad?") + "\n"


def test_bare_line_is_kept_for_the_help() -> None:
    assert transform("%llm\n") == awaited_line("") + "\n"


def test_assignment_becomes_an_await() -> None:
    assert transform("x = %llm Hi there?\n") == f"x = {awaited_line('Hi there?', bound=True)}\n"


@pytest.mark.parametrize("target", ["x: str", "a.b", "d['k=1']", "x, y", "if True: x", "x = y"])
def test_any_target_can_be_assigned(target: str) -> None:
    assert transform(f"{target} = %llm Hi\n") == f"{target} = {awaited_line('Hi', bound=True)}\n"


def test_loop_awaits_each_time() -> None:
    cell = "for t in ts:\n    %llm Tell me about {t}?\n    print(t)\n"
    assert transform(cell) == (
        f"for t in ts:\n    {awaited_line('Tell me about {t}?')}\n    print(t)\n"
    )


@pytest.mark.parametrize("head", ["if a:", "while a:", "with a:", "async for a in b:", "try:"])
def test_blocks_at_module_level_await(head: str) -> None:
    assert transform(f"{head}\n    %llm Hi\n") == f"{head}\n    {awaited_line('Hi')}\n"


@pytest.mark.parametrize(
    "head", ["def f():", "async def f():", "class A:", "def f(\n    a,\n):", "@d\ndef f():"]
)
def test_functions_and_classes_block(head: str) -> None:
    assert transform(f"{head}\n    x = %llm Hi?\n") == f"{head}\n    x = {blocking_line('Hi?')}\n"


def test_block_in_a_function_blocks_and_what_follows_awaits() -> None:
    cell = "def f():\n    for t in ts:\n        %llm A\n    return 1\n%llm B\n"
    assert transform(cell) == (
        f"def f():\n    for t in ts:\n        {blocking_line('A')}\n    return 1\n"
        f"{awaited_line('B')}\n"
    )


def test_function_on_one_line_blocks() -> None:
    assert transform("def f(): x = %llm Hi\n") == f"def f(): x = {blocking_line('Hi')}\n"


def test_several_lines_with_quotes_that_do_not_close() -> None:
    cell = "%llm What's up\nx = %llm it's \"odd\n%llm done'\n"
    assert transform(cell) == (
        f"{awaited_line(chr(87) + 'hat' + chr(39) + 's up')}\n"
        f"x = {awaited_line('it' + chr(39) + 's ' + chr(34) + 'odd', bound=True)}\n"
        f"{awaited_line('done' + chr(39))}\n"
    )


def test_other_magics_and_commands_stay_and_do_not_hide_ours() -> None:
    cell = "%cd it's here\n!echo 'unclosed\nfiles = !ls it's\n%llm Hi\nfoo?\n"
    assert transform(cell) == (
        f"%cd it's here\n!echo 'unclosed\nfiles = !ls it's\n{awaited_line('Hi')}\nfoo?\n"
    )


def test_continued_line_is_joined() -> None:
    assert transform("%llm one \\\n  two\nx = 1\n") == f"{awaited_line('one    two')}\nx = 1\n"


@pytest.mark.parametrize("wrapper", ["%%time", "%%timeit -n1 -r1", "%%capture out", "%%prun -q"])
def test_under_a_timing_or_capturing_magic_the_call_blocks(wrapper: str) -> None:
    assert transform(f"{wrapper}\n%%llm -o x\nHi\n") == (
        f"{wrapper}\nget_ipython().run_cell_magic('llm', '-o x', 'Hi\\n')\n"
    )


def test_blank_lines_below_a_wrapper_are_kept() -> None:
    assert transform("%%time\n\n%%llm\nHi\n") == (
        "%%time\n\nget_ipython().run_cell_magic('llm', '', 'Hi\\n')\n"
    )


def test_two_wrappers() -> None:
    assert transform("%%capture\n%%time\n%%llm\nHi\n") == (
        "%%capture\n%%time\nget_ipython().run_cell_magic('llm', '', 'Hi\\n')\n"
    )


def test_line_magic_under_a_wrapper_blocks() -> None:
    assert transform("%%time\nx = 1\n%llm Why?\n") == f"%%time\nx = 1\n{blocking_line('Why?')}\n"


def test_wrapper_with_nothing_below() -> None:
    assert transform("%%time\n\n") == "%%time\n\n"


def test_blocking_mode_writes_no_await() -> None:
    assert transform("%%llm\nHi\n", blocking=True) == (
        "get_ipython().run_cell_magic('llm', '', 'Hi\\n')\n"
    )
    assert transform("%llm Hi\n", blocking=True) == blocking_line("Hi") + "\n"


@pytest.mark.parametrize(
    "cell",
    [
        "%%llm a\nHi %llm\n",
        "%llm What's\n",
        "x = %llm it's\n",
        "def f():\n    %llm Hi\n",
        "%%time\n%%llm\nHi\n",
        "!ls\n%llm Hi\n",
    ],
)
def test_rewriting_twice_changes_nothing(cell: str) -> None:
    once = transform(cell)
    assert transform(once) == once


def test_text_with_other_line_ends() -> None:
    assert transform("%%llm\r\nHi\r\n") == f"await {RUNNER}.run_cell('', 'Hi\\r\\n')\n"
