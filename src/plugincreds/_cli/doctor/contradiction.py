"""Why the selected plugin is not the one whose credentials are used."""

from collections.abc import Mapping

from plugincreds._cli.doctor.examination import Examination
from plugincreds._profile_selection import role_source
from plugincreds._settings import OPTIONS_KEY, PLUGIN_KEY, SOURCE_NAME, VARIABLE

_ROLE = "assume-role"
_KEY_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
)


def keys_in(environ: Mapping[str, str]) -> str:
    """Return the variables with keys that are set, as a part of a sentence."""
    names = [name for name in _KEY_VARIABLES if environ.get(name)]
    *others, last = names or _KEY_VARIABLES[:1]
    return f"{', '.join(others)} and {last}" if others else last


def contradiction(
    examination: Examination, provider: str | None, environ: Mapping[str, str]
) -> str:
    """Return a sentence, and what to do.

    Args:
        examination: What was found.
        provider: The provider whose credentials are used, or None if there are none.
        environ: The environment.
    """
    selection = examination.selection
    where = f" ({selection.location})" if selection.file else ""
    selects = f"{selection.asked_by}{where} selects the credential plugin {selection.plugin!r}, but"
    if not examination.startup.active:
        instead = (
            "boto3 finds no other credentials"
            if provider is None
            else f"the credentials of {provider} are used"
        )
        fault = f"the startup hook is not active, so the plugin is not used, and {instead}."
        return f"{selects} {fault} {examination.startup.reason}"
    if provider == "env":
        return (
            f"{selects} env comes before the plugin in the chain, and the keys in the environment "
            f"are used. Unset {keys_in(environ)}. Alternatively, set {VARIABLE}={selection.plugin},"
            " which comes before the keys."
        )
    if provider == _ROLE and selection.profile == examination.profile:
        role = _of_role(examination)
        if role:
            return f"{selection.asked_by} is not used, because {role}"
    return (
        f"{selects} {provider} comes before the plugin in the chain, and its credentials are used."
    )


def _of_role(examination: Examination) -> str:
    profile, files = examination.profile, examination.files
    section = examination.sections.get(profile, {})
    source = role_source(examination.sections, profile)
    if source is None:
        return ""
    if source.profile == profile:
        key = files.named(profile, "credential_source")
        return (
            "the profile also has role_arn and credential_source, and boto3 assumes the role with "
            f"the credentials of that source. To assume the role with the plugin, change {key}, to "
            f"credential_source = {SOURCE_NAME}."
        )
    keys = [PLUGIN_KEY, *([OPTIONS_KEY] if OPTIONS_KEY in section else [])]
    moved = " and ".join(files.listed(profile, [key]) for key in keys)
    return (
        "the profile also has role_arn and source_profile, and boto3 assumes the role with the "
        f"profile {source.profile!r}. To assume the role with the plugin, move {moved} into the "
        f"profile {source.profile!r}. If you removed role_arn, programs would sign as another "
        "identity."
    )
