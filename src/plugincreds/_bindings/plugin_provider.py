"""The provider in botocore's chain.

Every chain has one, and most never reach it. So what it needs is imported when it loads.
"""
# ruff: noqa: PLC0415

import logging
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from plugincreds._bindings.sessions import ROLE_METHOD, profiles_of
from plugincreds._selection import Off, Selected, Selection, one_environment
from plugincreds._settings import PROVIDER_NAME, SOURCE_NAME, Section

if TYPE_CHECKING:
    from plugincreds._bindings.request import Request
    from plugincreds._plugins.references import Plugin
    from plugincreds._source import Source

logger = logging.getLogger("plugincreds")

_CREDENTIALS = "plugincreds._bindings.credentials"
_DAMAGED = "The package plugincreds is damaged, or was replaced after the program started"
_ADVICE = (
    "Install it again: pip install --force-reinstall plugincreds. If it was upgraded, it is enough "
    "to restart the program."
)
_IN_USE = "the plugin that this program uses has no effect"

# Returns which plugin a profile's section selects, when credentials are loaded.
Chooser = Callable[[Section], Selection]


class PluginProvider:
    """A provider in botocore's chain, or for a profile, that asks plugins.

    Args:
        module: The `credentials` module of the botocore that the chain belongs to.
        session: The session that the chain belongs to.
        profile: The name of the profile that the plugins are asked for.
        choose: Returns which plugin is selected.
        plugin: The plugin, if a program has passed it; else it is looked up by name.
    """

    METHOD = PROVIDER_NAME
    CANONICAL_NAME = SOURCE_NAME
    of_profile = False  # it is for the line of a profile, and not for the whole chain
    _has_answered = False  # a plugin has given credentials in this process

    def __init__(
        self,
        module: ModuleType,
        session: Any,
        profile: str,
        choose: Chooser,
        plugin: "Plugin | None" = None,
    ) -> None:
        self._module = module
        self._session = session
        self._profile = profile
        self._choose = choose
        self._plugin = plugin

    @staticmethod
    def loader(chain: Callable[[], Any]) -> Callable[[], Any]:
        """Return the function `load_credentials` of a chain that is made for each load."""

        def load_credentials() -> Any:
            with one_environment():
                return told_apart(chain().load_credentials())

        return load_credentials

    def load(self, chosen: Selection | None = None) -> Any:
        """Return botocore credentials for the plugin's source; None if every plugin declines.

        Args:
            chosen: Which plugin is selected, if that is known already.

        Raises:
            PluginError: The selected plugin is missing, broken, declines or fails, or an
                automatic one is configured and fails.
        """
        chosen = self.chosen() if chosen is None else chosen
        if isinstance(chosen, Off):
            return None
        is_required = chosen.asked_by is not None  # another identity must not be used instead
        try:
            from plugincreds._plugins.discovery import discovered

            if not is_required and discovered().is_empty:
                return None  # nothing else is needed, and to import it takes long
            from plugincreds._bindings.loading import source_of
            from plugincreds._bindings.rejection import RejectionHandler

            source = source_of(chosen, self.request(chosen))
            if source is None:
                return None
            RejectionHandler(source).register(self._session)
            credentials = self.credentials(source, chosen.account_id)
        except ImportError as error:  # a part of this package is missing
            if is_required or PluginProvider._has_answered:
                effect = f"{chosen.asked_by} has no effect" if is_required else _IN_USE
                raise _damaged(error, effect, getattr(chosen, "name", None)) from error
            logger.warning("%s", _damage(error, "credential plugins are not used"))
        except Exception as error:
            from plugincreds._bindings.loading import warn_of_fault
            from plugincreds._errors import PluginError
            from plugincreds._threads import is_interruption

            if is_required or isinstance(error, PluginError) or is_interruption(error):
                raise
            if PluginProvider._has_answered:  # perhaps a part of this package is of another version
                raise _damaged(error, _IN_USE) from error
            warn_of_fault(error)
        else:
            PluginProvider._has_answered = True
            return credentials
        return None

    def chosen(self) -> Selection:
        """Return which plugin is selected now.

        Raises:
            PluginError: One is asked for in a way that cannot be followed.
        """
        try:
            return self._choose(profiles_of(self._session).get(self._profile, {}))
        except ImportError as error:
            effect = f"the plugin of the profile {self._profile!r} has no effect"
            raise _damaged(error, effect) from error

    def request(self, chosen: Selection) -> "Request":
        """Return the session's request for the profile."""
        from plugincreds._bindings.request import Request

        is_selected = isinstance(chosen, Selected)
        return Request(
            self._session, self._base_package, self._profile, self._plugin, is_selected=is_selected
        )

    def credentials(self, source: "Source", account_id: str | None = None) -> Any:
        """Return the adapter that botocore signs with, for a source."""
        from plugincreds._bindings.credentials import credentials_class

        kind = credentials_class(self._module.RefreshableCredentials)
        return kind(source, self._module.ReadOnlyCredentials, account_id)

    @property
    def _base_package(self) -> str:
        return self._module.__name__.rpartition(".")[0]


def told_apart(credentials: Any) -> Any:
    """Return what a chain has loaded; if that is a role, its cache depends on the plugin.

    As long as no plugin has given credentials, none of that is imported.
    """
    if getattr(credentials, "method", None) == ROLE_METHOD and _CREDENTIALS in sys.modules:
        try:
            from plugincreds._bindings.role_cache import tell_plugins_apart
        except ImportError as error:
            raise _damaged(error, "roles are not assumed") from error
        tell_plugins_apart(credentials)
    return credentials


def _damage(error: Exception, effect: str) -> str:
    # The text of an error that is not of an import may come from a plugin.
    text = f": {error}" if isinstance(error, ImportError) else ""
    return f"{_DAMAGED} ({type(error).__name__}{text}), so {effect}. {_ADVICE}"


def _damaged(error: Exception, effect: str, plugin: str | None = None) -> Exception:
    message = _damage(error, effect)
    try:
        from plugincreds._errors import PluginError
    except ImportError:  # this module itself may be missing
        return ImportError(message)
    return PluginError(message, plugin=plugin)
