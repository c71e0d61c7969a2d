"""What the package exports is what it says it exports."""

import inspect

import plugincreds
import plugincreds_startup


def test_all_is_what_is_exported() -> None:
    """A name that is exported by accident is used by somebody for ever."""
    exported = {
        name
        for name, member in vars(plugincreds).items()
        if not name.startswith("_") and not inspect.ismodule(member)
    }
    assert exported == set(plugincreds.__all__)
    assert plugincreds.install is plugincreds_startup.install


def test_every_public_thing_is_documented() -> None:
    """The reference is made of the docstrings."""
    for name in plugincreds.__all__:
        member = getattr(plugincreds, name)
        if callable(member):
            assert (inspect.getdoc(member) or "").endswith((".", ".\n", "log in again."))
