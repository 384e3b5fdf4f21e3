"""Places of the template's files in the two layouts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from families.new.names import class_name
from families.new.render import Words, sort_imports

TEMPLATE = Path(__file__).with_name("template")
REPOSITORY = ("baselines", "families", "jaxenv", "jaxlanes", "leaderboard", "pokejax", "references", "verification")
"""Top-level packages of this repository."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layout:
    """Folders of a family, relative to the folder that it is written to.

    * `package`: the environment; `reference`: its driver; `family`: what the tools know. Modules, dots for slashes.
    * `env_tests`, `tests`: tests of the environment, and of the rest. `page`: the file that explains it.
    * `own`: a package of its own. `first_party`: top-level packages that imports list last.
    * `commands`: how a tool is called.
    """

    package: str
    reference: str
    family: str
    env_tests: str
    tests: str
    page: str
    own: bool
    first_party: tuple[str, ...]
    commands: dict[str, str]


def in_checkout(name: str) -> Layout:
    """Beside the other families of this repository."""
    return Layout(
        package=name,
        reference=f"references/{name}",
        family=f"families/{name}",
        env_tests=f"tests/{name}",
        tests=f"tests/families/{name}",
        page=f"docs/{name}.md",
        own=False,
        first_party=(name, *REPOSITORY),
        commands={
            "VERIFY": "uv run python -m verification",
            "BENCH": "uv run python -m leaderboard bench",
            "TRAIN": "uv run python -m baselines train",
            "TRANSFER": "uv run python -m baselines transfer",
        },
    )


def of_its_own(name: str) -> Layout:
    """A package that is installed beside `pokejax`."""
    return Layout(
        package=name,
        reference=f"{name}/reference",
        family=f"{name}/family",
        env_tests="tests",
        tests="tests",
        page="README.md",
        own=True,
        first_party=(name,),
        commands={
            "VERIFY": "pokejax verify",
            "BENCH": "pokejax bench",
            "TRAIN": "pokejax train",
            "TRANSFER": "pokejax transfer",
        },
    )


def files(name: str, layout: Layout) -> dict[str, str]:
    """Path, relative to the folder that is written to → text."""
    words = Words(
        name=name,
        title=class_name(name),
        package=layout.package,
        reference=layout.reference,
        family=layout.family,
        commands=layout.commands,
    )
    made = {}
    for path in sorted(TEMPLATE.rglob("*")):
        inside = path.relative_to(TEMPLATE)
        place = _place(inside, name, layout) if path.is_file() and "__pycache__" not in path.parts else None
        if place is not None:
            text = words.put_into(path.read_text("utf-8"))
            made[place] = sort_imports(text, layout.first_party) if place.endswith(".py") else text
    return made


def _place(inside: Path, name: str, layout: Layout) -> str | None:
    """None for what this layout does not have."""
    top, *rest = inside.parts
    if not rest:
        single = {"page.md": layout.page, "pyproject.toml.txt": "pyproject.toml" if layout.own else None}
        return single.get(top)
    if top == "tests":
        (file,) = rest
        if file in ("conftest.py", "test_template_package.py") and not layout.own:
            return None
        folder = layout.env_tests if file == "test_template_env.py" else layout.tests
        return f"{folder}/{file.replace('template', name)}"
    return "/".join((getattr(layout, top), *rest))
