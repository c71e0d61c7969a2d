"""Makes a situation real in this process, and asks a client who signs.

Plugins are distributions on `sys.path`, and both files are written; only AWS is replaced.
"""

import asyncio
import importlib
import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import plugincreds
from tests.unit.model.plugins import module_of
from tests.unit.model.situations import Lines, Outcome, Situation

IMPORTED: set[str] = set()  # each plugin's module adds its name to it
_GROUP = "aws_sdk.credential_plugins"
_MODULE = "model_plugin_"


class World:
    """Where situations are made real.

    Args:
        folder: An empty one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._variables = {
            "AWS_CONFIG_FILE": str(folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "BOTO_CONFIG": str(folder / "boto"),
            "HOME": str(folder),  # the AWS CLI has its cache of roles there
        }
        self._token = folder / "token"
        self._token.touch()

    @contextmanager
    def installed(self, situation: Situation) -> Iterator[None]:
        """Install a situation's plugins, and write its files."""
        self._write("config", situation.config, "profile ")
        self._write("credentials", situation.credentials, "")
        sites = [
            str(self._site(name, kind, number))
            for name, kinds in situation.installed.items()
            for number, kind in enumerate(kinds)
        ]
        _forget()
        with mock.patch.object(sys, "path", [*sites, *sys.path]):
            yield
        _forget()
        self.forget_roles()

    def forget_roles(self) -> None:
        """Empty the AWS CLI's cache of roles."""
        for file in self._folder.glob(".aws/cli/cache/*"):
            file.unlink()

    def outcome(self, client: str, situation: Situation) -> Outcome:
        """Return what comes out; the plugins imported are those since they were installed."""
        skipped = _Skipped()
        logger = logging.getLogger("plugincreds")
        variables = {**self._variables, **self._requested(situation)}
        logger.addHandler(skipped)
        try:
            # No propagation: the report of a failed test would have the records of all situations.
            with mock.patch.dict(os.environ, variables), mock.patch.object(logger, "propagate", 0):
                who = _who(client, situation)
        finally:
            logger.removeHandler(skipped)
        return Outcome(who, set(IMPORTED), skipped.names)

    def _requested(self, situation: Situation) -> dict[str, str]:
        variables = {
            "AWS_CREDENTIAL_PLUGIN": situation.variable,
            "AWS_PROFILE": situation.aws_profile,
            "AWS_ACCESS_KEY_ID": "environment" if situation.environment_keys else None,
            "AWS_SECRET_ACCESS_KEY": "secret" if situation.environment_keys else None,
            "AWS_ROLE_ARN": "environment" if situation.web_identity else None,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(self._token) if situation.web_identity else None,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[::1]" if situation.container else None,
        }
        return {name: value for name, value in variables.items() if value is not None}

    def _write(self, file: str, profiles: Mapping[str, Lines], prefix: str) -> None:
        text = ""
        for profile, lines in profiles.items():
            text += f"[{'' if profile == 'default' else prefix}{profile}]\n"
            for key, line in lines.items():
                if not isinstance(line, str):
                    text += "\n  ".join([f"{key} =", *map(" = ".join, line.items())])
                else:
                    text += f"{key} = {self._line(key, line, file, profile)}"
                text += "\n"
        (self._folder / file).write_text(text)

    def _line(self, key: str, line: str, file: str, profile: str) -> str:
        if key == "aws_access_key_id":
            return f"{file}:{profile}\naws_secret_access_key = secret"
        if key == "web_identity_token_file":
            return str(self._token)
        if key == "credential_process":
            answer = {
                "Version": 1,
                "AccessKeyId": f"process:{profile}",
                "SecretAccessKey": "secret",
            }
            document = self._folder / f"{profile}.json"
            document.write_text(json.dumps(answer))
            return f"cat {document}"
        return line

    def _site(self, name: str, kind: str, number: int) -> Path:
        """Return a folder that has a distribution with this plugin."""
        module = f"{_MODULE}{name}_{re.sub('[^a-z]+', '_', kind)}"
        site = self._folder / f"{module}_{number}"
        if not site.exists():
            info = site / f"{name}_{number}-1.0.dist-info"
            info.mkdir(parents=True)
            metadata = f"Metadata-Version: 2.1\nName: {name}-{number}\nVersion: 1.0\n"
            (info / "METADATA").write_text(metadata)
            (info / "entry_points.txt").write_text(f"[{_GROUP}]\n{name} = {module}:get\n")
            tells = f"from {__name__} import IMPORTED\nIMPORTED.add('{name}')\n"
            (site / f"{module}.py").write_text(tells + module_of(kind, name))
        return site


def _forget() -> None:
    plugincreds.reset()
    IMPORTED.clear()
    for module in [name for name in sys.modules if name.startswith(_MODULE)]:
        del sys.modules[module]


class _Skipped(logging.Handler):
    """The names of the plugins that a WARNING says are skipped."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "is skipped." in message:
            self.names.add(message.split("'")[1])


# The clients


def _who(client: str, situation: Situation) -> str:
    try:
        if client == "aiobotocore":
            key, method = asyncio.run(_asynchronous(situation))
        else:
            key, method = _synchronous(client, situation)
    except Exception as error:  # noqa: BLE001 - an outcome, or it is reported as a wrong one
        return type(error).__name__
    is_plugin = key.startswith("plugin:") or method.startswith("plugin:")
    if is_plugin and re.split("[@<]", key)[0] != method:
        return f"{key}, with the method {method}"
    return key


def _synchronous(client: str, situation: Situation) -> tuple[str, str]:
    if client == "boto3":
        boto3: Any = importlib.import_module("boto3")
        keys = {"aws_access_key_id": "code", "aws_secret_access_key": "secret"}
        session = boto3.Session(
            profile_name=situation.profile_in_code, **(keys if situation.keys_in_code else {})
        )
    else:
        session = _prepared(importlib.import_module("botocore.session").Session(), situation)
    if client == "awscli":
        customizations = importlib.import_module("awscli.customizations.assumerole")
        customizations.inject_assume_role_provider_cache(session)
    found = session.get_credentials()
    return (found.get_frozen_credentials().access_key, found.method) if found else ("nobody", "")


async def _asynchronous(situation: Situation) -> tuple[str, str]:
    module = importlib.import_module("aiobotocore.session")
    found = await _prepared(module.AioSession(), situation).get_credentials()
    if found is None:
        return "nobody", ""
    return (await found.get_frozen_credentials()).access_key, found.method


def _prepared(session: Any, situation: Situation) -> Any:
    if situation.profile_in_code is not None:
        session.set_config_variable("profile", situation.profile_in_code)
    if situation.keys_in_code:
        session.set_credentials("code", "secret")
    return session
