"""From a prompt to a reply: which rule answers, and how long the answer may be.

Pure and deterministic: the same prompt gets the same reply, on every wire.
"""

import re
from dataclasses import dataclass, replace

from mirascope_nb.sandbox import talk
from mirascope_nb.sandbox.facts import read_facts
from mirascope_nb.sandbox.instructions import keys_in_text, schema_in_text
from mirascope_nb.sandbox.models import Behaviour
from mirascope_nb.sandbox.prompt import (
    Finish,
    Prompt,
    Reply,
    ToolUse,
    Usage,
    count_tokens,
    cut_to_tokens,
)
from mirascope_nb.sandbox.results import known_from_results, latest_results, prose_of_results
from mirascope_nb.sandbox.schema import fill
from mirascope_nb.sandbox.script import Scripted
from mirascope_nb.sandbox.tools import calls_for
from mirascope_nb.sandbox.wires.base import encode

_HEAD = 3000
_TAIL = 1000
# What clients write when a structured reply could not be used; it is not the user's own question.
_CORRECTION = re.compile(
    r"^\s*Your response (?:failed schema validation|could not be parsed)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A reply before it is measured and cut to size."""

    text: str = ""
    uses: tuple[ToolUse, ...] = ()
    thinking: str = ""
    refusal: bool = False


def reply_to(prompt: Prompt, behaviour: Behaviour, *, scripted: Scripted | None = None) -> Reply:
    """The reply of a model to a prompt.

    Args:
        prompt: The request.
        behaviour: The model's ways.
        scripted: What to say instead of what the rules would, where it says anything.
    """
    draft = _scripted_draft(scripted) or _draft(prompt, behaviour)
    thinking = draft.thinking
    if not thinking and (behaviour.thinks or prompt.thinking):
        thinking = _thoughts(prompt, draft, long=behaviour.thinks)
    return _measured(prompt, behaviour, replace(draft, thinking=thinking))


def input_tokens(prompt: Prompt) -> int:
    """What a prompt counts: its texts, and the tools and schema it brings along."""
    parts = [prompt.system, *(turn.text for turn in prompt.turns)]
    for turn in prompt.turns:
        parts += [use.name + use.arguments for use in turn.uses]
        parts += [result.text for result in turn.results]
    for offer in prompt.tools:
        parts += [offer.name, offer.description, encode(offer.schema)]
    if prompt.schema is not None:
        parts.append(encode(prompt.schema))
    attached = sum(len(turn.attachments) for turn in prompt.turns)
    # A few tokens frame each message, and a picture counts as much as a page.
    return sum(map(count_tokens, parts)) + 4 * len(prompt.turns) + 250 * attached


def _scripted_draft(scripted: Scripted | None) -> _Draft | None:
    if scripted is None or (scripted.text is None and not scripted.uses):
        return None
    return _Draft(
        text=scripted.text or "",
        uses=scripted.uses,
        thinking=scripted.thinking,
        refusal=scripted.refusal,
    )


def _draft(prompt: Prompt, behaviour: Behaviour) -> _Draft:
    if behaviour.echo:
        return _Draft(text=prompt.last_text)
    whole = _without_corrections(prompt)
    asked = _clipped(whole)

    def answer() -> str:
        if latest_results(asked):
            return _plain(prose_of_results(asked))
        return _plain(talk.answer(asked))

    uses = calls_for(asked, answer=answer)
    if uses:
        return _Draft(uses=uses)
    schema = prompt.schema or schema_in_text(prompt.system) or schema_in_text(whole.last_text)
    if schema is not None:
        facts = read_facts(_own_words(asked.last_text))
        value = fill(schema, facts, answer=answer, known=known_from_results(asked))
        return _Draft(text=encode(value))
    if asked.json_mode:
        return _Draft(text=encode(_free_object(asked, answer())))
    if latest_results(asked):
        return _Draft(text=prose_of_results(asked))
    return _Draft(text=talk.answer(asked))


def _free_object(prompt: Prompt, answer: str) -> object:
    """A JSON object for a prompt that gives no schema."""
    keys = keys_in_text(prompt.last_text) or keys_in_text(prompt.system)
    if not keys:
        return {"answer": answer}
    properties: dict[str, object] = {
        key: {"type": "array", "items": {"type": "string"}}
        if key in {"keywords", "tags", "items"}
        else {}
        for key in keys
    }
    schema = {"type": "object", "properties": properties, "required": keys}
    return fill(schema, read_facts(prompt.last_text), answer=lambda: answer)


def _without_corrections(prompt: Prompt) -> Prompt:
    """The conversation without requests to repair a structured reply."""
    turns = tuple(turn for turn in prompt.turns if not _CORRECTION.match(turn.text))
    return replace(prompt, turns=turns) if turns and len(turns) < len(prompt.turns) else prompt


def _clipped(prompt: Prompt) -> Prompt:
    """The conversation with long texts cut in the middle: the rules read beginnings and ends."""
    turns = tuple(
        replace(turn, text=f"{turn.text[:_HEAD]}\n\n{turn.text[-_TAIL:]}")
        if len(turn.text) > _HEAD + _TAIL
        else turn
        for turn in prompt.turns
    )
    return replace(prompt, turns=turns)


def _own_words(text: str) -> str:
    """A prompt without the schema that was written into it."""
    start = text.lower().find("schema")
    return text[:start] if start > 0 and "{" in text[start:] else text


def _plain(markdown: str) -> str:
    """Markdown without its emphasis, for a field of a structured reply."""
    return re.sub(r"\*\*|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)", "", markdown)


def _thoughts(prompt: Prompt, draft: _Draft, *, long: bool) -> str:
    """What a model might think before it answers."""
    question = " ".join(prompt.last_text.split())[:120] or "an empty message"
    first = f"**Reading the question**\n\nThe user asks: “{question}”."
    if draft.uses:
        names = " and ".join(dict.fromkeys(f"`{use.name}`" for use in draft.uses))
        plan = f"I cannot know this by myself, so I will call {names} and wait for the result."
    elif latest_results(prompt):
        plan = "The tools have answered, so I only need to put their results into words."
    elif prompt.schema is not None or prompt.json_mode:
        plan = "The answer has to fit a schema, so I will go through its fields one by one."
    else:
        plan = "I look for the rule that fits, and keep the answer short."
    if not long:
        return f"{first} {plan}"
    return (
        f"{first} Earlier messages may matter too; there are {len(prompt.turns)} in all.\n\n"
        f"**Choosing an approach**\n\n{plan}\n\n"
        "**Checking it**\n\nI go over the answer once more. It addresses what was asked, it makes "
        "no claim that my rules do not cover, and it is brief. That will do."
    )


def _measured(prompt: Prompt, behaviour: Behaviour, draft: _Draft) -> Reply:
    """A draft cut at stop sequences and at the token limit, with its usage."""
    text, stop_sequence = _stopped(draft.text, prompt.stop)
    finish: Finish = "tool_calls" if draft.uses else "stop"
    if stop_sequence is not None:
        finish = "stop_sequence"
    if draft.refusal:
        finish = "refusal"
    thinking, uses = draft.thinking, draft.uses
    limit = prompt.max_tokens
    if limit is not None:
        kept = cut_to_tokens(thinking, limit)
        left = limit - count_tokens(kept)
        written = cut_to_tokens(text, left)
        left -= count_tokens(written)
        called, left = _calls_within(uses, left)
        if (kept, written, called) != (thinking, text, uses):
            thinking, text, uses, finish = kept, written, called, "length"
            stop_sequence = None
    reasoning = count_tokens(thinking)
    arguments = sum(count_tokens(use.name) + count_tokens(use.arguments) for use in uses)
    return Reply(
        model=behaviour.reported,
        usage=Usage(
            input=input_tokens(prompt),
            output=reasoning + count_tokens(text) + arguments,
            reasoning=reasoning,
        ),
        text=text,
        uses=uses,
        thinking=thinking,
        finish=finish,
        stop_sequence=stop_sequence,
    )


def _stopped(text: str, stops: tuple[str, ...]) -> tuple[str, str | None]:
    found = [(text.find(stop), stop) for stop in stops if stop and stop in text]
    if not found:
        return text, None
    place, stop = min(found)
    return text[:place], stop


def _calls_within(uses: tuple[ToolUse, ...], left: int) -> tuple[tuple[ToolUse, ...], int]:
    """The calls that a number of tokens allows; the last one may end in the middle."""
    kept: list[ToolUse] = []
    for use in uses:
        name = count_tokens(use.name)
        if left <= name:
            break
        arguments = cut_to_tokens(use.arguments, left - name)
        kept.append(replace(use, arguments=arguments))
        left -= name + count_tokens(arguments)
        if arguments != use.arguments:
            break
    return tuple(kept), left
