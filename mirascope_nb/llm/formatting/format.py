"""What a reply is parsed into, and how the model is made to answer that way."""

from __future__ import annotations

import inspect
import reprlib
from dataclasses import dataclass, replace
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NewType,
    NoReturn,
    TypeAlias,
    cast,
    get_args,
    get_origin,
    overload,
)

from typing_extensions import TypeAliasType, TypeForm, TypeIs

from mirascope_nb.llm.formatting import instructions
from mirascope_nb.llm.formatting.output_parser import OutputParser, is_output_parser
from mirascope_nb.llm.formatting.primitives import (
    create_wrapper_model,
    is_bare_model,
    is_model,
    type_name,
)
from mirascope_nb.llm.formatting.types import FormatT, FormattingMode

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mirascope_nb.llm.tools.schema import ToolSchema

__all__ = ["Format", "FormatSpec", "check_format", "format", "format_name", "resolve_format"]


@dataclass(kw_only=True, frozen=True)
class Format(Generic[FormatT]):
    """A format, resolved: what is asked of the model and how."""

    name: str
    """Name of the model class or type."""

    description: str | None
    """The class's docstring, or `None` if it has none or is not a model."""

    schema: dict[str, Any]
    """JSON schema as pydantic makes it; empty for an `OutputParser`. Do not change it."""

    mode: FormattingMode
    """How the model is made to answer in the format."""

    formattable: type[FormatT] | TypeForm[FormatT] | OutputParser[FormatT]
    """The model class, type or parser that the format was made from."""

    @property
    def model(self) -> type[BaseModel]:
        """The model class that reads the reply's JSON: the format's own, or one around its type.

        Raises:
            TypeError: If the format is an `OutputParser`, which reads no JSON.
        """
        if is_output_parser(self.formattable):
            raise TypeError(f"'{self.name}' is an output parser, and has no model")
        if _has_own_fields(self.formattable):
            return self.formattable
        return create_wrapper_model(self.formattable)

    @property
    def is_wrapped(self) -> bool:
        """Whether the reply's JSON holds the value in a field called `output`."""
        return not _has_own_fields(self.formattable) and not is_output_parser(self.formattable)

    @property
    def formatting_instructions(self) -> str | None:
        """What to tell the model about the form of its answer, or `None`.

        A parser's own instructions, or a model's class method `formatting_instructions`, replace
        those of the mode.
        """
        own = getattr(self.formattable, "formatting_instructions", None)
        if callable(own):
            return cast("str | None", own())
        if self.mode == "tool":
            return instructions.TOOL_INSTRUCTIONS
        if self.mode == "json":
            return instructions.json_instructions(self.schema)
        return None

    def create_tool_schema(self) -> ToolSchema[Any]:
        """The tool whose arguments are the answer, for mode `"tool"`."""
        # Tools know nothing of formats, but their package reaches what formats are used by.
        from mirascope_nb.llm.tools.parameters import ToolParameterSchema
        from mirascope_nb.llm.tools.schema import FORMAT_TOOL_NAME, ToolSchema

        schema = self.schema
        definitions: dict[str, Any] = schema.get("$defs", {})
        if "$ref" in schema:  # a model that holds itself is only referred to
            schema = definitions[schema["$ref"].rpartition("/")[2]]
        properties: dict[str, Any] = schema.get("properties", {})
        return ToolSchema(
            _hand_in,
            FORMAT_TOOL_NAME,
            instructions.tool_description(self.name, self.description),
            ToolParameterSchema(
                properties=properties,
                required=list(properties),
                additionalProperties=False,
                defs=definitions or None,
            ),
        )


FormatSpec: TypeAlias = type[FormatT] | TypeForm[FormatT] | OutputParser[FormatT] | Format[FormatT]
"""What may be given as a format: a model class, a type, an output parser, or a `Format`.

pyright also infers the parsed type from types that are not classes, such as `Literal["a", "b"]` or
`int | str`. mypy rejects those unless it runs with `--enable-incomplete-feature=TypeForm`.
"""


@overload
def format(formattable: None, *, mode: FormattingMode) -> None: ...
@overload
def format(formattable: FormatSpec[FormatT], *, mode: FormattingMode) -> Format[FormatT]: ...
def format(
    formattable: FormatSpec[FormatT] | None, *, mode: FormattingMode
) -> Format[FormatT] | None:
    """Choose how a model is made to answer in a format.

    Args:
        formattable: A pydantic model class, a type such as `list[Book]` or `Literal[...]`, or an
            `OutputParser`; `None` for none.
        mode: How; `"parser"` goes with an `OutputParser` and with nothing else.

    Raises:
        ValueError: If the mode is not known, or does not go together with the formattable.
        TypeError: If the formattable is neither a type nor a parser.
        pydantic.errors.PydanticUserError: If the type has no JSON schema.
    """
    if mode not in get_args(FormattingMode):
        modes = ", ".join(get_args(FormattingMode))
        raise ValueError(f"mode must be one of {modes}, got {mode!r}")
    if formattable is None or formattable is type(None):
        return None
    check_format(formattable)
    if isinstance(formattable, Format):
        return replace(cast("Format[FormatT]", formattable), mode=mode)
    if is_output_parser(formattable):
        if mode != "parser":
            raise ValueError(f"mode must be 'parser' for OutputParser, got '{mode}'")
        return Format(
            name=formattable.__name__,
            description=_docstring(formattable),
            schema={},
            mode=mode,
            formattable=formattable,
        )
    if mode == "parser":
        raise ValueError(f"mode 'parser' is for an OutputParser, got {formattable!r}")
    if _has_own_fields(formattable):
        return Format(
            name=formattable.__name__,
            description=_docstring(formattable),
            schema=formattable.model_json_schema(),
            mode=mode,
            formattable=cast("type[FormatT]", formattable),
        )
    return Format(
        name=type_name(formattable),
        description=_docstring(formattable) if is_model(formattable) else None,
        schema=create_wrapper_model(formattable).model_json_schema(),
        mode=mode,
        formattable=formattable,
    )


@overload
def resolve_format(spec: None, default_mode: FormattingMode) -> None: ...
@overload
def resolve_format(
    spec: FormatSpec[FormatT] | None, default_mode: FormattingMode
) -> Format[FormatT] | None: ...
def resolve_format(
    spec: FormatSpec[FormatT] | None, default_mode: FormattingMode
) -> Format[FormatT] | None:
    """The `Format` that a specification stands for.

    Args:
        spec: A `Format`, which is kept as it is, or what `format` takes.
        default_mode: The mode of what is not a `Format` and not a parser.
    """
    if isinstance(spec, Format):
        return cast("Format[FormatT]", spec)
    return format(spec, mode="parser" if is_output_parser(spec) else default_mode)


def check_format(spec: object) -> None:
    """Refuse what cannot be a format, before anything is sent.

    Raises:
        TypeError: If it is not a type, a parser or a `Format`.
    """
    if spec is None or isinstance(spec, type | Format | OutputParser | TypeAliasType | NewType):
        return
    if get_origin(spec) is not None:  # `list[Book]`, `Book | None`, `Literal["a"]`
        return
    if isinstance(spec, str):
        hint = "give the class or type itself, not its name"
    elif inspect.isroutine(spec):
        hint = "decorate a function that parses with @llm.output_parser(...)"
    else:
        hint = "give a model class, a type, an output parser or llm.format(...)"
    raise TypeError(f"{reprlib.repr(spec)} is not a format: {hint}")


def format_name(spec: object) -> str:
    """How a format is called in a `repr`: `Book`, `list[Book]`."""
    if isinstance(spec, Format):
        return f"{spec.name}[{spec.mode}]"
    if get_origin(spec) is None and hasattr(spec, "__name__"):
        return type_name(spec)
    return str(spec)


def _has_own_fields(formattable: object) -> TypeIs[type[BaseModel]]:
    """Whether a format is a model whose JSON is an object, and so needs no wrapping."""
    return is_model(formattable) and not is_bare_model(formattable)


def _docstring(documented: object) -> str | None:
    # Not `inspect.getdoc`, which goes on to the docstring of a base class.
    text = getattr(documented, "__doc__", None)
    return inspect.cleandoc(text) if text else None


def _hand_in(**_: Any) -> NoReturn:
    raise RuntimeError("the arguments of this tool are the answer; it is never run")
