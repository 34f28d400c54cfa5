"""Options that a backend declares, as keywords and in the query of a URL."""

import inspect
import traceback
from pathlib import Path

import numpy as np
import pytest
from refvec import OpenSpec, Option, Url, VectorStore
from refvec.options import PARAMETERS, check_options
from refvec.primitives import Primitives


def positive(value):
    if value <= 0:
        raise ValueError(f"must be positive, got {value}")


class Networked(Primitives):
    backend = "net"
    options = (
        Option("timeout", float, 5.0, check=positive),
        Option("retries", int, 3),
        Option("durability", ("strict", "available"), "strict"),
        Option("tls", bool, False),
        Option("token", secret=True),
        Option("pin", int, 0, secret=True, check=positive),
    )


class Plain(Primitives):
    backend = "plain"


DEFAULTS = {"timeout": 5.0, "retries": 3, "durability": "strict", "tls": False, "token": None, "pin": 0}


def checked(query="", **options):
    return check_options(Networked, OpenSpec(location=Url(f"net://host{query}"), options=options))


def test_defaults_are_filled_in():
    assert check_options(Networked, OpenSpec()).options == DEFAULTS


def test_without_options_there_is_nothing_to_do():
    spec = OpenSpec()
    assert check_options(Plain, spec) is spec


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"timeout": 2}, 2.0),
        ({"timeout": np.float32(0.5)}, 0.5),
        ({"retries": np.int8(4)}, 4),
        ({"durability": "available"}, "available"),
        ({"tls": np.True_}, True),
        ({"token": "t"}, "t"),
        ({"token": None}, None),
    ],
)
def test_keywords(given, found):
    (name,) = given
    value = checked(**given).options[name]
    assert (type(value), value) == (type(found), found)


@pytest.mark.parametrize(
    ("query", "name", "found"),
    [
        ("?timeout=2", "timeout", 2.0),
        ("?retries=4", "retries", 4),
        ("?durability=available", "durability", "available"),
        ("?tls=Yes", "tls", True),
        ("?tok%65n=a%26b+c", "token", "a&b c"),
    ],
)
def test_values_in_a_url(query, name, found):
    value = checked(query).options[name]
    assert (type(value), value) == (type(found), found)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"timeout": "2"}, TypeError, "timeout must be of type float, got '2'"),
        ({"timeout": True}, TypeError, "float, got bool"),
        ({"timeout": None}, TypeError, "float, got NoneType"),
        ({"timeout": -1}, ValueError, "must be positive"),
        ({"retries": 1.5}, TypeError, "int, got float"),
        ({"durability": "weak"}, ValueError, "durability must be one of 'strict', 'available', got 'weak'"),
        ({"tls": 1}, TypeError, "bool, got int"),
        ({"token": 1}, TypeError, r"str, got \*\*\*"),
    ],
)
def test_wrong_keywords(given, error, words):
    with pytest.raises(error, match=words):
        checked(**given)


@pytest.mark.parametrize(
    "query", ["?timeout=x", "?timeout=", "?retries=1.5", "?tls=maybe", "?timeout=-1", "?durability="]
)
def test_wrong_values_in_a_url(query):
    with pytest.raises(ValueError, match=r"must be"):
        checked(query)


def test_an_option_given_twice():
    for give in (lambda: checked("?retries=1", retries=1), lambda: checked("?retries=1&retries=1")):
        with pytest.raises(ValueError, match="twice"):
            give()


@pytest.mark.parametrize(
    ("name", "near"), [("dimensions", "dimension"), ("timout", "timeout"), ("capacity", "initial_capacity")]
)
def test_an_unknown_keyword_names_the_nearest(name, near):
    with pytest.raises(TypeError, match=f"{name}.*mean '{near}'.*timeout, retries"):
        checked(**{name: 1})


def test_an_unknown_keyword_where_there_are_no_options():
    with pytest.raises(TypeError, match=r"'timeout'.*no options"):
        check_options(Plain, OpenSpec(options={"timeout": 1}))


@pytest.mark.parametrize(("query", "words"), [("?timout=1", "mean 'timeout'"), ("?1", "is no option")])
def test_an_unknown_value_in_a_url(query, words):
    with pytest.raises(ValueError, match=words):
        checked(query)


@pytest.mark.parametrize(
    "give",
    [
        lambda: checked("?pin=hunter2"),
        lambda: checked(pin="hunter2"),
        lambda: checked("?pin=-4711"),
        lambda: checked(pin=-4711),
        lambda: checked("?token=hunter2&timout=4711"),
        lambda: checked("?hunter2"),
        lambda: check_options(Networked, OpenSpec(location=Url("net://u:p?hunter2=x@host/0?retries=4711"))),
    ],
)
def test_errors_tell_no_secret_not_even_in_the_chain(give):
    with pytest.raises((TypeError, ValueError)) as caught:
        give()
    told = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value.__context__)
    assert "hunter2" not in told
    assert "4711" not in told


def test_a_checked_url_shows_what_is_not_secret():
    spec = checked("?token=hunter2&retries=2", pin=4711)
    assert str(spec.location) == "net://host?token=***&retries=2"
    assert "4711" not in repr(spec)


def test_a_path_has_no_query():
    spec = check_options(Networked, OpenSpec(location=Path("a?b=c"), options={"retries": 1}))
    assert spec.location == Path("a?b=c")


@pytest.mark.parametrize("name", ["", "a-b", "path"])
def test_names_that_no_option_can_have(name):
    with pytest.raises(ValueError, match="called"):
        Option(name)


@pytest.mark.parametrize("kind", [list, None, "str"])
def test_kinds_that_no_option_can_have(kind):
    with pytest.raises(TypeError, match="kind"):
        Option("x", kind)


def test_the_parameters_are_those_of_the_constructor():
    found = inspect.signature(VectorStore).parameters.values()
    assert tuple(one.name for one in found if one.kind is not one.VAR_KEYWORD) == PARAMETERS
