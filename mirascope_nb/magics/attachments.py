"""What `-a` attaches: a file, an address, or a variable.

An image, an audio file or a PDF goes as such; a text file or a data frame goes as text under its
name. A variable comes before a file of the same name.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from IPython.core.error import UsageError

from mirascope_nb.magics.nearest import did_you_mean
from mirascope_nb.magics.parts import Part, as_parts, as_text
from mirascope_nb.magics.quoting import quoted

TEXT_LIMIT: Final = 1_000_000
"""The longest text file that is attached, in bytes."""

_IMAGES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".heif"})
_AUDIO: Final = frozenset({".wav", ".mp3", ".aif", ".aiff", ".aac", ".ogg", ".flac"})


def attach(word: str, namespace: Mapping[str, Any]) -> tuple[str | Part, ...]:
    """The content that one `-a` adds.

    Args:
        word: A variable's name, a path (`~` is expanded) or an http(s) address.
        namespace: The user's variables.

    Raises:
        UsageError: There is no such thing, or it cannot be attached.
    """
    if word.isidentifier() and word in namespace:
        return _attach_value(word, namespace[word])
    if urlsplit(word).scheme in {"http", "https"}:
        return (_attach_address(word),)
    path = Path(word).expanduser()
    if path.is_file():
        return (_attach_file(path),)
    if path.is_dir():
        raise UsageError(f"-a {quoted(word)} is a folder; attach a file in it.")
    near = [name for name in namespace if not name.startswith("_")] + _files_beside(path)
    hint = did_you_mean(word, near) or " A path begins in the folder that `%pwd` names."
    raise UsageError(f"-a {quoted(word)} is neither a variable nor a file.{hint}")


def _attach_value(name: str, value: Any) -> tuple[str | Part, ...]:
    if isinstance(value, Path) or (isinstance(value, str) and _is_file(value)):
        return attach(str(value), {})
    parts = as_parts(value)
    if parts is None:
        return (_titled(name, as_text(value)),)
    return tuple(_titled(name, part) if isinstance(part, str) else part for part in parts)


def _attach_address(address: str) -> Part:
    from mirascope_nb import llm

    suffix = Path(urlsplit(address).path).suffix.lower()
    # Nothing is downloaded here: the provider fetches it.
    return llm.Document.from_url(address) if suffix == ".pdf" else llm.Image.from_url(address)


def _attach_file(path: Path) -> str | Part:
    from mirascope_nb import llm

    suffix = path.suffix.lower()
    try:
        if suffix in _IMAGES:
            return llm.Image.from_file(str(path))
        if suffix in _AUDIO:
            return llm.Audio.from_file(str(path))
        if suffix == ".pdf":
            return llm.Document.from_file(str(path))
        if path.stat().st_size > TEXT_LIMIT:
            raise UsageError(
                f"-a {quoted(path.name)} is larger than {TEXT_LIMIT:,} bytes; attach a part of it."
            )
        return _titled(path.name, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UsageError(
            f"-a {quoted(path.name)} is not a text, image, audio or PDF file; convert it first."
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"-a {quoted(path.name)} cannot be attached: {error}.") from error


def _titled(name: str, text: str) -> str:
    return f"Attachment {name}:\n{text.rstrip()}\n"


def _is_file(value: str) -> bool:
    limit = 4_096  # longer text is text; asking the system about it as a path would fail
    try:
        return 0 < len(value) < limit and "\n" not in value and Path(value).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def _files_beside(path: Path) -> list[str]:
    try:
        return [str(each) for each in path.parent.iterdir() if each.is_file()][:1_000]
    except OSError:
        return []
