"""Questions, detached work and the front end, in every kernel."""

import time
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Kernel

pytestmark = pytest.mark.kernel

ASK = """
from mirascope_nb.kernel import CannotAsk, ask, ask_blocking
ticks = 0
async def tick():
    global ticks
    while True:
        ticks += 1
        await asyncio.sleep(0.01)
"""


def test_a_question_is_asked_and_the_loop_goes_on(kernel: "Kernel") -> None:
    request = kernel.submit(
        ASK
        + dedent("""
        ticking = asyncio.create_task(tick())
        with running():
            answer = await ask('Run it? ')
        ticking.cancel()
        answer, ticks > 5
        """)
    )
    assert kernel.asked() == "Run it? "
    time.sleep(0.3)
    kernel.answer("yes")
    assert kernel.finish(request).value == "('yes', True)"


def test_questions_asked_at_once_come_one_after_the_other(kernel: "Kernel") -> None:
    request = kernel.submit(
        ASK + "with running():\n    _ = await asyncio.gather(*(ask(f'{n}? ') for n in range(3)))\n_"
    )
    for n in range(3):
        assert kernel.asked() == f"{n}? "
        kernel.answer(f"answer {n}")
    assert kernel.finish(request).value == "['answer 0', 'answer 1', 'answer 2']"


def test_a_question_ends_in_time_and_a_late_answer_is_thrown_away(kernel: "Kernel") -> None:
    request = kernel.submit(
        ASK
        + dedent("""
        with running():
            try:
                await ask('first? ', timeout=0.2)
            except TimeoutError:
                print('too late')
            await asyncio.sleep(0.5)
            second = await ask('second? ', timeout=20)
        second
        """)
    )
    kernel.asked()
    kernel.wait_for("too late")
    kernel.answer("y, to the first")
    assert kernel.asked() == "second? "
    kernel.answer("n")
    assert kernel.finish(request).value == "'n'"


def test_a_question_can_be_stopped(kernel: "Kernel") -> None:
    request = kernel.submit(ASK + "with running():\n    await ask('Run it? ')")
    kernel.asked()
    at = kernel.interrupt()
    stopped = kernel.finish(request)
    kernel.figures.append(("stop, asking", stopped.idle - at))
    assert stopped.error == "KeyboardInterrupt: stopped"
    assert stopped.idle - at < 1
    assert kernel.run("left()").value == "[]"


@pytest.mark.parametrize("cell", ["", "await asyncio.sleep(0)\n"])
def test_a_blocking_question_is_asked_and_can_be_stopped(kernel: "Kernel", cell: str) -> None:
    request = kernel.submit(ASK + cell + "ask_blocking('Run it? ')")
    assert kernel.asked() == "Run it? "
    kernel.answer("y")
    assert kernel.finish(request).value == "'y'"
    request = kernel.submit(cell + "ask_blocking('Run it? ')")
    kernel.asked()
    kernel.interrupt()
    assert (kernel.finish(request).error or "").startswith("KeyboardInterrupt")
    assert kernel.run("1").value == "1"


def test_an_end_of_file_is_an_answer_of_its_own(kernel: "Kernel") -> None:
    request = kernel.submit(ASK + "with running():\n    await ask('Run it? ')")
    kernel.asked()
    kernel.answer("\x04")
    assert (kernel.finish(request).error or "").startswith("EOFError")


def test_a_run_that_nobody_watches_is_not_asked(kernel: "Kernel") -> None:
    ran = kernel.run(ASK + "await ask('Run it? ')", allow_stdin=False)
    assert ran.error == "CannotAsk: nobody is watching"
    ran = kernel.run(ASK + "ask_blocking('Run it? ')", allow_stdin=False)
    assert ran.error == "CannotAsk: nobody is watching"


def test_the_front_end_is_told_by_whether_it_can_be_asked(kernel: "Kernel") -> None:
    code = "from mirascope_nb.kernel import describe, detect\n(detect(), describe().allow_stdin)"
    assert kernel.run(code).value == "('widget', True)"
    assert kernel.run(code, allow_stdin=False).value == "('headless', False)"
    assert kernel.run("await asyncio.sleep(0)\ndetect()", allow_stdin=False).value == "'headless'"
    version = kernel.run("describe().kernel, describe().loop is not None").value or ""
    assert version == f"(({kernel.version[0]}, {kernel.version.split('.')[1]}), True)"
    count = kernel.run("describe().execution_count")
    assert count.value == str(count.reply["execution_count"])


def test_what_is_detached_survives_its_cell_and_the_stop_of_another(kernel: "Kernel") -> None:
    first = kernel.run(
        dedent("""
        from mirascope_nb.kernel import detach, live
        async def work():
            for _ in range(60):
                await asyncio.sleep(0.02)
            return 'result'
        handle = detach(work(), name='a summary')
        handle.state, len(live())
        """)
    )
    assert first.value == "('running', 1)"
    kernel.messages.clear()
    request = kernel.submit("print('go')\nawait handle")
    kernel.wait_for("go")
    time.sleep(0.1)
    kernel.interrupt()
    assert kernel.finish(request).error == "KeyboardInterrupt: stopped"
    assert (
        kernel.run("handle.done(), str(handle)[:26]").value
        == "(False, '<a summary, running: await')"
    )
    assert kernel.run("await handle").value == "'result'"
    assert kernel.run("handle.state, live(), left()").value == "('done', [], [])"


def test_a_detached_failure_is_shown_and_kept_and_hurts_nothing(kernel: "Kernel") -> None:
    kernel.messages.clear()
    kernel.run(
        dedent("""
        async def fail(error):
            await asyncio.sleep(0.1)
            raise error
        handles = [detach(fail(error), name=type(error).__name__)
                   for error in (ValueError('no\\x1b[31m'), KeyboardInterrupt('k'), SystemExit(3))]
        """)
    )
    ran = kernel.run("await asyncio.sleep(0.4)\n[handle.state for handle in handles]")
    assert ran.value == "['failed', 'failed', 'failed']"
    shown = "".join(m["content"]["text"] for m in kernel.messages if m["msg_type"] == "stream")
    assert sorted(shown.splitlines()) == [
        "KeyboardInterrupt failed: KeyboardInterrupt: k",
        "SystemExit failed: SystemExit: 3",
        "ValueError failed: ValueError: no",
    ]
    assert kernel.run("handles[0].result()").error == "ValueError: no\x1b[31m"
    assert kernel.run("1 + 1").value == "2"


def test_detached_work_asks_nobody_on_stdin(kernel: "Kernel") -> None:
    ran = kernel.run(ASK + "await detach(ask('Run it? '))")
    assert ran.error == "CannotAsk: the cell that this belongs to has ended"


def test_approvals_come_on_stdin_where_there_is_no_card(kernel: "Kernel") -> None:
    request = kernel.submit(
        dedent("""
        from mirascope_nb import approvals, llm
        ran = []

        @llm.tool(requires_approval=True)
        def send(to: str) -> str:
            '''Send.'''
            ran.append(to)
            return 'sent'

        call = llm.ToolCall(id='1', name='send', args='{"to": "ann\\\\u202e"}')
        with llm.use_approver(approvals.approver_for()):
            output = send.execute(call)
        output.result, len(ran)
        """)
    )
    assert kernel.asked() == (
        'Tool call send(to: str)\n  to = "ann\\u202e"\n'
        "Run it? [y]es, [N]o (and why), [e]dit, [a]lways: "
    )
    kernel.answer("y")
    assert kernel.finish(request).value == "('sent', 1)"
    ran = kernel.run(
        "with llm.use_approver(approvals.approver_for()):\n    output = send.execute(call)\n"
        "'%llm approvals allow send' in output.result, len(ran)",
        allow_stdin=False,
    )
    assert ran.value == "(True, 1)"
