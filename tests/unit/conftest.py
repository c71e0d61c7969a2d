"""Plugins as tiny distributions in a folder on `sys.path`, forgotten after each test."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

import plugincreds
from plugincreds._bindings.plugin_provider import PluginProvider

Install = Callable[..., Path]
GROUP = "aws_sdk.credential_plugins"
_modules = (f"acme_{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def clean_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the machine's AWS configuration out, and forget all plugins before and after."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text("[profile dev]\nregion = ap-south-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(PluginProvider, "_has_answered", False)
    before = set(sys.modules)
    plugincreds.reset()
    yield
    plugincreds.reset()
    for name in set(sys.modules) - before:
        if name.startswith("acme_"):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a distribution with one plugin.

    The source is that of the plugin's module; `value` is what follows the module's name in
    the entry point. It returns the folder that was put on `sys.path`.
    """

    def install(
        source: str = "",
        *,
        name: str = "vault",
        value: str = ":get_provider",
        distribution: str = "acme-creds",
        version: str = "1.2",
        entry_points: str | None = None,
        module: str | None = None,
    ) -> Path:
        site = tmp_path / f"site-{len(list(tmp_path.iterdir()))}"
        site.mkdir()
        module = module or next(_modules)
        (site / f"{module}.py").write_text(dedent(source))
        if entry_points is None:
            entry_points = f"[{GROUP}]\n{name} = {module}{value}\n"
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(entry_points)
        monkeypatch.syspath_prepend(str(site))
        return site

    return install
