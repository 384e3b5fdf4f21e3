"""`examples/curve.py`: a small SVG from the lines that `ppo.py` prints."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

FILE = Path(__file__).parents[2] / "examples" / "curve.py"
SVG = "{http://www.w3.org/2000/svg}"


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, str(FILE), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_line_for_each_file_with_its_points_in_order(tmp_path):
    for name, values in (("one", (-21.0, 0.0, 21.0)), ("two", (-21.0, -21.0, -21.0))):
        rows = [json.dumps({"steps": 100 * place, "return": value}) for place, value in enumerate(values, 1)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    done = run(tmp_path, "one.jsonl", "two.jsonl", "--out", "curve.svg", "--title", 'A < "B"')
    assert done.returncode == 0, done.stderr
    root = ElementTree.fromstring((tmp_path / "curve.svg").read_text())
    lines = [
        [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
        for line in root.iter(f"{SVG}polyline")
    ]
    assert [len(points) for points in lines] == [3, 3]
    across, heights = zip(*lines[0], strict=True)
    assert sorted(across) == list(across) and sorted(heights, reverse=True) == list(heights), "it climbs"
    assert len({height for _, height in lines[1]}) == 1 and lines[1][0] == lines[0][0]
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {'A < "B"', "one", "two", "300", "-21", "21"} <= texts


def test_a_file_without_figures_is_named(tmp_path):
    (tmp_path / "empty.jsonl").write_text("Killed\n")
    done = run(tmp_path, "empty.jsonl", "--out", "curve.svg")
    assert done.returncode == 1 and "empty.jsonl: holds no line of JSON" in done.stderr
    assert not (tmp_path / "curve.svg").exists()
