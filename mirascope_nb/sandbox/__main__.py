"""The command `python -m mirascope_nb.sandbox`: run the simulator until Ctrl-C."""

import argparse
import math
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from mirascope_nb.sandbox.models import DESCRIPTIONS
from mirascope_nb.sandbox.simulator import Sandbox

_ABOUT = (
    "An offline simulator of language model services on loopback, for trying things out and for "
    "tests. It is not a language model: it answers by rules. No key is needed."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Command line without the program's name; `None` takes that of the process.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    sandbox = Sandbox(port=options.port, pace=options.pace, seed=options.seed)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sandbox.start()
        print(_guide(sandbox), flush=True)  # noqa: T201 - the command's output
        while not sandbox.wait(1.0):
            pass
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)  # noqa: T201
    except OSError as error:
        message = f"Cannot listen on port {options.port}: {error.strerror}. Try another --port."
        print(message, file=sys.stderr)  # noqa: T201
        return 1
    finally:
        sandbox.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mirascope_nb.sandbox", description=_ABOUT)
    parser.add_argument("--port", type=_port, default=8765, help="TCP port on 127.0.0.1; 0: any")
    parser.add_argument(
        "--pace", type=_pace, default=None, help="factor on every delay; 0 answers at once"
    )
    parser.add_argument("--seed", type=int, default=0, help="chooses what the flaky model does")
    return parser


def _port(text: str) -> int:
    most = 65535
    if not 0 <= (port := int(text)) <= most:
        raise argparse.ArgumentTypeError(f"{port} is not between 0 and {most}")
    return port


def _pace(text: str) -> float:
    if not 0 <= (pace := float(text)) < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a factor of 0 or more")
    return pace


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _guide(sandbox: Sandbox) -> str:
    url = sandbox.url
    exports = "\n".join(f"  export {name}={value}" for name, value in sandbox.environment().items())
    models = "\n".join(f"  {name:<10} {text}" for name, text in DESCRIPTIONS.items())
    return f"""\
mirascope_nb sandbox: an offline simulator, not a language model.
Listening on {url}   (Ctrl-C stops it)

Addresses:
  OpenAI chat completions   {url}/v1/chat/completions
  OpenAI responses          {url}/v1/responses
  Anthropic messages        {url}/v1/messages
  Google Gemini             {url}/v1beta/models/MODEL:generateContent

In a notebook:
  from mirascope_nb import llm
  llm.register_provider("openai:completions", "sim/", base_url="{url}/v1", api_key="sandbox")
  llm.register_provider("openai:responses", "simr/", base_url="{url}/v1", api_key="sandbox")
  llm.register_provider("anthropic", "sima/", base_url="{url}", api_key="sandbox")
  llm.register_provider("google", "simg/", base_url="{url}", api_key="sandbox")
  llm.Model("sim/assistant").call("Recommend a fantasy book.")

In other clients, by environment:
{exports}

By hand:
  curl {url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{{"model": "assistant", "messages": [{{"role": "user", "content": "Hello!"}}]}}'

Models:
{models}
"""


if __name__ == "__main__":
    sys.exit(main())
