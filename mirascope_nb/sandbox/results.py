"""What tools gave back: paired with their calls, as values for a form, and in words."""

import json
import re
from typing import Any

from mirascope_nb.sandbox.facts import find_cities
from mirascope_nb.sandbox.jsonvalue import as_object, is_list, is_object
from mirascope_nb.sandbox.prompt import Prompt, ToolResult, ToolUse, Turn

# A call that somebody or something kept from running, and what came of one that ran and failed.
_REFUSED = re.compile(
    r"\b(?:(?<!permission )denied|declined|rejected|not approved|not allowed|refused by|refused to"
    r"|(?:was|were|been) refused|expired|cancelled|canceled|was not run)\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:denied|declined|rejected|approved|allowed|refused|expired|cancelled|canceled"
    r"|was not run)\b[^:]*:\s*(?P<reason>.+)",
    re.IGNORECASE | re.DOTALL,
)
_FAILED = re.compile(
    r"^\s*(?:\w*error\b|\w*exception\b|failed\b|tool .+ not found|traceback\b"
    r"|\d+ validation errors? for|\[errno|http (?:status )?[45]\d\d)"
    r"|\b(?:did not finish within|timed? ?out|took (?:too long|longer than)|division by zero"
    r"|could not be reached|connection (?:refused|reset|error)|permission denied"
    r"|no such (?:file|table|column)|out of range|invalid literal"
    r"|(?:unexpected|missing) (?:\d+ )?(?:required )?(?:keyword|positional|argument))\b",
    re.IGNORECASE,
)
_WEATHER = re.compile(
    r"(-?\d+)\s?(°\s?[FC]?|degrees)\s+and\s+(\w[\w ]*?)(?: in [\w ,.'-]+)?\.?", re.IGNORECASE
)


def latest_results(prompt: Prompt) -> list[tuple[ToolUse, ToolResult]]:
    """The tool results at the end of a conversation, with the calls they answer."""
    trailing: list[Turn] = []
    for turn in reversed(prompt.turns):
        if not turn.results:
            break
        trailing.insert(0, turn)
    results = [result for turn in trailing for result in turn.results]
    uses = [use for turn in prompt.turns for use in turn.uses]
    paired: list[tuple[ToolUse, ToolResult]] = []
    left = uses[-len(results) :] if results else []
    for result in results:
        same = next((use for use in left if result.id and use.id == result.id), None)
        if same is None:
            same = next((use for use in left if not result.id and use.name == result.name), None)
        if same is None:
            same = ToolUse(name=result.name or "the tool", arguments="{}")
        else:
            left = [use for use in left if use is not same]
        paired.append((same, result))
    return paired


def known_from_results(prompt: Prompt) -> dict[str, Any]:
    """Values that tools were called with or gave back, by field name."""
    known: dict[str, Any] = {}
    for use, result in latest_results(prompt):
        arguments = _parsed(use.arguments)
        known |= as_object(arguments)
        value = _parsed(result.text)
        if is_object(value):
            known |= value
        for name in ("answer", "result", "output", "total", "sum", "value"):
            known[name] = value
    return known


def prose_of_results(prompt: Prompt) -> str:
    """What to say once the tools have answered."""
    pairs = latest_results(prompt)
    if len(pairs) == 1:
        use, result = pairs[0]
        return _sentence(use, result)
    good = [pair for pair in pairs if not _is_bad(pair[1])]
    bad = [pair for pair in pairs if _is_bad(pair[1])]
    lines: list[str] = []
    if len(good) == 1:
        lines.append(_sentence(*good[0]))
    elif good:
        lines.append("Here is what I found:\n")
        lines += [f"- {_labelled(use, result)}" for use, result in good]
    text = "\n".join(lines)
    failures = " ".join(_sentence(use, result) for use, result in bad)
    return f"{text}\n\n{failures}".strip() if len(good) > 1 else f"{text} {failures}".strip()


def _is_bad(result: ToolResult) -> bool:
    short = 300
    told = len(result.text) < short and (
        _REFUSED.search(result.text) or _FAILED.search(result.text)
    )
    return result.failed or bool(told)


def _sentence(use: ToolUse, result: ToolResult) -> str:
    """One result as a sentence or two."""
    text = result.text.strip()
    subject = _subject(use)
    if _is_bad(result) and _REFUSED.search(text) and not _FAILED.search(text):
        return _unrun(use, text)
    if _is_bad(result):
        return f"`{use.name}` did not work: {text.rstrip('.')}."
    if not text:
        return f"`{use.name}` is done; it returned nothing."
    if weather := _WEATHER.fullmatch(text):
        cities = find_cities(subject) or find_cities(text) or ((subject,) if subject else ())
        where = f" in **{cities[0]}**" if cities else ""
        return f"It is {weather[1]} {weather[2].strip()} and {weather[3]}{where}."
    value = _parsed(text)
    if is_object(value) or is_list(value):
        head = f"Here is what `{use.name}` found" + (f" for **{subject}**" if subject else "")
        return f"{head}:\n\n{_listed(value)}"
    if isinstance(value, int | float | bool):
        return f"The answer is **{text}**."
    if re.fullmatch(r"[A-Z].{8,}[.!?]", text, re.DOTALL):
        return text
    if subject and subject.lower() not in text.lower():
        return f"For **{subject}** it is: {text}."
    return f"{text[0].upper()}{text[1:]}" + ("" if text[-1] in ".!?:`" or "\n" in text else ".")


def _unrun(use: ToolUse, text: str) -> str:
    """Why a call was not run."""
    found = _REASON.search(text)
    reason = found["reason"].strip().rstrip(".") if found else ""
    said = f": {reason}." if reason else "."
    if re.search(r"\b(?:cancelled|canceled)\b", text, re.IGNORECASE):
        return f"I have not run `{use.name}`, because it was cancelled{said}"
    if re.search(r"\bexpired|nobody decided|in time\b", text, re.IGNORECASE):
        # Nobody said no: that is not for the model to claim.
        return f"I have not run `{use.name}`, because nobody decided on it in time."
    if "was not run" in text:
        return f"I have not run `{use.name}`{said}"
    return f"I have not run `{use.name}`, because it was not allowed{said}"


def _labelled(use: ToolUse, result: ToolResult) -> str:
    subject = _subject(use) or f"`{use.name}`"
    value = _parsed(result.text)
    text = _inline(value) if is_object(value) or is_list(value) else result.text.strip()
    if weather := _WEATHER.fullmatch(text):
        text = f"{weather[1]} {weather[2].strip()} and {weather[3]}"
    return f"**{subject}**: {text}"


def _subject(use: ToolUse) -> str:
    """The argument that says best what a call was about."""
    arguments = as_object(_parsed(use.arguments))
    texts = [value for value in arguments.values() if isinstance(value, str)]
    if texts:
        return texts[0]
    if len(arguments) == 1:
        return str(next(iter(arguments.values())))
    return ""


def _listed(value: Any) -> str:
    if is_object(value):
        return "\n".join(f"- **{key}**: {_inline(item)}" for key, item in value.items())
    return "\n".join(f"- {_inline(item)}" for item in value)


def _inline(value: Any) -> str:
    if is_object(value):
        return ", ".join(f"{key} {_inline(item)}" for key, item in value.items())
    if is_list(value):
        return ", ".join(map(_inline, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
