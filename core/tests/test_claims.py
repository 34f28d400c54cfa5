"""Who claims which name, read from metadata: cheap, and the same everywhere."""

from importlib import metadata

import pytest
from refvec import Backend, BackendLoadError, OpenSpec, UnknownBackendError, UnsupportedError, Url, backends
from refvec.claims import claims, known_schemes, rescan, takers
from refvec.registry import load_backend
from refvec.selecting import select_backend

PLUGIN = """
from refvec import BackendPlugin, Capabilities, VectorStore, hookimpl
from refvec.primitives import PRIMITIVES
class Plugin:
    @hookimpl
    def refvec_backend(self):
        body = dict.fromkeys(PRIMITIVES, print)
        able = Capabilities(networked=bool({schemes}), schemes={schemes})
        given = {{"backend": {name!r}, "capabilities": able}}
        return BackendPlugin(type("Theirs", (VectorStore,), body | given))
plugin = Plugin()
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution that claims a name, and schemes."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(distribution, name, schemes=(), version="1.0"):
        module = f"{tmp_path.name}_{distribution}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(PLUGIN.format(name=name, schemes=tuple(schemes)))
        info = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        listed = "".join(f"{scheme} = {module}:plugin\n" for scheme in schemes)
        (info / "entry_points.txt").write_text(
            f"[refvec.backends]\n{name} = {module}:plugin\n[refvec.schemes]\n{listed}"
        )
        rescan()
        return info

    yield install
    monkeypatch.undo()
    rescan()


def row(distribution):
    return next(row for row in backends() if row.distribution == distribution)


def test_a_contested_name_is_nobodys(install):
    for distribution in ("one-store", "other-store"):
        install(distribution, "theirs")
    with pytest.raises(BackendLoadError, match="claimed by one-store and other-store; uninstall"):
        load_backend("theirs")
    assert all("claimed by" in row(name).error for name in ("one-store", "other-store"))


def test_when_one_claimant_is_gone_the_other_has_the_name(install):
    install("one-store", "theirs")
    (install("other-store", "theirs") / "entry_points.txt").unlink()
    assert load_backend("theirs").backend == "theirs"


def test_our_names_stay_ours(install):
    install("aaa-store", "python")
    assert "belongs to refvec-backends" in row("aaa-store").error
    assert load_backend("python").__module__ == "refvec_backends.python"


def test_spellings_of_a_distribution_are_one(install):
    install("one-store", "theirs")
    install("One_Store", "theirs", version="2.0")
    assert len(claims()["theirs"]) == 1


@pytest.mark.parametrize("damage", ["METADATA", "entry_points.txt"])
def test_unreadable_metadata_hurts_nobody_else(install, damage):
    (install("bad-store", "bad") / damage).write_bytes(b"[refvec.backends]\n\xff\xfe no equals sign\n")
    assert "python" in claims()


def test_only_metadata_of_backends_is_read(install, monkeypatch):
    install("one-store", "theirs")
    read = []
    read_text = metadata.PathDistribution.read_text
    monkeypatch.setattr(
        metadata.PathDistribution, "read_text", lambda *asked: read.append(asked) or read_text(*asked)
    )
    found = {claim.distribution for several in claims().values() for claim in several}
    told = [dist for dist, file in read if file == "METADATA"]
    assert {dist.name for dist in told} == found
    assert len(told) == len(found)


def test_a_backend_of_ours_is_found_without_a_look_at_others(install, monkeypatch):
    install("aaa-store", "python")
    look = metadata.distributions
    monkeypatch.setattr(metadata, "distributions", lambda *, name: look(name=name))  # without one: TypeError
    assert load_backend("python").__module__ == "refvec_backends.python"


def test_a_distribution_that_has_our_name_and_no_claim_takes_no_backend_away(install, tmp_path):
    (install("refvec-backends", "python") / "entry_points.txt").write_text("[console_scripts]\n")
    assert load_backend("python").__module__ == "refvec_backends.python"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("name: one-store\nVERSION:2.0\n\nVersion: of the README\n", ("one-store", "2.0")),
        ("Name: one-store\nSummary: folded\n  Name: other\nVersion: 2.0", ("one-store", "2.0")),
        ("Metadata-Version: 2.1\n", ("unknown", "unknown")),
    ],
)
def test_name_and_version_are_headers(install, written, told):
    (install("one-store", "theirs") / "METADATA").write_text(written)
    (claim,) = claims()["theirs"]
    assert (claim.distribution, claim.version) == told


def test_a_name_installed_meanwhile_is_found(install):
    with pytest.raises(UnknownBackendError):
        load_backend("theirs")
    install("one-store", "theirs")
    assert load_backend("theirs").backend == "theirs"


def url(scheme="cloud"):
    return OpenSpec(location=Url(f"{scheme}://host"))


def test_auto_takes_the_backend_of_the_scheme(install):
    install("net-store", "net", ["cloud", "cloud+tls"])
    assert takers("cloud+tls") == ["net"]
    assert {"cloud", "cloud+tls"} <= set(known_schemes())
    assert select_backend("auto", url(), {}).backend == "net"


def test_a_named_backend_that_takes_no_such_address(install):
    install("net-store", "net", ["cloud"])
    with pytest.raises(
        UnsupportedError, match=r"'python' does not declare 'networked'.*'net' can open cloud://"
    ):
        select_backend("python", url(), {})
    with pytest.raises(UnsupportedError, match="'net' takes no address with s3://"):
        select_backend("net", url("s3"), {})


def test_no_backend_for_the_scheme(install):
    install("net-store", "net", ["cloud"])
    with pytest.raises(UnsupportedError, match=r"No installed backend opens clouds://.*mean 'cloud'"):
        select_backend("auto", url("clouds"), {})


def test_two_backends_for_a_scheme(install):
    install("net-store", "net", ["cloud"])
    install("other-store", "other", ["cloud"])
    with pytest.raises(UnsupportedError, match=r"'net' and 'other'.*backend="):
        select_backend("auto", url(), {})
    assert select_backend("other", url(), {}).backend == "other"


def test_the_variable_wins_and_is_named(install):
    install("net-store", "net", ["cloud"])
    with pytest.raises(UnsupportedError, match=r"REFVEC_BACKEND is 'python'.*networked"):
        select_backend("auto", url(), {"REFVEC_BACKEND": "python"})


def test_a_row_is_plain_data(install):
    install("one-store", "theirs")
    found = row("one-store")
    assert isinstance(found, Backend)
    assert (found.name, found.version, found.error) == ("theirs", "1.0", None)
