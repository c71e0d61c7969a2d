"""Texts of other code's exceptions: what looks like a secret goes, all else stays readable."""

import random
import string
import time

import pytest

from plugincreds._redaction import described, shown
from tests.support.error_messages import NOT_TOLD_APART, READABLE

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ENCODED = "wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY"
VAULT = "hvs.CAESIJbQm1xTQ8FdG2Vw"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
R = "[redacted]"
MEGABYTE = 1_000_000

REDACTED = {
    "bare": (f"got {SECRET}!", f"got {R}!"),
    "end of a URL's path": (
        f"404 for https://vault.example.com/v1/aws/creds/{SECRET}: denied",
        f"404 for https://vault.example.com/v1/aws/creds/{R}: denied",
    ),
    "middle of a URL's path": (
        f"404 for https://vault.example.com/v1/aws/{SECRET}?lease=1",
        f"404 for https://vault.example.com/v1/aws/{R}?lease=1",
    ),
    "encoded": (f"GET /cb?state={ENCODED}&n=1", f"GET /cb?state={R}&n=1"),
    "encoded twice": (f"GET /cb?n={ENCODED.replace('%', '%25')}", f"GET /cb?n={R}"),
    "lower case encoding": (f"GET /cb?n={ENCODED.replace('%2F', '%2f')}", f"GET /cb?n={R}"),
    "JSON": (f'{{"d": "{SECRET}"}}'.replace("/", "\\/"), f'{{"d": "{R}"}}'),
    "JSON in a repr": (
        'b\'{"d": "' + SECRET.replace("/", "\\\\/") + "\"}'",
        f'b\'{{"d": "{R}"}}\'',
    ),
    "JSON with codes": (SECRET.replace("+", "\\u002b").replace("/", "\\\\u002F"), R),
    "HTML": (f"<p>{SECRET.replace('/', '&#x2F;')}</p>", f"<p>{R}</p>"),
    "behind an escaped line end": (f"'line\\n{SECRET}\\n'", f"'line\\n{R}\\n'"),
    "without a digit": ("got wJalrXUtnFEMIhKsMDENGvbPxRfiCYjZQwLpKEYv", f"got {R}"),
    "id without a digit": ("key ASIAQWERTZUIOPASDFGH", f"key {R}"),
    "id in a word": ("key_ASIAIOSFODNN7EXAMPLE", f"key_{R}"),
    "id behind its name": ("AccessKeyIdASIAIOSFODNN7EXAMPLE", f"AccessKeyId{R}"),
    "credential of a signature": (
        "Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/sts/aws4_request",
        f"Credential={R}/20260101/us-east-1/sts/aws4_request",
    ),
    "vault": (f"bad token {VAULT}", f"bad token {R}"),
    "old vault": ("bad s.iyNUhq8Ov4hIAx6snw5mB2nL.a1B2c", f"bad {R}"),
    "vault batch": ("key_hvb.AAAAAQJnAvDmiwrG7WbX5aTR", f"key_{R}"),
    "jwt": (f"got {JWT}", f"got {R}"),
    "basic": ("sent 'Basic dXNlcjpwYXNz'", f"sent 'Basic {R}'"),
    "bearer": ("sent bearer mF_9.B5f-4.1JqM", f"sent bearer {R}"),
    "bearer in a query": ("GET /?h=Bearer+mF_9.B5f-4.1JqM", f"GET /?h=Bearer+{R}"),
    "token header": ("Authorization: Token abcdefgh", f"Authorization: Token {R}"),
    "bearer of letters": (
        "('Authorization', 'Bearer abcdefgh')",
        f"('Authorization', 'Bearer {R}')",
    ),
    "password in a URL": (
        "cannot reach https://anna:s3cr@t@db.example.com:5432/x",
        f"cannot reach https://anna:{R}@db.example.com:5432/x",
    ),
    "password with a slash": (
        "redis://:se/cret@cache:6379 is down",
        f"redis://:{R}@cache:6379 is down",
    ),
    "password in an encoded URL": (
        "?next=https%3A%2F%2Fanna%3As3cret%40db%2Fx",
        f"?next=https%3A%2F%2Fanna%3A{R}%40db%2Fx",
    ),
    "signed URL": (
        "https://s3.amazonaws.com/b?X-Amz-Signature=fe5f80f7&X-Amz-Expires=60",
        f"https://s3.amazonaws.com/b?X-Amz-Signature={R}&X-Amz-Expires=60",
    ),
    "token of a signed URL": (
        "?X-Amz-Security-Token=IQoJ%2F%2Fb3&n=1",
        f"?X-Amz-Security-Token={R}&n=1",
    ),
    "shared access signature": ("?sv=2020&sig=aB%2Bc%3D&se=1", f"?sv=2020&sig={R}&se=1"),
    "canonical request": ("x-amz-security-token:IQoJb3Jp", f"x-amz-security-token:{R}"),
    "SAML": ("SAMLResponse=PHNhbWxwOlJl&RelayState=x", f"SAMLResponse={R}&RelayState=x"),
    "SAML in XML": ("<saml:Assertion ID='a'><b>x</b></saml:Assertion> bad", f"{R} bad"),
    "PEM": ("-----BEGIN PRIVATE KEY-----\nMIIE\nabc\n-----END PRIVATE KEY----- bad", f"{R} bad"),
    "PEM in JSON": (r'{"k": "-----BEGIN EC PRIVATE KEY-----\nMIIE"}', f'{{"k": "{R}'),
    "PEM without its end": ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", R),
    "JSON password": (
        '{"user": "a", "password": "a b\\"c"}',
        f'{{"user": "a", "password": "{R}"c"}}',
    ),
    "dict": ("{'secret_key': 'short'}", f"{{'secret_key': '{R}'}}"),
    "assignment": ("aws_secret_access_key = short1", f"aws_secret_access_key = {R}"),
    "quoted assignment": ("password='a b' host=x", f"password='{R}' host=x"),
    "value with an equals sign": ("password==abc is wrong", f"password={R} is wrong"),
    "value like None": ("password=None-1x is wrong", f"password={R} is wrong"),
    "punctuation": ("password=a,b;c(d) is wrong", f"password={R}) is wrong"),
    "header": ("X-Vault-Token: root", f"X-Vault-Token: {R}"),
    "tuple": ("('X-Vault-Token', 'root')", f"('X-Vault-Token', '{R}')"),
    "cookie": ("Set-Cookie: sid=abc; Path=/; HttpOnly", f"Set-Cookie: {R}"),
    "argument": ("['acme', '--password', 'hunter2']", f"['acme', '--password', '{R}']"),
    "command line": ("acme --password hunter2 failed", f"acme --password {R} failed"),
    "header with a line end": (
        "Invalid header value b'abc\\n'",
        f"Invalid header value b'{R}'",
    ),
    "header with a space": (
        "Invalid leading whitespace in header value: ' abc'",
        f"Invalid leading whitespace in header value: '{R}'",
    ),
    "several": (
        f"https://AKIAIOSFODNN7EXAMPLE:{ENCODED}@s3.amazonaws.com/b {VAULT}",
        f"https://{R}:{R}@s3.amazonaws.com/b {R}",
    ),
    "side by side": (f"{SECRET},{SECRET}/{SECRET}", f"{R},{R}"),
    "XML": ("<SecretAccessKey>short</SecretAccessKey>", f"<SecretAccessKey>{R}</SecretAccessKey>"),
    "colon": ("client_secret: abc12345, id: x", f"client_secret: {R}, id: x"),
    "github": ("remote: ghp_abcdefghijklmnopqrstuvwxyz0123456789", f"remote: {R}"),
    "slack": ("xoxb-123456789012-abcdefghijkl", R),
}


@pytest.mark.parametrize(("text", "wanted"), REDACTED.values(), ids=REDACTED)
def test_a_secret_is_not_shown(text: str, wanted: str) -> None:
    """Libraries quote answers, URLs and headers, in all encodings; these reach logs and screens."""
    assert shown(text) == wanted


@pytest.mark.parametrize("text", READABLE)
def test_a_message_without_a_secret_stays_readable(text: str) -> None:
    """It is what a person has to find the cause with."""
    assert "[redacted]" not in shown(text)


@pytest.mark.parametrize("text", NOT_TOLD_APART)
def test_what_has_the_form_of_a_secret_is_taken_for_one(text: str) -> None:
    """The page names these; of a message, the rest stays."""
    assert "[redacted]" in shown(text)
    assert shown(text).split()[0] == text.split(maxsplit=1)[0]


def test_a_secret_at_the_limits_is_not_shown_in_part() -> None:
    """Texts are cut twice: where reading ends, and where the message ends."""
    secret = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=40))
    for length in range(450, 510):
        assert secret[:8] not in shown(f"{'word ' * 100}{'x' * (length % 50)} {secret}")
    # Tokens before it leave room for what is behind them, up to the limit for reading.
    token = "".join(random.Random(2).choices(string.ascii_letters + string.digits, k=4_996))
    for dots in range(75, 110, 6):
        text = f"{token} {token} {token} {token[:-100]} {'.' * dots} {secret}"
        assert secret[:8] not in shown(text)


HOSTILE = (
    *(
        "A",
        "%25",
        "\\",
        "\\x4",
        "//",
        "://a:",
        "//x:a@",
        "token=",
        "token='",
        "-token','",
        "token>",
    ),
    *("token: ", "token :", "'token\":'", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "x-a-"),
    *("<Assertion ", "eyJ", "eyJaaaaaaaa.", "AKIA", "AAAA1", "hvs.", "s.a", "basic ", "basic a"),
    *("authorization: basic ", "cookie: a=", "cookie:a=;", "a;", "&sig=", "&#x4", "aB1/", "=", " "),
)


@pytest.mark.parametrize("part", HOSTILE)
@pytest.mark.parametrize("separator", ["", " ", "a" * 99])
def test_a_long_hostile_text_takes_no_time(part: str, separator: str) -> None:
    """A server decides what is in such a text; a program waits for the message."""
    text = (part + separator) * (MEGABYTE // len(part + separator))
    started = time.process_time()
    assert len(described(ValueError(text))) < 600
    assert time.process_time() - started < 2  # it takes 0.02 s
