import pytest
from IPython.core.error import UsageError

from mirascope_nb.magics.aliases import check_alias, is_model_id, resolve_model

ALIASES = {"fast": "openai/gpt-x"}


@pytest.mark.parametrize(
    ("word", "default", "model"),
    [
        ("a/b", None, "a/b"),
        ("a/b/c:free", None, "a/b/c:free"),
        ("fast", "x/y", "openai/gpt-x"),
        (None, "x/y", "x/y"),
    ],
)
def test_model_of_a_word(word: str | None, default: str | None, model: str) -> None:
    assert resolve_model(word, ALIASES, default) == model


def test_default_alias_comes_before_the_default_model() -> None:
    assert resolve_model(None, {"default": "a/b"}, "x/y") == "a/b"


def test_word_that_is_neither_names_the_nearest_and_the_remedy() -> None:
    with pytest.raises(UsageError) as caught:
        resolve_model("fsat", ALIASES, None)
    assert str(caught.value) == (
        "'fsat' is neither provider/model nor an alias. Did you mean fast? "
        "Write provider/fsat, or make it an alias: `%llm alias fsat provider/model`."
    )


@pytest.mark.parametrize("word", ["a/b", "azure/x.y-1", "openai:responses/gpt"])
def test_what_looks_like_a_model(word: str) -> None:
    assert is_model_id(word)


@pytest.mark.parametrize("word", ["", "a", "a/", "/b", "a b/c", "a/b c"])
def test_what_does_not(word: str) -> None:
    assert not is_model_id(word)


@pytest.mark.parametrize(("name", "model"), [("cost", "a/b"), ("a b", "a/b"), ("x", "y")])
def test_alias_that_cannot_be(name: str, model: str) -> None:
    with pytest.raises(UsageError):
        check_alias(name, model)
