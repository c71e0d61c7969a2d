"""A profile's options -> which item is meant, and what STS is to make of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from plugincreds import NonRecoverableError

SERVICE = "aws"
_KNOWN = ("service", "username", "duration_seconds", "mfa_serial")
_SHORTEST, _LONGEST = 900, 129_600  # what STS accepts for GetSessionToken
_USUAL = 43_200
_SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
_REMEDY = "Correct credential_plugin_options in the profile"


@dataclass(frozen=True, slots=True)
class KeychainItem:
    """The name of an item: where it is in a keychain."""

    service: str
    username: str

    def __str__(self) -> str:
        """Return it as a part of a sentence."""
        return f"the service {self.service!r} and the username {self.username!r}"

    @property
    def arguments(self) -> str:
        """The arguments by which the command `plugincreds-keyring` means this item."""
        return f"--service {shlex.quote(self.service)} --username {shlex.quote(self.username)}"


@dataclass(frozen=True, slots=True)
class Options:
    """What a profile asks for.

    Attributes:
        item: Which item.
        duration_seconds: How long a session of STS is to last; None: the keys sign themselves.
        mfa_serial: The device whose code STS is to be given, or None.
    """

    item: KeychainItem
    duration_seconds: int | None = None
    mfa_serial: str | None = None


def read_options(options: Mapping[str, str], profile: str) -> Options:
    """Return what the options ask for; the username is the profile's name by default.

    Raises:
        NonRecoverableError: One of them is unknown or cannot be used.
    """
    if "role_arn" in options:
        raise NonRecoverableError(
            "The keyring plugin assumes no roles, so it has no option 'role_arn'",
            hint="put role_arn and source_profile into a profile of their own, with this one as "
            "the source",
        )
    unknown = sorted(options.keys() - set(_KNOWN))
    if unknown:
        raise NonRecoverableError(
            f"The keyring plugin has no option {' or '.join(map(repr, unknown))}; it knows "
            f"{', '.join(_KNOWN)}",
            hint=f"{_REMEDY} {profile!r}",
        )
    item = KeychainItem(
        _name(options, "service", SERVICE, profile), _name(options, "username", profile, profile)
    )
    serial = _serial(options, profile)
    return Options(item, _duration(options, profile, serial), serial)


def _name(options: Mapping[str, str], key: str, default: str, profile: str) -> str:
    name = options.get(key, default)
    if not name or not name.isprintable():
        raise _unusable(key, "is empty or holds control characters", profile)
    return name


def _serial(options: Mapping[str, str], profile: str) -> str | None:
    serial = options.get("mfa_serial")
    if serial is None or _SERIAL.fullmatch(serial):
        return serial
    raise _unusable(
        "mfa_serial",
        "is neither the ARN of a device, as in arn:aws:iam::123456789012:mfa/alice, nor a "
        "serial number",
        profile,
    )


def _duration(options: Mapping[str, str], profile: str, serial: str | None) -> int | None:
    text = options.get("duration_seconds")
    if text is None:
        return None if serial is None else _USUAL
    digits = text if text.isascii() and text.isdecimal() and len(text) < len("1000000") else "0"
    if _SHORTEST <= int(digits) <= _LONGEST:
        return int(digits)
    fault = f"is not a whole number from {_SHORTEST} to {_LONGEST}"
    raise _unusable("duration_seconds", fault, profile)


def _unusable(key: str, fault: str, profile: str) -> NonRecoverableError:
    return NonRecoverableError(
        f"The option {key!r} of the keyring plugin {fault}", hint=f"{_REMEDY} {profile!r}"
    )
