"""Replies to show."""

from collections.abc import Callable
from typing import Any

import pytest

from mirascope_nb.display import Reply


@pytest.fixture
def make_reply() -> Callable[..., Reply]:
    """A finished reply; any field may be given."""

    def make(*parts: Any, **fields: Any) -> Reply:
        given: dict[str, Any] = {"state": "done", "asked": "sandbox/assistant", **fields}
        return Reply(parts=parts, **given)

    return make
