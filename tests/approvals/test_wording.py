"""What a person is told about arguments that do not fit."""

import pytest

from mirascope_nb import llm
from mirascope_nb.approvals.wording import unusable
from mirascope_nb.llm.tools.approval import ApprovalRequest


@llm.tool(requires_approval=True)
def order(when: int, tags: list[str]) -> str:
    """Order."""
    return f"{when} {tags}"


async def refusal_of(arguments: str) -> str:
    """What is said when the call is edited to these."""
    asked: list[ApprovalRequest] = []

    class Never:
        async def decide(self, request: llm.ApprovalRequest, /) -> llm.ApprovalDecision:
            asked.append(request)
            return llm.ApprovalDecision(outcome="denied", by="person", digest=request.digest)

    call = llm.ToolCall(id="1", name="order", args='{"when": 1, "tags": []}')
    with llm.use_approver(Never()):
        order.execute(call)
    with pytest.raises(llm.ToolExecutionError) as refused:
        asked[0].with_arguments(arguments)
    return unusable(refused.value)


async def test_each_fault_is_a_line_that_names_its_place_and_no_more() -> None:
    text = await refusal_of('{"when": "soon\u202e", "tags": ["a", 2]}')
    first, *faults = text.splitlines()
    assert first == "These arguments cannot be used."
    assert [fault.partition(":")[0] for fault in faults] == ["when", "tags.1"]
    assert "pydantic" not in text
    assert "soon" not in text


async def test_many_faults_are_cut_short() -> None:
    text = await refusal_of('{"when": 1, "tags": [1, 2, 3, 4, 5, 6, 7]}')
    assert len(text.splitlines()) == 7
    assert text.endswith("and 2 more")


async def test_what_is_no_json_is_told_as_that() -> None:
    assert (await refusal_of("{")).startswith("These arguments cannot be used: ")
