"""What `retrieve()` may return, and what is said of what it may not."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest

from plugincreds import (
    CredentialPlugin,
    CredentialsCache,
    PluginContext,
    PluginProviderRetrieveError,
    Value,
)

NOW = 1_000_000_000.0
SOON = datetime.fromtimestamp(NOW, tz=timezone.utc) + timedelta(hours=1)
CANARY = "CANARY"


def checked(answer: Any, now: float = NOW) -> tuple[Value | None, str]:
    """Return what becomes of an answer, or what the error says; nothing if it declines."""
    try:
        return CredentialsCache(lambda: answer, clock=lambda: now).get(), ""
    except PluginProviderRetrieveError as error:
        return None, "" if error.declined else str(error)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (("AKIA", "secret"), Value("AKIA", "secret")),
        (("AKIA", "secret", "token"), Value("AKIA", "secret", "token")),
        (("AKIA", "secret", None), Value("AKIA", "secret")),
        (("AKIA", "secret", ""), Value("AKIA", "secret")),
        (Value("AKIA", "secret", ""), Value("AKIA", "secret")),
        (Value("AKIA", "secret", expiry_time=SOON), Value("AKIA", "secret", expiry_time=SOON)),
        (
            Value("AKIA", "secret", account_id="123456789012"),
            Value("AKIA", "secret", account_id="123456789012"),
        ),
        ({"AccessKeyId": "AKIA", "SecretAccessKey": "secret"}, Value("AKIA", "secret")),
        (
            {
                "Version": 1,
                "AccessKeyId": "AKIA",
                "SecretAccessKey": "secret",
                "SessionToken": "token",
                "Expiration": SOON,
                "AccountId": "123456789012",
            },
            Value("AKIA", "secret", "token", expiry_time=SOON, account_id="123456789012"),
        ),
        (None, None),
    ],
)
def test_every_shape_of_the_contract_is_read(answer: object, expected: Value | None) -> None:
    """A shape that the contract allows must never be refused or lose a part."""
    assert checked(answer) == (expected, "")


@pytest.mark.parametrize(
    "text",
    [
        "2001-09-09T02:46:40Z",
        "2001-09-09T02:46:40+00:00",
        "2001-09-09T04:46:40+02:00",
        "2001-09-09T02:46:40.5Z",
        "2001-09-09T02:46:40.123456789Z",
        " 2001-09-09 02:46:40Z ",
    ],
)
def test_an_expiration_may_be_any_iso_8601_time(text: str) -> None:
    """credential_process and brokers print times with zones and fractions of every kind."""
    mapping = {"AccessKeyId": "AKIA", "SecretAccessKey": "secret", "Expiration": text}
    value, fault = checked(mapping)
    assert not fault
    assert value is not None
    assert value.expiry_time == SOON


class _Hostile(Mapping[str, Any]):
    def __getitem__(self, key: str) -> str:
        raise RuntimeError(CANARY)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, key: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ((), "tuple of 0"),
        ((CANARY,), "tuple of 1"),
        ((CANARY,) * 4, "tuple of 4"),
        ([CANARY, CANARY], "list"),
        (CANARY, "str"),
        (CANARY.encode(), "bytes"),
        (True, "bool"),
        ((None, CANARY), "access key is of type NoneType"),
        ((CANARY, None), "secret key is of type NoneType"),
        ((CANARY.encode(), CANARY), "access key is of type bytes"),
        ((CANARY, CANARY.encode()), "secret key is of type bytes"),
        ((CANARY, CANARY, CANARY.encode()), "token is of type bytes"),
        ((CANARY, CANARY, 7), "token is of type int"),
        (("", CANARY), "access key is empty"),
        ((CANARY, ""), "secret key is empty"),
        ((f"{CANARY} ", CANARY), "access key begins or ends with a space"),
        ((CANARY, f"{CANARY}\r"), "line end; strip() it"),
        ((CANARY, f"{CANARY}\n"), "line end; strip() it"),
        ((CANARY, f"{CANARY}\0"), "secret key contains"),
        ((CANARY, f"{CANARY}\x7f"), "secret key contains"),
        ((CANARY, f"{CANARY}\u00e9"), "secret key contains"),
        ((CANARY, f"{CANARY}\ud800"), "secret key contains"),
        ((CANARY, CANARY, f"{CANARY}\r\nX-Evil: 1"), "token contains"),
        ((CANARY, CANARY, " "), "token begins or ends"),
        (Value(CANARY, CANARY, expiry_time=SOON.replace(tzinfo=None)), "no timezone"),
        (Value(CANARY, CANARY, expiry_time=SOON - timedelta(hours=1)), "expired at"),
        (Value(CANARY, CANARY, expiry_time=NOW + 60), "expiry time is of type float"),  # type: ignore[arg-type]
        (Value(CANARY, CANARY, account_id="12345678901"), "12 digits"),
        (Value(CANARY, CANARY, account_id="12345678901\u0663"), "12 digits"),
        (Value(CANARY, CANARY, account_id=123456789012), "12 digits"),  # type: ignore[arg-type]
        ((CANARY, f"{CANARY} {CANARY}"), "secret key contains a space"),
        ({"AccessKeyId": CANARY}, "without SecretAccessKey"),
        ({"access_key": CANARY, "secret_key": CANARY}, "spells AccessKeyId in another way"),
        ({"aws_access_key_id": CANARY}, "spells AccessKeyId in another way"),
        ({"accessKeyId": CANARY, "secretAccessKey": CANARY}, "spells AccessKeyId in another way"),
        (
            {"AccessKeyId": CANARY, "SecretAccessKey": CANARY, "Token": CANARY},
            "spells SessionToken in another way",
        ),
        (
            {"AccessKeyId": CANARY, "SecretAccessKey": CANARY, "expiration": CANARY},
            "spells Expiration in another way",
        ),
        ({"Credentials": {"AccessKeyId": CANARY}}, "return the mapping under that key"),
        (
            {"AccessKeyId": CANARY, "SecretAccessKey": CANARY, "Expiration": CANARY},
            "no time with a timezone, such as 2030-01-31T12:00:00Z",
        ),
        (
            {"AccessKeyId": CANARY, "SecretAccessKey": CANARY, "Expiration": "2030-01-01T00:00:00"},
            "no time with a timezone",
        ),
        (_Hostile(), "cannot be read (RuntimeError)"),
    ],
)
def test_a_bad_answer_is_named_and_never_shown(answer: object, word: str) -> None:
    """What cannot go into a header, or is no credential at all, stops here."""
    value, fault = checked(answer)
    assert value is None
    assert word in fault
    assert CANARY not in fault


def test_a_value_shows_its_expiry_and_no_key() -> None:
    """Values stand in variables of programs, whose tools print them."""
    shown = repr(Value(CANARY, CANARY, CANARY, expiry_time=SOON)) + str(Value(CANARY, CANARY))
    assert CANARY not in shown
    assert "2001-09-09T02:46:40" in shown


def test_the_base_class_needs_retrieve_alone() -> None:
    """A plugin whose values carry an expiry has nothing to say in is_expired()."""

    class Plugin(CredentialPlugin):
        def retrieve(self) -> tuple[str, str]:
            return "AKIA", "secret"

    assert Plugin().is_expired() is False
    with pytest.raises(TypeError):
        CredentialPlugin()  # type: ignore[abstract]


def test_a_context_is_read_only_and_opens_its_session_once() -> None:
    """A getter must not be able to change what decides its own source."""
    opened: list[object] = []

    def open_session() -> object:
        opened.append(object())
        return opened[-1]

    options = {"role": "reader"}
    context = PluginContext(
        "vault", profile="dev", region=None, options=options, open_session=open_session
    )
    options["role"] = "admin"
    with pytest.raises(TypeError):
        context.options["role"] = "admin"  # type: ignore[index]
    assert context.options == {"role": "reader"}
    assert context.session is context.session
    assert len(opened) == 1
    assert "reader" not in repr(context)


def test_what_is_kept_is_a_copy_of_our_own() -> None:
    """Checked is what is used, whatever the plugin does with its object afterwards."""

    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "****"

    class Flipping(Value):
        def __getattribute__(self, name: str) -> Any:
            return "bad\r\nvalue" if name in reads else super().__getattribute__(name)

    reads: set[str] = set()
    theirs = Flipping("AKIA", Text("secret"))
    value, fault = checked(theirs)
    reads.add("secret_key")
    assert not fault
    assert type(value) is Value
    assert f"{value.secret_key}" == "secret"
    assert type(value.secret_key) is str


def test_an_expiry_is_kept_in_utc() -> None:
    """Local times are ambiguous when the clocks are set back, and some cannot be printed."""

    class Odd(tzinfo):
        def utcoffset(self, _: datetime | None) -> timedelta:
            return timedelta(hours=2)

        def dst(self, _: datetime | None) -> timedelta:
            raise NotImplementedError

        tzname = dst  # type: ignore[assignment]

    value, fault = checked(Value("A", "s", expiry_time=SOON.replace(tzinfo=Odd())), NOW + -9e3)
    assert not fault
    assert value is not None
    assert value.expiry_time == SOON - timedelta(hours=2)
    assert value.expiry_time.tzinfo is timezone.utc
