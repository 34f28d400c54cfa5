"""Paths and URLs, and what a URL shows of itself."""

from pathlib import Path

import pytest
from refvec import Url
from refvec.location import discreet, is_scheme, parse_location

SECRETS = ("hunter2", "alice")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://host", "redis://host"),
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("REDIS://host", "redis://host"),
        ("redis://a:1,b:2/0", "redis://a:1,b:2/0"),
        ("redis://[::1]:6379", "redis://[::1]:6379"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("redis://alice:hunter2@host/0", "redis://***@host/0"),
        ("redis://alice@host", "redis://***@host"),
        ("redis://:hunter2@host", "redis://***@host"),
        ("redis://host?token=hunter2&user=alice", "redis://host?token=***&user=***"),
        ("redis://host?hunter2", "redis://host?***"),
        ("redis://host?a=hunter2=alice", "redis://host?a=***"),
        ("redis://host/0#hunter2", "redis://host/0#***"),
    ],
)
def test_what_a_url_shows(text, shown):
    assert str(parse_location(text, "path")) == shown


@pytest.mark.parametrize("character", "/?#@:[]%&=; \n")
@pytest.mark.parametrize("form", ["redis://alice:hunt{}hunter2@host/0?a=alice", "redis://alice{}hunter2@host"])
def test_a_password_that_nobody_escaped_is_hidden_too(form, character):
    url = parse_location(form.format(character), "path")
    assert [secret for secret in SECRETS if secret in f"{url} {url!r}"] == []


@pytest.mark.parametrize(
    "text", ["redis://alice:hunter2@host", " redis://alice:hunter2@host", "x redis://alice:hunter2@h"]
)
def test_discreet_hides_it_in_any_argument(text):
    assert [secret for secret in SECRETS if secret in discreet(text)] == []


def test_values_that_are_public_are_shown():
    url = Url("redis://host?timeout=5&p%61ss=hunter2&x", frozenset({"timeout"}))
    assert str(url) == "redis://host?timeout=5&p%61ss=***&***"
    assert url.query() == [("timeout", "5"), ("pass", "hunter2"), (None, "")]


def test_the_backend_reads_all_of_it():
    url = parse_location("Redis://alice:hunter2@host", "path")
    assert (url.scheme, url.text) == ("redis", "Redis://alice:hunter2@host")


@pytest.mark.parametrize(
    "text", ["C://data", "c:/data", "redis:/x", "./redis://x", "a/b://c", "-x://y", "://x"]
)
def test_what_is_no_url_is_a_path(text):
    assert parse_location(text, "path") == Path(text)


def test_a_path_object_has_no_scheme():
    assert parse_location(Path("redis://host"), "path") == Path("redis:/host")


@pytest.mark.parametrize("value", ["", "a\0b"])
def test_what_names_nothing_is_refused(value):
    with pytest.raises(ValueError, match="path must name"):
        parse_location(value, "path")


@pytest.mark.parametrize(("value", "found"), [("redis", True), ("s3+x", True), ("c", False), ("Redis", False)])
def test_schemes(value, found):
    assert is_scheme(value) is found
