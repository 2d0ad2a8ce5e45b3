"""What is decided without asking: the policies of a call, a tool and the session, and rules.

Precedence, from the first line that applies:

1. deny: the call's policy, the tool's, the session's, or a deny rule. A deny anywhere wins.
2. an allow rule, which a person made for this very tool with `Always allow`.
3. the tool's policy.
4. the call's policy.
5. the session's policy. Its `allow` is a wholesale one, and does not cover a tool that demands
   approval itself.
6. a tool that demands approval is asked about.
7. what the caller does by default.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from mirascope_nb import llm

__all__ = ["Policy", "Rule", "Rules", "Verdict", "definition_of"]

Policy: TypeAlias = Literal["ask", "allow", "deny"]

_MAX_STARS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A standing decision on one tool, for this kernel session."""

    id: str
    effect: Literal["allow", "deny"]
    tool: str
    argument: str | None = None
    """The argument that has to match, or `None`: whatever the arguments."""

    value: Any = None
    """What the argument has to be equal to, as JSON: `1` is not `true`, and `1.0` not `1`."""

    pattern: str | None = None
    """Or what it has to match: text in which `*` stands for anything but a line end or `..`."""

    definition: str | None = None
    """`definition_of` the tool the rule was made for; `None` for any tool of that name."""

    created: float = field(default_factory=time.time)
    """Seconds since the epoch."""

    def matches(self, request: "llm.ApprovalRequest") -> bool:
        """Whether the rule covers a call."""
        if self.tool != request.tool:
            return False
        if self.definition not in {None, definition_of(request)}:
            return False  # a tool of the same name that is not the one the person saw
        if self.argument is None:
            return True
        arguments = cast("dict[str, Any]", json.loads(request.arguments))
        if self.argument not in arguments:
            return False
        value = arguments[self.argument]
        if self.pattern is None:
            return _canonical(value) == _canonical(self.value)
        return isinstance(value, str) and _matches(self.pattern, value)

    def __str__(self) -> str:
        where = ""
        if self.argument is not None:
            wanted = _canonical(self.value) if self.pattern is None else f"like {self.pattern!r}"
            where = f" when {self.argument} is {wanted}"
        return f"{self.id}: {self.effect} {self.tool}{where}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What policies and rules say about a call."""

    policy: Policy | None
    """`None`: nothing is to be asked, and nobody has said anything about it."""

    rule: str | None = None
    """Which rule or policy that is, in words."""

    by: Literal["rule", "policy"] = "policy"


class Rules:
    """The policies and rules of one kernel session.

    Args:
        clock: Gives seconds since the epoch.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.session: Policy | None = None
        """The policy for every call of the session, or `None`."""
        self.tools: dict[str, Policy] = {}
        """Policies for tools, by name."""
        self._clock = clock
        self._rules: dict[str, Rule] = {}
        self._made = 0

    def __iter__(self):  # noqa: ANN204 - the checker infers Iterator[Rule]
        return iter(list(self._rules.values()))

    def __len__(self) -> int:
        return len(self._rules)

    def always(
        self,
        effect: Literal["allow", "deny"],
        tool: str,
        *,
        argument: str | None = None,
        value: Any = None,
        pattern: str | None = None,
        definition: str | None = None,
    ) -> Rule:
        """Make a rule for one tool; see `Rule` for what the arguments say.

        Raises:
            ValueError: If there is a pattern but no argument, or more than eight stars in it.
        """
        if pattern is not None and (argument is None or pattern.count("*") > _MAX_STARS):
            raise ValueError(f"a pattern is for one argument, and has at most {_MAX_STARS} stars")
        self._made += 1
        rule = Rule(
            id=f"r{self._made}",
            effect=effect,
            tool=tool,
            argument=argument,
            value=value,
            pattern=pattern,
            definition=definition,
            created=self._clock(),
        )
        self._rules[rule.id] = rule
        return rule

    def revoke(self, id: str) -> Rule:
        """Take a rule back.

        Raises:
            KeyError: If there is no rule of that id.
        """
        return self._rules.pop(id)

    def revoke_all(self) -> list[Rule]:
        """Take all rules back, and return them."""
        rules = list(self._rules.values())
        self._rules.clear()
        return rules

    def judge(
        self,
        request: "llm.ApprovalRequest",
        *,
        call: Policy | None = None,
        default: Policy | None = "ask",
    ) -> Verdict:
        """Say what is to be done with a call, by the precedence above.

        Args:
            request: The call.
            call: The policy of whoever runs the call, or `None`.
            default: What to do when nothing says anything; `None` to run it without asking.
        """
        matching = [rule for rule in self._rules.values() if rule.matches(request)]
        tool = self.tools.get(request.tool)
        levels: tuple[tuple[Policy | None, str], ...] = (
            (tool, f"policy for {request.tool}"),
            (call, "policy of this call"),
            (self.session, "policy of the session"),
        )
        for policy, name in levels:
            if policy == "deny":
                return Verdict(policy="deny", rule=name)
        for effect in ("deny", "allow"):
            for rule in matching:
                if rule.effect == effect:
                    return Verdict(policy=effect, rule=str(rule), by="rule")
        for policy, name in levels:
            if policy is not None and not (
                policy == "allow" and request.required and name == "policy of the session"
            ):
                return Verdict(policy=policy, rule=name)
        if request.required:
            return Verdict(policy="ask", rule=f"{request.tool} demands approval")
        return Verdict(policy=default)


def definition_of(request: "llm.ApprovalRequest") -> str:
    """The SHA-256, in hex, of what a tool says it is: name, signature, description and schema.

    A rule made for one definition does not cover another, such as a tool that an MCP server has
    changed since, or a function of the same name from another cell.
    """
    parts = (request.tool, request.signature, request.description, dict(request.parameters))
    return hashlib.sha256(_canonical(parts).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _matches(pattern: str, text: str) -> bool:
    if ".." in text.replace("\\", "/").split("/"):
        return False  # `/data/*` is no permission for /data/../etc
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch("[^\r\n]*".join(parts), text) is not None
