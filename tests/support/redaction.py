"""Random secrets, the texts they stand in, and texts without any, to measure the redaction with."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable
from urllib.parse import quote

from plugincreds._redaction import shown

Kind = Callable[[random.Random], str]
Embedding = Callable[[str], str]

SEED = 20_300_101
LENGTH_THAT_COUNTS = 8  # characters in a row; whoever sees fewer has not seen the secret
_WORD = string.ascii_letters + string.digits
_BASE32 = string.ascii_uppercase + "234567"


def _letters(length: int, alphabet: str, prefix: str = "") -> Kind:
    return lambda chance: prefix + "".join(chance.choices(alphabet, k=length))


def _base64(least: int, most: int, prefix: str = "") -> Kind:
    return lambda chance: (
        prefix + base64.b64encode(chance.randbytes(chance.randint(least, most))).decode()
    )


def _jwt(chance: random.Random) -> str:
    claims = {"iss": "https://id.example.com", "sub": f"user{chance.randrange(10**6)}"}
    parts = [json.dumps({"alg": "RS256", "typ": "JWT"}).encode(), json.dumps(claims).encode()]
    parts.append(chance.randbytes(64))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _pem(chance: random.Random) -> str:
    text = base64.encodebytes(chance.randbytes(121)).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----"


def _saml(chance: random.Random) -> str:
    value = base64.b64encode(chance.randbytes(64)).decode()
    document = f'<saml2:Assertion ID="_{chance.getrandbits(128):032x}">{value}</saml2:Assertion>'
    return base64.b64encode(document.encode()).decode()


def _user_and_password(chance: random.Random) -> str:
    return base64.b64encode(f"anna:{_password(chance)}".encode()).decode()


_password = _letters(16, _WORD + "!#$%*+,-./:=?@^_~")

ANYWHERE: dict[str, Kind] = {
    "AWS secret access key": _letters(40, _WORD + "+/"),
    "AWS session token": _base64(200, 400, "IQoJb3JpZ2luX2Vj"),
    "AWS access key id (`AKIA`)": _letters(16, _BASE32, "AKIA"),
    "AWS access key id (`ASIA`) without a digit": _letters(16, string.ascii_uppercase, "ASIA"),
    "Vault token (`hvs.`)": _letters(92, _WORD + "_-", "hvs."),
    "Vault token (`s.`)": _letters(24, _WORD, "s."),
    "JSON web token": _jwt,
    "GitHub token (`ghp_`)": _letters(36, _WORD, "ghp_"),
    "Slack token (`xoxb-`)": _letters(24, _WORD, "xoxb-123456789012-"),
    "Okta token": _letters(40, _WORD + "_-", "00"),
    "random letters and digits, 32": _letters(32, _WORD),
    "SAML assertion in base64": _saml,
    "private key in PEM": _pem,
}
EMBEDDINGS: dict[str, Embedding] = {
    "bare": lambda secret: f"the server answered {secret} and closed the connection",
    "quoted": lambda secret: f"unknown user '{secret}'",
    "end of a URL's path": lambda secret: (
        f"404 for https://vault.example.com/v1/teams/a/creds/{secret}"
    ),
    "`%2F`": lambda secret: f"GET https://id.example.com/cb?state={quote(secret, '')}&n=1",
    "`%252F`": lambda secret: f"GET https://id.example.com/cb?n={quote(quote(secret, ''), '')}",
    "JSON": lambda secret: json.dumps({"detail": secret}).replace("/", "\\/"),
    "repr of JSON": lambda secret: repr(
        json.dumps({"body": json.dumps([secret]).replace("+", "\\u002b")}).encode()
    ),
    "in a word": lambda secret: f"key_{secret} is not valid",
}
IN_PLACE: dict[str, tuple[Kind, Embedding]] = {
    "password in a URL": (
        lambda chance: quote(_password(chance), ""),
        lambda secret: f"cannot connect to https://anna:{secret}@vault.example.com:8200/v1",
    ),
    "`Basic` header": (_user_and_password, lambda secret: f"sent Basic {secret} to the server"),
    "`Bearer` header": (_letters(20, _WORD), lambda secret: f"headers: ['Bearer {secret}']"),
    "`Token` header": (_letters(20, _WORD), lambda secret: f"Authorization: Token {secret}"),
    "`X-Amz-Signature` in a URL": (
        _letters(64, "0123456789abcdef"),
        lambda secret: f"GET https://sts.amazonaws.com/?X-Amz-Signature={secret}&X-Amz-Date=1",
    ),
    "password in JSON": (_password, lambda secret: json.dumps({"user": "a", "password": secret})),
    "`password=`": (_letters(16, _WORD + "!#$%*+-/:=?@^_~"), lambda secret: f"password={secret} x"),
    "argument of a command": (
        _letters(16, _WORD),
        lambda secret: f"Command '['acme', '--password', '{secret}']' returned 1",
    ),
}


def misses(kind: Kind, embedding: Embedding, count: int) -> int:
    """Return of how many random secrets a part stays visible."""
    chance = random.Random(SEED)
    return sum(_is_visible(secret, embedding(secret)) for secret in map(kind, [chance] * count))


def _is_visible(secret: str, text: str) -> bool:
    seen = shown(text)
    for _ in range(2):
        seen = re.sub("%([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), seen)
    seen = seen.replace("\\u002b", "+").replace("\\", "")
    parts = (
        seen[start : start + LENGTH_THAT_COUNTS]
        for start in range(len(seen) - LENGTH_THAT_COUNTS + 1)
    )
    return any(part in secret for part in parts)
