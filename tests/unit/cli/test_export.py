"""`plugincreds export` and `plugincreds cache`: documents, quoting, and what they refuse."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import plugincreds
from plugincreds import Value
from tests.support.commands import formatted, main
from tests.unit.conftest import Install

PLUGIN = """
    import os, subprocess, sys
    from datetime import datetime, timezone
    from plugincreds import Value
    class get_provider:
        def __init__(self, context): self.context = context
        def retrieve(self):
            print("noise"); subprocess.run(["echo", "noise of a child"], check=True)
            role = self.context.options.get("role", "")
            expiry = datetime(2100, 1, 31, tzinfo=timezone.utc)
            key = f"{self.context.plugin}-{self.context.profile}-{role}"
            return Value(key, "secret", "token", expiry_time=expiry, account_id="123456789012")
        def is_expired(self): return False
        def cache_key(self): return "me"
"""
NASTY = "'\"$HOME`id`\\\\!&|;<>(){}[]*?~#%=+/^,.:@-_'$(id)\\'"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
# Values that a shell could take for something else: as each begins, goes on and ends.
TRICKY = [
    first + second + third
    for first in PRINTABLE
    for second in ("", "=", "~", ":=", ":~", "'", "''", "\\", "!", "^", '"')
    for third in ("", "ls", "root", "1", "'")
]
ZSH = "setopt rcquotes extendedglob magicequalsubst banghist"
SHELLS = {
    "sh": ["sh"],
    "dash": ["dash"],
    "bash": ["bash", "--norc"],
    "interactive bash": ["bash", "--norc", "-i"],
    "zsh": ["zsh", "-f"],
    "interactive zsh": ["zsh", "-f", "-i"],
    "fish": ["fish"],
}
NAMES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
)


def nasty_value() -> Value:
    """Return a value of every character that one may have."""
    expiry = datetime(2100, 1, 31, tzinfo=timezone.utc)
    return Value(NASTY, PRINTABLE, PRINTABLE[::-1], expiry_time=expiry, account_id="123456789012")


def texts(value: Value) -> list[str | None]:
    """Return what the variables are to be."""
    parts = (value.access_key, value.secret_key, value.token)
    return [*parts, "2100-01-31T00:00:00+00:00", value.account_id]


def read_by(shell: str, script: str) -> list[str]:
    """Return the lines that a script prints in a shell."""
    program = SHELLS[shell]
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    if program[0] == "zsh":
        script = f"{ZSH}\n{script}"
    done = subprocess.run(
        program, input=script, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("shell", "format_name"),
    [
        (shell, name)
        for shell in SHELLS
        for name in (["fish"] if shell == "fish" else ["env", "env-no-export"])
    ],
)
def test_shells_read_the_very_values(shell: str, format_name: str) -> None:
    """Guards the quoting, with real shells: each one that is installed."""
    value = nasty_value()
    script = formatted(format_name, value) + "\n"
    script += "".join(f'printf "%s\\n" "${name}"\n' for name in NAMES)
    assert read_by(shell, script) == texts(value)
    script = ""
    for text in TRICKY:
        line = formatted(format_name, Value(text, "s")).splitlines()[0]
        script += f'{line}\nprintf "%s\\n" "$AWS_ACCESS_KEY_ID"\n'
    assert read_by(shell, script) == TRICKY


@pytest.mark.parametrize("format_name", ["env", "env-no-export"])
def test_what_zsh_would_expand_is_quoted(format_name: str) -> None:
    """Guards keys for zsh by its rule: `=` names a command at the beginning and after a colon.

    What needs no quotes has none: some programs read such files without a shell.
    """
    for text, expected in {
        "=ls": "'=ls'",
        "=": "'='",
        "a:=ls": "'a:=ls'",
        "a/b+c==": "a/b+c==",
        "='": "'='\"'\"''",
    }.items():
        line = formatted(format_name, Value(text, "s")).splitlines()[0]
        assert line.partition("AWS_ACCESS_KEY_ID=")[2] == expected


def test_fish_is_quoted_by_its_two_rules() -> None:
    """Guards that a backslash and a quote are escaped, and nothing else."""
    assert formatted("fish", Value("a\\'b", "s")).splitlines()[0] == (
        "set -gx AWS_ACCESS_KEY_ID 'a\\\\\\'b'"
    )
    for text in TRICKY:
        quoted = formatted("fish", Value(text, "s")).splitlines()[0].partition("KEY_ID ")[2]
        assert (quoted[0], quoted[-1]) == ("'", "'")
        assert re.fullmatch(r"(?:[^'\\]|\\['\\])*", quoted[1:-1])
        assert re.sub(r"\\(.)", r"\1", quoted[1:-1]) == text


def test_powershell_is_quoted_by_its_rule() -> None:
    """Guards that between single quotes only the quote itself is special, and is doubled."""
    for text in [*TRICKY, NASTY, PRINTABLE]:
        line = formatted("powershell", Value(text, "s")).splitlines()[0]
        name, _, quoted = line.partition("=")
        assert name == "$Env:AWS_ACCESS_KEY_ID"
        assert re.fullmatch(r"'(?:[^']|'')*'", quoted)
        assert quoted[1:-1].replace("''", "'") == text


@pytest.mark.parametrize("letter", ['"', "%", "!"])
def test_cmd_is_refused_what_it_cannot_express(letter: str) -> None:
    """Guards against a key that is another one when cmd.exe has read it."""
    fine = Value("AKIA", "a/b+c=&|<>^()", "t")
    assert formatted("windows-cmd", fine).splitlines()[1] == (
        'set "AWS_SECRET_ACCESS_KEY=a/b+c=&|<>^()"'
    )
    with pytest.raises(plugincreds.PluginError, match="Use --format powershell"):
        formatted("windows-cmd", Value("AKIA", f"a{letter}b"))


def test_what_is_not_there_does_not_stay_from_before() -> None:
    """Guards keys for ever from the token of a value that was there before."""
    value = Value("AKIA", "secret")
    assert json.loads(formatted("process", value)) == {
        "Version": 1,
        "AccessKeyId": "AKIA",
        "SecretAccessKey": "secret",
    }
    assert formatted("env", value) == (
        "export AWS_ACCESS_KEY_ID=AKIA\nexport AWS_SECRET_ACCESS_KEY=secret\n"
        "unset AWS_SESSION_TOKEN\nunset AWS_CREDENTIAL_EXPIRATION\nunset AWS_ACCOUNT_ID"
    )
    for name, line in {
        "env-no-export": "AWS_SESSION_TOKEN=",
        "fish": "set -e AWS_SESSION_TOKEN",
        "powershell": "$Env:AWS_SESSION_TOKEN=$null",
        "windows-cmd": 'set "AWS_SESSION_TOKEN="',
    }.items():
        assert formatted(name, value).splitlines()[2] == line


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command, and return its status, stdout and stderr."""
    plugincreds.reset()
    status = main(arguments)
    return status, *capfd.readouterr()


def key(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return the access key that is exported."""
    status, out, _ = run(capfd, "export", *arguments)
    assert status == 0
    return json.loads(out)["AccessKeyId"]


def test_nothing_but_the_document_is_on_stdout(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards SDKs that parse it, from what a plugin and its children print."""
    install(PLUGIN)
    status, out, err = run(capfd, "export", "vault")
    assert status == 0
    assert json.loads(out) == {
        "Version": 1,
        "AccessKeyId": "vault-default-",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": "2100-01-31T00:00:00+00:00",
        "AccountId": "123456789012",
    }
    assert "noise of a child" in err


def test_whose_credentials_are_exported(
    install: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Guards the name, the profile, and what is selected where no name is given."""
    install(PLUGIN)
    install(PLUGIN, name="zeta", distribution="zeta")
    options = "credential_plugin_options =\n  role = reader\n"
    (tmp_path / "config").write_text(
        f"[profile p]\n{options}[profile z]\ncredential_plugin = zeta\n{options}"
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = z\n"
        "[profile off]\ncredential_plugin = none\n[profile v]\naws_account_id = 222222222222\n"
    )
    assert key(capfd, "zeta", "--profile", "p") == "zeta-p-reader"
    assert key(capfd, "vault", "--profile", "z") == "vault-z-"
    assert key(capfd, "--profile", "z") == "zeta-z-reader"
    assert key(capfd) == "vault-default-"
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "zeta")
    assert key(capfd) == "zeta-default-"
    assert key(capfd, "--profile", "p") == "vault-p-reader"
    monkeypatch.setenv("AWS_PROFILE", "z")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "")
    assert key(capfd) == "zeta-z-reader"
    status, out, err = run(capfd, "export", "--profile", "role")
    assert (status, out) == (1, "")
    assert "assumes a role, but" in err
    assert "Use --profile z, or name a plugin." in err
    status, out, err = run(capfd, "export", "--profile", "off")
    assert (status, out) == (1, "")
    assert "uses no plugin (" in err
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    for arguments in (["vault"], []):
        status, out, err = run(capfd, "export", *arguments)
        assert (status, out) == (1, "")
        assert "plugincreds: Credential plugins are switched off" in err


@pytest.mark.parametrize(
    ("source", "arguments", "words"),
    [
        ("", ["valt"], "`plugincreds export valt` asks for"),
        ("", ["vault", "--profile", "nosuch"], "The config profile (nosuch) could not be found"),
        ("raise OSError('sealed')", ["vault"], "OSError: sealed"),
        ("def get_provider(): return None", ["vault"], "it declined"),
        ("def get_provider(): return None", [], "none of those installed is configured here"),
        (
            "import plugincreds\ndef retrieve():\n"
            "    raise plugincreds.NonRecoverableError('Logged out.', hint='run acme login')\n"
            "def get_provider(): return retrieve, bool",
            [],
            "What to do: run acme login",
        ),
    ],
)
def test_errors_are_one_sentence_on_stderr(
    install: Install,
    capfd: pytest.CaptureFixture[str],
    source: str,
    arguments: list[str],
    words: str,
) -> None:
    """Guards a person who looks at the error of an SDK, which shows stderr."""
    install(source)
    status, out, err = run(capfd, "export", *arguments)
    assert (status, out) == (1, "")
    assert err.startswith("plugincreds: ")
    assert words in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_an_export_below_itself_is_refused(
    install: Install, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards the mark that processes below see, and that it is gone afterwards."""
    install("""
        import os
        def mark(): return os.environ["PLUGINCREDS_EXPORTING"].replace(" ", "_")
        def get_provider(): return (lambda: (mark(), "s")), bool
    """)
    assert key(capfd, "vault") == '["vault"]'
    assert "PLUGINCREDS_EXPORTING" not in os.environ
    for mark, seen in [('["my vault"]', '["my_vault",_"vault"]'), ("damaged", '["vault"]')]:
        monkeypatch.setenv("PLUGINCREDS_EXPORTING", mark)
        assert key(capfd, "vault") == seen
        assert os.environ["PLUGINCREDS_EXPORTING"] == mark
    monkeypatch.setenv("PLUGINCREDS_EXPORTING", '["my vault", "vault"]')
    for arguments in (["vault"], []):
        status, out, err = run(capfd, "export", *arguments)
        assert (status, out) == (1, "")
        assert "was started by the plugin 'vault' while that retrieves" in err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where values are shared."""
    found = tmp_path / "shared"
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(found))
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    return found


def test_what_is_shared_is_listed_and_cleared(
    install: Install, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards that nothing of a key is shown, and that one plugin may be cleared by itself."""
    assert run(capfd, "cache", "list") == (0, f"Nothing is shared in {folder}.\n", "")
    install(PLUGIN)
    install(PLUGIN, name="zeta", distribution="zeta", version="2.0")
    key(capfd, "vault")
    key(capfd, "zeta", "--profile", "dev")
    status, out, err = run(capfd, "cache", "list")
    assert (status, err) == (0, "")
    assert out.splitlines()[0].split() == [
        "PLUGIN", "PACKAGE", "PROFILE", "RETRIEVED", "EXPIRES", "FILE",
    ]  # fmt: skip
    assert "secret" not in out
    assert "token" not in out
    assert "vault-default" not in out
    document = json.loads(run(capfd, "cache", "list", "--json")[1])
    assert document["folder"] == str(folder)
    entries = sorted(document["entries"], key=lambda entry: str(entry["plugin"]))
    facts = [(entry["plugin"], entry["distribution"], entry["profile"]) for entry in entries]
    assert facts == [("vault", "acme-creds 1.2", "default"), ("zeta", "zeta 2.0", "dev")]
    assert {entry["expires_at"] for entry in entries} == {"2100-01-31T00:00:00+00:00"}
    assert run(capfd, "cache", "clear", "zeta") == (0, f"Removed 1 from {folder}.\n", "")
    (file,) = folder.glob("*.json")
    file.write_text("damaged")
    assert "(expired or damaged)" in run(capfd, "cache", "list")[1]
    left = folder / f"{'0' * 64}.{'a' * 8}.new"
    left.write_text("")
    os.utime(left, (0, 0))
    assert run(capfd, "cache", "clear") == (0, f"Removed 1 from {folder}.\n", "")
    assert {path.suffix for path in folder.iterdir()} <= {".lock"}


def test_nothing_is_shared_of_what_is_to_be_cleared(
    install: Install, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards that a misspelt name is seen; it is no error, as nothing to list is none."""
    nothing = f"Nothing of the plugin 'vualt' is shared in {folder}."
    assert run(capfd, "cache", "clear", "vualt") == (0, f"{nothing}\n", "")
    install(PLUGIN)
    install(PLUGIN, name="zeta", distribution="zeta", version="2.0")
    key(capfd, "zeta")
    key(capfd, "vault")
    status, out, err = run(capfd, "cache", "clear", "vualt")
    assert (status, err) == (0, "")
    assert out == f"{nothing} Of these plugins something is: vault, zeta.\n"
    for file in folder.glob("*.json"):
        file.write_text("damaged")
    _, out, _ = run(capfd, "cache", "clear", "vualt")
    assert out.startswith(f"{nothing} Some files are damaged; ")
    assert len(list(folder.glob("*.json"))) == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(capfd: pytest.CaptureFixture[str], shell: str) -> None:
    """Guards the script that completes commands and options."""
    with pytest.raises(SystemExit) as caught:
        main(["--print-completion", shell])
    assert caught.value.code in {0, None}
    script = capfd.readouterr().out
    # What shtab writes for tcsh ends with the commands.
    words = ("export", "doctor") if shell == "tcsh" else ("export", "powershell", "--retrieve")
    for word in words:
        assert word in script


def test_completion_needs_its_extra(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the message."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit) as caught:
        main(["--print-completion", "bash"])
    assert caught.value.code == 1
    assert "pip install 'plugincreds[completion]'" in capfd.readouterr().err


def test_a_folder_that_is_not_safe(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Guards that nothing is listed or removed there."""
    folder.mkdir()
    folder.chmod(0o777)
    file = folder / f"{'0' * 64}.json"
    file.write_text("{}")
    for action in ("list", "clear"):
        status, out, err = run(capfd, "cache", action)
        assert (status, out) == (1, "")
        assert "is open to other users (mode 777); chmod 700 it" in err
    assert file.exists()


FOREIGN = [
    "package.json",
    "todo.note",
    "draft.new",
    "x.json",
    f"{'a' * 63}.json",
    f"{'a' * 65}.note",
    f"{'A' * 64}.json",
    f"{'a' * 64}.json.bak",
    f"{'a' * 64}.txt",
    f"{'a' * 64}.new",
    f"{'a' * 64}.draft.new",
    f"{'a' * 64}.json\n",
    f"{chr(0x661) * 64}.json",
]


def test_only_files_of_the_cache_are_touched(
    install: Install, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards the files of a home directory or a project that was named as the folder."""
    install(PLUGIN)
    key(capfd, "vault")
    for name in FOREIGN:
        (folder / name).write_text("foreign")
        (folder / name).chmod(0o600)
        os.utime(folder / name, (0, 0))
    own = [folder / f"{'b' * 64}{ending}" for ending in (".note", ".12345678.new")]
    for path in own:
        path.write_text("")
        os.utime(path, (0, 0))
    assert len(json.loads(run(capfd, "cache", "list", "--json")[1])["entries"]) == 1
    assert run(capfd, "cache", "clear") == (0, f"Removed 1 from {folder}.\n", "")
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") == sorted(
        FOREIGN
    )


def test_a_folder_of_other_files_is_not_to_be_closed(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards other programs and users from `chmod 700 /`, and from the same for a home."""
    folder.mkdir(mode=0o755)
    (folder / "package.json").write_text("foreign")
    status, out, err = run(capfd, "cache", "clear")
    assert (status, out) == (1, "")
    assert "(mode 755) and has other files in it; choose a folder for the cache alone" in err
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", "/")
    status, out, err = run(capfd, "cache", "clear")
    assert (status, out) == (1, "")
    assert "choose a folder" in err  # "/" is open to others or, for most users, of another user
    assert "chmod" not in err
    assert (folder / "package.json").exists()


def test_one_that_cannot_be_removed_does_not_keep_the_others(
    install: Install, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards that each file is reported for itself."""
    install(PLUGIN)
    key(capfd, "vault")
    (folder / f"{'c' * 64}.json").mkdir()
    (folder / f"{'c' * 64}.note").mkdir()
    status, out, err = run(capfd, "cache", "clear")
    assert (status, out) == (1, f"Removed 1 from {folder}.\n")
    assert f"{'c' * 64}.json" in err
    assert f"{'c' * 64}.note" in err


@pytest.mark.parametrize("kind", ["of 1.0.0", "expired", "of another version"])
def test_what_cannot_be_used_is_removed_by_the_name_of_its_plugin(
    install: Install, folder: Path, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    """Guards keys that would stay on the disk after `plugincreds cache clear NAME`."""
    install(PLUGIN)
    key(capfd, "vault")
    (file,) = folder.glob("*.json")
    document = json.loads(file.read_text())
    if kind == "of 1.0.0":
        del document["Checksum"]
    elif kind == "expired":
        document["Credentials"]["Expiration"] = "2001-01-01T00:00:00+00:00"
    else:
        document["Checksum"] = {"algorithm": "of the future"}
    file.write_text(json.dumps(document))
    assert "(expired or damaged)" in run(capfd, "cache", "list")[1]
    assert run(capfd, "cache", "clear", "vault") == (0, f"Removed 1 from {folder}.\n", "")


def test_numbers_that_are_too_large(
    install: Install, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards both commands from what no number can hold: they raised an OverflowError."""
    install(PLUGIN)
    key(capfd, "vault")
    (file,) = folder.glob("*.json")
    file.write_text(
        re.sub(r'"RetrievedAt": [0-9.]+', f'"RetrievedAt": {"9" * 400}', file.read_text())
    )
    assert "(expired or damaged)" in run(capfd, "cache", "list")[1]
    assert run(capfd, "cache", "clear") == (0, f"Removed 1 from {folder}.\n", "")
