"""Replies without a provider, and a page without a browser."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, cast

import comm
import pytest
from comm.base_comm import BaseComm

from mirascope_nb import llm
from mirascope_nb.approvals import approver
from mirascope_nb.approvals.session import ApprovalSession
from mirascope_nb.widgets import live, surface


class FakeComm(BaseComm):
    """Keeps what the kernel sends, and can play the browser."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.log: list[tuple[str, Any]] = []
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        self.log.append((msg_type, data))

    @property
    def custom(self) -> list[Any]:
        return [
            data["content"]
            for kind, data in self.log
            if kind == "comm_msg" and data["method"] == "custom"
        ]

    def browser_sends(self, **content: Any) -> None:
        state = self.log[0][1]["state"]
        content = {"id": state["card_id"], "request": "r", **content}
        data = {"method": "custom", "content": content}
        self.handle_msg({"content": {"data": data}, "buffers": []})


class Page:
    """A page that shows cards: their widgets, and what stands in the output."""

    def __init__(self) -> None:
        self.comms: list[FakeComm] = []
        self.outputs: list[Any] = []

    def open(self, **kwargs: Any) -> FakeComm:
        made = FakeComm(**kwargs)
        self.comms.append(made)
        return made

    def output(self, **_: Any) -> Any:
        page = self

        class Output:
            def __init__(self) -> None:
                self.shown: list[tuple[dict[str, Any], dict[str, Any]]] = []
                page.outputs.append(self)

            def show(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
                self.shown.append((data, metadata))

            def begin_anew(self) -> None:
                """A page takes changes."""

        return Output()

    @property
    def widget(self) -> FakeComm:
        """The one card."""
        [found] = [made for made in self.comms if "_esm" in made.log[0][1]["state"]]
        return found

    @property
    def bundle(self) -> dict[str, Any]:
        """What stands in the one output now."""
        [output] = self.outputs
        return output.shown[-1][0]

    @property
    def record(self) -> dict[str, Any]:
        return self.bundle["application/vnd.mirascope-nb.run+json"]

    @property
    def card(self) -> dict[str, Any]:
        """The card as a browser that asks now would get it."""
        self.widget.browser_sends(kind="resync", have=None)
        return self.widget.custom[-1]["card"]

    @property
    def pending(self) -> Any:
        """The first call that waits, once the page knows of one."""
        return self.asked_about("")

    def asked_about(self, words: str) -> Any:
        """The first call that waits and has these words in its arguments."""
        for block in self.card["blocks"] if self.outputs else ():
            if block["type"] == "tool" and block["approval"] and words in block["arguments"]:
                return block
        return None

    def decide(self, call: Any, decision: str, reason: str | None = None) -> None:
        """Answer a question as a person does."""
        approval = call["approval"]
        self.widget.browser_sends(
            kind="decide",
            approval=approval["id"],
            digest=approval["digest"],
            decision=decision,
            reason=reason,
        )

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until something is so."""
        async with asyncio.timeout(5):
            while not (value := condition()):  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.001)
        return value


def use(monkeypatch: pytest.MonkeyPatch, place: str) -> Page:
    page = Page()
    monkeypatch.setattr(comm, "create_comm", page.open)
    monkeypatch.setattr(live, "detect", lambda: place)
    monkeypatch.setattr(surface, "CellOutput", page.output)
    return page


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A notebook page."""
    page = use(monkeypatch, "widget")
    yield page
    for opened in page.comms:
        opened.close()


@pytest.fixture
def headless(monkeypatch: pytest.MonkeyPatch) -> Page:
    """A kernel that nobody watches."""
    return use(monkeypatch, "headless")


@pytest.fixture(autouse=True)
def approval_session(monkeypatch: pytest.MonkeyPatch) -> ApprovalSession:
    """Approvals that no other test has touched."""
    made = ApprovalSession()
    monkeypatch.setattr(approver, "session", lambda: made)
    return made


class Script:
    """What a provider would say, turn by turn, and what it was asked."""

    def __init__(self, turns: Sequence[Sequence[Any]], tools: Sequence[Any]) -> None:
        self.turns = [list(turn) for turn in turns]
        self.tools = tools
        self.asked: list[list[llm.Message]] = []

    def stream(self, messages: Any = None) -> llm.AsyncStreamResponse:
        sent: list[llm.Message] = list(messages or [llm.messages.user("hi")])
        self.asked.append(sent)
        return Stream(self, sent, self.turns.pop(0))

    def whole(self, kind: type[Any] = llm.AsyncResponse) -> Any:
        parts = self.turns.pop(0)
        self.asked.append([llm.messages.user("hi")])
        return kind(
            raw=None,
            provider_id="script",
            model_id="script/one",
            provider_model_name="one",
            params={"temperature": 0.5},
            tools=self.tools,
            input_messages=[llm.messages.user("hi")],
            assistant_message=llm.messages.assistant(
                parts, model_id="script/one", provider_id="script"
            ),
            finish_reason=None,
            usage=llm.Usage(input_tokens=3, output_tokens=2),
        )


class Stream(llm.AsyncStreamResponse):
    """A streaming reply of a script; its conversation goes on in the script."""

    def __init__(self, script: Script, messages: list[llm.Message], turn: list[Any]) -> None:
        super().__init__(
            provider_id="script",
            model_id="script/one",
            provider_model_name="one",
            params={"temperature": 0.5},
            tools=script.tools,
            input_messages=messages,
            chunk_iterator=speak(turn),
        )
        self.script = script

    async def resume(self, content: Any) -> Any:
        return self.script.stream([*self.messages, llm.messages.user(content)])


async def speak(turn: list[Any]) -> AsyncIterator[Any]:
    """The chunks of a turn: text, tool calls, things to await, errors to raise."""
    for number, part in enumerate(turn):
        if isinstance(part, str):
            yield llm.TextStartChunk()
            for word in part.split(" "):
                yield llm.TextChunk(delta=word + " ")
            yield llm.TextEndChunk()
        elif isinstance(part, (tuple, llm.ToolCall)):
            if isinstance(part, llm.ToolCall):
                call, name, arguments = part.id, part.name, part.args
            else:
                name, arguments = cast("tuple[str, str]", part)
                call = f"call_{number}"
            yield llm.ToolCallStartChunk(id=call, name=name)
            yield llm.ToolCallChunk(id=call, delta=arguments)
            yield llm.ToolCallEndChunk(id=call)
        elif isinstance(part, BaseException):
            raise part
        else:
            await part()
    yield llm.UsageDeltaChunk(input_tokens=3, output_tokens=2)


@pytest.fixture
def script() -> Callable[..., Script]:
    """`script(turn, turn, ..., tools=[...])`."""

    def make(*turns: Sequence[Any], tools: Sequence[Any] = ()) -> Script:
        return Script(turns, tools)

    return make


class Tools:
    """Tools that remember what ran."""

    def __init__(self) -> None:
        self.ran: list[Any] = []

        @llm.tool
        def weather(city: str) -> str:
            """The weather of a city."""
            self.ran.append(city)
            return f"72 in {city}"

        @llm.tool
        async def slow(gate: str) -> str:
            """Wait."""
            await self.gates[gate].wait()
            self.ran.append(gate)
            return gate

        @llm.tool
        def broken() -> str:
            """Fail."""
            raise ValueError("no \x1b[31mway")

        @llm.tool
        def leaves() -> str:
            """Leave."""
            raise SystemExit(3)

        self.gates = {"a": asyncio.Event(), "b": asyncio.Event()}
        self.all = [weather, slow, broken, leaves]


@pytest.fixture
def tools() -> Tools:
    return Tools()
