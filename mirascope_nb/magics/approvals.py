"""`%llm approvals`: what was decided about tool calls, and the rules in force."""

from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

from mirascope_nb.approvals import session
from mirascope_nb.magics.nearest import did_you_mean
from mirascope_nb.magics.quoting import quoted
from mirascope_nb.magics.report import Report

_USAGE = "%llm approvals [allow TOOL | deny TOOL | revoke RULE | revoke all]"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalsReport:
    """The decisions of the session and its rules.

    Attributes:
        decisions: The session's audit log: a sequence, with `to_frame()`.
        rules: The standing rules, as a table.
    """

    decisions: Any
    rules: Report

    def __str__(self) -> str:
        return f"{self.decisions!r}\n\n{self.rules}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{self.decisions._repr_html_()}\n{self.rules.html()}"

    def to_frame(self) -> Any:
        """The decisions as a pandas data frame; a list of dictionaries where pandas is missing."""
        return self.decisions.to_frame()


def approvals_report(words: list[str]) -> ApprovalsReport | Report:
    """Report, or change a rule: `allow TOOL`, `deny TOOL`, `revoke RULE`, `revoke all`.

    Raises:
        UsageError: The words are none of these, or there is no such rule.
    """
    approvals = session()
    match words:
        case []:
            return ApprovalsReport(decisions=approvals.audit, rules=_rules())
        case ["allow", tool]:
            return _made(str(approvals.allow(tool)))
        case ["deny", tool]:
            return _made(str(approvals.deny(tool)))
        case ["revoke", "all"]:
            count = len(approvals.rules.revoke_all())
            return Report(title=f"Revoked {count} rule{'' if count == 1 else 's'}.")
        case ["revoke", rule]:
            try:
                return Report(title=f"Revoked {approvals.revoke(rule)}.")
            except KeyError:
                known = [each.id for each in approvals.rules]
                raise UsageError(
                    f"there is no rule {quoted(rule)}.{did_you_mean(rule, known)} "
                    "`%llm approvals` lists them."
                ) from None
        case _:
            raise UsageError(f"{_USAGE}, not {quoted(' '.join(words))}.")


def _made(rule: str) -> Report:
    return Report(
        title=f"Made the rule {rule}, for this kernel session.",
        notes=(f"To revoke it: `%llm approvals revoke {rule.partition(':')[0]}`.",),
    )


def _rules() -> Report:
    rules = session().rules
    policies = [("session", rules.session)] if rules.session is not None else []
    policies += list(rules.tools.items())
    rows = [(f"policy for {name}", str(policy), "") for name, policy in policies]
    rows += [("rule", str(rule), f"%llm approvals revoke {rule.id}") for rule in rules]
    if not rows:
        return Report(
            title="There are no rules: you are asked unless the call's own policy decides."
        )
    return Report(title="Rules", columns=("kind", "what it says", "to revoke"), rows=tuple(rows))
