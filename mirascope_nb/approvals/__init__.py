"""Asking before a tool runs: rules, one-shot questions, and a record of every decision.

`session()` has all there is to know and to set in this kernel session:

    from mirascope_nb import approvals

    approvals.session().allow("read_file", argument="path", pattern="data/*")
    approvals.session().audit.to_frame()
"""

from mirascope_nb.approvals.approver import NotebookApprover, approver_for, default_approver
from mirascope_nb.approvals.askers import Asker, CardAsker, PopUpAsker, StdinAsker
from mirascope_nb.approvals.audit import AuditLog, Entry
from mirascope_nb.approvals.book import LIFETIME, Book, Record, Refusal, RefusedError
from mirascope_nb.approvals.desk import Answer, Desk, Panel
from mirascope_nb.approvals.rules import Policy, Rule, Rules, Verdict
from mirascope_nb.approvals.session import ApprovalSession, session

__all__ = [
    "LIFETIME",
    "Answer",
    "ApprovalSession",
    "Asker",
    "AuditLog",
    "Book",
    "CardAsker",
    "Desk",
    "Entry",
    "NotebookApprover",
    "Panel",
    "Policy",
    "PopUpAsker",
    "Record",
    "Refusal",
    "RefusedError",
    "Rule",
    "Rules",
    "StdinAsker",
    "Verdict",
    "approver_for",
    "default_approver",
    "session",
]
