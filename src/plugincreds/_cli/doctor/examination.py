"""What `boto3.client()` would do here and now, gathered without changing anything."""

import importlib
import importlib.util
import logging
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from plugincreds._bindings.compatibility import aio_unexpected_api, unexpected_api
from plugincreds._bindings.sessions import active_profile, profiles_of
from plugincreds._cli.aws_cli import AwsCli, aws_cli
from plugincreds._cli.doctor.chain_report import ChainLocation, chain_report
from plugincreds._cli.doctor.chain_retrieved import chain_retrieved
from plugincreds._cli.doctor.other_clients import (
    OtherClient,
    installed_version,
    other_clients,
)
from plugincreds._cli.doctor.places import Files, files_of
from plugincreds._cli.doctor.retrieval import Retrieval, retrieval
from plugincreds._cli.doctor.startup_state import StartupState, startup_state
from plugincreds._cli.doctor.steps import ChainStep, last_of
from plugincreds._cli.leftovers import leftover_notes
from plugincreds._cli.selection import (
    NOT_SELECTED,
    SelectionInEffect,
    selection_in_effect,
    with_location,
)
from plugincreds._cli.terminal import sentence
from plugincreds._errors import PluginError
from plugincreds._plugin_settings import cache_folder, wants_cache
from plugincreds._plugins.discovery import Discovery, discovered
from plugincreds._profile_selection import role_source
from plugincreds._redaction import described
from plugincreds._settings import CACHE_KEY, CACHE_VARIABLE, PROFILE_VARIABLES, Section
from plugincreds._sharing import lock_class
from plugincreds._sharing.files import CacheFiles
from plugincreds._sharing.folders import RefusedError

_FILES = ("config_file", "credentials_file")
_PACKAGES = ("plugincreds", "botocore", "boto3", "aiobotocore", "awscli")
_AIO = "aiobotocore.credentials"
_MODULES = ("botocore.credentials", "awscli.botocore.credentials", _AIO)


@dataclass(slots=True)
class Examination:
    """What was found.

    Attributes:
        startup: The state of the startup hook.
        versions: The versions of what matters; None for what is not installed.
        bindings: What has an unexpected API, for each module with a credential chain.
        discovery: The installed plugins.
        leftovers: What interrupted installations have left, as sentences.
        aws_cli: The command `aws` on the path, or None.
        other_clients: The installed clients that do not use botocore.
        profile: The name of the active profile.
        profile_given_by: "--profile", a variable, or "default".
        sections: The sections of that profile and of the one that its role leads to, by name.
        files: The files in which profiles are written.
        session_keys: The keys of a profile that are variables of a botocore session.
        selection: Which plugin is selected.
        chain: What would come of asking each provider.
        fault: Why there is no chain, as a sentence, or None.
        captured_warnings: The warnings that the program itself would see.
        cache: The state of the cache between processes.
        retrieved: What came of retrieving, or None where that was not wanted.
    """

    startup: StartupState
    versions: dict[str, str | None]
    bindings: dict[str, list[str]]
    discovery: Discovery
    leftovers: list[str]
    aws_cli: AwsCli | None
    other_clients: list[OtherClient]
    profile: str = "default"
    profile_given_by: str = "default"
    sections: dict[str, Section] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    session_keys: frozenset[str] = frozenset()
    selection: SelectionInEffect = field(default_factory=lambda: SelectionInEffect(NOT_SELECTED))
    chain: tuple[ChainStep, ...] = ()
    fault: str | None = None
    captured_warnings: list[str] = field(default_factory=list)
    cache: dict[str, Any] = field(default_factory=lambda: _cache_state({}, "default"))
    retrieved: Retrieval | None = None

    @property
    def profile_in_code(self) -> bool:
        """Whether the profile stands for one that a program gives in code."""
        return self.profile_given_by == "--profile"


def examine(profile: str | None, *, retrieve: bool = False) -> Examination:
    """Look at everything; a profile stands for one that is given in code."""
    startup = startup_state()
    discovery = discovered()
    installed = (discovery, leftover_notes(), aws_cli(discovery), other_clients())
    examination = Examination(startup, _versions(), _unexpected_apis(), *installed)
    with _captured(examination.captured_warnings):
        _examine_chain(examination, profile, retrieve=retrieve)
    return examination


def _versions() -> dict[str, str | None]:
    """Return the versions of Python and of all packages that matter; None: not installed."""
    installed = {name: installed_version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), **installed}


def _unexpected_apis() -> dict[str, list[str]]:
    """Return what has an unexpected API, for each installed module with a credential chain."""
    unexpected = {}
    for name in _MODULES:
        try:
            module = _imported(name)
            if module is None:
                continue
            botocore = sys.modules["botocore.credentials"]
            found = aio_unexpected_api(module, botocore) if name == _AIO else unexpected_api(module)
        except Exception as error:  # noqa: BLE001 - any fault of a damaged package
            found = (f"it cannot be imported: {described(error)}",)
        unexpected[name] = list(found)
    return unexpected


def _imported(name: str) -> ModuleType | None:
    package = name.rpartition(".")[0]
    try:
        if importlib.util.find_spec(package) is None:
            return None
    except ImportError:  # its parent is not there
        return None
    return importlib.import_module(name)


@contextmanager
def _captured(warnings: list[str]) -> Iterator[None]:
    """Collect our own warnings in place of logging them: they are printed with the rest."""

    def capture(record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        warnings.append(record.getMessage())
        return False

    logger = logging.getLogger("plugincreds")
    logger.addFilter(capture)
    try:
        yield
    finally:
        logger.removeFilter(capture)


def _examine_chain(examination: Examination, profile: str | None, *, retrieve: bool) -> None:
    from botocore.session import Session  # noqa: PLC0415 - only now it is known to be wrapped

    session = Session(profile=profile)
    examination.profile = active_profile(session)
    examination.profile_given_by = _profile_given_by(profile)
    examination.session_keys = frozenset(key for key, *_ in session.session_var_map.values())
    in_code = examination.profile_in_code
    try:
        examination.files = files_of(session)
        profiles = profiles_of(session)
        found = selection_in_effect(
            os.environ, profiles, examination.profile, profile_in_code=in_code
        )
        examination.selection = with_location(found, *map(session.get_config_variable, _FILES))
        examination.sections = _sections_in_use(profiles, examination.profile)
        asking = found.profile or examination.profile
        examination.cache = _cache_state(profiles.get(asking, {}), asking)
        resolver = session.get_component("credential_provider")
    except Exception as error:  # noqa: BLE001 - a program gets the same when it makes a client
        examination.fault = sentence(error)
        return
    location = ChainLocation(session, examination.profile, reads_environment=not in_code)
    examination.chain = chain_report(resolver.providers, location)
    last = last_of(examination.chain)
    if last is not None and last.not_shared:  # it needs neither a folder nor a package then
        examination.cache |= {"problem": last.not_shared, "fatal": False}
    if retrieve:
        examination.retrieved = found_now = retrieval(session, _origin(last))
        examination.chain = chain_retrieved(
            examination.chain, resolver.providers, location, found_now
        )


def _origin(last: ChainStep | None) -> str:
    if last is None:
        return "the credential chain"
    if last.plugin is None:
        return f"the provider {last.provider!r}"
    return f"the credential plugin {last.plugin!r}"


def _profile_given_by(profile: str | None) -> str:
    if profile is not None:
        return "--profile"
    return next((name for name in PROFILE_VARIABLES if os.environ.get(name)), "default")


def _sections_in_use(profiles: Mapping[str, Section], profile: str) -> dict[str, Section]:
    source = role_source(profiles, profile)
    names = (profile,) if source is None else (profile, source.profile)
    return {name: profiles[name] for name in names if name in profiles}


def _cache_state(section: Section, profile: str) -> dict[str, Any]:
    """Return whether credentials are to be shared between processes, what asks for it, and where.

    Its keys are those of the JSON document.
    """
    wanted, folder, entries, problem, is_fatal = False, None, None, None, False
    try:
        wanted = wants_cache(section, profile, os.environ)
        if wanted:
            lock_class()
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
