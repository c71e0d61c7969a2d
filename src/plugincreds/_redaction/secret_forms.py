"""Finds what looks like a secret in a text: by its form, by a name before it, or as a random word.

A random word is a long one that does not look like words, a name or a path.
docs/explanation/security.md says how many secrets this misses, and what it redacts without need.
"""

import functools
import re
from collections.abc import Iterator
from itertools import accumulate, pairwise

# The patterns are strings: every first retrieval imports this module, and only an error needs them
# compiled. A repetition has an upper limit where a search would be quadratic without it.

# One letter, percent-encoded once or more often, or escaped as in JSON, in a repr or in HTML.
_ENCODED = (
    r"%(?:25)*([0-9A-Fa-f]{2})|(?<!\\)\\+(?:u00|x)([0-9A-Fa-f]{2})|&#x([0-9A-Fa-f]{2});"
    r"|(?<!\\)\\+([/\"'nrt])"
)
# What is redacted is the last group of a match, or all of it if it has none. `<name>` and the like
# stand for the patterns of _PARTS.
_FORMS = (
    # Access key ids: those of keys also inside of a word and without a digit.
    r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,}",
    r"(?<![A-Za-z0-9+/=_-])A(?=[A-Z]{3}[A-Z]*[0-9])[A-Z0-9]{15,}(?![A-Za-z0-9+/=_-])",
    # Tokens of Vault, GitHub, GitLab and Slack; JWTs.
    r"hv[bsr]\.[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9]+)?",
    r"(?<![A-Za-z0-9])[bsr]\.(?=[a-z]{0,99}[A-Z0-9])[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9]+)?",
    r"(?:gh[oprsu]_|github_pat_|glpat-)[A-Za-z0-9_-]{20,}|xox[a-z]-[A-Za-z0-9-]{10,}",
    r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}",
    # PEM and SAML, to their ends.
    r"(?s)-----BEGIN<key>-----.*?(?:-----END<key>-----|\Z)",
    r"(?s)<(?:\w{1,20}:)?Assertion\b.*?(?:</(?:\w{1,20}:)?Assertion>|\Z)",
    # user:password@ in a URL, also with a slash in the password, where that is no path.
    r"//[^\s/:@]{0,256}:([^\s/?#\"'<>]{1,256})@",
    r"//[^\s/:@]{0,256}:(?!\d*[/?#])([^\s@\"'<>]{1,256})@",
    # A header's value behind its scheme. "Basic authentication" and "a token for x" are readable:
    # the value has a digit, or (not after "token") an upper case letter in a word.
    r"(?i:\b(?:basic|bearer|negotiate|ntlm|ssws)[\s+]{1,4})(?=<letters>(?:[0-9]|(?<=[a-z])[A-Z]))<token>",
    r"(?i:\btoken[\s+]{1,4})(?=<letters>[0-9])<token>",
    r"(?i)authorization[\"']?\s{0,2}[:=,]\s{0,4}b?[\"']?(?:basic|bearer|token)\s{1,4}<value>",
    r"(?i)cookie[\"']?\s{0,2}[:=,]\s{0,4}[\"']?(?=[^\s;\"']{1,256}=)((?:[^\s;\"']{1,4096};\s?)*[^\s;\"']+)",
    # A value with a name: quoted, behind "=", in a header, in the arguments of a command, in XML.
    r"(?is)<name>(?:[\"']\s{0,4}[:=]|\s{0,2}=)\s{0,4}b?([\"'])(?!\1)(.{1,4096}?)(?:\1|\Z)",
    r"(?i)<name>\s{0,2}=\s{0,2}(?!=\s|(?:None|null|true|false)(?:[\s,;)}\]]|\Z))<value>",
    r"(?i)\bx-[a-z-]{0,40}<name>[\"']?\s{0,2}[:,]\s{0,4}b?[\"']?<value>",
    r"(?i)-<name>\s(?=[^\s\d]{0,99}\d)<value>",
    r"(?i)-<name>[\"'],\s?[\"']([^\"']{1,4096})[\"']",
    r"(?i)<name>>([^\s<>]{1,4096})<",
    # What http.client and requests say if a header's value has a line end.
    r"(?is)header value:?\sb?([\"'])(.{1,4096}?)(?:\1|\Z)",
    # With a colon only if there is a digit ("cannot get a token: timeout"), and not in an ARN.
    r"(?i)(?<!\d:)<name>\s{0,2}:\s{0,4}b?[\"']?(?!\w{1,9}://|arn:|/)(?=[^\s\d]{0,99}\d)(?=[^\s\"']{8})<value>",
    r"(?i)[?&]sig=<value>",
)
_PARTS = {
    "<name>": (
        r"(?:secret|token|passw(?:or)?d|pwd(?!=/)|passphrase|signature|assertion|samlresponse"
        r"|authorization|(?:secret|access|api|private|session)[_-]?key|secret[_-]?id)"
    ),
    "<value>": r"([^\s&\"']*[^\s&\"',;.:(){}\[\]<>])",
    "<token>": r"([A-Za-z0-9+/=_.~-]{8,4096})",
    "<key>": r"[A-Z\s+]{1,40}PRIVATE[\s+]KEY[A-Z\s+]{0,9}",
    "<letters>": r"[A-Za-z+/=_.~-]{0,99}",
}
# Pairs of letters, of which words and names mostly consist, and random letters do not: the 135
# most frequent ones in the names of botocore's API and in the paths of a Linux system.
_COMMON = (
    "on,re,at,es,te,st,ti,er,in,io,en,nt,co,de,se,et,ta,li,le,or,me,ce,ri,ns,ra,is,ar,ge,fi,ro,an,"
    "ut,ou,al,ed,po,ac,ng,it,ma,tr,ic,ec,ur,pe,ss,ue,el,da,si,ca,ne,ct,to,ve,qu,nd,cr,as,la,na,id,"
    "ea,pa,pr,il,nc,ch,lo,ag,am,sc,so,ty,su,eq,ol,sp,ig,us,ul,rt,di,em,ex,nf,un,om,lt,ap,im,up,pl,"
    "pu,rc,op,ie,vi,ib,od,mp,pt,ry,lu,ad,be,ts,bl,gr,ck,oc,rs,va,ai,ab,mo,ia,ci,th,ll,ke,um,he,ot,"
    "mi,cl,ni,yp,ip,if,gu,fo,ep,eg,ha"
)
_SEPARATORS = "/=_-"
_HASH = r"[0-9a-f]{8,}|[0-9A-F]{8,}"
_WINDOW = 40  # letters, as in a secret key, that are judged together
_LONG_WORD = r"[A-Za-z0-9+/=_-]{30,}"
_LEAST_OF_A_CASE = 3
_MOST_ORDINARY = 0.5  # of all pairs in a window


def without_secrets(text: str) -> str:
    """Return a text with "[redacted]" in place of what looks like a secret."""
    decoded, origins = _decoded(text)
    found = [
        (origins[start], origins[stop])
        for start, stop in (*_in_a_known_form(decoded), *_random_words(decoded))
    ]
    if decoded != text:  # decoding may also hide one, such as a password with "%40" in a URL
        found += _in_a_known_form(text)
    parts, end = list[str](), 0
    for start, stop in sorted(found):
        if start >= end:
            parts += text[end:start], "[redacted]"
        end = max(end, stop)
    return "".join(parts) + text[end:]


def _decoded(text: str) -> tuple[str, list[int]]:
    """Return a text without encodings, and where each of its letters begins in the given one."""
    parts, origins, end = list[str](), list[int](), 0
    for match in re.finditer(_ENCODED, text):
        code, escaped = match[1] or match[2] or match[3], match[4]
        # An escaped n, r or t ends a word.
        letter = chr(int(code, 16)) if code else escaped if escaped in "/\"'" else "\n"
        parts += text[end : match.start()], letter
        origins += range(end, match.start() + 1)
        end = match.end()
    return "".join(parts) + text[end:], [*origins, *range(end, len(text) + 1)]


def _in_a_known_form(text: str) -> Iterator[tuple[int, int]]:
    for form in _compiled_forms():
        for match in form.finditer(text):
            yield match.span(match.lastindex or 0)


@functools.cache
def _compiled_forms() -> list[re.Pattern[str]]:
    return [re.compile(re.sub("<[a-z]+>", lambda part: _PARTS[part[0]], form)) for form in _FORMS]


def _random_words(text: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(_LONG_WORD, text):
        for start, stop in _random_part(match.group()):
            yield match.start() + start, match.start() + stop


def _random_part(word: str) -> Iterator[tuple[int, int]]:
    """Yield the part of a long word that is random, from one slash or "=" to the next one."""
    size = min(len(word), _WINDOW)
    upper = [0, *accumulate(map(str.isupper, word))]
    lower = [0, *accumulate(map(str.islower, word))]
    without_hashes = re.sub(_HASH, lambda match: "0" * len(match[0]), word)
    ordinary = [0, *accumulate(map(_is_ordinary, pairwise(without_hashes)))]
    random = [
        start
        for start, stop in enumerate(range(size, len(word) + 1))
        if upper[stop] - upper[start] >= _LEAST_OF_A_CASE
        and lower[stop] - lower[start] >= _LEAST_OF_A_CASE
        and ordinary[stop - 1] - ordinary[start] <= (size - 1) * _MOST_ORDINARY
    ]
    if random:
        start = max(word.rfind("/", 0, random[0]), word.rfind("=", 0, random[0])) + 1
        rest = re.match(r"[^/=]*=*", word[random[-1] + size :])
        stop = random[-1] + size + (rest.end() if rest else 0)
        # The window may have begun in the path or the name before the secret.
        before = re.match(r"(?:[a-z0-9_-]*/|[A-Z]?[a-z_-]{1,25}=)+", word[start : stop - size])
        yield start + (before.end() if before else 0), stop


def _is_ordinary(pair: tuple[str, str]) -> bool:
    first, second = pair
    if first in _SEPARATORS or second in _SEPARATORS or (first.isdigit() and second.isdigit()):
        return True
    return (first + second).lower() in _COMMON and not (first.islower() and second.isupper())
