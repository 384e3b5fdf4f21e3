"""Building blocks of the report's pictures: inline SVG whose width follows the page while its text keeps its size.

Horizontal places are per cent of the width, vertical ones pixels. Colours are classes of the page's style sheet, so
that one picture serves light and dark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

LINE = 16  # pixels of a line of text


def _text(value: object) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def across(share: float) -> str:
    """A horizontal place, 0 … 1 of the width."""
    return f"{_text(100.0 * min(1.0, max(0.0, share)))}%"


@dataclass
class Picture:
    """One `<svg>`, with words for those who do not see it."""

    height: int
    label: str
    root: ElementTree.Element = field(init=False)

    def __post_init__(self) -> None:
        attributes = {"width": "100%", "height": str(self.height), "role": "img", "aria-label": self.label}
        self.root = ElementTree.Element("svg", attributes)

    def add(self, tag: str, *, parent: ElementTree.Element | None = None, **attributes: object) -> ElementTree.Element:
        """An element; `_` in attribute names stands for "-", and `class_` is the class."""
        named = {name.rstrip("_").replace("_", "-"): _text(value) for name, value in attributes.items()}
        return ElementTree.SubElement(self.root if parent is None else parent, tag, named)

    def text(self, share: float, y: float, words: str, *, anchor: str = "start", class_: str = "") -> None:
        """A line of text whose baseline is at `y`."""
        element = self.add("text", x=across(share), y=y, text_anchor=anchor, class_=class_ or "label")
        element.text = words

    def box(
        self, start: float, end: float, y: float, height: float, class_: str, title: str = ""
    ) -> ElementTree.Element:
        """A rectangle from share `start` to share `end`; `title` shows on hover."""
        low, high = sorted((min(1.0, max(0.0, start)), min(1.0, max(0.0, end))))
        element = self.add("rect", x=across(low), y=y, width=across(high - low), height=height, class_=class_)
        if title:
            self.add("title", parent=element).text = title
        return element

    def line(self, start: float, end: float, y: float, class_: str, y_end: float | None = None) -> None:
        """A line between two shares of the width."""
        self.add("line", x1=across(start), x2=across(end), y1=y, y2=y if y_end is None else y_end, class_=class_)

    def markup(self) -> str:
        """The picture as markup; all text in it is escaped."""
        return ElementTree.tostring(self.root, encoding="unicode")
