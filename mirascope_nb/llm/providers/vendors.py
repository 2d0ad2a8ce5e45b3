"""Every known service as a row of one table.

To add a service that speaks one of the wire protocols, write three lines:

1. here, a row: `compatible("acme", "Acme", "https://api.acme.example/v1", "ACME_API_KEY")`;
2. in `classes.py`, its class: `class AcmeProvider(WireProvider, vendor="acme")`, with a docstring;
3. in `tests/llm/providers/test_vendors.py`, what it is sent:
   `("acme", {"ACME_API_KEY": "k"}, "https://api.acme.example/v1/chat/completions")`.

What else it needs is a member of its `Vendor` or `Profile`: no code asks for a service by its name.
Beside each row stands where its address and the variable of its key are documented.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from mirascope_nb.llm.providers.codec import Codec, Profile
from mirascope_nb.llm.providers.vendor import (
    BEARER,
    COMPATIBLE,
    ROUTER,
    STRICT,
    Vendor,
    WireName,
    compatible,
    filled,
    local,
    native,
)

if TYPE_CHECKING:
    from mirascope_nb.llm.providers.codec import Request

__all__ = ["VENDORS", "Vendor", "WireName", "codec_of", "filled", "wire_for"]


def _sandbox() -> str:
    # Found by name: the core imports nothing of what stands beside it.
    return cast("str", importlib.import_module("mirascope_nb.sandbox").address()) + "/v1"


# It refuses a strict schema that names a default, which OpenAI takes:
# https://github.com/openai/openai-agents-python/issues/4390
_AZURE = Profile(
    replays_turns=False,
    strict_formats=True,
    strict_defaults=False,
    reasoning_prefixes=("gpt-5", "gpt-6", "o1", "o3", "o4"),
    path=(
        "/openai/deployments/{model}/chat/completions"
        "?api-version={AZURE_OPENAI_API_VERSION|OPENAI_API_VERSION=2024-10-21}"
    ),
)


_ROWS = [
    # https://platform.claude.com/docs/en/api/overview
    Vendor(
        id="anthropic",
        name="Anthropic",
        wire="anthropic",
        base_url="https://api.anthropic.com",
        path_root="/v1",
        key_env="ANTHROPIC_API_KEY",
        needs_key=False,
        default_scope=("anthropic/",),
        auto_scope=("anthropic/",),
        prefix="anthropic/",
        plain_names=True,
        auth={"x-api-key": "{key}"},
    ),
    # https://ai.google.dev/api; GOOGLE_API_KEY: https://ai.google.dev/gemini-api/docs/api-key
    Vendor(
        id="google",
        name="Google",
        wire="google",
        base_url="https://generativelanguage.googleapis.com",
        path_root="/v1beta",
        key_env="GOOGLE_API_KEY",
        needs_key=False,
        default_scope=("google/",),
        auto_scope=("google/",),
        prefix="google/",
        plain_names=True,
        auth={"x-goog-api-key": "{key}"},
        proxy_auth=BEARER,
    ),
    # https://platform.openai.com/docs/api-reference/introduction
    native("openai", "OpenAI", None, "https://api.openai.com/v1", "OPENAI_API_KEY"),
    native(
        "openai:completions",
        "OpenAI",
        "openai_chat",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
    ),
    native(
        "openai:responses",
        "OpenAI",
        "openai_responses",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
    ),
    # https://openrouter.ai/docs/quickstart
    compatible(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        profile=ROUTER,
        is_router=True,
    ),
    # https://docs.together.ai/docs/openai-api-compatibility
    compatible(
        "together",
        "Together",
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
        is_router=True,
        prefix=None,
    ),
    # https://docs.ollama.com/api/openai-compatibility
    local(
        "ollama",
        "Ollama",
        11434,
        "Is Ollama running? Start it with `ollama serve`; get it at https://ollama.com.",
        profile=COMPATIBLE,
    ),
    # https://docs.x.ai/docs/api-reference
    compatible(
        "xai",
        "xAI",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        wire="openai_responses",
        plain_names=True,
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
    # https://github.com/ml-explore/mlx-lm/blob/main/mlx_lm/SERVER.md
    local(
        "mlx",
        "MLX",
        8080,
        "Models of mlx-community run on Apple silicon, by a server of their own: install it with "
        "`pip install mlx-lm`, start it with `mlx_lm.server`, and set MLX_BASE_URL if it is not "
        "on port 8080.",
        default_scope=("mlx-community/",),
        auto_scope=("mlx-community/",),
        prefix=None,  # the server goes by names such as mlx-community/Llama-3.2-3B-Instruct-4bit
        profile=COMPATIBLE,
    ),
    # https://platform.minimax.io/docs/api-reference/text-openai-api
    compatible(
        "minimax",
        "MiniMax",
        "https://api.minimax.io/v1",
        "MINIMAX_API_KEY",
        plain_names=True,
    ),
    # https://docs.requesty.ai/quickstart
    compatible(
        "requesty",
        "Requesty",
        "https://router.requesty.ai/v1",
        "REQUESTY_API_KEY",
        profile=ROUTER,
        is_router=True,
    ),
    # https://www.atlascloud.ai/docs/models/llm
    compatible(
        "atlascloud",
        "AtlasCloud",
        "https://api.atlascloud.ai/v1",
        "ATLASCLOUD_API_KEY",
        profile=ROUTER,
        is_router=True,
    ),
    # https://docs.privategpt.dev/providers/api-route
    compatible(
        "api-route",
        "API Route",
        "https://global.api-route.com/v1",
        "API_ROUTE_API_KEY",
        is_router=True,
    ),
    # https://cheaperinference.com/docs/integrations
    compatible(
        "cheaperinference",
        "CheaperInference",
        "https://api.cheaperinference.com/v1",
        "CHEAPER_INFERENCE_API_KEY",
        is_router=True,
    ),
    # https://learn.microsoft.com/azure/ai-foundry/openai/reference: a model is a deployment.
    compatible(
        "azure",
        "Azure OpenAI",
        None,
        "AZURE_OPENAI_API_KEY",
        base_url_env="AZURE_OPENAI_ENDPOINT",
        plain_names=True,
        auth={"api-key": "{key}"},
        profile=_AZURE,
    ),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html
    compatible(
        "bedrock",
        "Amazon Bedrock",
        "https://bedrock-runtime.{AWS_REGION|AWS_DEFAULT_REGION=us-east-1}.amazonaws.com/openai/v1",
        "AWS_BEARER_TOKEN_BEDROCK",
        base_url_env="AWS_BEDROCK_BASE_URL",
        profile=Profile(replays_turns=False, reasoning_prefixes=("openai.gpt-5", "openai.gpt-6")),
    ),
    # https://inference-docs.cerebras.ai/resources/openai
    compatible(
        "cerebras",
        "Cerebras",
        "https://api.cerebras.ai/v1",
        "CEREBRAS_API_KEY",
        plain_names=True,
        profile=STRICT,
    ),
    # https://api-docs.deepseek.com
    compatible(
        "deepseek",
        "DeepSeek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        plain_names=True,
    ),
    # https://docs.fireworks.ai/tools-sdks/openai-compatibility
    compatible(
        "fireworks",
        "Fireworks",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        profile=STRICT,
    ),
    # https://docs.github.com/en/rest/models/inference
    compatible(
        "github",
        "GitHub Models",
        "https://models.github.ai/inference",
        "GITHUB_TOKEN",
        headers={"x-github-api-version": "2022-11-28"},
        profile=ROUTER,
    ),
    # Only a few of its models enforce a schema: https://console.groq.com/docs/structured-outputs
    compatible("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    # https://huggingface.co/docs/inference-providers/index
    compatible("huggingface", "Hugging Face", "https://router.huggingface.co/v1", "HF_TOKEN"),
    # https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
    local(
        "llamacpp",
        "llama.cpp",
        8080,
        "Start it with `llama-server -m MODEL.gguf --jinja`, and set LLAMACPP_BASE_URL if it is "
        "not on port 8080.",
    ),
    # https://lmstudio.ai/docs/developer/openai-compat
    local(
        "lmstudio",
        "LM Studio",
        1234,
        "Start its server with `lms server start`, and set LMSTUDIO_BASE_URL if it is not on port "
        "1234.",
    ),
    # https://docs.mistral.ai/api: members that it does not know are an error.
    compatible(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        plain_names=True,
        profile=STRICT,
        renames={"seed": "random_seed", "stream_options": None},
    ),
    # https://docs.api.nvidia.com/nim/reference/llm-apis
    compatible("nvidia", "NVIDIA", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    # Its streams end without the last event:
    # https://github.com/perplexityai/api-discussion/issues/209
    compatible(
        "perplexity",
        "Perplexity",
        "https://api.perplexity.ai",
        "PERPLEXITY_API_KEY",
        plain_names=True,
        profile=Profile(replays_turns=False, strict_formats=True, tolerates_missing_end=True),
    ),
    # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    local(
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
        plain_names=True,
        default_key="sandbox",
        profile=STRICT,
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
