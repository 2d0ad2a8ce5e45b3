"""A small table as the output of a subcommand: rich in a notebook, aligned text elsewhere."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape as escape_html
from typing import Any

from mirascope_nb.text import escape_invisible


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a subcommand has to say.

    Attributes:
        title: One line.
        columns: Headings; none when there are only notes.
        rows: Cells as text, a row as long as the headings.
        notes: Lines below the table.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        lines = [escape_invisible(self.title)]
        cells = [tuple(escape_invisible(cell) for cell in row) for row in self.rows]
        if cells:
            lines += ["", *_aligned(self.columns, cells)]
        if self.notes:
            lines += ["", *(escape_invisible(note) for note in self.notes)]
        return "\n".join(lines)

    __repr__ = __str__

    def html(self) -> str:
        """The table as HTML. Every value is escaped: names may come from a model."""
        parts = [f"<p><strong>{_html(self.title)}</strong></p>"]
        if self.rows:
            head = "".join(f'<th scope="col">{_html(column)}</th>' for column in self.columns)
            body = "".join(
                "<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>"
                for row in self.rows
            )
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        parts += [f"<p>{_html(note)}</p>" for note in self.notes]
        return "\n".join(parts)

    _repr_html_ = html

    def to_frame(self) -> Any:
        """The rows as a pandas data frame.

        Raises:
            ImportError: pandas is not installed.
        """
        pandas: Any = importlib.import_module("pandas")
        return pandas.DataFrame(list(self.rows), columns=list(self.columns))


def _html(text: str) -> str:
    return escape_html(escape_invisible(text))


def _aligned(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> list[str]:
    table = [tuple(columns), *rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(columns))]
    rule = tuple("-" * width for width in widths)
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (table[0], rule, *table[1:])
    ]
