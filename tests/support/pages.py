"""The pages of the documentation, as the tests read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src"
_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
_BLOCK = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """Return the text of a page."""
    return (DOCS / name).read_text(encoding="utf-8")


def on_one_line(text: str) -> str:
    """Return text with each run of spaces and line ends as one space."""
    return " ".join(text.split())


def sections(text: str, level: int) -> dict[str, str]:
    """Return what stands below each heading of a level, by heading; each stands there once."""
    headings = [match for match in _HEADING.finditer(text) if len(match[1]) <= level]
    ends = [match.start() for match in headings[1:]] + [len(text)] * bool(headings)
    found: dict[str, str] = {}
    for match, end in zip(headings, ends, strict=True):
        if len(match[1]) == level:
            assert match[2] not in found, f"two headings {match[2]!r}"
            found[match[2]] = text[match.end() : end]
    return found


def messages(text: str) -> dict[str, str]:
    """Return the message below each heading of the third level that has one."""
    parts = sections(text, 3)
    found = {heading: _BLOCK.findall(part) for heading, part in parts.items()}
    assert all(len(blocks) == 1 for blocks in found.values()), "each cause has one message"
    return {heading: on_one_line(block) for heading, (block,) in found.items()}


def says(shown: str, told: str) -> bool:
    """Tell whether a page shows a message; three dots there stand for any text."""
    pattern = ".+".join(map(re.escape, on_one_line(shown).split("...")))
    return re.fullmatch(pattern, on_one_line(told)) is not None


def literals(file: Path) -> Iterator[str]:
    """Yield the strings in a module that are no docstrings and no annotations."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    passed_over: set[ast.AST] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            passed_over.add(body[0].value)
        for name in ("annotation", "returns"):
            annotation = getattr(node, name, None)
            passed_over.update(() if annotation is None else ast.walk(annotation))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node in passed_over:
                continue
            yield node.value
