"""The manual's words on providers: its list is the one there is, and its three lines suffice."""

import re
from pathlib import Path
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.providers import classes, vendors

MANUAL = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^ *```python\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[str]:
    """The manual's snippets, the list's indentation taken off."""
    return [re.sub(r"^   ", "", found, flags=re.MULTILINE) for found in BLOCK.findall(MANUAL)]


def test_the_list_of_providers_is_the_one_there_is() -> None:
    wires = {
        "openai_chat": "chat completions",
        "openai_responses": "responses",
        "anthropic": "messages",
        "google": "generateContent",
        None: "by the request",
    }
    lines = [
        "| ids that begin with | provider | protocol | key | address |",
        "| --- | --- | --- | --- | --- |",
    ]
    for vendor in sorted(vendors.VENDORS.values(), key=lambda vendor: vendor.id):
        if ":" in vendor.id:
            continue
        scopes = ", ".join(f"`{scope}`" for scope in vendor.auto_scope)
        key = f"`{vendor.key_env}`" if vendor.key_env else "none"
        key += "" if vendor.default_key is None or vendor.key_env is None else ", if it asks"
        address = f"`{vendor.base_url}`" if vendor.base_url else "built in" if vendor.start else ""
        variable = f"`{vendor.base_url_env}`" if vendor.base_url_env else ""
        where = " or ".join(filter(None, (variable, re.sub(r"\{[^=]*=(.*?)\}", r"\1", address))))
        lines.append(f"| {scopes} | {vendor.name} | {wires[vendor.wire]} | {key} | {where} |")
    expected = "\n".join(lines)
    found = re.search(r"<!-- vendors -->\n(.*?)\n?<!-- /vendors -->", MANUAL, re.DOTALL)
    assert found
    assert found[1] == expected, f"the list in docs/providers.md should be:\n{expected}"


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch, sandbox: Any) -> None:
    """The service that the manual's three lines add, at the simulator's address."""
    row, cls, _ = (block for block in blocks() if "acme" in block.lower() and "llm." not in block)
    vendor = eval(row.strip(), dict(vars(vendors)))  # noqa: S307, the manual's own line
    monkeypatch.setitem(vendors.VENDORS, vendor.id, vendor)
    made: dict[str, Any] = {"WireProvider": classes.WireProvider, "__name__": "acme"}
    exec(cls, made)  # noqa: S102, likewise
    monkeypatch.setitem(classes.PROVIDER_CLASSES, vendor.id, made["AcmeProvider"])


@pytest.fixture
def wire(wires: Any) -> Any:
    """The wire that such services speak."""
    return wires[0]


@pytest.mark.usefixtures("acme")
def test_three_lines_add_a_service(talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(llm.MissingAPIKeyError, match="ACME_API_KEY"):
        talk.ask("Hello!", model="acme/frog-7b")
    monkeypatch.setenv("ACME_API_KEY", "sk-0123456789-secret")
    llm.register_provider("acme", base_url=f"{talk.sandbox.url}/v1")
    reply = talk.ask("What is 6 * 7?", model="acme/frog-7b", temperature=0.5, max_tokens=99)
    assert reply.text() == "6 * 7 = **42**"
    assert (reply.provider_id, reply.model_id) == ("acme", "acme/frog-7b")
    record = talk.sandbox.requests[-1]
    assert (record.model, record.wire) == ("frog-7b", "openai_chat")
    assert (record.body["temperature"], record.body["max_tokens"]) == (0.5, 99)
    assert talk.ask("What is 6 * 7?", model="acme/frog-7b", format=int).parse() == 42


def test_the_third_line_is_what_the_first_one_makes() -> None:
    row, _, case = (block for block in blocks() if "acme" in block.lower() and "llm." not in block)
    vendor = eval(row.strip(), dict(vars(vendors)))  # noqa: S307, the manual's own line
    provider, environment, url = eval(case.strip())  # noqa: S307, likewise
    assert (provider, set(environment)) == (vendor.id, {vendor.key_env})
    assert url == f"{vendor.base_url}/chat/completions"


@pytest.mark.parametrize("number", [0, 1])
def test_the_snippets_for_a_service_that_is_not_in_the_list_work(number: int, sandbox: Any) -> None:
    addresses = {
        "https://api.acme.example/v1": f"{sandbox.url}/v1",
        "https://proxy.example": sandbox.url,
    }
    code = "from mirascope_nb import llm\n" + blocks()[number]
    for theirs, ours in addresses.items():
        code = code.replace(theirs, ours)
    ran: dict[str, Any] = {}
    exec(code, ran)  # noqa: S102, the manual's own lines
    assert ran["reply"].text().startswith("Hello!")
    assert sandbox.requests[-1].model in {"frog-7b", "claude-sonnet-4-5"}
