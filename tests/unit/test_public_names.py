"""What the package exports is what it says it exports."""

import inspect

import pytest

import plugincreds
import plugincreds_startup
from tests.hook.programs import run


def test_all_is_what_is_exported() -> None:
    """A name that is exported by accident is used by somebody for ever."""
    names = [name for name in dir(plugincreds) if not name.startswith("_")]
    exported = {name for name in names if not inspect.ismodule(getattr(plugincreds, name))}
    assert exported == set(plugincreds.__all__) == set(plugincreds._MODULES)
    assert plugincreds.install is plugincreds_startup.install
    with pytest.raises(AttributeError, match="has no attribute 'nosuch'"):
        _ = plugincreds.nosuch  # type: ignore[attr-defined]


def test_classes_are_of_the_package() -> None:
    """Guards what tracebacks and pickles call them."""
    for name in plugincreds.__all__:
        member = getattr(plugincreds, name)
        if isinstance(member, type):
            assert member.__module__ == "plugincreds"


def test_a_chain_needs_little_of_the_package() -> None:
    """Guards every program with botocore in it: most chains never come to a plugin."""
    run(
        """
        import botocore.session
        session = botocore.session.Session()
        chain = session.get_component("credential_provider").providers
        assert "plugin" in [each.METHOD for each in chain]
        session.get_credentials()
        loaded = {name for name in sys.modules if name.startswith("plugincreds")}
        assert "plugincreds._bindings.plugin_provider" in loaded
        for name in ("_lifecycle", "_plugins", "_resolution", "_source", "_sharing"):
            assert f"plugincreds.{name}" not in loaded, name
        """
    )


def test_every_public_thing_is_documented() -> None:
    """The reference is made of the docstrings."""
    for name in plugincreds.__all__:
        member = getattr(plugincreds, name)
        if callable(member):
            assert (inspect.getdoc(member) or "").endswith((".", ".\n", "log in again."))
