"""What a person should know of an examination. Pure functions of it.

Keys of a profile that look like ours, and that nobody reads.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plugincreds._cli.doctor.examination import Examination
from plugincreds._cli.doctor.retrieval import NOBODY
from plugincreds._cli.doctor.steps import Status, Step, last_of
from plugincreds._settings import (
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

_OF_PLUGIN = f"{PROVIDER_NAME}:"  # how the method of a plugin's credentials begins


@dataclass(frozen=True, slots=True)
class Answer:
    """Who gives the credentials.

    Attributes:
        provider: The short name of the provider.
        plugin: The name of the plugin whose credentials are used in the end, or None.
        certain: Whether it has any, unless something fails.
    """

    provider: str
    plugin: str | None
    certain: bool


def answer_of(examination: Examination) -> Answer | None:
    """Return who gives the credentials, or None where nobody does."""
    last, retrieved = last_of(examination.chain), examination.retrieved
    if retrieved is not None:
        return None if retrieved.method is None else _retrieved_from(retrieved.method, last)
    if last is None or last.status is Status.ERROR:
        return None
    return Answer(last.provider, last.plugin, last.is_certain)


def _retrieved_from(method: str, last: Step | None) -> Answer:
    if method.startswith(_OF_PLUGIN):
        return Answer(PROVIDER_NAME, method.removeprefix(_OF_PLUGIN), certain=True)
    plugin = last.plugin if last is not None and last.provider == method else None
    return Answer(method, plugin, certain=True)


def raised_by(examination: Examination) -> str | None:
    """Return what boto3 raises in place of credentials, as a sentence, or None."""
    last, retrieved = last_of(examination.chain), examination.retrieved
    if examination.fault:
        return examination.fault
    if retrieved is not None:
        return None if retrieved.error == NOBODY else retrieved.error
    return last.reason if last is not None and last.status is Status.ERROR else None


def errors_of(examination: Examination) -> list[str]:
    """Return why there are no credentials, or not those that are selected; empty if all is well.

    What boto3 raises is the first.
    """
    found, answer = examination.found, answer_of(examination)
    raised = raised_by(examination)
    errors = [raised or "", found.problem or ""]
    if answer is None:
        errors.append("" if raised else f"{NOBODY} {_remedy(examination)}")
    elif not answer.certain:
        errors.append(
            f"Nothing but {answer.provider} is left, and whether it has credentials is known only "
            "when it is asked; --retrieve does that."
        )
    if found.plugin and (
        not examination.startup.active if answer is None else answer.plugin != found.plugin
    ):
        errors.append(_contradiction(examination, answer))
    return _once(errors)


def warnings_of(examination: Examination, environ: Mapping[str, str]) -> list[str]:
    """Return what may surprise a person, though it is as it should be."""
    problem = examination.cache["problem"] or ""
    return _once(
        [
            *_of_startup(examination),
            "" if problem in errors_of(examination) else problem,
            *unknown_keys(examination.sections),
            *examination.heard,
            *_of_plugins(examination),
            *_of_selection(examination, environ),
        ]
    )


def _remedy(examination: Examination) -> str:
    names = ", ".join(examination.discovery.plugins)
    if not names:
        return "Install a plugin, or configure credentials."
    if not examination.startup.active:
        return "No plugin is asked, because the startup hook is not active; a warning says why."
    if examination.found.by == "off":
        return f"{examination.found.asked_by} switches plugins off; without it may answer: {names}."
    return f"None of the installed plugins answers: {names}. Configure one, or select it by name."


def _contradiction(examination: Examination, answer: Answer | None) -> str:
    found = examination.found
    where = f" ({found.place})" if found.file else ""
    selects = f"{found.asked_by}{where} selects the credential plugin {found.plugin!r}, but"
    name = "nothing" if answer is None else answer.provider
    if not examination.startup.active:
        instead = "no others are found" if answer is None else f"those of {name} are used"
        return f"{selects} the startup hook is not active: it is not used, and {instead}."
    remedies = {
        "env": f"Unset AWS_ACCESS_KEY_ID, or set {VARIABLE}={found.plugin}.",
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
    for module, faults in examination.bindings.items():
        if faults:
            yield (
                f"{module} is not as plugincreds knows it: {', '.join(faults)}. Upgrade "
                "plugincreds, or report that."
            )


def _of_plugins(examination: Examination) -> Iterator[str]:
    discovery = examination.discovery
    for problem in discovery.unreadable:
        yield f"{problem}."
    for name in discovery.plugins:
        fault = discovery.fault(name)
        if fault is not None:
            yield f"The credential plugin {name!r} is of no use: {fault}."
    for step in _all(examination.chain):
        states = [state for state in step.plugins if state.name not in _faulty(examination)]
        for state in states:
            if state.state == "broken":
                yield f"The credential plugin {state.name!r} is passed over. {state.reason}"
        names = [state.name for state in states if state.state == "configured"]
        if len(names) > 1:
            yield (
                f"Several plugins are configured here: {', '.join(names)}. The first in order of "
                f"name is used; {VARIABLE}={names[0]} makes that plain."
            )
        yield from step.cautions


def _of_selection(examination: Examination, environ: Mapping[str, str]) -> Iterator[str]:
    name, found = asked_by_variable(environ), examination.found
    if name and not is_off(name) and examination.profile_in_code and found.by != "variable":
        yield f"{VARIABLE}={name} is skipped, because the profile is given in code (--profile)."
    answer, section = answer_of(examination), examination.section
    by = "" if answer is None else answer.provider
    if found.by == "variable" and by == PROVIDER_NAME:
        where = f"in profile {examination.profile!r}"
        if assumes_role(section):
            yield f"{found.asked_by} comes before the role {where}, which is not assumed."
        elif asks_for_plugin(section) and own_plugin(section) != found.plugin:
            yield f"{found.asked_by} comes before {PLUGIN_KEY} = {own_plugin(section)} {where}."
    plugins = ", ".join(examination.discovery.plugins)
    if by == "env" and found.by == "nobody" and plugins and examination.startup.active:
        yield (
            "The keys in the environment come before every plugin that nobody selects "
            f"({plugins}). Unset AWS_ACCESS_KEY_ID, or select one with {VARIABLE}."
        )


def _faulty(examination: Examination) -> set[str]:
    discovery = examination.discovery
    return {name for name in discovery.plugins if discovery.fault(name) is not None}


def _all(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _all(step.source)


def _once(sentences: list[str]) -> list[str]:
    return [sentence for sentence in dict.fromkeys(sentences) if sentence]


# How alike a key must be that does not begin as ours do; credential_process is far from it.
_ALIKE = 0.9


def unknown_keys(sections: Mapping[str, Section]) -> Iterator[str]:
    """Yield a sentence for each such key of these profiles."""
    for profile, section in sections.items():
        for key in section:
            near = difflib.get_close_matches(key, OWN_KEYS, n=1)
            if key not in OWN_KEYS and (key.startswith(PLUGIN_KEY) or _is_like(key)):
                meant = f"; did you mean {near[0]}?" if near else "."
                yield (
                    f"The profile {profile!r} has {key}, which nobody reads{meant} Correct or "
                    "remove that line."
                )


def _is_like(key: str) -> bool:
    return bool(difflib.get_close_matches(key, OWN_KEYS, n=1, cutoff=_ALIKE))
