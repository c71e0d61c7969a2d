"""What `boto3.client()` would do here and now, gathered without changing anything.

What is installed here, and whether it is as plugincreds knows it.

What is asked for in regard to the cache between processes.
"""

import importlib
import importlib.util
import logging
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from types import ModuleType
from typing import Any

from plugincreds._bindings.compatibility import aio_misfits, misfits
from plugincreds._bindings.sessions import active_profile, profiles_of
from plugincreds._cli.doctor.chain_report import Place, chain_report
from plugincreds._cli.doctor.retrieval import Retrieval, retrieval
from plugincreds._cli.doctor.startup_state import StartupState, startup_state
from plugincreds._cli.doctor.steps import Step, last_of
from plugincreds._cli.selection import InEffect, in_effect, with_place
from plugincreds._cli.terminal import sentence
from plugincreds._errors import PluginError
from plugincreds._plugin_settings import cache_folder, wants_cache
from plugincreds._plugins.discovery import Discovery
from plugincreds._profile_selection import role_source
from plugincreds._redaction import described
from plugincreds._registry import registry
from plugincreds._settings import CACHE_KEY, CACHE_VARIABLE, Section
from plugincreds._sharing import check_extra
from plugincreds._sharing.files import CacheFiles, RefusedError

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


_PACKAGES = ("plugincreds", "botocore", "boto3", "aiobotocore", "awscli")
_AIO = "aiobotocore.credentials"
_BOTOCORES = ("botocore.credentials", "awscli.botocore.credentials")


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of all packages that matter; None: not installed."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}


def faults_of_bindings() -> dict[str, list[str]]:
    """Return what is not as we know it, for each module with a credential chain."""
    faults = {}
    for name in (*_BOTOCORES, _AIO):
        try:
            module = _imported(name)
            if module is None:
                continue
            known = sys.modules["botocore.credentials"]
            found = aio_misfits(module, known) if name == _AIO else misfits(module)
        except Exception as error:  # noqa: BLE001 - somebody else's package, damaged
            found = (f"it cannot be imported: {described(error)}",)
        faults[name] = list(found)
    return faults


def _imported(name: str) -> ModuleType | None:
    package = name.rpartition(".")[0]
    try:
        if importlib.util.find_spec(package) is None:
            return None
    except ImportError:  # its parent is not there
        return None
    return importlib.import_module(name)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def cache_state(section: Section, profile: str) -> dict[str, Any]:
    """Return whether values are to be shared, and by what, and where."""
    wanted, folder, entries, problem, is_fatal = False, None, None, None, False
    try:
        wanted = wants_cache(section, profile, os.environ)
        if wanted:
            check_extra()
            folder = cache_folder(os.environ)
            entries = len(CacheFiles(folder).names())
    except PluginError as error:
        problem, is_fatal = str(error), True
    except (OSError, RefusedError) as error:
        problem = f"Nothing is shared between processes: {error}."
    asked_by = None
    if os.environ.get(CACHE_VARIABLE):
        asked_by = CACHE_VARIABLE
    elif section.get(CACHE_KEY):
        asked_by = f"{CACHE_KEY} in profile {profile!r}"
    return {
        "wanted": wanted,
        "asked_by": asked_by,
        "folder": None if folder is None else str(folder),
        "entries": entries,
        "problem": problem,
        "fatal": is_fatal,
    }
