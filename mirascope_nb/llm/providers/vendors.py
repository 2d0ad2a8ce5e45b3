"""Every known service as a row of one table.

To add a service that speaks one of the wire protocols, write three lines:

1. here, a row: `_compatible("acme", "Acme", "https://api.acme.example/v1", "ACME_API_KEY")`;
2. in `classes.py`, its class: `class AcmeProvider(WireProvider, vendor="acme")`, with a docstring;
3. in `tests/llm/providers/test_vendors.py`, what it is sent:
   `("acme", {"ACME_API_KEY": "k"}, "https://api.acme.example/v1/chat/completions")`.

What else it needs is a member of its `Vendor` or `Profile`: no code asks for a service by its name.
In an address or a path, `{NAME}` stands for an environment variable, `{NAME|OTHER=value}` for the
first of several that is set, or else for the value.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from mirascope_nb.llm.providers.codec import Codec, Profile

if TYPE_CHECKING:
    from mirascope_nb.llm.providers.codec import Request

__all__ = ["VENDORS", "Vendor", "WireName", "codec_of", "filled", "wire_for"]

WireName: TypeAlias = Literal["openai_chat", "openai_responses", "anthropic", "google"]
"""A wire protocol: the package beside this module that speaks it."""

BEARER = {"authorization": "Bearer {key}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor:
    """A service: where it is, what it wants to be sent, how it differs."""

    id: str
    name: str
    """What its error messages call it."""
    wire: WireName | None
    """Its wire protocol; `None` where it depends on the request."""
    base_url: str | None
    """Its address; `None` if it must be given."""
    base_url_env: str | None = None
    """The environment variable that may hold another address."""
    key_env: str | None = None
    """The environment variable that holds the key; `None` if none is used."""
    needs_key: bool = True
    """Whether there is no use in a provider without a key."""
    default_key: str | None = None
    """What to send where no key is needed, yet a header must be there."""
    default_scope: tuple[str, ...] = ()
    """Prefixes it serves when it is registered without a scope."""
    auto_scope: tuple[str, ...] = ()
    """Prefixes for which it is registered by itself when first used."""
    prefix: str | None = None
    """What is cut off a model id to make the service's own model name; `None` for nothing."""
    auth: Mapping[str, str] = field(default_factory=lambda: dict(BEARER))
    """Headers that let in, in which `{key}` stands for the key."""
    proxy_auth: Mapping[str, str] = field(default_factory=dict[str, str])
    """What to send besides to another address than the service's own."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    profile: Profile = field(default_factory=Profile)
    renames: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """Members of a body that the service calls otherwise, or, with `None`, refuses."""
    start: Callable[[], str] | None = None
    """Starts the service where it is part of this package, and returns its address."""
    hint: str | None = None
    """What to do if nobody answers at its address."""


_PLACEHOLDER = re.compile(r"\{([A-Z][A-Z0-9_|]*)(?:=([^}]*))?\}")


def filled(template: str) -> str:
    """An address or a path with the environment's values in it.

    Raises:
        ValueError: If a variable is not set and the template has no value for that.
    """

    def value(found: re.Match[str]) -> str:
        names = found[1].split("|")
        values = [os.environ[name] for name in names if os.environ.get(name)]
        if not values and found[2] is None:
            raise ValueError(f"Set the {' or '.join(names)} environment variable.")
        return values[0] if values else found[2]

    return _PLACEHOLDER.sub(value, template)


def _sandbox() -> str:
    # Found by name: the core imports nothing of what stands beside it.
    return cast("str", importlib.import_module("mirascope_nb.sandbox").address()) + "/v1"


_OPENAI = Profile(api_suffix=True, reasoning=None, strict_formats=True)
_COMPATIBLE = Profile(replays_turns=False)
_ROUTER = Profile(replays_turns=False, reasoning_prefixes=("openai/",))
_STRICT = Profile(replays_turns=False, strict_formats=True)
_AZURE = Profile(
    replays_turns=False,
    strict_formats=True,
    reasoning_prefixes=("gpt-5", "o1", "o3", "o4"),
    path=(
        "/openai/deployments/{model}/chat/completions"
        "?api-version={AZURE_OPENAI_API_VERSION|OPENAI_API_VERSION=2024-10-21}"
    ),
)


def _native(id: str, name: str, wire: WireName | None, base_url: str, key_env: str) -> Vendor:
    """One of OpenAI's providers, or another maker of models with its own wire protocol."""
    scope = f"{id.partition(':')[0]}/"
    return Vendor(
        id=id,
        name=name,
        wire=wire,
        base_url=base_url,
        key_env=key_env,
        needs_key=False,  # found missing when it is used, by which time it may be set
        default_scope=(scope,),
        auto_scope=() if ":" in id else (scope,),
        prefix=scope,
        profile=_OPENAI,
    )


def _compatible(
    id: str,
    name: str,
    base_url: str | None,
    key_env: str,
    *,
    profile: Profile = _COMPATIBLE,
    is_router: bool = False,
    **more: object,
) -> Vendor:
    """A service that speaks chat completions and serves the ids that begin with its own.

    Args:
        id: Id of the provider, and first segment of its model ids.
        name: What error messages call it.
        base_url: Its address.
        key_env: The environment variable that holds the key.
        profile: How it differs from OpenAI.
        is_router: Whether, registered without a scope, it serves nothing: whoever names it wants
            to say for which makers' models.
        **more: Further members of the row.
    """
    scope = (f"{id}/",)
    members: dict[str, object] = {
        "wire": "openai_chat",
        "default_scope": () if is_router else scope,
        "auto_scope": scope,
        "prefix": scope[0],
    }
    return Vendor(
        id=id,
        name=name,
        base_url=base_url,
        key_env=key_env,
        profile=profile,
        **(members | more),  # pyright: ignore[reportArgumentType]
    )


def _local(id: str, name: str, port: int, hint: str, **more: object) -> Vendor:
    """A server of one's own, which rarely checks its key."""
    variable = id.upper()
    members: dict[str, object] = {
        "base_url_env": f"{variable}_BASE_URL",
        "default_key": id,
        "hint": hint,
        "profile": _STRICT,
    }
    address = f"http://localhost:{port}/v1"
    return _compatible(id, name, address, f"{variable}_API_KEY", **(members | more))  # pyright: ignore[reportArgumentType]


_ROWS = [
    Vendor(
        id="anthropic",
        name="Anthropic",
        wire="anthropic",
        base_url="https://api.anthropic.com",
        key_env="ANTHROPIC_API_KEY",
        needs_key=False,
        default_scope=("anthropic/",),
        auto_scope=("anthropic/",),
        prefix="anthropic/",
        auth={"x-api-key": "{key}"},
    ),
    Vendor(
        id="google",
        name="Google",
        wire="google",
        base_url="https://generativelanguage.googleapis.com",
        key_env="GOOGLE_API_KEY",
        needs_key=False,
        default_scope=("google/",),
        auto_scope=("google/",),
        prefix="google/",
        auth={"x-goog-api-key": "{key}"},
        proxy_auth=BEARER,
    ),
    _native("openai", "OpenAI", None, "https://api.openai.com/v1", "OPENAI_API_KEY"),
    _native(
        "openai:completions",
        "OpenAI",
        "openai_chat",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
    ),
    _native(
        "openai:responses",
        "OpenAI",
        "openai_responses",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
    ),
    _compatible(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        profile=_ROUTER,
        is_router=True,
    ),
    _compatible(
        "together",
        "Together",
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
        is_router=True,
        prefix=None,
    ),
    _local(
        "ollama",
        "Ollama",
        11434,
        "Is Ollama running? Start it with `ollama serve`; get it at https://ollama.com.",
        profile=_COMPATIBLE,
    ),
    _compatible(
        "xai",
        "xAI",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        wire="openai_responses",
        # Of its models that reason, these take an effort: https://docs.x.ai/docs/guides/reasoning
        profile=Profile(
            replays_turns=False, strict_formats=True, reasoning_prefixes=("grok-3-mini",)
        ),
    ),
    # The router's own models are those of three makers; see `router.py`.
    Vendor(
        id="mirascope",
        name="Mirascope",
        wire=None,
        base_url="https://mirascope.com/router/v2",
        base_url_env="MIRASCOPE_ROUTER_BASE_URL",
        key_env="MIRASCOPE_API_KEY",
        default_scope=("anthropic/", "google/", "openai/"),
        auto_scope=("anthropic/", "google/", "openai/"),
    ),
    _local(
        "mlx",
        "MLX",
        8080,
        "Models of mlx-community run on Apple silicon, by a server of their own: install it with "
        "`pip install mlx-lm`, start it with `mlx_lm.server`, and set MLX_BASE_URL if it is not "
        "on port 8080.",
        default_scope=("mlx-community/",),
        auto_scope=("mlx-community/",),
        prefix=None,  # the server goes by names such as mlx-community/Llama-3.2-3B-Instruct-4bit
        profile=_COMPATIBLE,
    ),
    _compatible("minimax", "MiniMax", "https://api.minimax.io/v1", "MINIMAX_API_KEY"),
    _compatible(
        "requesty",
        "Requesty",
        "https://router.requesty.ai/v1",
        "REQUESTY_API_KEY",
        profile=_ROUTER,
        is_router=True,
    ),
    _compatible(
        "atlascloud",
        "AtlasCloud",
        "https://api.atlascloud.ai/v1",
        "ATLASCLOUD_API_KEY",
        profile=_ROUTER,
        is_router=True,
    ),
    _compatible(
        "api-route",
        "API Route",
        "https://global.api-route.com/v1",
        "API_ROUTE_API_KEY",
        is_router=True,
    ),
    _compatible(
        "cheaperinference",
        "CheaperInference",
        "https://api.cheaperinference.com/v1",
        "CHEAPER_INFERENCE_API_KEY",
        is_router=True,
    ),
    # https://learn.microsoft.com/azure/ai-foundry/openai/reference: a model is a deployment.
    _compatible(
        "azure",
        "Azure OpenAI",
        None,
        "AZURE_OPENAI_API_KEY",
        base_url_env="AZURE_OPENAI_ENDPOINT",
        auth={"api-key": "{key}"},
        profile=_AZURE,
    ),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html
    _compatible(
        "bedrock",
        "Amazon Bedrock",
        "https://bedrock-runtime.{AWS_REGION|AWS_DEFAULT_REGION=us-east-1}.amazonaws.com/openai/v1",
        "AWS_BEARER_TOKEN_BEDROCK",
        base_url_env="AWS_BEDROCK_BASE_URL",
        profile=Profile(replays_turns=False, reasoning_prefixes=("openai.gpt-5",)),
    ),
    _compatible(
        "cerebras",
        "Cerebras",
        "https://api.cerebras.ai/v1",
        "CEREBRAS_API_KEY",
        profile=_STRICT,
    ),
    _compatible("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    _compatible(
        "fireworks",
        "Fireworks",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        profile=_STRICT,
    ),
    # https://docs.github.com/en/rest/models/inference
    _compatible(
        "github",
        "GitHub Models",
        "https://models.github.ai/inference",
        "GITHUB_TOKEN",
        headers={"x-github-api-version": "2022-11-28"},
        profile=_ROUTER,
    ),
    # Only a few of its models enforce a schema: https://console.groq.com/docs/structured-outputs
    _compatible("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    _compatible("huggingface", "Hugging Face", "https://router.huggingface.co/v1", "HF_TOKEN"),
    _local(
        "llamacpp",
        "llama.cpp",
        8080,
        "Start it with `llama-server -m MODEL.gguf --jinja`, and set LLAMACPP_BASE_URL if it is "
        "not on port 8080.",
    ),
    _local(
        "lmstudio",
        "LM Studio",
        1234,
        "Start its server with `lms server start`, and set LMSTUDIO_BASE_URL if it is not on port "
        "1234.",
    ),
    # https://docs.mistral.ai/api: members that it does not know are an error.
    _compatible(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        profile=_STRICT,
        renames={"seed": "random_seed", "stream_options": None},
    ),
    _compatible("nvidia", "NVIDIA", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    # Its streams end without the last event:
    # https://github.com/perplexityai/api-discussion/issues/209
    _compatible(
        "perplexity",
        "Perplexity",
        "https://api.perplexity.ai",
        "PERPLEXITY_API_KEY",
        profile=Profile(replays_turns=False, strict_formats=True, tolerates_missing_end=True),
    ),
    _local(
        "vllm",
        "vLLM",
        8000,
        "Start it with `vllm serve MODEL`, and set VLLM_BASE_URL if it is not on port 8000.",
    ),
    Vendor(
        id="sandbox",
        name="Sandbox",
        wire="openai_chat",
        base_url=None,
        default_scope=("sandbox/",),
        auto_scope=("sandbox/",),
        prefix="sandbox/",
        default_key="sandbox",
        profile=_STRICT,
        start=_sandbox,
    ),
]

VENDORS: dict[str, Vendor] = {row.id: row for row in _ROWS}
"""Every known service, by id."""


def codec_of(wire: WireName) -> Codec:
    """The codec of a wire protocol, imported when it is first used."""
    module = importlib.import_module(f"mirascope_nb.llm.providers.{wire}")
    return cast("Codec", module.CODEC)


def wire_for(vendor: Vendor, request: Request) -> WireName:
    """The wire protocol for a request, where the service offers more than one."""
    if vendor.wire is not None:
        return vendor.wire
    from mirascope_nb.llm.providers.openai_routing import openai_wire

    return openai_wire(request)
