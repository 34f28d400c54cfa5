"""PLUGIN and OPEN-4: registration, told by throw-away distributions in children."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from refvec import CONTRACT_VERSION, BackendPlugin, Capabilities, UnsupportedError, VectorStore, backends
from refvec.claims import OWNERS
from refvec.registry import provided

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.distributions import BROKEN, GROUP, install, plugin, variant
from refvec_conformance.probes.fixtures import label

ROWS = "import refvec; print([(r.name, r.distribution, r.version, r.error is None) for r in refvec.backends()])"


OPEN = "import sys, refvec; print(refvec.VectorStore(4, backend=sys.argv[1]).get_statistics()['type'])"


@clause("PLUGIN-1")
def test_a_backend_is_an_entry_point_of_its_name(names: list[str]) -> None:
    points = {point.name for point in metadata.entry_points(group=GROUP)}
    assert set(names) <= points


@clause("PLUGIN-1", tier="standard")
def test_a_distribution_with_an_entry_point_is_a_backend(tmp_path: Path) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs"))
    assert output_of(OPEN, "theirs", path=tmp_path) == "theirs"


@clause("PLUGIN-1", "PLUGIN-2", tier="standard")
def test_backends_names_the_distribution_and_its_version(tmp_path: Path) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs"))
    assert "('theirs', 'their-store', '1.2.3', True)" in output_of(ROWS, path=tmp_path)


@clause("PLUGIN-1", tier="standard")
def test_a_backend_under_another_name_than_its_own_is_refused(tmp_path: Path) -> None:
    install(tmp_path, "their-store", "theirs", plugin("another"))
    assert "('theirs', 'their-store', '1.2.3', False)" in output_of(ROWS, path=tmp_path)


BAD_PLUGINS: dict[str, str] = {
    "raises": BROKEN,
    "exits": "import sys; sys.exit(3)",
    "syntax": "this is no Python",
    "import": "import a_module_that_is_nowhere",
    "no plugin": "nothing = 1",
    "no hook": "class Plugin: pass",
    "misspelt hook": (
        "from refvec import hookimpl\nclass Plugin:\n    @staticmethod\n    @hookimpl\n"
        "    def refvec_backnd(): ..."
    ),
    "panics": "class Panic(BaseException): ...\nraise Panic('broken on purpose')",
    "unprintable": "class Bad(Exception):\n    def __str__(self): raise RuntimeError\nraise Bad",
    "hook raises": (
        "from refvec import hookimpl\nclass Plugin:\n    @staticmethod\n    @hookimpl\n"
        "    def refvec_backend(): raise RuntimeError('broken on purpose')"
    ),
    "hook returns nothing": (
        "from refvec import hookimpl\nclass Plugin:\n    @staticmethod\n    @hookimpl\n"
        "    def refvec_backend(): ..."
    ),
    "no store": (
        "from refvec import hookimpl, BackendPlugin\nclass Plugin:\n    @staticmethod\n    @hookimpl\n"
        "    def refvec_backend(): return BackendPlugin(dict)"
    ),
}


bad_plugins = pytest.mark.parametrize("code", BAD_PLUGINS.values(), ids=BAD_PLUGINS)


@clause("PLUGIN-2", "OPEN-4", tier="standard")
@bad_plugins
def test_a_bad_plugin_is_reported_by_name_and_distribution(tmp_path: Path, code: str) -> None:
    install(tmp_path, "bad-store", "bad", code)
    assert "('bad', 'bad-store', '1.2.3', False)" in output_of(ROWS, path=tmp_path)


@clause("PLUGIN-2", "OPEN-4", tier="standard")
@bad_plugins
def test_a_bad_plugin_breaks_nothing_else(tmp_path: Path, names: list[str], code: str) -> None:
    install(tmp_path, "bad-store", "bad", code)
    rows = output_of(ROWS, path=tmp_path)
    assert [name for name in names if f"('{name}', " not in rows or f"('{name}', 'bad-store'" in rows] == []


@clause("PLUGIN-2", tier="standard")
@pytest.mark.parametrize("file", ["METADATA", "entry_points.txt"])
def test_unreadable_metadata_breaks_nothing(tmp_path: Path, names: list[str], file: str) -> None:
    install(tmp_path, "bad-store", "bad", BROKEN)
    (damaged,) = tmp_path.glob("*.dist-info")
    if file == "METADATA":
        (damaged / file).unlink()
    else:
        (damaged / file).write_text("[refvec.backends]\nno equals sign\n")
    rows = output_of(ROWS, path=tmp_path)
    assert [name for name in names if f"('{name}', " not in rows] == []


@clause("OPEN-4", tier="standard")
def test_opening_a_bad_plugin_chains_its_exception(tmp_path: Path) -> None:
    install(tmp_path, "bad-store", "bad", BROKEN)
    code = """
        import refvec
        try:
            refvec.VectorStore(4, backend="bad")
        except refvec.BackendLoadError as error:
            print(type(error.__cause__).__name__, error.__cause__, "bad-store" in str(error))
        """
    assert output_of(code, path=tmp_path) == "RuntimeError broken on purpose True"


@clause("OPEN-4", tier="standard")
def test_a_bad_plugin_does_not_hinder_another_backend(tmp_path: Path, spelling: str) -> None:
    if ":" in spelling:
        return  # a class without an entry point is found without any
    install(tmp_path, "bad-store", "bad", BROKEN)
    assert output_of(OPEN, spelling, path=tmp_path) == spelling


@clause("PLUGIN-2", tier="standard")
@pytest.mark.parametrize("claimant", ["aaa-store", "zzz-store"])
def test_a_taken_name_is_reported(tmp_path: Path, names: list[str], claimant: str) -> None:
    install(tmp_path, claimant, names[0], plugin(names[0]))
    assert f"('{names[0]}', '{claimant}', '1.2.3', False)" in output_of(ROWS, path=tmp_path)


def opens(name: str) -> bool:
    """Return whether a backend can be opened here at all: one in servers needs some."""
    try:
        VectorStore(2, backend=name).close()
    except UnsupportedError:
        return False
    return True


@clause("PLUGIN-2", tier="standard")
@pytest.mark.parametrize("name", OWNERS)
def test_names_of_refvec_stay_its_own(tmp_path: Path, names: list[str], name: str) -> None:
    if name in names and opens(name):
        install(tmp_path, "aaa-store", name, BROKEN)
        assert output_of(OPEN, name, path=tmp_path) == name


@clause("PLUGIN-2", tier="standard")
@pytest.mark.parametrize("claimant", ["aaa-store", "zzz-store"])
def test_a_name_that_two_claim_is_neithers(tmp_path: Path, claimant: str) -> None:
    for distribution in ("aaa-store", "zzz-store"):
        install(tmp_path, distribution, "theirs", plugin("theirs"))
    assert f"('theirs', '{claimant}', '1.2.3', False)" in output_of(ROWS, path=tmp_path)


@clause("PLUGIN-2", "OPEN-4", tier="standard")
@pytest.mark.parametrize("fact", ["BackendLoadError", "aaa-store", "zzz-store", "uninstall"])
def test_opening_a_name_that_two_claim_tells_the_way_out(tmp_path: Path, fact: str) -> None:
    for distribution in ("aaa-store", "zzz-store"):
        install(tmp_path, distribution, "theirs", plugin("theirs"))
    code = """
        import refvec
        try:
            print(refvec.VectorStore(4, backend="theirs"))
        except refvec.BackendError as error:
            print(type(error).__name__, error)
        """
    assert fact in output_of(code, path=tmp_path)


@clause("PLUGIN-2", tier="standard")
@pytest.mark.parametrize("version", ["2.0", "0.9", "1.99", "", "one", "1"])
def test_a_wrong_contract_version_is_reported(tmp_path: Path, version: str) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs", contract=version))
    assert "('theirs', 'their-store', '1.2.3', False)" in output_of(ROWS, path=tmp_path)


@clause("PLUGIN-2", tier="standard")
@pytest.mark.parametrize("point", ["no_such_module:Plugin", "refvec:NoSuchPlugin"])
def test_an_entry_point_to_nowhere_is_reported(tmp_path: Path, point: str) -> None:
    install(tmp_path, "bad-store", "bad", "", point)
    assert "('bad', 'bad-store', '1.2.3', False)" in output_of(ROWS, path=tmp_path)


@clause("PLUGIN-3", tier="standard")
@pytest.mark.parametrize("capabilities", [None, {"search": True}, 42], ids=label)
def test_a_backend_without_a_manifest_is_reported(tmp_path: Path, capabilities: Any) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs", capabilities=capabilities))
    assert "('theirs', 'their-store', '1.2.3', False)" in output_of(ROWS, path=tmp_path)


FLAGS = [
    "search",
    "durable",
    "thread_safe",
    "dense_indices",
    "ordered_ids",
    "atomic_batch",
    "interrupt_safe",
    "networked",
]


@clause("PLUGIN-3", tier="smoke")
def test_a_backend_declares_its_capabilities(target: Target) -> None:
    assert isinstance(target.capabilities, Capabilities)


@clause("PLUGIN-3")
@pytest.mark.parametrize("flag", FLAGS)
def test_a_capability_is_declared_or_not(target: Target, flag: str) -> None:
    assert getattr(target.capabilities, flag) in (True, False)


@clause("PLUGIN-3")
def test_the_limit_of_the_dimension_is_within_that_of_the_contract(target: Target) -> None:
    assert 1 <= target.capabilities.max_dimension <= 65_536


@clause("PLUGIN-3")
def test_the_limit_of_the_vectors_is_a_number_or_none(target: Target) -> None:
    limit = target.capabilities.max_vectors
    assert limit is None or (type(limit) is int and limit >= 1)


@clause("PLUGIN-3", since="1.1")
def test_who_is_networked_declares_schemes_and_nobody_else(target: Target) -> None:
    assert bool(target.capabilities.schemes) == target.capabilities.networked


@clause("PLUGIN-2", "OPEN-8", tier="standard", since="1.1")
@pytest.mark.parametrize(
    "declared",
    [
        "capabilities=Capabilities(networked=True)",
        "capabilities=Capabilities(schemes=('grid',))",
        "capabilities=Capabilities(networked=True, schemes='grid')",
        "capabilities=Capabilities(networked=True, schemes=('grid://',))",
        "options=[Option('timeout')]",
        "options=('timeout',)",
        "options=(Option('timeout'), Option('timeout'))",
        "options=(Option('path'),)",
    ],
)
def test_a_declaration_that_cannot_be_is_reported(tmp_path: Path, declared: str) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs", declared=declared))
    assert "('theirs', 'their-store', '1.2.3', False)" in output_of(ROWS, path=tmp_path)


@clause("PLUGIN-2", tier="standard", since="1.1")
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_plugin_for_this_contract_or_an_older_minor_is_taken(tmp_path: Path, version: str) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs", contract=version))
    assert output_of(OPEN, "theirs", path=tmp_path) == "theirs"


@clause("PLUGIN-3", requires="search")
def test_a_search_that_a_subclass_no_longer_declares_is_refused(target: Target) -> None:
    less = Capabilities(**{**vars(target.capabilities), "search": False})
    without = variant(target.store, "less", capabilities=less)
    with provided(without.backend, BackendPlugin(without)):
        store = VectorStore(2, backend=without.backend)
        with pytest.raises(UnsupportedError):
            store.search([1, 0])


@clause("PLUGIN-1")
def test_the_contract_version_is_known() -> None:
    assert CONTRACT_VERSION.split(".")[0] == "1"


INCOMPLETE = ["_open", "_put", "_drop", "_find", "_refcounts", "_rows", "_scan", "_size"]


@clause("PLUGIN-3")
@pytest.mark.parametrize("lacking", INCOMPLETE)
def test_a_backend_that_lacks_a_primitive_fails_when_it_is_defined(lacking: str) -> None:
    body: dict[str, Any] = {name: print for name in INCOMPLETE if name != lacking}
    with pytest.raises(TypeError, match=lacking):
        type("Lacking", (VectorStore,), body)


@clause("PLUGIN-3")
@pytest.mark.parametrize("row", backends(), ids=lambda row: row.name)
def test_the_rows_of_backends_show_the_capabilities(row: Any) -> None:
    assert (row.error is None) == isinstance(row.capabilities, Capabilities)
