"""What the doctor says of the command `aws` on the path, which it does not start."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import plugincreds
from tests.support.commands import main
from tests.unit.conftest import GROUP, Install

GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: False)"
Look = Callable[[Path], dict[str, Any]]


@pytest.fixture
def look(
    install: Install, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Look:
    """Return a function that runs the doctor, with a plugin and the command in that folder."""
    install(GOOD)
    monkeypatch.setenv("HOME", "/nonexistent")

    def look(folder: Path) -> dict[str, Any]:
        plugincreds.reset()
        monkeypatch.setenv("PATH", str(folder))
        assert main(["doctor", "--json"]) == 0
        document: dict[str, Any] = json.loads(capfd.readouterr().out)
        main(["doctor"])
        assert str(document["aws_cli"]["path"]) in capfd.readouterr().out
        return document

    return look


def script(folder: Path, text: str) -> Path:
    """Write the command."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "aws").write_text(text)
    (folder / "aws").chmod(0o755)
    return folder


def environment(root: Path, *packages: str, library: str = "lib/python3.11/site-packages") -> Path:
    """Make the folders of another Python with these packages, and return its interpreter."""
    site = root / library
    site.mkdir(parents=True)
    (root / "pyvenv.cfg").touch()
    if "plugincreds" in packages:
        (site / "plugincreds_startup.pth").touch()
    for name in packages:
        info = site / f"{name}-2.9.19.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 2.9.19\n")
        if name not in {"awscli", "plugincreds"}:
            (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}:get\n")
    return root / "bin" / "python"


def warnings_of(document: dict[str, Any]) -> list[str]:
    """Return what is said of the command."""
    return [told for told in document["warnings"] if "does not use the credential plugin" in told]


@pytest.mark.parametrize(
    "form",
    [
        "#!{python}\nimport awscli\n",
        "#!{python} -Es\n",
        "#!/usr/bin/env {python}\n",
        "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n",
        '#!/bin/sh\nexec "{python}" -m awscli "$@"\n',
        '#!/bin/bash -e\nexport X=1\nexec {python} -m awscli "$@"\n',
    ],
)
@pytest.mark.parametrize("library", ["lib/python3.11/site-packages", "lib/python3/dist-packages"])
def test_a_python_with_the_plugin(look: Look, tmp_path: Path, form: str, library: str) -> None:
    """Guards scripts of pip, uv, Debian and wrappers, and where each keeps its packages."""
    root = tmp_path / "other"
    python = environment(root, "awscli", "plugincreds", "vault", library=library)
    found = look(script(root / "bin", form.format(python=python)))
    assert found["aws_cli"] == {
        "path": str(root / "bin" / "aws"),
        "kind": "python",
        "python": str(python),
        "version": "2.9.19",
        "plugins": ["vault"],
        "folders": None,
        "fault": None,
    }
    assert warnings_of(found) == []


@pytest.mark.parametrize("packages", [(), ("awscli",), ("awscli", "plugincreds"), ("vault",)])
def test_a_python_without_the_plugin(look: Look, tmp_path: Path, packages: tuple[str, ...]) -> None:
    """Guards a person who compares boto3 with `aws`, and gets another identity there."""
    python = environment(tmp_path / "other", *packages)
    found = look(script(tmp_path / "bin", f"#!{python}\n"))
    assert found["aws_cli"]["plugins"] == []
    assert warnings_of(found) == [
        f"{tmp_path}/bin/aws does not use the credential plugin 'vault', because it runs in "
        f"{python}: install acme-creds there, too."
    ]


@pytest.mark.parametrize("includes", ["true", "false"])
def test_an_environment_over_another_python(look: Look, tmp_path: Path, includes: str) -> None:
    """Guards the way to install a plugin beside the system's `aws`."""
    system = environment(tmp_path / "usr", "awscli", "vault")
    python = environment(tmp_path / "venv", "plugincreds")
    (tmp_path / "venv" / "pyvenv.cfg").write_text(
        f"home = {system.parent}\ninclude-system-site-packages = {includes}\n"
    )
    found = look(script(tmp_path / "bin", f"#!{python}\n"))["aws_cli"]
    is_over = includes == "true"
    assert found["plugins"] == (["vault"] if is_over else [])
    assert found["version"] == ("2.9.19" if is_over else None)


def test_the_python_of_the_doctor(look: Look, tmp_path: Path) -> None:
    """Guards the ordinary case, in which what is installed here is what it finds."""
    found = look(script(tmp_path / "bin", f"#!{sys.prefix}/bin/python\n"))
    assert found["aws_cli"]["plugins"] == ["vault"]
    assert warnings_of(found) == []


def frozen(tmp_path: Path, data: str = "awscli") -> Path:
    """Make the program of AWS's own installer, and return the folder with the link to it."""
    (tmp_path / "v2" / "dist" / data).mkdir(parents=True)
    script(tmp_path / "v2" / "dist", "\x7fELF\0python\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "aws").symlink_to(tmp_path / "v2" / "dist" / "aws")
    return tmp_path / "bin"


@pytest.mark.parametrize(
    ("process", "is_exported"),
    [
        ("", False),
        ("plugincreds export vault", True),
        ("plugincreds export --profile default", True),
        ("plugincreds export other", False),
        ("/bin/false", False),
    ],
)
@pytest.mark.parametrize("data", ["awscli", "_internal/awscli"])
def test_awss_own_installer(
    look: Look, tmp_path: Path, data: str, process: str, is_exported: bool
) -> None:
    """Guards the frozen program without lines: two of them, or a process, give it the same."""
    line = f"credential_process = {process}\n" if process else ""
    (tmp_path / "config").write_text(f"[default]\ncredential_plugin = vault\n{line}")
    found = look(frozen(tmp_path, data))
    assert (found["aws_cli"]["kind"], found["aws_cli"]["plugins"]) == ("frozen", [])
    told = (
        f"{tmp_path}/bin/aws does not use the credential plugin 'vault', because AWS's own "
        "installer made it, and it finds plugins by two lines in its configuration file only. Run "
        "plugincreds cli-config --write, or give the profile the line credential_process = "
        "plugincreds export vault, too."
    )
    assert warnings_of(found) == ([] if is_exported else [told])


def lines(*folders: Path, key: str = "plugincreds") -> str:
    """Return the section that makes it find plugins."""
    path = ":".join(map(str, folders))
    return f"[plugins]\ncli_legacy_plugin_path = {path}\n{key} = plugincreds_startup\n"


@pytest.mark.parametrize("key", ["plugincreds", "other"])
def test_awss_own_installer_with_the_lines(look: Look, tmp_path: Path, key: str) -> None:
    """Guards the folders of the line: with the plugin all is well, else a warning names them."""
    environment(tmp_path / "good", "plugincreds", "vault")
    site = tmp_path / "good" / "lib/python3.11/site-packages"
    (site / "plugincreds_startup.py").touch()
    (tmp_path / "config").write_text(lines(tmp_path / "empty", site, key=key))
    folder = frozen(tmp_path)
    found = look(folder)
    assert found["aws_cli"]["folders"] == [str(tmp_path / "empty"), str(site)]
    assert (found["aws_cli"]["plugins"], warnings_of(found)) == (["vault"], [])
    (site / "vault-2.9.19.dist-info" / "entry_points.txt").unlink()
    assert warnings_of(look(folder)) == [
        f"{folder}/aws does not use the credential plugin 'vault', because it is not in "
        f"{tmp_path}/empty:{site}, the folder that the lines under [plugins] name. Install "
        "acme-creds there, or give the profile the line credential_process = plugincreds export "
        "vault, too."
    ]


@pytest.mark.parametrize("line", ["cli_legacy_plugin_path = {0}", "plugincreds = {1}"])
def test_one_line_alone(look: Look, tmp_path: Path, line: str) -> None:
    """Guards that half of the two lines counts as none: the program imports nothing then."""
    text = line.format(tmp_path, "plugincreds_startup")
    (tmp_path / "config").write_text(f"[plugins]\n{text}\n")
    assert look(frozen(tmp_path))["aws_cli"]["folders"] is None


def test_lines_whose_folder_is_gone(look: Look, tmp_path: Path) -> None:
    """Guards a person who removed the environment: no command of `aws` works any more."""
    (tmp_path / "config").write_text(lines(tmp_path / "gone"))
    found = look(frozen(tmp_path))
    assert found["aws_cli"]["fault"] in found["warnings"]
    assert found["aws_cli"]["fault"] == (
        f"All commands of {tmp_path}/bin/aws fail, because plugincreds_startup under [plugins] in "
        f"the configuration file is not in {tmp_path}/gone. Run plugincreds cli-config after "
        "removing these lines."
    )


def test_lines_beside_version_1(look: Look, tmp_path: Path) -> None:
    """Guards a machine with both versions, which read one file: version 1 fails by that line."""
    python = environment(tmp_path / "other", "plugincreds", "vault")
    site = tmp_path / "other" / "lib/python3.11/site-packages"
    (site / "awscli-1.46.3.dist-info").mkdir()
    (site / "awscli-1.46.3.dist-info" / "METADATA").write_text("Name: awscli\nVersion: 1.46.3\n")
    (site / "plugincreds_startup.py").touch()
    (tmp_path / "config").write_text(lines(site))
    found = look(script(tmp_path / "bin", f"#!{python}\n"))
    assert found["aws_cli"]["fault"] in found["warnings"]
    assert "because it is version 1, which takes cli_legacy" in found["aws_cli"]["fault"]


@pytest.mark.parametrize("text", ["\x7fELF", "", "#!/bin/bash\nexec pyenv exec aws\n", "#!/bin/sh"])
def test_what_cannot_be_told(look: Look, tmp_path: Path, text: str) -> None:
    """Guards against a guess about shims and binaries."""
    found = look(script(tmp_path / "bin", text))
    assert (found["aws_cli"]["kind"], found["aws_cli"]["plugins"]) == ("unknown", None)
    assert warnings_of(found) == []


def test_no_command(install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Guards machines without it, where nothing is said."""
    install(GOOD)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["doctor", "--json"]) == 0
