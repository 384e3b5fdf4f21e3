"""Learning curve of `ppo.py` as a small SVG: the mean return over the steps, a line for each file.

    python ppo.py pongjax/puffer_pong --steps 1000000 > pong.jsonl
    python curve.py pong.jsonl --out pong.svg --title "Pong"

It needs the standard library alone.
"""

import argparse
import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 240, 56, 12, 30, 36  # pixels; the last four are margins
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#8250df")


def read(file):
    """`[(steps, return), …]` of a file of `ppo.py`. ValueError names a file without any."""
    rows = [json.loads(line) for line in Path(file).read_text().splitlines() if line.startswith("{")]
    if not rows:
        raise ValueError(f"{file}: holds no line of JSON; redirect the output of ppo.py there")
    return [(row["steps"], row["return"]) for row in rows]


def draw(curves, title):
    """The SVG of `{name: [(steps, return), …]}`."""
    last = max(steps for points in curves.values() for steps, _ in points)
    heights = [value for points in curves.values() for _, value in points]
    low, high = min(heights), max(heights)
    span = high - low or 1.0

    def place(steps, value):
        across = LEFT + (WIDTH - LEFT - RIGHT) * steps / last
        return f"{across:.1f},{TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / span:.1f}"

    def words(x, y, text, anchor="end", colour="#57606a"):
        return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}: return over steps">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        words(LEFT, 18, title, "start", "#1f2328"),
        words(WIDTH - RIGHT, HEIGHT - 6, "environment steps"),
        words(LEFT, HEIGHT - 20, "0", "middle"),
        words(WIDTH - RIGHT, HEIGHT - 20, f"{last:,}"),
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#d0d7de"/>')
        parts.append(words(LEFT - 6, round(y + 4, 1), f"{low + share * span:.4g}"))
    for number, (name, points) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join(place(*point) for point in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(curves) > 1:
            parts.append(words(WIDTH - RIGHT - 90 * (len(curves) - 1 - number), 18, name, colour=colour))
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", help="what ppo.py printed")
    parser.add_argument("--out", required=True, help="the SVG to write")
    parser.add_argument("--title", default="Return")
    given = parser.parse_args()
    try:
        Path(given.out).write_text(draw({Path(file).stem: read(file) for file in given.files}, given.title))
    except (OSError, ValueError) as error:
        sys.exit(f"curve.py: {error}")
