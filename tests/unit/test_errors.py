"""The errors as programs catch, pickle and print them."""

import pickle

import botocore.exceptions
import pytest

import plugincreds
from plugincreds import PluginError, _errors
from plugincreds._errors import again
from plugincreds._redaction import described

ERRORS = sorted(
    (
        member
        for member in (getattr(plugincreds, name) for name in plugincreds.__all__)
        if isinstance(member, type) and issubclass(member, Exception)
    ),
    key=lambda kind: kind.__name__,
)


def test_every_error_stands_in_the_tree_that_the_module_draws() -> None:
    """A new error must be drawn, derive from PluginError, and be public."""
    defined = {
        kind
        for kind in vars(_errors).values()
        if isinstance(kind, type) and kind.__module__ in (_errors.__name__, plugincreds.__name__)
    }
    public = {kind for kind in defined if kind is not _errors.HintedError}
    assert {kind for kind in public if issubclass(kind, Exception)} == set(ERRORS)
    for kind in ERRORS:
        assert issubclass(kind, PluginError)
        assert issubclass(kind, botocore.exceptions.BotoCoreError)
        assert kind.__name__ in (_errors.__doc__ or "")
        assert kind.code == kind.__name__  # the code is that of the Go package


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_survives_pickling(kind: type[PluginError]) -> None:
    """A worker process sends its errors to its parent."""
    error = kind("It is {wrong}: 100 % {}.", plugin="vault", distribution="acme-creds 1.2")
    error.__dict__["note"] = "kept"
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error) == "It is {wrong}: 100 % {}."
    assert copy.__dict__ == error.__dict__
    assert (copy.plugin, copy.distribution) == ("vault", "acme-creds 1.2")


def test_a_retrieve_error_is_botocores_retrieval_error() -> None:
    """Programs that handle a failing provider today must handle a failing plugin."""
    error = plugincreds.PluginProviderRetrieveError("It raised.", plugin="vault")
    assert isinstance(error, botocore.exceptions.CredentialRetrievalError)
    assert error.kwargs["provider"] == "plugin:vault"
    assert error.declined is False


def test_a_hint_is_shown_after_the_message() -> None:
    """A person must read what to do, whichever program prints the error."""
    error = plugincreds.NonRecoverableError("The login has expired.", hint="run `acme login`")
    assert str(error) == "The login has expired. (run `acme login`)"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


class ForgetfulError(plugincreds.RecoverableError):
    """A plugin's own class, which does not call the `__init__()` of its base."""

    def __init__(self, user: str) -> None:
        self.user = user

    def __str__(self) -> str:
        return f"the login of {self.user} has ended"


def test_an_error_of_a_plugins_own_class_survives_pickling() -> None:
    """A plugin may forget to call `__init__()`, and a worker process still sends its errors."""
    for same in (pickle.loads(pickle.dumps(ForgetfulError("anna"))), again(ForgetfulError("anna"))):
        assert isinstance(same, ForgetfulError)
        assert (str(same), same.hint) == ("the login of anna has ended", None)


def test_the_text_of_a_plugins_own_class_is_shown() -> None:
    """It says what is wrong; the arguments of the exception may not."""
    wanted = "ForgetfulError: the login of anna has ended"
    assert described(ForgetfulError("anna"), with_hint=False) == described(ForgetfulError("anna"))
    assert described(ForgetfulError("anna")) == wanted


def test_a_hint_is_described_unless_it_is_shown_elsewhere() -> None:
    """A person must read what to do, also if the plugin raises it in another function."""
    error = plugincreds.RecoverableError("The login has ended.", hint="run `acme login`")
    wanted = "RecoverableError: The login has ended"
    assert described(error) == f"{wanted} (run `acme login`)"
    assert described(error, with_hint=False) == wanted


# What 1.0.0 pickled.
_OLD_RETRIEVE_ERROR = (
    b"\x80\x02cplugincreds._errors\n_unpickled\ncplugincreds\nPluginProviderRetrieveError\n}(X\x07"
    b"\x00\x00\x00messageX\x01\x00\x00\x00mu}(X\x06\x00\x00\x00pluginNX\x08\x00\x00\x00declined\x89X"
    b"\x04\x00\x00\x00hintNu\x87R."
)


def test_an_error_of_an_older_version_has_all_attributes() -> None:
    """A worker process with 1.0.0 may send its errors to a parent with this version."""
    error = pickle.loads(_OLD_RETRIEVE_ERROR)
    assert isinstance(error, plugincreds.PluginProviderRetrieveError)
    assert (str(error), error.declined, error.reason, error.hint) == ("m", False, None, None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no route to vault.example.com:8200", "no route to vault.example.com:8200"),
        ("cannot read /Users/Anna2/Library/Application/Acme/credentials", None),
        ("unknown id 0123456789abcdef0123456789abcdef01234567", None),
        ("bad key AKIAIOSFODNN7EXAMPLE.", "bad key [redacted]"),
        ("got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY!", "got [redacted]!"),
        ("'FwoGZXIvYXdzEBYaDNsA3xJtKbKxvFyJmCKfAXyz'", "'[redacted]'"),
        ("two\n lines", "two lines"),
        ("a\x1b[31m red\x07 word", "a?[31m red? word"),
        ("", ""),
    ],
)
def test_what_looks_like_a_secret_is_not_repeated(text: str, shown: str | None) -> None:
    """The text of a plugin's exception is shown, and some libraries put what they got into it."""
    wanted = text if shown is None else shown
    assert described(ValueError(text)) == (f"ValueError: {wanted}" if wanted else "ValueError")


def test_a_long_or_unprintable_text_is_no_trouble() -> None:
    """A message must come out whatever the plugin's exception does when it is printed."""

    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert described(UnprintableError()) == "UnprintableError"
    assert len(described(ValueError("word " * 1000))) < 600
