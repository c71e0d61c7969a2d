"""Looks at each page of the site in chromium: wide and narrow, light and dark.

`nox -s pages` runs it. It writes a picture of each page into docs/_build/screens, and fails where a
page is wider than the window, where a table or a message is cut off, or where the search finds
nothing for an error code.
"""  # noqa: INP001 - a script

import shutil
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

BUILD = Path(__file__).parents[1] / "_build"
SITE, SCREENS = BUILD / "html", BUILD / "screens"
WIDE, NARROW = 1280, 390
CODES = "AccessDenied", "ExpiredToken", "NoCredentialsError", "SignatureDoesNotMatch"
FAULTS = """(isWide) => {
    const cutOff = (part) => part.scrollWidth > part.clientWidth;
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the window");
    for (const picture of document.images) {
        if (!picture.naturalWidth) found.push(`no picture ${picture.alt}`);
    }
    const fitting = isWide ? ".table-wrapper" : ".table-wrapper:has(.cards)";
    const texts = isWide ? ".highlight-text pre, .highlight-console pre" : ".highlight-console pre";
    for (const part of document.querySelectorAll(`${fitting}, ${texts}`)) {
        if (cutOff(part)) found.push(`cut off: ${part.innerText.slice(0, 40)}`);
    }
    return found;
}"""


def faults(page: Page, name: str) -> Iterator[str]:
    """Yield what is wrong on each page of the site in one window, and take its picture."""
    width = page.evaluate("innerWidth")
    for file in sorted(SITE.rglob("*.html")):
        page.goto(file.as_uri())
        place = f"{file.relative_to(SITE).with_suffix('')} {name}"
        yield from (f"{place}: {fault}" for fault in page.evaluate(FAULTS, width == WIDE))
        page.screenshot(path=SCREENS / f"{place.replace('/', '-')}.png", full_page=True)
    for code in CODES:
        page.goto(f"{(SITE / 'search.html').as_uri()}?q={code}")
        page.wait_for_selector("#search-results h2")
        if not page.query_selector("#search-results li a[href*=troubleshooting]"):
            yield f"{name}: a search for {code} does not find the page on troubleshooting"


def main() -> None:
    """Look at all pages in all windows."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for width in (WIDE, NARROW):
            for scheme in ("light", "dark"):
                size = {"width": width, "height": 900}
                page = browser.new_page(viewport=size, color_scheme=scheme)
                found += faults(page, f"{width} {scheme}")
    if found:
        raise SystemExit("\n".join(found))


if __name__ == "__main__":
    main()
