"""What the notebook half tells the core without being imported by it.

Loading the extension must not import the core, which takes a while; so it leaves here how to make
what the core will need, and the core looks when it needs it.
"""

from collections.abc import Callable
from typing import Any

shorten_stop: Callable[[BaseException], None] | None = None
"""Makes a notebook show an interrupt of a blocking call without the frames of this package."""

make_approver: Callable[[], Any] | None = None
"""Makes the approver for tool calls that nobody else decides on; `None` for the terminal."""

note_reply: Callable[[Any], None] | None = None
"""Told of every reply as it begins, by whoever asked for it; it is there to count what is spent."""

note_end: Callable[[Any], None] | None = None
"""Told of every stream as it ends, be it whole, broken or stopped, so that nobody has to keep it
until then."""
