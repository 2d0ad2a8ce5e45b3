"""The record of finished work: its schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import mirascope_nb.display
from mirascope_nb.display.progress import ProgressRecord
from mirascope_nb.display.record import as_json, schema_of

SCHEMA = Path(mirascope_nb.display.__file__).parent / "progress-record.schema.json"
RECORD = ProgressRecord(
    schema_version=1,
    description="Summaries",
    state="failed",
    total=3,
    done=1,
    failed=1,
    cancelled=1,
    tokens=120,
    cost="0.0021",
    rows="dfc",
    errors=[(1, "RateLimitError: slow down")],
)


def test_the_published_schema_is_the_generated_one() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema_of(ProgressRecord)


def test_a_record_fits_the_schema_and_survives_json() -> None:
    record = as_json(RECORD)
    jsonschema.validate(json.loads(json.dumps(record)), schema_of(ProgressRecord))
    assert record["errors"] == [[1, "RateLimitError: slow down"]]


@pytest.mark.parametrize(
    "change", [{"state": "running"}, {"errors": [["1", 1]]}, {"headers": {}}, {"done": None}]
)
def test_the_schema_refuses_what_is_no_record(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**as_json(RECORD), **change}, schema_of(ProgressRecord))
