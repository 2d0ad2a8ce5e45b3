"""What a prompt may name: the user's variables, and a few things about the session.

Besides variables there are `{In[3]}`, the source of an earlier cell as it was typed; `{Out[3]}`,
its value; and `{Err}`, the last traceback. A variable of the same name comes first.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

_KEPT: Final = frozenset({"In", "Out"})


class PromptNamespace(Mapping[str, Any]):
    """The names a prompt may use, looked up when used.

    Args:
        user: The user's namespace.
        hidden: IPython's own entries in it, which are no variables of the user's as long as they
            hold what IPython put there.
        local: The variables of the function in which the magic runs.
        inputs: The sources of earlier cells, as typed.
        last_error: The last traceback as text, or `None` when there was none.
    """

    def __init__(
        self,
        user: Mapping[str, Any],
        *,
        hidden: Mapping[str, Any],
        local: Mapping[str, Any],
        inputs: Callable[[], list[str]],
        last_error: Callable[[], str | None],
    ) -> None:
        self._user = user
        self._hidden = hidden
        self._local = local
        self._inputs = inputs
        self._last_error = last_error

    def __getitem__(self, name: str) -> Any:
        if name in self._local:
            return self._local[name]
        if name in self._user and not self._is_hidden(name):
            value = self._user[name]
            return self._inputs() if name == "In" and value is self._hidden.get("In") else value
        if name == "Err" and (error := self._last_error()) is not None:
            return error
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        seen = dict.fromkeys(self._local)
        seen |= {name: None for name in self._user if not self._is_hidden(name)}
        if self._last_error() is not None:
            seen["Err"] = None
        return iter(seen)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_hidden(self, name: str) -> bool:
        if name in _KEPT or name.startswith("_"):
            return False
        return name in self._hidden and self._user[name] is self._hidden[name]
