"""What a person should know of an examination. Pure functions of it."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plugincreds._cli.doctor.aws_cli_findings import aws_cli_warnings
from plugincreds._cli.doctor.examination import Examination
from plugincreds._cli.doctor.retrieval import NO_CREDENTIALS
from plugincreds._cli.doctor.steps import ChainStep, Status, last_of
from plugincreds._cli.selection import NOT_SELECTED
from plugincreds._settings import (
    OPTIONS_KEY,
    OWN_KEYS,
    PLUGIN_KEY,
    PROVIDER_NAME,
    VARIABLE,
    Section,
    asked_by_variable,
    asks_for_plugin,
    assumes_role,
    is_off,
    own_plugin,
)

# How alike a key must be that does not begin as ours do; credential_process is far from it.
_ALIKE = 0.9
_KEY_VARIABLE = "AWS_ACCESS_KEY_ID"
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


@dataclass(frozen=True, slots=True)
class CredentialsOrigin:
    """Where the credentials come from.

    Attributes:
        provider: The short name of the provider.
        plugin: The name of the plugin whose credentials are used in the end, or None.
        certain: Whether it has any, and those of that plugin, unless something fails.
    """

    provider: str
    plugin: str | None
    certain: bool


def origin_of(examination: Examination) -> CredentialsOrigin | None:
    """Return where the credentials come from; None where there are none."""
    last, retrieved = last_of(examination.chain), examination.retrieved
    if retrieved is None:
        if last is None or last.status is Status.ERROR:
            return None
        return CredentialsOrigin(last.provider, last.plugin, last.is_certain)
    method = retrieved.method
    if method is None:
        return None
    provider = PROVIDER_NAME if method.startswith(f"{PROVIDER_NAME}:") else method
    plugin = last.plugin if last is not None and last.provider == provider else None
    return CredentialsOrigin(provider, retrieved.plugin or plugin, certain=True)


def raised_by(examination: Examination) -> str | None:
    """Return what boto3 raises in place of credentials, as a sentence, or None."""
    last, retrieved = last_of(examination.chain), examination.retrieved
    if examination.fault:
        return examination.fault
    if retrieved is not None:
        return None if retrieved.error == NO_CREDENTIALS else retrieved.error
    return last.reason if last is not None and last.status is Status.ERROR else None


def errors_of(examination: Examination) -> list[str]:
    """Return why there are no credentials, or not those that are selected; empty if all is well.

    What boto3 raises is the first.
    """
    selection, origin = examination.selection, origin_of(examination)
    raised = raised_by(examination)
    errors = [raised or "", selection.problem or ""]
    if origin is None:
        errors.append("" if raised else f"{NO_CREDENTIALS} {_remedy(examination)}")
    elif not origin.certain and origin.plugin is None:
        errors.append(
            f"Nothing but {origin.provider} is left, and whether it has credentials is known only "
            "when it is asked; --retrieve does that."
        )
    if selection.plugin and (
        not examination.startup.active if origin is None else origin.plugin != selection.plugin
    ):
        errors.append(_contradiction(examination, origin))
    return _once(errors)


def warnings_of(examination: Examination, environ: Mapping[str, str]) -> list[str]:
    """Return what may surprise a person, though it is as it should be."""
    problem = examination.cache["problem"] or ""
    origin = origin_of(examination)
    return _once(
        [
            *_of_startup(examination),
            "" if problem in errors_of(examination) else problem,
            *_unknown_keys(examination.sections),
            *_unindented_options(examination),
            *examination.captured_warnings,
            *_of_plugins(examination),
            *_of_selection(examination, environ),
            *aws_cli_warnings(examination, origin.plugin if origin else None, environ),
        ]
    )


def _remedy(examination: Examination) -> str:
    names = ", ".join(examination.discovery.plugins)
    selection = examination.selection
    if not names:
        return "Install a plugin, or configure credentials."
    if not examination.startup.active:
        return "No plugin is asked, because the startup hook is not active; a warning says why."
    if selection.by == "off":
        return f"{selection.asked_by} switches plugins off; without it may answer: {names}."
    return f"None of the installed plugins answers: {names}. Configure one, or select it by name."


def _contradiction(examination: Examination, origin: CredentialsOrigin | None) -> str:
    selection = examination.selection
    where = f" ({selection.location})" if selection.file else ""
    selects = f"{selection.asked_by}{where} selects the credential plugin {selection.plugin!r}, but"
    name = "nothing" if origin is None else origin.provider
    if not examination.startup.active:
        instead = "no others are found" if origin is None else f"those of {name} are used"
        return f"{selects} the startup hook is not active: it is not used, and {instead}."
    remedies = {
        "env": f"Unset AWS_ACCESS_KEY_ID, or set {VARIABLE}={selection.plugin}.",
        "assume-role": "Put credential_plugin into the source profile, or remove role_arn.",
    }
    reason = f"{name} comes before it in the chain, and its credentials are used."
    return f"{selects} {reason} {remedies.get(name, '')}".strip()


def _of_startup(examination: Examination) -> Iterator[str]:
    startup = examination.startup
    if not startup.active:
        yield f"Programs that are started like this one use no plugins. {startup.reason}"
    if startup.caution:
        yield startup.caution
    for module, unexpected in examination.bindings.items():
        if unexpected:
            yield (
                f"{module} has an unexpected API: {', '.join(unexpected)}. That version may be "
                "incompatible: upgrade plugincreds, or report it."
            )


def _unknown_keys(sections: Mapping[str, Section]) -> Iterator[str]:
    """Yield a sentence for each key that looks like one of ours and is none."""
    for profile, section in sections.items():
        for key in section:
            near = difflib.get_close_matches(key, OWN_KEYS, n=1)
            alike = difflib.get_close_matches(key, OWN_KEYS, n=1, cutoff=_ALIKE)
            if key not in OWN_KEYS and (key.startswith(PLUGIN_KEY) or alike):
                meant = f"; did you mean {near[0]}?" if near else "."
                yield (
                    f"The profile {profile!r} has the unknown key {key}{meant} Correct or remove "
                    "that line."
                )


def _unindented_options(examination: Examination) -> Iterator[str]:
    """Yield a sentence for each profile with keys that may be options without indentation."""
    known = _AWS_KEYS | examination.session_keys
    for profile, section in examination.sections.items():
        keys = list(section)
        after = keys[keys.index(OPTIONS_KEY) + 1 :] if OPTIONS_KEY in section else []
        unknown = [
            key
            for key in after
            if key not in known
            and not key.startswith(_AWS_PREFIXES)
            and not isinstance(section[key], Mapping)
        ]
        if unknown:
            yield (
                f"The profile {profile!r} has keys after {OPTIONS_KEY} that AWS does not know: "
                f"{', '.join(unknown)}. If they are options, indent their lines."
            )


def _of_plugins(examination: Examination) -> Iterator[str]:
    discovery = examination.discovery
    for problem in discovery.unreadable:
        yield f"{problem}."
    faults = {name: discovery.fault(name) for name in discovery.plugins}
    for name, fault in faults.items():
        if fault is not None:
            yield f"The credential plugin {name!r} cannot be used: {fault}."
    yield from examination.leftovers
    for step in _with_sources(examination.chain):
        for state in step.plugins:
            if state.state == "broken" and faults[state.name] is None:
                yield f"The credential plugin {state.name!r} is skipped. {state.reason}"
        names = [state.name for state in step.plugins if state.state == "configured"]
        if len(names) > 1:
            yield (
                f"Several plugins are configured here: {', '.join(names)}. The first in order of "
                f"name is used; {VARIABLE}={names[0]} makes that plain."
            )
        yield from step.cautions


def _of_selection(examination: Examination, environ: Mapping[str, str]) -> Iterator[str]:
    name, selection = asked_by_variable(environ), examination.selection
    if name and not is_off(name) and examination.profile_in_code and selection.by != "variable":
        yield f"{VARIABLE}={name} is skipped, because the profile is given in code (--profile)."
    origin = origin_of(examination)
    section = examination.sections.get(examination.profile, {})
    provider = "" if origin is None else origin.provider
    if selection.by == "variable" and provider == PROVIDER_NAME:
        where = f"in profile {examination.profile!r}"
        if assumes_role(section):
            yield f"{selection.asked_by} comes before the role {where}, which is not assumed."
        elif asks_for_plugin(section) and own_plugin(section) != selection.plugin:
            yield f"{selection.asked_by} comes before {PLUGIN_KEY} = {own_plugin(section)} {where}."
    if selection.plugin and provider != "env" and environ.get(_KEY_VARIABLE):
        yield (
            f"{_KEY_VARIABLE} is set beside the selected plugin {selection.plugin!r}. boto3 uses "
            "the plugin, but litellm, instructor, django-storages, Ansible's amazon.aws and Zappa "
            "read that variable themselves. Unset it, unless they are to use that key. (mock_aws() "
            "of moto sets it, too.)"
        )
    plugins = ", ".join(examination.discovery.plugins)
    is_open = selection.by == NOT_SELECTED and examination.startup.active
    if provider == "env" and is_open and plugins:
        yield (
            f"The keys in the environment come before plugins that are not selected ({plugins}). "
            f"Unset AWS_ACCESS_KEY_ID, or select one with {VARIABLE}."
        )


def _with_sources(steps: tuple[ChainStep, ...]) -> Iterator[ChainStep]:
    for step in steps:
        yield step
        yield from _with_sources(step.source)


def _once(sentences: list[str]) -> list[str]:
    return [sentence for sentence in dict.fromkeys(sentences) if sentence]
