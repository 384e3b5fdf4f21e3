"""A film of a Game Boy, which runs on the host."""

from __future__ import annotations

import emurust_native

from baselines.__main__ import main


def test_a_film_of_falling_blocks(tmp_path):
    emurust_native.load()
    out = tmp_path / "blocks.svg"
    assert main(["record", "emurust/blocks", "--steps", "10", "--out", str(out)]) == 0
    text = out.read_text("utf-8")
    assert text.startswith("<svg") and 1 < text.count("<g ") <= 11 and 'fill="#ffffff"' in text
