"""What runs on the other sides of a test: in the kernel, and in the page."""

# What every kernel runs first. The simulator has no pace of its own here: a test says where it
# wants time to pass.
SETUP = """
%load_ext mirascope_nb
import asyncio, json, os, time
import mirascope_nb as nb
from mirascope_nb import approvals, llm
from mirascope_nb.sandbox import Sandbox

_default = Sandbox(pace=0).start().as_default()
sandbox = _default.__enter__()
ran = []

@llm.tool
def delete_rows(table: str, limit: int = 100) -> str:
    "Delete rows of a table."
    ran.append((table, limit))
    return f"{limit} rows of {table} are gone"

@llm.tool(requires_approval=True)
async def send_mail(to: str) -> str:
    "Send a mail."
    ran.append(to)
    return f"sent to {to}"

def call(*tools, then="Done."):
    "A call whose first reply is these tool calls, and whose second is a text."
    sandbox.clear()
    sandbox.reply(tools=list(tools)).reply(then)
    ran.clear()
    model = llm.Model("sandbox/fast")
    return model.stream_async("Go on.", tools=[delete_rows, send_mail])

def told():
    "What the last request told the model about its tools."
    return json.dumps(sandbox.requests[-1].body["messages"], ensure_ascii=False)

async def gate(name):
    "Wait until a test has opened a gate of that name."
    while not os.path.exists(name):
        await asyncio.sleep(0.02)

async def speak(words, pause=0.0):
    "A stream that is made here, for what no service would send."
    yield llm.TextStartChunk()
    for word in words:
        yield llm.TextChunk(delta=word)
        if pause:
            await asyncio.sleep(pause)
    yield llm.TextEndChunk()

def stream(words, pause=0.0, model="sandbox/made-here", chunks=None):
    return llm.AsyncStreamResponse(
        provider_id="sandbox", model_id=model, provider_model_name=model, params={},
        input_messages=[llm.messages.user("hi")],
        chunk_iterator=speak(words, pause) if chunks is None else chunks,
    )
"""

# Everything that a kernel says on its comms, for `Bench.said`; and the flag of whatever should
# never run.
INIT = """
window.said = [];
window.pwned = [];
window.alert = (text) => { window.pwned.push(`alert ${text}`); };
window.pwn = (name) => { window.pwned.push(name); };
"""

RUN = """([index]) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    window.runs = window.runs ?? {};
    window.runs[index] = window.jupyterapp.commands.execute("notebook:run-cell");
}"""
