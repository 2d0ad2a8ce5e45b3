import pytest

from mirascope_nb.magics.extract import Block, as_cell, extract_code, fenced_blocks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```python\nx = 1\n```", Block("python", "x = 1")),
        ("Here:\n\n```\nx = 1\ny\n```\nDone.", Block("", "x = 1\ny")),
        ("~~~py\nx\n~~~", Block("py", "x")),
        ("````\n```\nx\n```\n````", Block("", "```\nx\n```")),
        ("```Python title=a\nx\n```", Block("python", "x")),
        ("``` {.python .numberLines}\nx\n```", Block("python", "x")),
        ("  ```\n  x\n    y\n  ```", Block("", "x\n  y")),
        ("```bash\nls\n```\n```python\nx\n```", Block("python", "x")),
        ("```js\na\n```\n```bash\nb\n```", Block("js", "a")),
        ("```python\na\n```\n```python\nb\n```", Block("python", "a")),
        ("```python\nnot closed\n  x", Block("python", "not closed\n  x")),
        ("```python\n```", Block("python", "")),
        ("x = 1\nprint(x)\n", Block("", "x = 1\nprint(x)")),
        ("print('hi')", Block("", "print('hi')")),
    ],
)
def test_code_is_found(text: str, expected: Block) -> None:
    assert extract_code(text) == expected


@pytest.mark.parametrize("text", ["", "No code here.", "hello", "a b c", "`inline`", "``x``"])
def test_prose_has_no_code(text: str) -> None:
    assert extract_code(text) is None


def test_all_blocks_in_order() -> None:
    assert fenced_blocks("```a\n1\n```\ntext\n~~~b\n2\n~~~") == [Block("a", "1"), Block("b", "2")]


@pytest.mark.parametrize(
    ("language", "first"),
    [("bash", "%%bash"), ("sh", "%%bash"), ("html", "%%html"), ("js", "%%javascript")],
)
def test_another_language_gets_its_cell_magic(language: str, first: str) -> None:
    assert as_cell(Block(language, "x")) == f"{first}\nx"


@pytest.mark.parametrize("language", ["python", "py", "", "rust"])
def test_python_and_the_unknown_are_left_alone(language: str) -> None:
    assert as_cell(Block(language, "x")) == "x"


def test_deep_nesting_does_no_harm() -> None:
    assert extract_code("(" * 5_000) is None
