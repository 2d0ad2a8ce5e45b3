"""The offline provider simulator: an HTTP server on loopback that answers like the real services.

It is not a language model: it answers by rules, and says so. Nothing is imported or started until
it is used.

    >>> from mirascope_nb.sandbox import Sandbox
    >>> with Sandbox(pace=0) as sandbox:
    ...     address = sandbox.url
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mirascope_nb.sandbox.ledger import RequestRecord
    from mirascope_nb.sandbox.simulator import Sandbox, default_sandbox

__all__ = ["RequestRecord", "Sandbox", "address", "default_sandbox"]


def address() -> str:
    """The address of the process's own sandbox, such as `http://127.0.0.1:40213`.

    The first call starts it. Any thread may call; a forked child gets a server of its own.
    """
    from mirascope_nb.sandbox import simulator

    return simulator.address()


def __getattr__(name: str) -> Any:
    if name in {"Sandbox", "default_sandbox"}:
        from mirascope_nb.sandbox import simulator

        return getattr(simulator, name)
    if name == "RequestRecord":
        from mirascope_nb.sandbox.ledger import RequestRecord

        return RequestRecord
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
