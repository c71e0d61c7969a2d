"""Every link of a page leads to a file, and to a heading that is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pages import DOCS, ROOT

PATTERNS = "*.md", "sample_plugin/README.md", "docs/*.md", "docs/*/*.md", "plugins/*/README.md"
PAGES = sorted({page for pattern in PATTERNS for page in ROOT.glob(pattern)})
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_INCLUDED = re.compile(r"^```\{include\} (.*)$", re.MULTILINE)


def links(page: Path) -> Iterator[str]:
    """Yield what a page leads to; not what other hosts have."""
    for target in _LINK.findall(_CODE.sub("`code`", page.read_text(encoding="utf-8"))):
        if "://" not in target:
            yield target


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub and the site give to the headings of a page."""
    text = page.read_text(encoding="utf-8")
    if file := _INCLUDED.search(text):
        return anchors(page.parent / file[1])
    headings = _HEADING.findall(_FENCED.sub("", text))
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Guards links on GitHub, which Sphinx does not see, and anchors that only Sphinx makes."""
    broken = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_site_has_what_stands_beside_the_documentation() -> None:
    """The changelog, how to contribute, how to report a vulnerability, and the licence."""
    first = DOCS / "index.md"
    wanted = {"CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"}
    found = set()
    for link in links(first):
        text = (DOCS / link).read_text(encoding="utf-8")
        found |= {Path(name).name for name in re.findall(r"include\} (\.\./\.\./\S+)", text)}
    assert found == wanted
