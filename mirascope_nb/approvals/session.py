"""What one kernel session knows about approvals: its open questions, its rules, its decisions."""

import os
import secrets
import time
from collections.abc import Callable

from mirascope_nb.approvals.audit import AuditLog
from mirascope_nb.approvals.book import LIFETIME, Book
from mirascope_nb.approvals.rules import Policy, Rule, Rules

__all__ = ["ApprovalSession", "session"]


class ApprovalSession:
    """The approvals of one kernel session.

    Args:
        clock: Gives seconds since the epoch.
        lifetime: Seconds in which a person can answer a question.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.time, lifetime: float = LIFETIME
    ) -> None:
        self.id = secrets.token_hex(8)
        """Random, and new with every kernel."""
        self.clock = clock
        self.book = Book(session=self.id, clock=clock, lifetime=lifetime)
        """The questions that wait for an answer."""
        self.rules = Rules(clock=clock)
        """The policies and standing rules."""
        self.audit = AuditLog(session=self.id, clock=clock)
        """Every decision so far."""

    def allow(self, tool: str, *, argument: str | None = None, pattern: str | None = None) -> Rule:
        """Allow a tool by name for the rest of the session, optionally only where an argument fits.

        Args:
            tool: The tool's name.
            argument: The argument that `pattern` is for.
            pattern: Text the argument has to match; `*` stands for anything but a line end or `..`.

        Raises:
            ValueError: If there is only one of `argument` and `pattern`.
        """
        return self._always("allow", tool, argument, pattern)

    def deny(self, tool: str, *, argument: str | None = None, pattern: str | None = None) -> Rule:
        """Deny a tool by name for the rest of the session; see `allow`. Deny wins over allow."""
        return self._always("deny", tool, argument, pattern)

    def set_policy(self, policy: Policy | None, *, tool: str | None = None) -> None:
        """Set the policy of the session, or of one tool; `None` removes it.

        Raises:
            ValueError: If it is no policy.
        """
        if policy not in {None, "ask", "allow", "deny"}:
            raise ValueError(f"a policy is 'ask', 'allow' or 'deny', not {policy!r}")
        if tool is None:
            self.rules.session = policy
        elif policy is None:
            self.rules.tools.pop(tool, None)
        else:
            self.rules.tools[tool] = policy

    def revoke(self, rule: str | Rule) -> Rule:
        """Take a rule back, by its id such as `r1`.

        Raises:
            KeyError: If there is no such rule.
        """
        return self.rules.revoke(rule if isinstance(rule, str) else rule.id)

    def _always(self, effect: Policy, tool: str, argument: str | None, pattern: str | None) -> Rule:
        if (argument is None) != (pattern is None):
            raise ValueError("argument and pattern go together")
        return self.rules.always(
            "deny" if effect == "deny" else "allow", tool, argument=argument, pattern=pattern
        )


_sessions: dict[int, ApprovalSession] = {}


def session() -> ApprovalSession:
    """Return the approvals of this kernel session. A forked process has its own."""
    pid = os.getpid()
    if pid not in _sessions:
        _sessions.clear()
        _sessions[pid] = ApprovalSession()
    return _sessions[pid]
