"""Messages as a person reads them: what `--show-prompt` would send, what `%llm history` holds."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape as escape_html
from typing import TYPE_CHECKING, Any

from mirascope_nb.text import escape_invisible

if TYPE_CHECKING:
    from mirascope_nb.magics.conversations import Conversation
    from mirascope_nb.magics.session import Prepared


@dataclass(frozen=True, slots=True)
class Transcript:
    """Headed paragraphs: `(heading, text)`, the first without a text when it is a title."""

    paragraphs: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "\n\n".join(
            "\n".join(filter(None, (f"[{escape_invisible(heading)}]", _visible(text))))
            for heading, text in self.paragraphs
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The same as HTML; everything is text, nothing of it markup."""
        return "\n".join(
            f"<p><strong>{escape_html(escape_invisible(heading))}</strong></p>"
            + (f"<pre>{escape_html(_visible(text))}</pre>" if text else "")
            for heading, text in self.paragraphs
        )


def transcript(prepared: "Prepared") -> Transcript:
    """Exactly what a cell would send."""
    request = prepared.request
    settings = dict(request.params)
    if request.timeout is not None:
        settings["timeout"] = request.timeout
    paragraphs = [("model", request.model)]
    if settings:
        paragraphs.append(
            ("parameters", "\n".join(f"{name} = {value!r}" for name, value in settings.items()))
        )
    paragraphs += [(f"tool {tool.name}", _tool_text(tool)) for tool in request.tools]
    if request.schema is not None:
        paragraphs.append(("schema", _schema_text(request.schema)))
    return Transcript((*paragraphs, *_messages(prepared.messages)))


def conversation_transcript(conversation: "Conversation") -> Transcript:
    """A conversation, turn by turn."""
    system = [] if conversation.system is None else [("system", conversation.system)]
    return Transcript((*system, *_messages(conversation.messages)))


def _messages(messages: Iterable[Any]) -> list[tuple[str, str]]:
    return [
        (
            message.role,
            message.content.text
            if message.role == "system"
            else "\n\n".join(_part_text(part) for part in message.content),
        )
        for message in messages
    ]


def _part_text(part: Any) -> str:
    match part.type:
        case "text":
            return str(part.text)
        case "thought":
            return f"(thought) {part.thought}"
        case "tool_call":
            return f"(calls {part.name} with {part.args})"
        case "tool_output":
            return f"({part.name} gave {part.result})"
        case _:
            return f"({part.type}: {_source_text(part.source)})"


def _source_text(source: Any) -> str:
    if (url := getattr(source, "url", None)) is not None:
        return str(url)
    kind = getattr(source, "mime_type", None) or getattr(source, "media_type", "")
    text = str(source.data)
    if source.type == "text_document_source":
        return f"{kind}\n{text}"
    size = len(text) * 3 // 4 - text[-2:].count("=")  # of what base64 stands for
    return f"{kind}, {size:,} bytes"


def _tool_text(tool: Any) -> str:
    parameters = getattr(tool, "parameters", None)
    if parameters is None:
        return "run by the provider"
    schema = parameters.model_dump(by_alias=True, exclude_none=True)
    return f"{tool.description}\n{json.dumps(schema, indent=2, ensure_ascii=False)}"


def _schema_text(schema: Any) -> str:
    from mirascope_nb import llm

    resolved: Any = llm.formatting.resolve_format(schema, "strict")
    return json.dumps(resolved.schema, indent=2, ensure_ascii=False)


def _visible(text: str) -> str:
    """The text with what hides in its lines shown."""
    return "\n".join(
        "\t".join(escape_invisible(piece) for piece in line.split("\t"))
        for line in text.split("\n")
    )
