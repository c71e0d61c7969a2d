"""A getter that cannot be had: the error says what is missing."""

import sys

import pytest

from plugincreds import LookupSymbolError
from plugincreds._plugins.discovery import discover
from plugincreds._plugins.loading import load
from tests.unit.conftest import Install

LAZY = pytest.mark.skipif(sys.version_info < (3, 15), reason="lazy imports are Python 3.15's")
# What a lazy import does when its name is first used.
BY_HAND = """
    import importlib
    def __getattr__(name):
        try:
            return getattr(importlib.import_module({module!r}), name)
        except (AttributeError, ImportError) as error:
            raise type(error)(*error.args, name={module!r}) from ImportError("lazy import of ...")
"""


@pytest.mark.parametrize(
    "source", [BY_HAND, pytest.param("lazy from {module} import get", marks=LAZY)]
)
@pytest.mark.parametrize(
    ("module", "broken", "found"),
    [
        ("acme_missing", None, "needs 'acme_missing', which is not installed here"),
        ("acme_broken", "raise ImportError('libacme.so')", "looked up: ImportError: libacme.so"),
        ("acme_broken", "raise AttributeError('acme')", "looked up: AttributeError: acme"),
    ],
)
def test_a_lazy_import_that_fails(
    install: Install, source: str, module: str, broken: str | None, found: str
) -> None:
    """Guards the name of what is missing: "has no attribute" sends people to the wrong place."""
    site = install(
        source.replace("{module!r}", repr(module)).replace("{module}", module), value=":get"
    )
    if broken:
        (site / f"{module}.py").write_text(broken)
    with pytest.raises(LookupSymbolError) as caught:
        load(discover().the_one("vault", "Somebody"))
    assert found in str(caught.value)
    assert "has no attribute" not in str(caught.value)
    assert "Install acme" in str(caught.value)
