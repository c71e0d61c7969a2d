"""What `boto3.client()` would do here and now, gathered without changing anything."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from plugincreds._bindings.botocore import active_profile, profiles_of
from plugincreds._cli._cache_state import cache_state
from plugincreds._cli._chain_report import Place, chain_report
from plugincreds._cli._in_effect import InEffect, in_effect, with_place
from plugincreds._cli._retrieval import Retrieval, retrieval
from plugincreds._cli._startup_state import StartupState, startup_state
from plugincreds._cli._steps import Step, last_of
from plugincreds._cli._terminal import sentence
from plugincreds._cli._versions import faults_of_bindings, versions
from plugincreds._discovery import Discovery
from plugincreds._roles import role_source
from plugincreds._settings import Section
from plugincreds._source import registry

_PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")  # in botocore's order
_FILES = ("config_file", "credentials_file")


@dataclass(slots=True)
class Examination:
    """What was found.

    Attributes:
        startup: The state of the startup hook.
        versions: The versions of what matters; None for what is not installed.
        bindings: What is not as we know it, for each module with a credential chain.
        discovery: The installed plugins.
        profile: The name of the active profile.
        profile_given_by: "--profile", a variable, or "default".
        sections: The sections of that profile and of those that it leads to, by name.
        found: What is selected.
        chain: What would come of asking each provider.
        fault: Why there is no chain, as a sentence, or None.
        heard: The warnings that the program itself would see.
        cache: The state of the cache between processes.
        retrieved: What came of retrieving, or None where that was not wanted.
    """

    startup: StartupState
    versions: dict[str, str | None]
    bindings: dict[str, list[str]]
    discovery: Discovery
    profile: str = "default"
    profile_given_by: str = "default"
    sections: dict[str, Section] = field(default_factory=dict)
    found: InEffect = field(default_factory=lambda: InEffect("nobody"))
    chain: tuple[Step, ...] = ()
    fault: str | None = None
    heard: list[str] = field(default_factory=list)
    cache: dict[str, Any] = field(default_factory=lambda: cache_state({}, "default"))
    retrieved: Retrieval | None = None

    @property
    def section(self) -> Section:
        """The active profile's section."""
        return self.sections.get(self.profile, {})

    @property
    def profile_in_code(self) -> bool:
        """Whether the profile stands for one that a program gives in code."""
        return self.profile_given_by == "--profile"


def examine(profile: str | None, *, retrieve: bool = False) -> Examination:
    """Look at everything; a profile stands for one that is given in code."""
    startup = startup_state()
    discovery = registry().discovery()
    examination = Examination(startup, versions(), faults_of_bindings(), discovery)
    with _warnings_heard(examination.heard):
        _look(examination, profile, retrieve=retrieve)
    return examination


def _look(examination: Examination, profile: str | None, *, retrieve: bool) -> None:
    from botocore.session import Session  # noqa: PLC0415 - only now it is known to be wrapped

    session = Session(profile=profile)
    examination.profile = active_profile(session)
    examination.profile_given_by = _given_by(profile)
    in_code = profile is not None
    try:
        profiles = profiles_of(session)
        found = in_effect(os.environ, profiles, examination.profile, profile_in_code=in_code)
        examination.found = with_place(found, *map(session.get_config_variable, _FILES))
        examination.sections = _in_question(profiles, examination.profile)
        asking = found.profile or examination.profile
        examination.cache = cache_state(profiles.get(asking, {}), asking)
        resolver = session.get_component("credential_provider")
    except Exception as error:  # noqa: BLE001 - a program gets the same when it makes a client
        examination.fault = sentence(error)
        return
    place = Place(session, os.environ, examination.profile, environment_counts=not in_code)
    examination.chain = chain_report(resolver.providers, place)
    last = last_of(examination.chain)
    if last is not None and last.not_shared:  # it needs neither a folder nor a package then
        examination.cache |= {"problem": last.not_shared, "fatal": False}
    if retrieve:
        examination.retrieved = retrieval(session)


def _in_question(profiles: Mapping[str, Section], profile: str) -> dict[str, Section]:
    source = role_source(profiles, profile)
    names = (profile,) if source is None else (profile, source.profile)
    return {name: profiles[name] for name in names if name in profiles}


def _given_by(profile: str | None) -> str:
    if profile is not None:
        return "--profile"
    return next((name for name in _PROFILE_VARIABLES if os.environ.get(name)), "default")


@contextmanager
def _warnings_heard(heard: list[str]) -> Iterator[None]:
    """Collect our own warnings, which are a part of what is printed in the end."""
    logger = logging.getLogger("plugincreds")
    handler, propagates = _Listener(heard), logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = propagates
        logger.removeHandler(handler)


class _Listener(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(record.getMessage())
