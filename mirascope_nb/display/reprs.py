"""Rich representations of replies and usage. Nothing here calls a model.

The core's classes hook these in lazily: a plain script never imports them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mirascope_nb.display.bundle import Bundle, reply_bundle, reply_markdown
from mirascope_nb.display.record import digest_of
from mirascope_nb.display.reply import Part, Reasoned, Reply, Said, Tokens, ToolRun
from mirascope_nb.display.results import result_text
from mirascope_nb.kernel.frontend import find_shell

if TYPE_CHECKING:
    from mirascope_nb import llm

_KEPT = 16
_shown: list[tuple[object, int]] = []
"""The responses that cards have shown last, and the number of the cell they did it in."""
_passing: set[type[Any]] = set()


def response_mimebundle(response: llm.AnyResponse) -> Bundle:
    """What a cell shows of a response: `_repr_mimebundle_` of every response class."""
    return reply_bundle(reply_of(response))


def response_markdown(response: llm.AnyResponse) -> str:
    """A response as neutral Markdown: `_repr_markdown_` of every response class."""
    return reply_markdown(reply_of(response))[0]


def usage_markdown(usage: llm.Usage) -> str:
    """Token counts as a small table: `_repr_markdown_` of `Usage`."""
    rows = [
        ("input", usage.input_tokens),
        ("cache read", usage.cache_read_tokens),
        ("cache write", usage.cache_write_tokens),
        ("output", usage.output_tokens),
        ("reasoning", usage.reasoning_tokens),
    ]
    shown = [(name, count) for name, count in rows if count or name in ("input", "output")]
    shown.append(("**total**", usage.input_tokens + usage.output_tokens))
    lines = ["| tokens | |", "|:--|--:|", *(f"| {name} | {count:,} |" for name, count in shown)]
    return "\n".join(lines)


def reply_of(response: llm.AnyResponse) -> Reply:
    """A response as it is shown."""
    sent = response.messages[:-1]
    consumed = getattr(response, "consumed", True)
    stopped = getattr(response, "stopped", False)
    finish = response.finish_reason
    return Reply(
        state="stopped" if stopped else "done" if consumed else "streaming",
        asked=response.model_id,
        parts=tuple(_parts(response.content, executed=response.tool_outputs)),
        provider=response.provider_id,
        answered=response.model_id,
        name=response.provider_model_name,
        params=dict(response.params),
        prompt_digest=digest_of(sent),
        prompt_messages=len(sent),
        tokens=tokens_of([response]),
        cost=cost_text([response]),
        finish=None if finish is None else str(finish.value),
        format="markdown" if response.format is None else "values",
    )


def tokens_of(responses: Sequence[llm.AnyResponse]) -> Tokens | None:
    """The tokens of some responses together; `None` while none is known."""
    usages = [response.usage for response in responses if response.usage is not None]
    if not usages:
        return None
    return Tokens(
        input=sum(usage.input_tokens for usage in usages),
        output=sum(usage.output_tokens for usage in usages),
        cached=sum(usage.cache_read_tokens for usage in usages),
        reasoning=sum(usage.reasoning_tokens for usage in usages),
    )


def cost_text(responses: Sequence[llm.AnyResponse]) -> str | None:
    """The cost of some responses together in US dollars; `None` if that of one is not known."""
    total = Decimal(0)
    for response in responses:
        cost = response.cost
        if cost is None:
            return None
        total += cost
    return f"{total.normalize():f}" if responses else None


def mark_shown(response: object) -> None:
    """Note that the running cell has shown this response, so that its value is not shown again.

    `await nb.show(...)` as the last line of a cell would show the same reply twice.
    """
    shell: Any = find_shell()
    formatter = getattr(shell, "display_formatter", None)
    if formatter is None:
        return
    _shown.append((response, shell.execution_count))
    del _shown[:-_KEPT]
    kind = type(response)
    if kind in _passing:
        return
    before = formatter.ipython_display_formatter.for_type(kind, None)

    def pass_over(value: Any) -> None:
        count = getattr(find_shell(), "execution_count", None)
        if any(known is value and shown_in == count for known, shown_in in _shown):
            return
        if before is None:
            raise NotImplementedError  # for IPython: show the mime bundle
        before(value)

    formatter.ipython_display_formatter.for_type(kind, pass_over)
    _passing.add(kind)


def _parts(content: Sequence[Any], *, executed: Sequence[Any] | None = None) -> list[Part]:
    """The parts of a message; `executed` are the outputs of its tool calls, in their order."""
    parts: list[Part] = []
    # By position: a provider may give all calls of a turn the same id.
    outputs = iter(executed or ())
    for part in content:
        match part.type:
            case "text":
                parts.append(Said(text=part.text))
            case "thought":
                parts.append(Reasoned(text=part.thought))
            case "tool_call":
                run = ToolRun(call=part.id, name=part.name, arguments=part.args, state="proposed")
                parts.append(_with_output(run, next(outputs, None)))
            case "tool_output":
                parts.append(
                    ToolRun(
                        call=part.id,
                        name=part.name,
                        arguments="",
                        state="ok" if part.error is None else "error",
                        result=result_text(part.result),
                    )
                )
            case kind:
                parts.append(Said(text=f"*{kind}*"))
    return parts


def _with_output(run: ToolRun, output: Any) -> ToolRun:
    """A call with what it gave, if it was executed."""
    if output is None:
        return run
    if output.error is not None:
        return replace(run, state="error", error=str(output.error))
    return replace(run, state="ok", result=result_text(output.result))
