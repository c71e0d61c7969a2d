"""`Value`: immutable, comparable, and printed by no tool."""

import copy
import pickle
import pprint
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from plugincreds import Value

CANARY = "CANARY"
EXPIRY = datetime(2030, 1, 1, tzinfo=timezone.utc)
VALUE = Value("AKIA", "secret", "token", expiry_time=EXPIRY, account_id="123456789012")
FIELDS = ("access_key", "secret_key", "token", "expiry_time", "account_id")
OTHERS = [
    Value("AKIB", "secret", "token", expiry_time=EXPIRY, account_id="123456789012"),
    Value("AKIA", "Secret", "token", expiry_time=EXPIRY, account_id="123456789012"),
    Value("AKIA", "secret", None, expiry_time=EXPIRY, account_id="123456789012"),
    Value("AKIA", "secret", "token", account_id="123456789012"),
    Value("AKIA", "secret", "token", expiry_time=EXPIRY),
]
# What 1.0.0, where it was a dataclass, made of VALUE.
PICKLES = {
    0: b"ccopy_reg\n_reconstructor\np0\n(cplugincreds\nValue\np1\nc__builtin__\nobject\np2\nNtp3\n"
    b"Rp4\n(lp5\nVAKIA\np6\naVsecret\np7\naVtoken\np8\nacdatetime\ndatetime\np9\n(c_codecs\n"
    b"encode\np10\n(V\x07\xee\x01\x01\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\np11\nVlatin1\n"
    b"p12\ntp13\nRp14\ncdatetime\ntimezone\np15\n(cdatetime\ntimedelta\np16\n(I0\nI0\nI0\ntp17\n"
    b"Rp18\ntp19\nRp20\ntp21\nRp22\naV123456789012\np23\nab.",
    2: b"\x80\x02cplugincreds\nValue\nq\x00)\x81q\x01]q\x02(X\x04\x00\x00\x00AKIAq\x03X\x06\x00\x00"
    b"\x00secretq\x04X\x05\x00\x00\x00tokenq\x05cdatetime\ndatetime\nq\x06c_codecs\nencode\nq\x07X"
    b"\x0b\x00\x00\x00\x07\xc3\xae\x01\x01\x00\x00\x00\x00\x00\x00q\x08X\x06\x00\x00\x00latin1q"
    b"\t\x86q\nRq\x0bcdatetime\ntimezone\nq\x0ccdatetime\ntimedelta\nq\rK\x00K\x00K\x00\x87q\x0e"
    b"Rq\x0f\x85q\x10Rq\x11\x86q\x12Rq\x13X\x0c\x00\x00\x00123456789012q\x14eb.",
}
TOOLS = """
import hypothesis
import hypothesis.strategies as st
from plugincreds import Value

TEXT = "CAN" + "ARY"
ONE, OTHER = Value(TEXT, TEXT, TEXT), Value(TEXT, TEXT + "2", TEXT)

def test_compared():
    assert ONE == OTHER

def test_compared_in_others():
    assert [{"a": ONE}] == [{"a": OTHER}]

@hypothesis.settings(database=None)
@hypothesis.given(st.builds(Value, st.just(TEXT), st.just(TEXT), token=st.just(TEXT)))
def test_falsified(value):
    assert value is None
"""


def test_it_is_compared_and_hashed_by_all_that_it_holds() -> None:
    """Two answers with the same keys are the same credentials, also as keys of a dict."""
    assert copy.copy(VALUE) == VALUE
    assert hash(copy.copy(VALUE)) == hash(VALUE)
    assert VALUE not in OTHERS
    assert len({VALUE, copy.copy(VALUE), *OTHERS}) == 1 + len(OTHERS)


def test_it_equals_nothing_of_another_class() -> None:
    """A class that derives from it may mean something else by its keys."""

    class Derived(Value):
        pass

    assert Derived("AKIA", "secret") != Value("AKIA", "secret")
    assert Value("AKIA", "secret") != ("AKIA", "secret", None, None, None)


@pytest.mark.parametrize("name", FIELDS)
def test_it_cannot_be_changed(name: str) -> None:
    """All threads use the same object."""
    value: Any = copy.copy(VALUE)
    with pytest.raises(AttributeError, match="cannot be changed"):
        setattr(value, name, "other")
    with pytest.raises(AttributeError, match="cannot be changed"):
        delattr(value, name)
    with pytest.raises(AttributeError, match="cannot be changed"):
        value.__init__("other", "other")
    with pytest.raises(AttributeError):
        value.other = 1
    assert value == VALUE


def test_a_class_that_derives_from_it_may_have_attributes_of_its_own() -> None:
    """1.0.0 allowed them, and plugins may use them."""

    class Derived(Value):
        def __init__(self, key: str) -> None:
            super().__init__(key, "secret")
            self.lease = 1
            self.lease = 2

    value: Any = Derived("AKIA")
    assert (value.access_key, value.lease) == ("AKIA", 2)
    with pytest.raises(AttributeError, match="cannot be changed"):
        value.access_key = "other"


def test_it_is_created_and_matched_as_before() -> None:
    """Its parameters are a part of the contract."""
    assert Value(access_key="a", secret_key="b", token="c") == Value("a", "b", "c")
    with pytest.raises(TypeError):
        Value("a", "b", "c", EXPIRY)  # type: ignore[call-arg]
    match VALUE:
        case Value(key, secret, token, account_id=account):
            assert (key, secret, token, account) == ("AKIA", "secret", "token", "123456789012")
        case _:
            pytest.fail("it does not match")


def test_a_changed_copy_can_be_made() -> None:
    """In place of `dataclasses.replace()`, which needs a dataclass."""
    changed = VALUE.__replace__(token=None)  # what copy.replace() of Python 3.13 calls
    assert changed == OTHERS[2]
    if sys.version_info >= (3, 13):
        assert copy.replace(VALUE, token=None) == changed
    with pytest.raises(TypeError):
        VALUE.__replace__(other=1)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_those_of_1_0_0(protocol: int) -> None:
    """Processes with either version exchange them."""
    pickled = pickle.dumps(VALUE, protocol)
    assert pickle.loads(pickled) == VALUE
    assert pickled == PICKLES.get(protocol, pickled)


@pytest.mark.parametrize("pickled", PICKLES.values(), ids=PICKLES)
def test_a_pickle_of_1_0_0_is_read(pickled: bytes) -> None:
    """A queue may hold one from before the upgrade."""
    value = pickle.loads(pickled)
    assert value == VALUE
    with pytest.raises(AttributeError, match="cannot be changed"):
        value.__setstate__(["other"] * len(FIELDS))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_equal(copied: Any) -> None:
    """Programs copy what they configure."""
    assert copied(VALUE) == VALUE
    assert type(copied(VALUE)) is Value


def test_it_has_no_list_of_its_fields() -> None:
    """Rich, devtools, prettyprinter, pprint and others print what such a list names."""
    value = Value(CANARY, CANARY, CANARY)
    lists = ("__dataclass_fields__", "__attrs_attrs__", "__dict__", "__slots__", "_fields")
    assert not [name for name in (*lists, "_asdict", "__annotations__") if hasattr(value, name)]
    assert CANARY not in pprint.pformat([value], width=1)
    assert CANARY not in f"{value} {value!r} {[value]}"


def test_no_test_tool_prints_it(tmp_path: Path) -> None:
    """Reports of pytest (each field of a dataclass) and hypothesis (arguments) are public in CI."""
    (tmp_path / "test_it.py").write_text(TOOLS)
    (tmp_path / "pytest.ini").touch()
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "test_it.py"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert "3 failed" in done.stdout
    assert "    value=Value(<keys not shown>" in done.stdout
    assert CANARY not in done.stdout + done.stderr
