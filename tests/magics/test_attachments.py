from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from mirascope_nb import llm
from mirascope_nb.magics.attachments import TEXT_LIMIT, attach

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
WAV = b"RIFF\x00\x00\x00\x00WAVE" + bytes(20)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.png", PNG, llm.Image),
        ("a.PNG", PNG, llm.Image),
        ("a.wav", WAV, llm.Audio),
        ("a.pdf", b"%PDF-1.7", llm.Document),
    ],
)
def test_file_becomes_its_part(tmp_path: Path, name: str, data: bytes, kind: Any) -> None:
    (tmp_path / name).write_bytes(data)
    (part,) = attach(str(tmp_path / name), {})
    assert isinstance(part, kind)


@pytest.mark.parametrize("name", ["a.txt", "a.py", "a.csv", "Makefile", "a.ts"])
def test_text_file_goes_as_text_under_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("è {x}\n", encoding="utf-8")
    assert attach(str(tmp_path / name), {}) == (f"Attachment {name}:\nè {{x}}\n",)


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.txt").write_text("home")
    assert attach("~/a.txt", {}) == ("Attachment a.txt:\nhome\n",)


def test_address_is_not_fetched() -> None:
    (image,) = attach("https://example.com/a.png?x=1", {})
    (document,) = attach("https://example.com/a.pdf", {})
    assert image == llm.Image.from_url("https://example.com/a.png?x=1")
    assert document == llm.Document.from_url("https://example.com/a.pdf")


def test_variable_comes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").write_text("file")
    assert attach("notes", {"notes": "variable"}) == ("Attachment notes:\nvariable\n",)
    assert attach("notes", {}) == ("Attachment notes:\nfile\n",)


def test_variable_that_names_a_file_attaches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("content")
    expected = ("Attachment a.txt:\ncontent\n",)
    assert attach("p", {"p": path}) == expected
    assert attach("p", {"p": str(path)}) == expected


def test_variable_that_is_a_part() -> None:
    image = llm.Image.from_url("https://example.com/a.png")
    assert attach("pic", {"pic": image}) == (image,)
    assert attach("pics", {"pics": [image, image]}) == (image, image)


def test_variable_that_is_anything_else_goes_as_text() -> None:
    assert attach("numbers", {"numbers": [1, 2]}) == ("Attachment numbers:\n[1, 2]\n",)
    assert attach("text", {"text": "x" * 10_000})[0] == "Attachment text:\n" + "x" * 10_000 + "\n"


def test_what_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("x")
    with pytest.raises(UsageError, match=r"neither a variable nor a file.*Did you mean photo"):
        attach("phto", {"photo": 1})
    with pytest.raises(UsageError, match=r"Did you mean .*report\.txt"):
        attach(str(tmp_path / "repotr.txt"), {})


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        attach(str(tmp_path), {})


def test_unknown_binary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UsageError, match="not a text, image, audio or PDF file"):
        attach(str(tmp_path / "a.bin"), {})


def test_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"not an image at all")
    with pytest.raises(UsageError, match="cannot be attached: Unsupported image type"):
        attach(str(tmp_path / "a.png"), {})


def test_large_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * (TEXT_LIMIT + 1))
    with pytest.raises(UsageError, match="larger than 1,000,000 bytes"):
        attach(str(tmp_path / "a.txt"), {})
