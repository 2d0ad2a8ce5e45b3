"""The libraries under comparison, each behind the same few methods.

They are used as their manuals say, with retries and tracing as they come. None is imported before
it is measured.
"""

from tests.benchmarks.adapters.base import Adapter
from tests.benchmarks.adapters.mirascope import Mirascope, Ours
from tests.benchmarks.adapters.raw import Aiohttp, Httpx2
from tests.benchmarks.adapters.sdks import Anthropic, LiteLLM, OpenAI, PydanticAI

__all__ = ["ADAPTERS"]

ADAPTERS: dict[str, type[Adapter]] = {
    each.name: each
    for each in (Ours, Httpx2, Aiohttp, OpenAI, Anthropic, Mirascope, PydanticAI, LiteLLM)
}
