"""Facts and observation of an environment as Markdown, between two marks of a document.

A document asks for them by the line `<!-- facts ID -->`, and ends them by `<!-- /facts -->`. In place of an id stands
"module:Class" for an environment that has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from leaderboard.site.collected import SiteError
from leaderboard.site.described import Description, describe, describe_class

END = "<!-- /facts -->"
_PART = re.compile(r"^<!-- facts (\S+) -->\n(.*?)^<!-- /facts -->$", re.M | re.S)
_BEGIN = re.compile(r"^<!-- facts .*$", re.M)


def markdown(found: Description) -> str:
    """Two tables: the facts, and the observation of one player, if its fields are known."""
    parts = [_table(("fact", "value"), [(name, value) for name, value in found.facts])]
    if found.fields:
        rows = [(f"`{one['name']}`", one["type"], one["range"], one["meaning"]) for one in found.fields]
        parts.append(_table(("field", "type", "range", "meaning"), rows))
    return "\n\n".join(parts)


def replaced(text: str, name: str, described: Callable[[str], Description] | None = None) -> str:
    """A document's text with the tables between its marks written anew; `name` is the document's.

    Raises SiteError for a document without marks, one whose marks do not match, and an environment that is not here.
    """
    found = described or _described

    def part(match: re.Match[str]) -> str:
        told = found(match[1])
        if told.problem:
            raise SiteError(f"{name}: {told.problem}")
        return f"<!-- facts {match[1]} -->\n{markdown(told)}\n{END}"

    asked, written = len(_BEGIN.findall(text)), len(_PART.findall(text))
    if asked == 0 or not asked == written == text.count(END):
        raise SiteError(
            f"{name}: {asked} lines begin facts and {text.count(END)} end them; "
            f"write `<!-- facts ID -->` and `{END}`, each in a line of its own, around the place of each table"
        )
    return _PART.sub(part, text)


def _described(target: str) -> Description:
    return describe_class(target) if ":" in target else describe(target)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, *rows]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    first, *rest = [f"| {' | '.join(line)} |" for line in escaped]
    return "\n".join([first, "|---" * len(head) + "|", *rest])
