"""Links of built pages: all lead somewhere, and nothing is fetched from a network when a page is opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "link": ("href",),
}
"""Attributes whose targets are fetched on load."""
_NOT_FETCHED = ("canonical", "alternate", "prev", "next", "author", "license", "edit", "search")
_UNRENDERED = re.compile(r"\]\([^)\s]+\)|\[[^\]\n]+\]\[[^\]\n]*\]|^:::\s*\S+", re.M)
"""Links, references and API blocks of Markdown that stand in a page as text."""


class _Page(HTMLParser):
    """Links, loaded targets, anchors and text outside code of one page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.text: list[str] = []
        self._skipped: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and set(given.get("rel", "").split()) & set(_NOT_FETCHED):
            return
        for name in _LOADED.get(tag, ()):
            if name in given:
                parts = given[name].split(",") if name == "srcset" and "data:" not in given[name] else [given[name]]
                self.loaded += [part.split()[0] for part in parts if part.strip()]
        if tag in ("script", "style", "code", "pre"):
            self._skipped.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and self._skipped[-1] == tag:
            self._skipped.pop()

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.text.append(data)


def problems(folder: Path) -> list[str]:
    """Every broken link, external fetch and unrendered reference of the pages under `folder`."""
    pages = {path.resolve(): _Page(path.read_text("utf-8")) for path in sorted(folder.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve()).as_posix()
        found += [f"{name}: {text}" for text in _of_page(path, page, pages)]
    for style in sorted(folder.rglob("*.css")):
        hits = re.findall(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")\s]+)", style.read_text("utf-8"))
        found += [f"{style.relative_to(folder).as_posix()}: fetches {hit}" for hit in hits]
    return found


def _of_page(path: Path, page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    for target in page.loaded:
        if target.startswith("data:"):
            continue
        if urlsplit(target).scheme or target.startswith("//"):
            yield f"fetches {target}"
        elif not _place(path, target).exists():
            yield f"loads {target}, which is not there"
    for target in page.links:
        if urlsplit(target).scheme or target.startswith("//"):
            continue
        place, anchor = _place(path, target), unquote(urlsplit(target).fragment)
        if not place.exists():
            yield f"links to {target}, which is not there"
        elif place.is_dir():
            yield f"links to {target}, a folder, which shows no page when opened from disk"
        elif anchor and place in pages and anchor not in pages[place].anchors:
            yield f"links to {target}, and that page has no #{anchor}"
    for hit in _UNRENDERED.findall("".join(page.text)):
        yield f"shows {hit!r} unrendered"


def _place(page: Path, target: str) -> Path:
    return (page.parent / unquote(urlsplit(target).path)).resolve() if urlsplit(target).path else page
