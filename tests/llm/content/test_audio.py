import base64
from pathlib import Path
from typing import Any

import pytest

from mirascope_nb.llm.content import Audio, Base64AudioSource


def test_bytes_are_carried_in_base64(wav: bytes) -> None:
    assert Audio.from_bytes(wav) == Audio(
        source=Base64AudioSource(
            type="base64_audio_source",
            data=base64.b64encode(wav).decode(),
            mime_type="audio/wav",
        )
    )


def test_a_file_is_told_from_its_bytes(tmp_path: Path, wav: bytes) -> None:
    path = tmp_path / "speech"
    path.write_bytes(wav)
    assert Audio.from_file(path) == Audio.from_bytes(wav)


def test_what_is_too_large_is_refused(tmp_path: Path, wav: bytes) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(wav)
    with pytest.raises(ValueError, match=r"^Audio file size \(16 bytes\) exceeds maximum allowed"):
        Audio.from_file(path, max_size=15)
    with pytest.raises(ValueError, match=r"^Audio size \(16 bytes\) exceeds maximum allowed"):
        Audio.from_bytes(wav, max_size=15)


def test_there_is_no_sound_at_an_address() -> None:
    assert not hasattr(Audio, "from_url")


def test_sound_is_one_short_line_in_a_notebook(wav: bytes, shown: Any) -> None:
    bundle = shown(Audio.from_bytes(wav))
    assert bundle == {"text/plain": "<Audio audio/wav, 16 bytes>"}
