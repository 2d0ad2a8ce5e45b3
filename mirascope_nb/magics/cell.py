"""Turns a magic's text into what is to be done: a frozen `CellRequest`.

Nothing here talks to a shell or a model. `read_cell` takes the line and the body of a `%%llm`
cell, `read_line` a one-line prompt; both look names up in the namespace they are given and raise
`UsageError` for anything that is not right, before anything is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from IPython.core.error import UsageError

from mirascope_nb.magics.aliases import COLON_MODEL, is_model_id, resolve_model
from mirascope_nb.magics.attachments import attach
from mirascope_nb.magics.grammar import Approve, Format
from mirascope_nb.magics.interpolation import interpolate, interpolate_text
from mirascope_nb.magics.options import Options, parse_cell_line, parse_prompt_line
from mirascope_nb.magics.parts import Part
from mirascope_nb.magics.quoting import first_sentence, quoted
from mirascope_nb.magics.tools import find_tools

FORMAT_INSTRUCTIONS: Final[Mapping[Format, str]] = MappingProxyType(
    {
        "json": "Answer with one JSON value and nothing else.",
        "html": "Answer with HTML source and nothing else.",
        "code": "Answer with code in one fenced block, marked with its language.",
        "math": "Write mathematics as LaTeX between dollar signs.",
    }
)
"""What is added to the system message so that a reply can be shown in the format asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CellConfig:
    """The defaults of a session, from `%config LLMMagics`.

    Attributes:
        model: The model when the cell names none.
        aliases: Short names for models.
        providers: Names of providers, to tell `provider/model` from a prompt's first word.
        system: The system message when there is no `-s`.
        format: How replies are shown when there is no `-f`.
        approve: The policy for tool calls when there is no `--approve`.
        params: Parameters of every call; the line's own win.
        stream: Whether replies are streamed when there is no `--no-stream`.
        timeout: Seconds for a whole call, or `None` for the provider's own.
        entered: The `llm.Model` whose `with` block the cell runs in, or `None`. Where the line
            names no model it is asked, with its own params, timeout and retries.
    """

    model: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    providers: frozenset[str] = frozenset()
    system: str | None = None
    format: Format = "markdown"
    approve: Approve = "ask"
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    stream: bool = True
    timeout: float | None = None
    entered: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Who is asked, and how.

    Attributes:
        model: As `provider/model`.
        params: As `llm.Model` takes them.
        timeout: Seconds for the whole call, `llm.Timeouts`, or `None` for the provider's own.
        entered: The model of a `with` block that this is, or `None`.
    """

    model: str
    params: Mapping[str, Any]
    timeout: Any
    entered: Any = None


def choose_model(
    named: str | None,
    config: CellConfig,
    *,
    params: Mapping[str, Any] = MappingProxyType({}),
    timeout: float | None = None,
) -> Choice:
    """Who is asked: the model that the line names, else that of a `with` block, else the default.

    A `with` block's model brings its own params, timeout and retries, as everywhere; the session's
    are for every other model. What the line says wins over both.

    Args:
        named: The model or alias on the line, or `None`.
        config: The defaults.
        params: Those on the line.
        timeout: The seconds on the line, or `None`.

    Raises:
        UsageError: No model is named anywhere, or its name is none.
    """
    entered = config.entered if named is None else None
    if entered is None:
        model, base = resolve_model(named, config.aliases, config.model, config.providers), config
    else:
        model, base = str(entered.model_id), entered
    return Choice(
        model=model,
        params=MappingProxyType({**base.params, **params}),
        timeout=timeout if timeout is not None else base.timeout,
        entered=entered,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class CellRequest:
    """One call as a cell asks for it.

    Attributes:
        choice: Who is asked, and how.
        content: The user's turn: texts and content parts in order, never empty.
        system: The system message that the line gives, or `None`.
        default_system: The one to use where neither the line nor the conversation has any.
        tools: Tools in the order given.
        approve: The policy for tool calls.
        schema: What the reply is parsed as, or `None`.
        output: The variable to bind, or `None`.
        format: How the reply is shown.
        conversation: The conversation it continues, or `None`.
        new: The conversation starts over.
        extract: Take the code out of the reply.
        offer: Put code that is in the reply into the next cell.
        quiet: Show nothing.
        silent: Show nothing and leave `_` alone.
        stream: Show the reply while it comes.
        detach: Return before the reply is there.
        show_prompt: Show what would be sent, and send nothing.
    """

    choice: Choice
    content: tuple[str | Part, ...]
    system: str | None = None
    default_system: str | None = None
    tools: tuple[Any, ...] = ()
    approve: Approve = "ask"
    schema: Any = None
    output: str | None = None
    format: Format = "markdown"
    conversation: str | None = None
    new: bool = False
    extract: bool = False
    offer: bool = False
    quiet: bool = False
    silent: bool = False
    stream: bool = True
    detach: bool = False
    show_prompt: bool = False

    @property
    def model(self) -> str:
        """The model asked, as `provider/model`."""
        return self.choice.model

    @property
    def params(self) -> Mapping[str, Any]:
        """As `llm.Model` takes them."""
        return self.choice.params

    @property
    def timeout(self) -> Any:
        """Seconds for the whole call, `llm.Timeouts`, or `None` for the provider's own."""
        return self.choice.timeout

    def system_message(self, earlier: str | None = None) -> str | None:
        """The system message as it is sent: the user's, then what the format asks for.

        Args:
            earlier: The one that the conversation has; the line's own comes before it.
        """
        given = (self.system, earlier, self.default_system)
        system = next((text for text in given if text is not None), None)
        wanted = None if self.schema is not None else FORMAT_INSTRUCTIONS.get(self.format)
        return "\n\n".join(text for text in (system, wanted) if text) or None

    @property
    def offers_code(self) -> bool:
        """Whether code in the reply is put into the next cell."""
        return self.offer or self.format == "code" or (self.extract and self.output is None)


def read_cell(
    line: str, body: str, namespace: Mapping[str, Any], config: CellConfig
) -> CellRequest | None:
    """Read a `%%llm` cell; `None` when it asks for help only.

    Args:
        line: What follows `%%llm` on its line.
        body: The lines below.
        namespace: The user's variables.
        config: The defaults.

    Raises:
        UsageError: An option, a name or the prompt is wrong.
    """
    options = parse_cell_line(line, expand=lambda value: interpolate_text(value, namespace))
    if options.help:
        return None
    return _request(options, body.strip("\n").rstrip(), namespace, config)


def read_line(line: str, namespace: Mapping[str, Any], config: CellConfig) -> CellRequest | None:
    """Read `%llm PROMPT`; `None` when it asks for help only.

    Raises:
        UsageError: An option, a name or the prompt is wrong.
    """
    options, prompt = parse_prompt_line(
        line,
        is_model=lambda word: _names_model(word, config),
        expand=lambda value: interpolate_text(value, namespace),
    )
    if options.help:
        return None
    return _request(options, prompt, namespace, config)


def _names_model(word: str, config: CellConfig) -> bool:
    provider = word.partition("/")[0].partition(":")[0]
    # With a colon it is none, and is taken for one all the same: so its writer is told.
    written_as_one = is_model_id(word) or COLON_MODEL.match(word) is not None
    return word in config.aliases or (written_as_one and provider in config.providers)


def _request(
    options: Options, prompt: str, namespace: Mapping[str, Any], config: CellConfig
) -> CellRequest:
    choice = choose_model(options.model, config, params=_params(options), timeout=options.timeout)
    attached = [part for word in options.attachments for part in attach(word, namespace)]
    text = (prompt,) if options.raw else interpolate(prompt, namespace)
    content = tuple(piece for piece in (*attached, *text) if piece != "")
    if not any(not isinstance(piece, str) or piece.strip() for piece in content):
        raise UsageError(
            "nothing to send: write the prompt below the %%llm line, or after %llm on its own line."
        )
    return CellRequest(
        choice=choice,
        content=content,
        system=options.system,
        default_system=config.system,
        tools=find_tools(options.tools, namespace),
        approve=options.approve or config.approve,
        schema=_schema(options.schema, namespace),
        output=options.output,
        format=options.format or config.format,
        conversation=options.conversation,
        new=options.new,
        extract=options.extract,
        quiet=options.quiet,
        silent=options.silent,
        stream=config.stream and not options.no_stream,
        detach=options.detach,
        show_prompt=options.show_prompt,
    )


def thinking_config(level: str) -> dict[str, Any]:
    """The parameter for a level of thinking; a card has room for thoughts, so ask for them."""
    return {"level": level, "include_thoughts": level != "none"}


def _params(options: Options) -> Mapping[str, Any]:
    if options.thinking is None:
        return options.params
    return {**options.params, "thinking": thinking_config(options.thinking)}


def _schema(line: str | None, namespace: Mapping[str, Any]) -> Any:
    if line is None:
        return None
    from mirascope_nb import llm
    from mirascope_nb.magics.schema_short import schema_from_line

    schema = schema_from_line(line, namespace)
    try:
        llm.formatting.resolve_format(schema, "strict")
    except Exception as error:
        raise UsageError(
            f"--schema {quoted(line)} cannot be the shape of a reply: {first_sentence(error)}. "
            "A class made with pydantic.BaseModel is one."
        ) from error
    return schema
