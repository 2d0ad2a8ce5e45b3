"""Telling an API key from other text by its shape, so that it can be refused or taken out.

A key on a magic line would be saved in the notebook and in IPython's history. What is found here is
never shown: callers say that a key was there, not which.
"""

import re
from typing import Final

REDACTED: Final = "[key removed]"

# Prefixes that vendors document for their keys, with enough of the rest to leave words alone.
_KEY: Final = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:
        sk-[A-Za-z0-9_-]{16,}            # OpenAI, Anthropic, OpenRouter, DeepSeek
      | sk-(?:ant|or|proj|svcacct)-[A-Za-z0-9_-]{6,}
      | AIza[A-Za-z0-9_-]{20,}           # Google
      | (?:gsk|hf|fw|r8|tgp)_[A-Za-z0-9]{16,}       # Groq, Hugging Face, Fireworks, Replicate
      | (?:xai|pplx|nvapi|csk)-[A-Za-z0-9_-]{16,}   # xAI, Perplexity, NVIDIA, Cerebras
      | (?:ghp|gho|ghu|ghs)_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,}
      | AKIA[A-Z0-9]{12,}                # AWS
    )""",
    re.VERBOSE,
)
# A whole option value of this shape is nothing but a key, however short.
_KEY_VALUE: Final = re.compile(r"(?:sk-|AIza|gsk_|xai-|pplx-|nvapi-|csk-)[^\s/]{3,}$")
_KEY_NAME: Final = re.compile(
    r"(?:^|[-_.])(?:api[-_]?keys?|key|token|secret|password|authorization|bearer)$", re.IGNORECASE
)


def holds_key(text: str) -> bool:
    """Whether a longer text contains something of the shape of an API key."""
    return _KEY.search(text) is not None


def is_key(word: str) -> bool:
    """Whether a single option value is an API key, or contains one."""
    return _KEY_VALUE.match(word) is not None or holds_key(word)


def names_key(name: str) -> bool:
    """Whether an option or parameter of this name would carry a secret: `api-key` or `token`."""
    return _KEY_NAME.search(name) is not None


def redact(text: str) -> str:
    """The text with everything of the shape of a key taken out."""
    return _KEY.sub(REDACTED, text)
