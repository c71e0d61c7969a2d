"""Who asks for which plugin."""

import pytest

from plugincreds._settings import Automatic, Off, Selected, Selection, selection


@pytest.mark.parametrize(
    ("variable", "profile_in_code", "expected"),
    [
        (None, False, Automatic()),
        ("", False, Automatic()),
        ("  ", False, Automatic()),
        (None, True, Automatic()),
        ("vault", False, "vault"),
        (" vault\n", False, "vault"),
        ("Vault", False, "Vault"),
        ("vault", True, Automatic()),
        ("none", False, Off()),
        (" NONE ", False, Off()),
        ("None", True, Off()),
        ("nonesuch", False, "nonesuch"),
    ],
)
def test_the_variable(
    variable: str | None, profile_in_code: bool, expected: Selection | str
) -> None:
    """A profile given in code decides alone, as it does over the keys in the environment."""
    environ = {} if variable is None else {"AWS_CREDENTIAL_PLUGIN": variable}
    found = selection(environ, profile_in_code=profile_in_code)
    if isinstance(expected, str):
        assert isinstance(found, Selected)
        assert found.name == expected
    else:
        assert found == expected
