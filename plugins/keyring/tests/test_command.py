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
from plugins.keyring.tests.terminal import converse

from plugincreds_keyring import _command
from plugincreds_keyring._change import store
from plugincreds_keyring._keychain import Keychain
from plugincreds_keyring._notice import give_notice, has_notice, notice_file, notice_version
from plugincreds_keyring._options import Place

SECRET = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7kAnAr"
LINES = f"AKIAEXAMPLE\n{SECRET}\n"
KEYS = {"AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": SECRET}


@pytest.fixture(autouse=True)
def _version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.1.0")  # it is not installed


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
    ("arguments", "place"),
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
    run: Any, kept: Any, home: Path, arguments: tuple[str, ...], place: tuple[str, str]
) -> None:
    """Guards that a profile's options mean the same to the command."""
    options = "credential_plugin_options =\n  service = keys\n  username = me\n"
    (home / ".aws" / "config").write_text(
        f"[profile work]\ncredential_plugin = keyring\n{options}"
        f"[profile vault]\ncredential_plugin = vault\n{options}"
    )
    assert run("set", *arguments, stdin=LINES)[0] == 0
    assert list(kept.items) == [place]
    assert run("delete", *arguments)[0] == 0
    assert kept.items == {}


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("nosuch", "There is no profile 'nosuch'"),
        ("vault", "has credential_plugin = 'vault'"),
        ("off", "has credential_plugin = 'none'"),
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
        "[profile role]\nrole_arn = r\nsource_profile = plain\n"
        "[profile process]\ncredential_process = p\n[profile static]\naws_access_key_id = A\n"
        "[profile named]\ncredential_plugin = keyring\naws_access_key_id = A\n"
        "[profile plain]\nregion = eu-west-1\n"
    )
    status, _, err = run("set", "--profile", profile, stdin=LINES)
    assert (status, len(err.splitlines())) == (0, bool(said))
    assert said in err


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


def test_delete_of_nothing_is_an_error(run: Any) -> None:
    """Guards a mistyped name: the key would stay where it is."""
    status, out, err = run("delete", "--username", "nobody")
    assert (status, out) == (1, "")
    assert "Nothing is stored for the service 'aws' and the username 'nobody'" in err


def test_both_give_notice(run: Any) -> None:
    """Guards programs that run, by a file of this item alone that nobody else can write."""
    place, other = notice_file(Place("aws", "u")), notice_file(Place("aws", "v"))
    seen = [notice_version(place)]
    for command in ("set", "set", "delete"):
        assert run(command, "--username", "u", stdin=LINES)[0] == 0
        seen.append(notice_version(place))
        if command == "set":
            assert place is not None
            assert list(place.parent.iterdir()) == [place]
            assert place.read_text() == Keychain().name
            assert place.stat().st_mode & 0o777 == 0o600
            assert place.parent.stat().st_mode & 0o777 == 0o700
    assert len(set(seen)) == 3
    assert seen[0] is seen[-1] is None
    assert notice_version(other) is None


def test_a_home_that_cannot_be_written_is_told(run: Any, kept: Any, home: Path) -> None:
    """Guards that nobody waits for the plugin to answer, or for running programs to notice."""
    (home / ".aws" / "plugincreds").write_text("a file in the place of the folder")
    status, _, err = run("set", stdin=LINES)
    assert status == 0
    assert "`credential_plugin = keyring` in the profile: it does not answer by itself" in err
    assert "restart them" in err
    assert kept.items


def test_a_delete_that_nobody_notices_is_told(run: Any, kept: Any) -> None:
    """Guards programs that run with what another tool has stored."""
    kept.items["aws", "default"] = "stored by another tool"
    status, out, err = run("delete")
    assert (status, kept.items) == (0, {})
    assert out.startswith("Removed")
    assert "restart them" in err


def test_delete_after_another_tool_removes_the_notice(run: Any, kept: Any) -> None:
    """Guards a plugin that would go on to look into the keychain for nothing."""
    assert run("set", stdin=LINES)[0] == 0
    kept.items.clear()
    status, out, err = run("delete")
    assert (status, err) == (0, "")
    assert "Nothing is stored" in out
    assert not has_notice(Place("aws", "default"))


def test_delete_in_another_keychain_leaves_the_notice(run: Any) -> None:
    """Guards who signs while the right keychain is out of reach."""
    assert give_notice(Place("aws", "default"), "nowhere.Other")
    status, _, err = run("delete")
    assert status == 1
    assert "it was stored in nowhere.Other" in err
    assert has_notice(Place("aws", "default"))


def test_delete_leaves_the_notice_of_another_keychain(run: Any, kept: Any) -> None:
    """Guards an item in two keychains, of which the right one is out of reach, as over ssh."""
    kept.items["aws", "default"] = "older"
    assert give_notice(Place("aws", "default"), "nowhere.Other\x1b[2J")
    status, out, err = run("delete")
    assert (status, kept.items) == (0, {})
    assert out.startswith("Removed")
    assert "It was stored in nowhere.Other?[2J, too, and stays there" in err
    assert has_notice(Place("aws", "default"))


def test_notice_is_given_before_the_item_and_after_it(
    run: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a `set` that is killed, and programs that read the old item meanwhile."""
    file = notice_file(Place("aws", "default"))
    versions = []
    original = kept.set_password

    def watched(*arguments: str) -> None:
        versions.append(notice_version(file))
        original(*arguments)

    monkeypatch.setattr(kept, "set_password", watched)
    assert run("set", stdin=LINES)[0] == 0
    assert None not in versions
    assert notice_version(file) not in versions


def test_a_set_beside_a_delete_keeps_its_notice(
    run: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards two commands at once: an item that is there has a notice in the end."""
    place = Place("aws", "default")
    assert run("set", stdin=LINES)[0] == 0
    original = kept.delete_password

    def deletes_and_another_sets(service: str, username: str) -> None:
        original(service, username)
        store(Keychain(), place, "new")

    monkeypatch.setattr(kept, "delete_password", deletes_and_another_sets)
    assert run("delete")[0] == 0
    assert kept.items == {("aws", "default"): "new"}
    assert has_notice(place)


@pytest.mark.parametrize("fault", [SystemExit(137), KeyboardInterrupt(), OSError("x")])
def test_a_set_that_fails_leaves_its_notice(
    run: Any, kept: Any, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    """Guards a keychain that has the item when the command ends: nobody else signs then."""

    def stores_and_fails(service: str, username: str, password: str) -> None:
        kept.items[service, username] = password
        raise fault

    monkeypatch.setattr(kept, "set_password", stores_and_fails)
    assert run("set", stdin=LINES)[0] != 0
    assert has_notice(Place("aws", "default"))


def test_a_locked_keychain_leaves_no_notice(run: Any, kept: Any) -> None:
    """Guards machines where nothing could be stored: their own credentials go on."""
    kept.fault = KeyringLocked("x")
    status, _, err = run("set", stdin=None)
    assert status == 1
    assert "unlock the keychain" in err
    assert not has_notice(Place("aws", "default"))


def test_a_print_that_fails_comes_last(
    run: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the notice against a closed pipe and a full disk, in both commands."""

    def full(*_: object) -> None:
        raise BrokenPipeError

    with monkeypatch.context() as patch:
        patch.setattr(_command, "_print", full)
        with pytest.raises(BrokenPipeError):
            run("set", stdin=LINES)
        assert kept.items
        assert has_notice(Place("aws", "default"))
        with pytest.raises(BrokenPipeError):
            run("delete")
    assert not kept.items
    assert not has_notice(Place("aws", "default"))


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
            "plugincreds-keyring: The keychain (conftest.Kept) failed: OSError. See",
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
