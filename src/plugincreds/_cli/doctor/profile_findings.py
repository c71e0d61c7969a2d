"""What is odd in the profiles that are in use: misspelt keys, and options in the wrong place."""

import difflib
from collections.abc import Iterator, Mapping

from plugincreds._cli.doctor.examination import Examination
from plugincreds._profile_selection import role_source
from plugincreds._settings import OPTIONS_KEY, OWN_KEYS, PLUGIN_KEY, asks_for_plugin, own_plugin

# How alike a key must be that does not begin as ours do; credential_process is far from it.
_ALIKE = 0.9
# The keys of a profile that AWS programs read, besides those that are variables of a session.
_AWS_KEYS = frozenset({
    "credential_process",
    "credential_source",
    "duration_seconds",
    "endpoint_url",
    "external_id",
    "login_session",
    "mfa_serial",
    "output",
    "role_arn",
    "role_session_name",
    "services",
    "source_profile",
    "web_identity_token_file",
})  # fmt: skip
_AWS_PREFIXES = ("aws_", "cli_", "sso_", PLUGIN_KEY)
_NOT_INDENTED = f"Put each option on its own indented line below {OPTIONS_KEY}, "


def unknown_keys(examination: Examination) -> Iterator[str]:
    """Yield a sentence for each key that looks like one of ours and is none."""
    for profile, section in examination.sections.items():
        for key in section:
            near = difflib.get_close_matches(key, OWN_KEYS, n=1)
            alike = difflib.get_close_matches(key, OWN_KEYS, n=1, cutoff=_ALIKE)
            if key not in OWN_KEYS and (key.startswith(PLUGIN_KEY) or alike):
                meant = f"; did you mean {near[0]}?" if near else "."
                yield (
                    f"The profile {profile!r} has the unknown key {key}{meant} Correct or remove "
                    f"{examination.files.named(profile, key)}."
                )


def unindented_options(examination: Examination, errors: str) -> Iterator[str]:
    """Yield a sentence for each profile with keys that may be options without indentation.

    Args:
        examination: What was found.
        errors: The errors, which may say so already.
    """
    for profile in examination.sections:
        keys = _unindented(examination, profile)
        if keys and f"The profile {profile!r} has {OPTIONS_KEY} in " not in errors:
            yield (
                f"The profile {profile!r} has keys after {OPTIONS_KEY} that AWS does not know: "
                f"{', '.join(keys)}. If they are options, indent their lines: "
                f"{examination.files.listed(profile, keys)}."
            )


def with_unindented(error: str, examination: Examination) -> str:
    """Return an error about options that are not indented, with the lines to indent."""
    for profile in examination.sections:
        keys = _unindented(examination, profile)
        begin = f"The profile {profile!r} has {OPTIONS_KEY} in "
        if keys and error.startswith(begin) and _NOT_INDENTED in error:
            fault, _, example = error.partition(_NOT_INDENTED)
            listed = examination.files.listed(profile, keys)
            return f"{fault}Indent these lines, if they are options, {example[:-1]}: {listed}."
    return error


def _unindented(examination: Examination, profile: str) -> list[str]:
    section, known = examination.sections[profile], _AWS_KEYS | examination.session_keys
    keys = list(section)
    after = keys[keys.index(OPTIONS_KEY) + 1 :] if OPTIONS_KEY in section else []
    return [
        key
        for key in after
        if key not in known
        and not key.startswith(_AWS_PREFIXES)
        and not isinstance(section[key], Mapping)
    ]


def options_beside_a_role(examination: Examination) -> Iterator[str]:
    """Yield a sentence if a role's profile has options that its source profile's plugin lacks."""
    profile, sections = examination.profile, examination.sections
    source, section = role_source(sections, profile), sections.get(profile, {})
    if source is None or source.profile == profile or OPTIONS_KEY not in section:
        return
    base = sections.get(source.profile, {})
    if source.by_credential_source or asks_for_plugin(section) or not asks_for_plugin(base):
        return
    yield (
        f"The options of the profile {profile!r} have no effect: its role is assumed with the "
        f"plugin {own_plugin(base)!r} of the profile {source.profile!r}, which does not receive "
        f"them. Move {examination.files.named(profile, OPTIONS_KEY)}, into the profile "
        f"{source.profile!r}."
    )
