"""The command: what it stores and where, what it refuses, and what it never shows."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.errors import KeyringLocked
from plugins.keyring.tests.conftest import Leave
from plugins.keyring.tests.terminal import converse

from plugincreds_keyring import _command
from plugincreds_keyring._options import KeychainItem
from plugincreds_keyring._profile import read_profile

SECRET = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7kAnAr"
LINES = f"AKIAEXAMPLE\n{SECRET}\n"
KEYS = {"AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": SECRET}


@pytest.fixture(autouse=True)
def _version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.1.0")  # it is not installed


@pytest.fixture(autouse=True)
def cleared(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the commands that were started; none is."""
    started: list[list[str]] = []
    monkeypatch.setattr("subprocess.run", lambda command, **_: started.append(command[1:]))
    return started


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs the command, and sees that it shows no secret."""

    def run(*arguments: str, stdin: str | None = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", None if stdin is None else io.StringIO(stdin))
        try:
            status = _command.main(arguments)
        except SystemExit as end:
            status = int(str(end.code))
        printed = capsys.readouterr()
        assert SECRET not in printed.out + printed.err
        return status, printed.out, printed.err

    return run


@pytest.mark.parametrize(
    "text",
    [LINES, f"  AKIAEXAMPLE \r\n\t{SECRET}", json.dumps(KEYS), json.dumps(KEYS | {"Version": 1})],
)
def test_set_reads_lines_or_json(run: Any, kept: Any, text: str) -> None:
    """Guards `pass ... | plugincreds-keyring set`, in both forms."""
    status, out, err = run("set", stdin=text)
    assert (status, err) == (0, "")
    assert "'aws' and the username 'default' in " in out
    assert json.loads(kept.items["aws", "default"]) == KEYS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither two lines nor JSON"),
        (SECRET, "neither two lines nor JSON"),
        (f"AKIA\n{SECRET}\nmore", "neither two lines nor JSON"),
        (f"AKIA EXAMPLE\n{SECRET}", "access key id that has a space"),
        (f"AKIA\n{SECRET}é", "secret access key that has a space or a character"),
        (f"\n\n{SECRET}", "neither two lines"),
        ('{"AccessKeyId": "A", "SecretAccessKey": "' + SECRET, "is not JSON"),
        ('{"AccessKeyId": "' + SECRET + '"}', "has no 'SecretAccessKey'"),
        (f"{SECRET}" * 5000, "is too long"),
        (None, "no stdin"),
    ],
)
def test_set_refuses_what_is_malformed(run: Any, kept: Any, text: str | None, said: str) -> None:
    """Guards the item that is there against what no service would take."""
    kept.items["aws", "default"] = "before"
    status, out, err = run("set", stdin=text)
    assert (status, out) == (1, "")
    assert said in err
    assert err.startswith("plugincreds-keyring: ")
    assert kept.items == {("aws", "default"): "before"}


def test_a_key_is_no_argument(run: Any) -> None:
    """Guards the list of processes, which everybody can read."""
    status, _, err = run("set", "AKIAEXAMPLE")
    assert status == 2
    assert "unrecognized arguments" in err


@pytest.mark.parametrize("name", ["", "x\x1b[2J"])
def test_a_name_must_be_one(run: Any, kept: Any, name: str) -> None:
    """Guards an empty shell variable, and a terminal that would print the name."""
    for option in ("--username", "--service"):
        status, _, err = run("set", option, name, stdin=LINES)
        assert (status, kept.items) == (2, {})
        assert "it is empty or holds control characters" in err


@pytest.mark.parametrize(
    ("arguments", "item"),
    [
        ((), ("aws", "default")),
        (("--username", "u"), ("aws", "u")),
        (("--service", "s"), ("s", "default")),
        (("--profile", "nosuch"), ("aws", "nosuch")),
        (("--profile", "work"), ("keys", "me")),
        (("--profile", "work", "--service", "s"), ("s", "me")),
        (("--profile", "vault"), ("aws", "vault")),
    ],
)
def test_set_stores_where_the_plugin_looks(
    run: Any, kept: Any, home: Path, arguments: tuple[str, ...], item: tuple[str, str]
) -> None:
    """Guards that a profile's options mean the same to the command."""
    options = "credential_plugin_options =\n  service = keys\n  username = me\n"
    (home / ".aws" / "config").write_text(
        f"[profile work]\ncredential_plugin = keyring\n{options}"
        f"[profile vault]\ncredential_plugin = vault\n{options}"
    )
    assert run("set", *arguments, stdin=LINES)[0] == 0
    assert list(kept.items) == [item]
    assert run("delete", *arguments)[0] == 0
    assert kept.items == {}


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("nosuch", "There is no profile 'nosuch'"),
        ("vault", "has credential_plugin = 'vault'"),
        ("off", "has credential_plugin = 'none'"),
        ("blank", "has credential_plugin = ''"),
        ("role", "has role_arn"),
        ("process", "has credential_process, which comes before"),
        ("static", "has aws_access_key_id, which comes before"),
        ("named", ""),
        ("plain", ""),
        ("default", ""),
    ],
)
def test_set_says_who_signs_instead(run: Any, home: Path, profile: str, said: str) -> None:
    """Guards a person who has stored a key and wonders why another one signs."""
    (home / ".aws" / "config").write_text(
        "[profile vault]\ncredential_plugin = vault\n[profile off]\ncredential_plugin = none\n"
        "[profile blank]\ncredential_plugin =\n"
        "[profile role]\nrole_arn = r\nsource_profile = plain\n"
        "[profile process]\ncredential_process = p\n[profile static]\naws_access_key_id = A\n"
        "[profile named]\ncredential_plugin = keyring\naws_access_key_id = A\n"
        "[profile plain]\nregion = eu-west-1\n"
    )
    status, _, err = run("set", "--profile", profile, stdin=LINES)
    assert (status, len(err.splitlines())) == (0, bool(said))
    assert said in err


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ((), ["[default]", "credential_plugin = keyring"]),
        (("--profile", "plain"), ["[profile plain]", "credential_plugin = keyring"]),
        (("--profile", "options"), ["[profile options]", "credential_plugin = keyring"]),
        (("--profile", "new one"), ["[profile 'new one']", "credential_plugin = keyring"]),
        (
            ("--profile", "plain", "--service", "s"),
            [
                "[profile plain]",
                "credential_plugin = keyring",
                "credential_plugin_options =",
                "  service = s",
            ],
        ),
        (
            ("--profile", "plain", "--service", "s", "--username", "u"),
            [
                "[profile plain]",
                "credential_plugin = keyring",
                "credential_plugin_options =",
                "  service = s",
                "  username = u",
            ],
        ),
        (
            ("--username", "default"),
            [
                "credential_plugin = keyring",
                "credential_plugin_options =",
                "  username = default",
            ],
        ),
        (("--profile", "named"), []),
    ],
)
def test_set_prints_the_lines_for_the_profile_or_writes_them(
    run: Any, kept: Any, home: Path, arguments: tuple[str, ...], lines: list[str]
) -> None:
    """Guards that what was stored is what the profile then selects, and that no key is written."""
    file = home / ".aws" / "config"
    file.write_text(
        "[profile plain]\nregion = x\n[profile named]\ncredential_plugin = keyring\n"
        "[profile options]\ncredential_plugin_options =\n  username = me\n"
    )
    before = file.read_text()
    status, out, err = run("set", *arguments, stdin=LINES)
    assert (status, file.read_text()) == (0, before)
    assert (err != "") == ("new one" in arguments)
    _, *printed = [line for line in out.splitlines() if line]
    assert printed[1:] == lines
    if lines:
        assert printed[0].endswith(":")
    (stored,) = kept.items
    status, out, err = run("set", *arguments, "--write-profile", stdin=LINES)
    if "--profile" not in arguments and arguments:
        assert (status, out, file.read_text()) == (1, "", before)
        assert "--write-profile needs --profile" in err
        return
    assert (status, err, list(kept.items)) == (0, "", [stored])
    after = file.read_text()
    assert SECRET not in after
    assert "AKIA" not in after
    profile = read_profile(arguments[1] if arguments else None)
    assert (profile.is_selecting, profile.item) == (True, KeychainItem(*stored))
    assert run("set", *arguments, "--write-profile", stdin=LINES)[::2] == (0, "")
    assert file.read_text() == after


@pytest.mark.parametrize("profile", ["vault", "off", "blank", "role", "process", "static", "mine"])
def test_a_profile_that_contradicts_is_not_written(
    run: Any, kept: Any, home: Path, profile: str
) -> None:
    """Guards people who would wonder who signs; nothing is asked, stored or written."""
    file = home / ".aws" / "config"
    file.write_text(
        "[profile vault]\ncredential_plugin = vault\n[profile off]\ncredential_plugin = none\n"
        "[profile blank]\ncredential_plugin =\n"
        "[profile role]\nrole_arn = r\nsource_profile = plain\n"
        "[profile process]\ncredential_process = p\n"
        "[profile mine]\ncredential_plugin_options =\n  username = me\n"
    )
    keys = f"[static]\naws_access_key_id = A\naws_secret_access_key = {SECRET}\n"
    (home / ".aws" / "credentials").write_text(keys)
    before = file.read_text()
    username = ["--username", "you"] if profile == "mine" else []
    status, out, err = run("set", "--profile", profile, *username, "--write-profile", stdin=None)
    assert (status, out, kept.items, kept.looks) == (1, "", {}, 0)
    assert f"Nothing is stored or written. The profile '{profile}' " in err
    assert file.read_text() == before


def test_the_process_that_exports_the_plugin_does_not_contradict(run: Any, home: Path) -> None:
    """Guards the profile that boto3 and other SDKs use together."""
    file = home / ".aws" / "config"
    file.write_text("[profile work]\ncredential_process = /bin/plugincreds export keyring\n")
    status, _, err = run("set", "--profile", "work", "--write-profile", stdin=LINES)
    assert (status, err) == (0, "")
    assert file.read_text().endswith("\ncredential_plugin = keyring\n")


def test_a_file_that_cannot_be_written_loses_nothing(run: Any, kept: Any, home: Path) -> None:
    """Guards what was typed: it is stored, and the lines are there to be added."""
    file = home / ".aws" / "config"
    file.write_text("[default]\n")
    file.chmod(0o400)
    status, out, err = run("set", "--write-profile", stdin=LINES)
    assert (status, list(kept.items)) == (1, [("aws", "default")])
    assert out.endswith("\n[default]\ncredential_plugin = keyring\n")
    assert "cannot be written (EACCES)" in err


def test_the_file_of_the_environment_is_the_one_that_is_written(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards AWS_CONFIG_FILE, with a variable and the home directory in it."""
    monkeypatch.setenv("FOLDER", str(tmp_path))
    for name, place in (("$FOLDER/a", "a"), ("~/b", "home/b")):
        monkeypatch.setenv("AWS_CONFIG_FILE", name)
        assert run("set", "--write-profile", stdin=LINES)[0] == 0
        assert (tmp_path / place).read_text() == "[default]\ncredential_plugin = keyring\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--profile", "named"), "remove the line `credential_plugin = keyring` from the profile"),
        (("--profile", "plain"), ""),
        (("--username", "u"), "from each profile that means it"),
    ],
)
def test_delete_says_which_line_to_remove(
    run: Any, home: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Guards programs that would get an error for each request; also if nothing is stored."""
    (home / ".aws" / "config").write_text(
        "[profile plain]\nregion = x\n[profile named]\ncredential_plugin = keyring\n"
    )
    assert run("set", *arguments, stdin=LINES)[0] == 0
    status, out, err = run("delete", *arguments)
    assert (status, err, len(out.splitlines())) == (0, "", 1 + bool(said))
    assert said in out
    status, out, err = run("delete", *arguments)
    assert (status, out) == (1, "")
    assert said in err


def test_sessions_of_the_old_key_are_shared_no_more(
    run: Any, kept: Any, cleared: list[list[str]]
) -> None:
    """Guards new processes against a shared session of a key that was replaced or deleted."""
    command = ["-m", "plugincreds", "cache", "clear", "keyring"]
    assert run("set", stdin=LINES)[0] == 0
    assert cleared == [command]
    assert run("delete")[0] == 0
    assert cleared == [command] * 2
    assert kept.items == {}


def test_set_says_that_keys_of_the_environment_come_first(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards shells in which somebody has exported keys."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    _, _, err = run("set", stdin=LINES)
    assert "AWS_ACCESS_KEY_ID is set here" in err
    assert run("set", "--username", "u", stdin=LINES)[2] == ""


def test_the_active_profile_counts(run: Any, kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards `AWS_PROFILE=work plugincreds-keyring set`."""
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert run("set", stdin=LINES)[0] == 0
    assert list(kept.items) == [("aws", "work")]


def test_a_mistyped_option_stores_nothing(run: Any, kept: Any, home: Path) -> None:
    """Guards that the plugin and the command refuse the same profiles."""
    (home / ".aws" / "config").write_text(
        "[profile work]\ncredential_plugin_options =\n  usrname = me\n"
    )
    status, _, err = run("set", "--profile", "work", stdin=LINES)
    assert (status, kept.items) == (1, {})
    assert "no option 'usrname'" in err


@pytest.mark.parametrize(
    "options", ["\nusername = me", " username = me", "\n  # username = me", ""]
)
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_options_that_are_not_indented_store_nothing(
    run: Any, kept: Any, home: Path, file: str, options: str
) -> None:
    """Guards against a key that is stored for another item than the profile means."""
    (home / ".aws" / "config").write_text("[profile work]\ncredential_plugin = keyring\n")
    section = "[work]" if file == "credentials" else ""
    with (home / ".aws" / file).open("a") as stream:
        stream.write(f"{section}\ncredential_plugin_options ={options}\n")
    status, _, err = run("set", "--profile", "work", stdin=LINES)
    assert (status, kept.items) == (1, {})
    assert "not as indented lines below it (put each option on its own" in err


def test_the_options_of_both_files_count(run: Any, kept: Any, home: Path) -> None:
    """Guards that a key is stored for the item that the plugin then reads."""
    block = "credential_plugin_options =\n  "
    (home / ".aws" / "config").write_text(
        f"[profile work]\ncredential_plugin = keyring\n{block}service = keys\n  username = you\n"
    )
    (home / ".aws" / "credentials").write_text(f"[work]\n{block}username = me\n")
    assert run("set", "--profile", "work", stdin=LINES)[0] == 0
    assert list(kept.items) == [("keys", "me")]


def test_a_damaged_configuration_is_one_sentence(run: Any, home: Path) -> None:
    """Guards people against a traceback of botocore."""
    (home / ".aws" / "config").write_text("[broken\n")
    status, _, err = run("set", stdin=LINES)
    assert status == 1
    assert len(err.splitlines()) == 1
    assert "config" in err


def test_no_keychain_is_told_before_anything_is_asked(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a secret that somebody would type for nothing."""
    backend: Any = FailKeyring()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    status, _, err = run("set", stdin=None)
    assert status == 1
    assert "No keychain can be used here" in err
    assert run("delete")[0] == 1


def test_plaintext_needs_a_word(run: Any, plaintext: Any) -> None:
    """Guards against keys in the clear where a person expects a keychain."""
    status, _, err = run("set", stdin=LINES)
    assert status == 1
    assert "without encryption" in err
    assert plaintext.get_password("aws", "default") is None
    assert run("set", "--insecure", stdin=LINES)[0] == 0
    assert json.loads(plaintext.get_password("aws", "default")) == KEYS


def test_delete_removes_what_1_0_0_has_left(run: Any, leave: Leave) -> None:
    """Else its warning would stay."""
    file, other = leave("aws", "nobody"), leave("aws", "other")
    assert run("set", "--username", "nobody", stdin=LINES)[0] == 0
    assert file.exists()
    assert run("delete", "--username", "nobody")[0] == 0
    assert not file.exists()
    assert other.exists()


def test_delete_of_nothing_is_an_error(run: Any) -> None:
    """Guards a mistyped name: the key would stay where it is."""
    status, out, err = run("delete", "--username", "nobody")
    assert (status, out) == (1, "")
    assert "Nothing is stored for the service 'aws' and the username 'nobody'" in err


def test_a_locked_keychain_is_told_before_anything_is_asked(run: Any, kept: Any) -> None:
    """Guards a secret that a person would type for nothing."""
    kept.fault = KeyringLocked("x")
    status, _, err = run("set", stdin=None)
    assert status == 1
    assert "unlock the keychain" in err


def test_a_print_that_fails_comes_last(
    run: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the item against a closed pipe and a full disk, in both commands."""

    def full(*_: object) -> None:
        raise BrokenPipeError

    with monkeypatch.context() as patch:
        patch.setattr(_command, "_print", full)
        with pytest.raises(BrokenPipeError):
            run("set", stdin=LINES)
        assert kept.items
        with pytest.raises(BrokenPipeError):
            run("delete")
    assert not kept.items


def test_a_stream_that_knows_only_ascii_is_enough(
    monkeypatch: pytest.MonkeyPatch, kept: Any
) -> None:
    """Guards `LC_ALL=C` and a username with other letters."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stdin", io.StringIO(LINES))
    assert _command.main(["set", "--username", "jörg"]) == 0
    assert list(kept.items) == [("aws", "jörg")]


def test_plaintext_behind_another_backend_needs_a_word(
    run: Any, kept: Any, plaintext: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a chain whose first backend stores nothing: the package keyring takes the next."""

    def cannot(*_: object) -> None:
        raise NotImplementedError

    chainer: Any = ChainerBackend()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(keyring.core, "_keyring_backend", chainer)
    monkeypatch.setattr(ChainerBackend, "backends", [kept, plaintext])
    monkeypatch.setattr(type(kept), "set_password", cannot)
    status, _, err = run("set", stdin=LINES)
    assert status == 1
    assert "PlaintextKeyring stores without encryption" in err
    assert plaintext.get_password("aws", "default") is None


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "\n"),
        (
            OSError(SECRET),
            1,
            "plugincreds-keyring: The keychain (conftest.Kept) failed: OSError (see",
        ),
    ],
)
def test_what_goes_wrong_is_said_quietly(
    run: Any, kept: Any, fault: BaseException, status: int, said: str
) -> None:
    """Guards Ctrl-C, which needs no words, and the text of a backend's exception."""
    kept.fault = fault
    ended, out, err = run("set", stdin=LINES)
    assert (ended, out) == (status, "")
    assert err.replace("plugins.keyring.tests.", "").startswith(said)
    assert "Traceback" not in err


def test_a_person_is_asked_at_the_terminal(tmp_path: Path) -> None:
    """Guards both questions: not on stdout, and the secret is not echoed."""
    program = (
        "import importlib.metadata\n"
        "importlib.metadata.version = lambda _: '0'\n"
        "from plugincreds_keyring._command import main\n"
        "sys.exit(main(['set', '--insecure', '--username', 'u']))\n"
    )
    file = tmp_path / "keys.cfg"
    variables = {
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "KEYRING_PROPERTY_FILE_PATH": str(file),
    }
    answers = [("id: ", "AKIAEXAMPLE\n"), ("shown): ", f"{SECRET}\n")]
    found = converse(program, answers, with_stdin=True, variables=variables)
    assert found.status == 0
    assert found.out.startswith("Stored for the service 'aws' and the username 'u'")
    assert SECRET not in found.shown + found.out
    assert file.stat().st_size > len(SECRET)
