"""Addresses and options, without a server."""

import pytest
from refvec import OpenSpec, UnsupportedError, Url, VectorStore
from refvec.options import check_options
from refvec_redis.settings import buckets_for, settings_of
from refvec_redis.store import RedisVectorStore


def settings(text, environ=(), **options):
    spec = check_options(RedisVectorStore, OpenSpec(location=Url(text), options=options))
    return settings_of(spec, dict(environ))


def test_an_address_says_where_and_how():
    found = settings(
        "redis://user:p%40ss@one:7101,two/corpus?buckets=8&replicas=2&timeout=2.5&durability=available"
    )
    assert found.servers.seeds == (("one", 7101), ("two", 6379))
    assert (found.servers.user, found.servers.password, found.servers.tls) == ("user", "p@ss", None)
    assert (found.name, found.buckets, found.replicas, found.timeout) == ("corpus", 8, 2, 2.5)
    assert not found.strict
    assert not found.temporary


def test_without_options_it_is_safe():
    found = settings("rediss://one/corpus")
    assert found.servers.tls.verify == "full"
    assert found.strict
    assert (found.replicas, found.timeout, found.buckets) == (1, 30.0, None)


def test_user_and_password_may_stand_in_the_environment():
    environ = {"REFVEC_REDIS_USER": "me", "REFVEC_REDIS_PASSWORD": "secret"}
    found = settings("redis://one/corpus", environ)
    assert (found.servers.user, found.servers.password) == ("me", "secret")
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "redis://one",
        "redis://one/",
        "redis:///corpus",
        "redis://one/a{b}",
        "redis://one:seven/corpus",
        "redis://one/corpus#x",
        "redis://u:p@ss@one/corpus",
        "redis://one/corpus?buckets=0",
        "redis://one/corpus?buckets=16385",
        "redis://one/corpus?timeout=0",
        "redis://one/corpus?timeout=nan",
        "redis://one/corpus?durability=some",
        "redis://one/corpus?replicas=-1",
    ],
)
def test_another_form_is_refused(text):
    with pytest.raises(ValueError, match=r".") as caught:
        settings(text)
    assert "p@ss" not in str(caught.value)


def test_without_an_address_the_servers_of_temporary_stores_must_be_named(monkeypatch):
    monkeypatch.delenv("REFVEC_REDIS_URL", raising=False)
    with pytest.raises(UnsupportedError, match="REFVEC_REDIS_URL"):
        VectorStore(4, backend="redis")


def test_a_temporary_store_takes_options_from_the_variable_and_first_from_the_call():
    spec = check_options(RedisVectorStore, OpenSpec(options={"timeout": 3.0}))
    found = settings_of(spec, {"REFVEC_REDIS_URL": "redis://one/?timeout=7&buckets=2"})
    assert found.temporary
    assert (found.timeout, found.buckets) == (3.0, 2)


def test_a_new_store_has_buckets_for_the_vectors_that_it_is_to_hold():
    assert [buckets_for(n) for n in (1, 1000, 1_280_000, 1_280_001, 10_000_000, 2**31)] == [
        256,
        256,
        256,
        512,
        2048,
        16_384,
    ]
