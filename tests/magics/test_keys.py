import pytest

from mirascope_nb.magics.keys import holds_key, is_key, names_key, redact

KEYS = [
    "sk-abcdefghijklmnop1234",
    "sk-proj-abcdefgh",
    "sk-ant-api03-abcdef",
    "sk-or-v1-abcdef",
    "AIzaSyA1234567890abcdefghijk",
    "gsk_abcdefghijklmnop1234",
    "hf_abcdefghijklmnop1234",
    "xai-abcdefghijklmnop1234",
    "pplx-abcdefghijklmnop1234",
    "nvapi-abcdefghijklmnop1234",
    "ghp_abcdefghijklmnop1234567",
    "AKIAABCDEFGHIJKLMNOP",
]


@pytest.mark.parametrize("key", KEYS)
def test_key_is_known_and_taken_out(key: str) -> None:
    assert holds_key(f"say {key}.")
    assert is_key(key)
    assert redact(f"say {key}!") == "say [key removed]!"


@pytest.mark.parametrize(
    "text",
    ["", "sk-learn", "risk-free-investment-strategy", "task-1234567890123456", "skeleton", "AIza"],
)
def test_words_are_no_keys(text: str) -> None:
    assert not holds_key(text)
    assert redact(text) == text


@pytest.mark.parametrize("value", ["sk-abc", "gsk_abc", "xai-abc"])
def test_short_value_may_still_be_a_key(value: str) -> None:
    assert is_key(value)


@pytest.mark.parametrize("value", ["openai/gpt", "sandbox/echo", "notes.txt", "name, age int"])
def test_ordinary_values_are_no_keys(value: str) -> None:
    assert not is_key(value)


@pytest.mark.parametrize("name", ["api-key", "api_key", "apikey", "openai-api-key", "token", "KEY"])
def test_name_that_would_carry_a_secret(name: str) -> None:
    assert names_key(name)


@pytest.mark.parametrize("name", ["max-tokens", "max_tokens", "keyboard", "top_k", "monkey"])
def test_name_that_would_not(name: str) -> None:
    assert not names_key(name)
