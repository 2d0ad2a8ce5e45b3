"""Values become content by what they can do; no imaging or plotting package is needed."""

import base64
import zlib
from typing import Any

import pytest
from IPython.core.error import UsageError

from mirascope_nb import llm
from mirascope_nb.magics.parts import SAMPLE_CHARACTERS, as_part, as_parts, as_text, describe_frame


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = (1).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    pixels = zlib.compress(b"\x00\x00")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


PNG = png()


class PilImage:
    """What of a PIL image is looked at."""

    size = (1, 1)

    def __init__(self, mode: str = "RGB") -> None:
        self.mode = mode

    def convert(self, mode: str) -> "PilImage":
        return PilImage(mode)

    def save(self, file: Any, format: str) -> None:
        assert format == "PNG"
        assert self.mode in {"RGB", "RGBA"}, "PNG does not know this mode"
        file.write(PNG)


class Figure:
    """What of a matplotlib figure is looked at."""

    def savefig(self, file: Any, *, format: str, bbox_inches: str) -> None:
        assert (format, bbox_inches) == ("png", "tight")
        file.write(PNG)


class Axes:
    def __init__(self) -> None:
        self.figure = Figure()

    def get_figure(self) -> Figure:
        return self.figure


class PlotlyFigure:
    def to_image(self, format: str) -> bytes:
        assert format == "png"
        return PNG

    def to_plotly_json(self) -> dict[str, Any]:
        return {}


class Image:
    """What of `IPython.display.Image` is looked at."""

    data = PNG


class Frame:
    """What of a pandas data frame is looked at."""

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self._data = columns
        self.columns = list(columns)
        self.dtypes = [
            "int64" if isinstance(each[0], int) else "object" for each in columns.values()
        ]
        self.shape = (len(next(iter(columns.values()))), len(columns))

    def head(self, rows: int) -> "Frame":
        return Frame({name: values[:rows] for name, values in self._data.items()})

    def __getitem__(self, names: list[str]) -> "Frame":
        return Frame({name: self._data[name] for name in names})

    def to_csv(self, *, index: bool) -> str:
        assert not index
        rows = zip(*self._data.values(), strict=True)
        return (
            "\n".join([",".join(self.columns), *(",".join(map(str, row)) for row in rows)]) + "\n"
        )


class PolarsFrame(Frame):
    to_csv: Any = None

    def write_csv(self) -> str:
        return Frame.to_csv(self, index=False)

    def head(self, rows: int) -> "PolarsFrame":
        return PolarsFrame({name: values[:rows] for name, values in self._data.items()})


@pytest.mark.parametrize(
    "value", [PilImage(), PilImage("CMYK"), Figure(), Axes(), PlotlyFigure(), Image(), PNG]
)
def test_picture_becomes_an_image(value: Any) -> None:
    part = as_part(value)
    assert isinstance(part, llm.Image)
    assert isinstance(part.source, llm.Base64ImageSource)
    assert part.source.mime_type == "image/png"
    assert base64.b64decode(part.source.data) == PNG


def test_pdf_bytes_become_a_document() -> None:
    assert isinstance(as_part(b"%PDF-1.7 and so on"), llm.Document)


@pytest.mark.parametrize(
    "value", ["text", 1, 2.5, None, True, b"some bytes", {"a": 1}, [1, 2], [], object(), int, print]
)
def test_other_values_are_text(value: Any) -> None:
    assert as_parts(value) is None


def test_own_parts_are_kept() -> None:
    for part in (
        llm.Text(text="a"),
        llm.Image.from_url("https://example.com/a.png"),
        llm.Document.from_bytes(b"%PDF-"),
    ):
        assert as_part(part) is part


def test_list_of_parts_is_several() -> None:
    picture = llm.Image.from_url("https://example.com/a.png")
    assert as_parts([picture, picture]) == (picture, picture)
    assert as_parts([picture, "text"]) is None


def test_picture_that_cannot_be_drawn_is_an_error() -> None:
    class Broken(PilImage):
        def save(self, file: Any, format: str) -> None:
            raise OSError("no space left")

    with pytest.raises(UsageError, match="the image cannot be sent as an image: OSError"):
        as_part(Broken())


def test_object_that_answers_to_everything_is_text() -> None:
    class Anything:
        def __getattr__(self, name: str) -> Any:
            return str

    assert as_part(Anything()) is None


@pytest.mark.parametrize("kind", [Frame, PolarsFrame])
def test_frame_is_described_not_sent(kind: Any) -> None:
    frame = kind({"city": [f"c{n}" for n in range(1_000)], "n": list(range(1_000))})
    text = as_part(frame)
    assert isinstance(text, str)
    assert text.startswith(
        "A data frame of 1,000 rows and 2 columns.\nColumns:\n- city: object\n- n: int64\n"
        "The first 10 rows, as CSV:\ncity,n\nc0,0\n"
    )
    assert text.endswith("c9,9")
    assert "c10" not in text


def test_small_frame_is_whole() -> None:
    assert "All rows, as CSV:\na\n1" in describe_frame(Frame({"a": [1]}))
    assert describe_frame(Frame({"a": [1]})).startswith("A data frame of 1 row and 1 column.")


def test_wide_frame_is_capped() -> None:
    frame = Frame({f"c{n}": ["x" * 500] for n in range(80)})
    text = describe_frame(frame)
    assert "- and 30 more" in text
    assert "c50" not in text
    assert len(text) < SAMPLE_CHARACTERS + 3_000


def test_text_of_a_value() -> None:
    assert as_text("as it is\n") == "as it is\n"
    assert as_text(1.50) == "1.5"


def test_real_pandas_frame() -> None:
    pandas: Any = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"city": ["Lima", "Oslo"], "n": [1, 2]})
    assert as_part(frame) == (
        "A data frame of 2 rows and 2 columns.\nColumns:\n"
        f"- city: {frame.dtypes['city']}\n- n: int64\nAll rows, as CSV:\ncity,n\nLima,1\nOslo,2"
    )
    assert as_part(frame["n"]) is None
