"""What a person should know of an examination. Pure functions of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plugincreds._cli.doctor.aws_cli_findings import aws_cli_warnings
from plugincreds._cli.doctor.contradiction import contradiction, keys_in
from plugincreds._cli.doctor.examination import Examination
from plugincreds._cli.doctor.places import located, with_commands
from plugincreds._cli.doctor.profile_findings import (
    options_beside_a_role,
    unindented_options,
    unknown_keys,
    with_unindented,
)
from plugincreds._cli.doctor.retrieval import NO_CREDENTIALS
from plugincreds._cli.doctor.steps import ChainStep, Status, last_of
from plugincreds._cli.selection import NOT_SELECTED
from plugincreds._settings import (
    PLUGIN_KEY,
    PROVIDER_NAME,
    VARIABLE,
    asked_by_variable,
    asks_for_plugin,
    assumes_role,
    is_off,
    own_plugin,
)

_KEY_VARIABLE = "AWS_ACCESS_KEY_ID"


@dataclass(frozen=True, slots=True)
class CredentialsOrigin:
    """Where the credentials come from.

    Attributes:
        provider: The short name of the provider.
        plugin: The name of the plugin whose credentials are used in the end, or None.
        certain: Whether no other provider or plugin can answer in its place: it has any, and those
            of that plugin, unless something fails.
        confirmed: Whether there are credentials: they have been read, or really retrieved.
    """

    provider: str
    plugin: str | None
    certain: bool
    confirmed: bool


def origin_of(examination: Examination) -> CredentialsOrigin | None:
    """Return where the credentials come from; None where there are none."""
    last, retrieved = last_of(examination.chain), examination.retrieved
    if retrieved is None:
        if last is None or last.status is Status.ERROR:
            return None
        confirmed = last.status is Status.ANSWERS
        return CredentialsOrigin(last.provider, last.plugin, last.is_certain, confirmed)
    method = retrieved.method
    if method is None:
        return None
    provider = PROVIDER_NAME if method.startswith(f"{PROVIDER_NAME}:") else method
    plugin = last.plugin if last is not None and last.provider == provider else None
    return CredentialsOrigin(provider, retrieved.plugin or plugin, certain=True, confirmed=True)


def raised_by(examination: Examination) -> str | None:
    """Return what boto3 raises in place of credentials, as a sentence, or None."""
    last, retrieved = last_of(examination.chain), examination.retrieved
    if examination.fault:
        return examination.fault
    if retrieved is not None:
        return None if retrieved.error == NO_CREDENTIALS else retrieved.error
    return last.reason if last is not None and last.status is Status.ERROR else None


def errors_of(examination: Examination, environ: Mapping[str, str]) -> list[str]:
    """Return why there are no credentials, or not those that are selected; empty if all is well.

    What boto3 raises is the first, with the places of the settings that it names.
    """
    return _told(_errors(examination, environ), examination)


def _errors(examination: Examination, environ: Mapping[str, str]) -> list[str]:
    selection, origin = examination.selection, origin_of(examination)
    raised = raised_by(examination)
    errors = [raised or "", selection.problem or ""]
    is_beside = (
        not examination.startup.active if origin is None else origin.plugin != selection.plugin
    )
    if selection.plugin and is_beside:
        errors.append(contradiction(examination, origin.provider if origin else None, environ))
    elif origin is None:
        errors.append("" if raised else f"{NO_CREDENTIALS} {_remedy(examination)}")
    if origin is not None and not origin.certain and origin.plugin is None:
        errors.append(
            f"Nothing but {origin.provider} is left, and whether it has credentials is known only "
            "when it is asked; --retrieve does that."
        )
    return _once(errors)


def warnings_of(examination: Examination, environ: Mapping[str, str]) -> list[str]:
    """Return what may surprise a person, though it is as it should be."""
    problem = examination.cache["problem"] or ""
    origin, errors = origin_of(examination), _errors(examination, environ)
    told = " ".join(errors)
    warnings = [
        *_of_startup(examination, told),
        "" if problem in errors else problem,
        *unknown_keys(examination),
        *unindented_options(examination, told),
        *(each for each in examination.captured_warnings if not _is_of_role(each, told)),
        *options_beside_a_role(examination),
        *_of_plugins(examination, told),
        *_of_selection(examination, environ),
        *aws_cli_warnings(examination, origin.plugin if origin else None, environ),
    ]
    return _told(_once(warnings), examination)


def _told(sentences: list[str], examination: Examination) -> list[str]:
    """Return sentences with files, lines and commands in place of what the library can name."""
    files, profiles = examination.files, examination.sections
    placed = (located(sentence, files, profiles) for sentence in sentences)
    indented = (with_unindented(sentence, examination) for sentence in placed)
    return _once([with_commands(sentence, examination.discovery) for sentence in indented])


def _is_of_role(warning: str, errors: str) -> bool:
    """Tell whether a warning of the library says what an error has said."""
    beside = "role_arn and source_profile"
    return f"{PLUGIN_KEY} beside {beside}" in warning and f"also has {beside}" in errors


def _remedy(examination: Examination) -> str:
    names = ", ".join(examination.discovery.plugins)
    selection = examination.selection
    if not names:
        return "Install a plugin, or configure credentials."
    if not examination.startup.active:
        reason = examination.startup.reason
        return f"No plugin is asked, because the startup hook is not active. {reason}"
    if selection.by == "off":
        off_by = selection.asked_by
        remedy = f"Unset {VARIABLE}"
        if selection.profile is not None:
            remedy = f"Remove {examination.files.named(selection.profile, PLUGIN_KEY, ' = none')}"
        return f"{off_by} switches plugins off. {remedy}: then these plugins are asked: {names}."
    return f"None of the installed plugins answers: {names}. Configure one, or select it by name."


def _of_startup(examination: Examination, errors: str) -> Iterator[str]:
    startup = examination.startup
    if not startup.active and str(startup.reason) not in errors:
        yield f"Programs that are started like this one use no plugins. {startup.reason}"
    if startup.caution:
        yield startup.caution
    for module, unexpected in examination.bindings.items():
        if unexpected:
            yield (
                f"{module} has an unexpected API: {', '.join(unexpected)}. That version may be "
                "incompatible: upgrade plugincreds, or report it."
            )


def _of_plugins(examination: Examination, errors: str) -> Iterator[str]:
    discovery = examination.discovery
    for problem in discovery.unreadable:
        yield f"{problem}."
    faults = {name: discovery.fault(name) for name in discovery.plugins}
    for name, fault in faults.items():
        if fault is not None and fault not in errors:
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
    discovery = examination.discovery
    plugins = ", ".join(discovery.plugins)
    usable = next((each for each in discovery.plugins if discovery.fault(each) is None), "NAME")
    is_open = selection.by == NOT_SELECTED and examination.startup.active
    if provider == "env" and is_open and plugins:
        yield (
            f"The keys in the environment come before plugins that are not selected ({plugins}). "
            f"If a plugin is to be used, unset {keys_in(environ)}, or select the plugin, as in "
            f"{VARIABLE}={usable}."
        )


def _with_sources(steps: tuple[ChainStep, ...]) -> Iterator[ChainStep]:
    for step in steps:
        yield step
        yield from _with_sources(step.source)


def _once(sentences: list[str]) -> list[str]:
    return [sentence for sentence in dict.fromkeys(sentences) if sentence]
