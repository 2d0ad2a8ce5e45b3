"""Turns a user's values into what a prompt can hold: text, or content parts such as images.

Values are known by what they can do, not by their class, so that no plotting or imaging package
is imported: a PIL image by `save` and `mode`, a matplotlib figure by `savefig`, a data frame
(pandas or polars) by `columns`, `dtypes` and `head`.
"""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from IPython.core.error import UsageError

if TYPE_CHECKING:
    from mirascope_nb import llm

    Part: TypeAlias = llm.UserContentPart
else:
    Part: TypeAlias = Any

SAMPLE_ROWS: Final = 10
SAMPLE_COLUMNS: Final = 50
SAMPLE_CHARACTERS: Final = 8_000
"""How much of a data frame is sent: enough to know its shape, never its contents."""

_PART_TYPES: Final = frozenset({"text", "image", "audio", "document"})
_MAX_ITEMS: Final = 64
# What PNG can hold; images of other modes (CMYK, YCbCr, F) are converted first.
_PNG_MODES: Final = frozenset({"1", "L", "LA", "I", "P", "RGB", "RGBA"})


def as_parts(value: Any) -> tuple[str | Part, ...] | None:
    """The content parts a value stands for, or `None` when it is best said as text.

    A list or tuple counts when every item of it is a part.

    Raises:
        UsageError: The value is an image or a figure that cannot be turned into one, or a lazy
            frame.
    """
    if (part := as_part(value)) is not None:
        return (part,)
    if isinstance(value, list | tuple) and 0 < len(cast("Sequence[Any]", value)) <= _MAX_ITEMS:
        parts = [as_part(item) for item in cast("Sequence[Any]", value)]
        if all(part is not None for part in parts):
            return tuple(part for part in parts if part is not None)
    return None


def as_part(value: Any) -> str | Part | None:
    """A content part, the description of a data frame, or `None` for anything else.

    Raises:
        UsageError: The value is an image or a figure that cannot be turned into one, or a lazy
            frame.
    """
    if isinstance(value, str | int | float | type):
        return None
    for convert in (_own_part, _bytes, _pil_image, _figure, _plotly_figure, _shown_image, _frame):
        if (part := convert(value)) is not None:
            return part
    return None


def as_text(value: Any) -> str:
    """A value as prompt text: a `str` verbatim, a response as its text, all else by `str`."""
    if isinstance(value, str):
        return value
    if _can(value, "text") and hasattr(value, "messages") and hasattr(value, "finish_reason"):
        return str(value.text())
    return str(value)


def describe_frame(frame: Any) -> str:
    """Say what a data frame holds: size, columns with their types, and the first rows as CSV.

    Args:
        frame: A pandas or polars data frame.
    """
    columns = [str(column) for column in frame.columns]
    types = [str(kind) for kind in frame.dtypes]
    rows = int(frame.shape[0])
    kept = columns[:SAMPLE_COLUMNS]
    lines = [f"A data frame of {_count(rows, 'row')} and {_count(len(columns), 'column')}."]
    lines.append("Columns:")
    lines += [f"- {name}: {kind}" for name, kind in zip(kept, types, strict=False)]
    if len(columns) > len(kept):
        lines.append(f"- and {len(columns) - len(kept)} more")
    sample = _csv(frame.head(SAMPLE_ROWS), kept)
    if len(sample) > SAMPLE_CHARACTERS:
        sample = sample[:SAMPLE_CHARACTERS] + "…"
    shown = min(rows, SAMPLE_ROWS)
    title = "All rows" if shown == rows else f"The first {_count(shown, 'row')}"
    return "\n".join([*lines, f"{title}, as CSV:", sample.rstrip("\n")])


def _csv(head: Any, columns: list[str]) -> str:
    if len(columns) < len(head.columns):
        head = head[list(head.columns)[: len(columns)]]
    if _can(head, "write_csv"):
        return str(head.write_csv())
    return str(head.to_csv(index=False))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _can(value: Any, *methods: str) -> bool:
    """Whether a value, not its class, has these methods and did not make them up on demand."""
    kind = cast("type[Any]", type(value))
    return all(callable(getattr(kind, method, None)) for method in methods)


def _own_part(value: Any) -> Part | None:
    if getattr(value, "type", None) not in _PART_TYPES:
        return None
    from mirascope_nb import llm

    known = (llm.Text, llm.Image, llm.Audio, llm.Document)
    return value if isinstance(value, known) else None


def _bytes(value: Any) -> Part | None:
    """Bytes that begin like an image or a PDF; other bytes are text like any value."""
    if not isinstance(value, bytes | bytearray):
        return None
    from mirascope_nb import llm

    raw = bytes(value)
    if raw.startswith(b"%PDF"):
        return llm.Document.from_bytes(raw)
    try:
        return llm.Image.from_bytes(raw)
    except ValueError:
        return None


def _pil_image(value: Any) -> Part | None:
    if not (_can(value, "save", "convert") and hasattr(value, "mode") and hasattr(value, "size")):
        return None
    png = BytesIO()
    image = value if value.mode in _PNG_MODES else value.convert("RGB")
    return _image("image", lambda: (image.save(png, format="PNG"), png.getvalue())[1])


def _figure(value: Any) -> Part | None:
    figure = value
    if not _can(value, "savefig"):
        # Axes, and what seaborn's functions return, know their figure.
        figure = getattr(value, "figure", None) if _can(value, "get_figure") else None
        if figure is None or not _can(figure, "savefig"):
            return None
    png = BytesIO()
    return _image(
        "figure",
        lambda: (figure.savefig(png, format="png", bbox_inches="tight"), png.getvalue())[1],
    )


def _plotly_figure(value: Any) -> Part | None:
    if not _can(value, "to_image", "to_plotly_json"):
        return None
    return _image("figure", lambda: bytes(value.to_image(format="png")))


def _shown_image(value: Any) -> Part | None:
    """`IPython.display.Image`, when it holds its bytes."""
    kind = cast("type[Any]", type(value))
    if kind.__name__ != "Image" or not isinstance(getattr(value, "data", None), bytes):
        return None
    return _image("image", lambda: cast("bytes", value.data))


def _frame(value: Any) -> str | None:
    if not _can(value, "head"):
        return None
    if _can(value, "collect", "collect_schema"):
        # A lazy frame would have to be run to be shown, and its text is the plan for that.
        raise UsageError("a lazy frame holds no rows yet; send what its .collect() gives.")
    if not (_can(value, "to_csv") or _can(value, "write_csv")):
        return None
    if not all(hasattr(value, name) for name in ("columns", "dtypes", "shape")):
        return None
    return describe_frame(value)


def _image(noun: str, draw: Callable[[], bytes]) -> Part:
    from mirascope_nb import llm

    try:
        return llm.Image.from_bytes(draw())
    except Exception as error:
        raise UsageError(
            f"the {noun} cannot be sent as an image: {type(error).__name__}: {error}."
        ) from error
