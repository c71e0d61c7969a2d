"""Who asks for which plugin."""

from pathlib import Path

import pytest

from plugincreds import PluginError
from plugincreds._plugin_settings import RefreshSettings, refresh_settings
from plugincreds._selection import Automatic, Off, Selected, Selection, chain_selection


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
    found = chain_selection(environ, {}, profile_in_code=profile_in_code)
    if isinstance(expected, str):
        assert isinstance(found, Selected)
        assert found.name == expected
    else:
        assert found == expected


def test_how_a_profile_wants_values_to_be_renewed() -> None:
    """Both settings are seconds, and both may be left out."""
    section = {"credential_plugin_timeout": "2.5", "credential_plugin_advisory_window": " 600 "}
    assert facts(refresh_settings({}, "dev", {})) == (None, None, None)
    assert facts(refresh_settings(section, "dev", {})) == (600, 2.5, None)


def facts(settings: RefreshSettings) -> tuple[float | None, float | None, Path | None]:
    """Return all that the settings hold."""
    return settings.advisory_window, settings.timeout, settings.cache_folder


@pytest.mark.parametrize("text", ["", "soon", "0", "-1", "nan", "inf", "1,5", {"a": "b"}])
@pytest.mark.parametrize("key", ["credential_plugin_timeout", "credential_plugin_advisory_window"])
def test_a_bad_number_is_named(key: str, text: object) -> None:
    """With the profile and the line that it stands in."""
    with pytest.raises(PluginError, match=f"profile 'dev' has {key} = "):
        refresh_settings({key: text}, "dev", {})
