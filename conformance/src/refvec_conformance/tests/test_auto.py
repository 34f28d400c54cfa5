"""OPEN-3, OPEN-6 and OPEN-8: what "auto" chooses, and what is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.distributions import BROKEN, install, networked, plugin

# With the first-party distributions replaced by throw-away ones; those called "our-..." count as first-party.
ALONE = """
    import sys, warnings
    from importlib import metadata
    all_distributions = metadata.distributions
    def only_ours(**asked):
        for dist in all_distributions(**asked):
            names = dist.entry_points.select(group="refvec.backends").names
            if dist.version == "1.2.3" or sys.argv[1] in names:
                yield dist
    metadata.distributions = only_ours
    import refvec, refvec.claims
    for dist in only_ours():
        if dist.name.startswith("our-"):
            refvec.claims.OWNERS.update(dict.fromkeys(dist.entry_points.names, dist.name))
    warnings.simplefilter("always")
    """


TRY = """
    try:
        with warnings.catch_warnings(record=True) as heard:
            found = refvec.VectorStore(4, **eval(sys.argv[2])).get_statistics()["type"]
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    print(found)
    print([(w.category.__name__, str(w.message)) for w in heard])
    """


# OPEN-3: the choice of "auto"


def choice(folder: Path, keep: str = "", env: dict[str, str] | None = None, arguments: str = "{}") -> list[str]:
    """Return what "auto" opens, or the error, and the warnings; only `keep` and 1.2.3 are installed."""
    return output_of(ALONE + TRY, keep, arguments, env=env, path=folder).splitlines()


@clause("OPEN-3", tier="standard")
@pytest.mark.parametrize(
    ("installed", "first"),
    [(["python", "numpy", "rust"], "rust"), (["python", "numpy"], "numpy"), (["python"], "python")],
)
def test_auto_takes_the_first_that_is_installed(tmp_path: Path, installed: list[str], first: str) -> None:
    for name in installed:
        install(tmp_path, f"our-{name}", name, plugin(name))
    assert choice(tmp_path)[0] == first


@clause("OPEN-3", tier="standard")
@pytest.mark.parametrize("broken", ["rust", "numpy"])
def test_auto_passes_over_what_does_not_import(tmp_path: Path, broken: str) -> None:
    install(tmp_path, "our-broken", broken, BROKEN)
    install(tmp_path, "our-python", "python", plugin("python"))
    assert choice(tmp_path)[0] == "python"


@clause("OPEN-3", tier="standard")
@pytest.mark.parametrize("fact", ["BackendLoadWarning", "rust", "broken on purpose"])
def test_what_is_passed_over_is_warned_about(tmp_path: Path, fact: str) -> None:
    install(tmp_path, "our-broken", "rust", BROKEN)
    install(tmp_path, "our-python", "python", plugin("python"))
    assert fact in choice(tmp_path)[1]


@clause("OPEN-3", tier="standard")
def test_what_is_not_installed_is_passed_over_silently(tmp_path: Path) -> None:
    install(tmp_path, "our-python", "python", plugin("python"))
    assert choice(tmp_path)[1] == "[]"


@clause("OPEN-3", tier="standard")
@pytest.mark.parametrize("fact", ["BackendLoadError", "rust", "numpy", "python", "broken on purpose"])
def test_if_none_is_left_the_error_says_why_per_backend(tmp_path: Path, fact: str) -> None:
    install(tmp_path, "our-broken", "numpy", BROKEN)
    assert fact in choice(tmp_path)[0]


@clause("OPEN-3", tier="standard")
@pytest.mark.parametrize("fact", ["UnsupportedError", "python", "durable"])
def test_if_none_is_able_the_error_says_why(tmp_path: Path, fact: str) -> None:
    install(tmp_path, "our-python", "python", plugin("python"))
    assert fact in choice(tmp_path, arguments=f"{{'path': {str(tmp_path / 'store')!r}}}")[0]


@clause("OPEN-3", tier="standard")
def test_a_third_party_backend_is_never_chosen_by_auto(tmp_path: Path) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs"))
    assert choice(tmp_path)[0].startswith("BackendLoadError")


@clause("OPEN-3", tier="standard")
@pytest.mark.parametrize("name", ["rust", "numpy", "python"])
def test_a_third_party_backend_under_a_name_of_ours_is_not_chosen_by_auto(tmp_path: Path, name: str) -> None:
    install(tmp_path, "their-store", name, plugin(name))
    found = choice(tmp_path)[0]
    assert found.startswith("BackendLoadError")
    assert "their-store" in found


@clause("OPEN-3", tier="standard")
def test_the_variable_names_a_third_party_backend(tmp_path: Path) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs"))
    assert choice(tmp_path, env={"REFVEC_BACKEND": "theirs"})[0] == "theirs"


@clause("OPEN-3", tier="standard")
def test_the_variable_names_the_backend(target: Target, tmp_path: Path, names: list[str]) -> None:
    if target.name in names:
        assert choice(tmp_path, target.name, {"REFVEC_BACKEND": target.name})[0] == target.name


@clause("OPEN-3", tier="standard")
def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    install(tmp_path, "our-python", "python", plugin("python"))
    assert choice(tmp_path, env={"REFVEC_BACKEND": ""})[0] == "python"


@clause("OPEN-3", tier="standard")
@pytest.mark.parametrize(
    ("code", "error"),
    [(None, "UnknownBackendError"), (BROKEN, "BackendLoadError")],
    ids=["not installed", "broken"],
)
@pytest.mark.parametrize("fact", ["the class", "the variable"])
def test_errors_name_the_variable(tmp_path: Path, code: str | None, error: str, fact: str) -> None:
    if code is not None:
        install(tmp_path, "their-store", "theirs", code)
    found = choice(tmp_path, env={"REFVEC_BACKEND": "theirs"})[0]
    assert (error if fact == "the class" else "REFVEC_BACKEND") in found


@clause("OPEN-3", tier="standard")
@pytest.mark.parametrize("fact", ["UnsupportedError", "REFVEC_BACKEND", "durable"])
def test_a_lacking_capability_names_the_variable(tmp_path: Path, fact: str) -> None:
    install(tmp_path, "their-store", "theirs", plugin("theirs"))
    arguments = f"{{'path': {str(tmp_path / 'store')!r}}}"
    assert fact in choice(tmp_path, env={"REFVEC_BACKEND": "theirs"}, arguments=arguments)[0]


@clause("OPEN-3", tier="standard")
def test_a_backend_named_explicitly_is_not_replaced_by_the_variable(tmp_path: Path) -> None:
    for name in ("theirs", "others"):
        install(tmp_path, f"{name}-store", name, plugin(name))
    assert choice(tmp_path, env={"REFVEC_BACKEND": "others"}, arguments="{'backend': 'theirs'}")[0] == "theirs"


@clause("OPEN-3", "OPEN-4", tier="standard")
def test_a_broken_backend_named_explicitly_is_not_replaced(tmp_path: Path) -> None:
    install(tmp_path, "our-broken", "rust", BROKEN)
    install(tmp_path, "our-python", "python", plugin("python"))
    assert choice(tmp_path, arguments="{'backend': 'rust'}")[0].startswith("BackendLoadError")


# OPEN-6: what is imported


@clause("OPEN-6", tier="standard")
def test_importing_refvec_imports_no_backend() -> None:
    code = """
        import sys, refvec
        before = set(sys.modules)
        rows = [row.name for row in refvec.backends() if not row.error]
        homes = {refvec.registry.load_backend(name).__module__ for name in rows}
        print(sorted(homes & before))
        """
    assert output_of(code, fresh=True) == "[]"


@clause("OPEN-6", tier="standard")
def test_opening_imports_no_backend_but_the_chosen_one(spelling: str) -> None:
    if ":" in spelling:
        return  # a class without an entry point has been imported already
    code = """
        import sys, refvec
        chosen = type(refvec.VectorStore(4, backend=sys.argv[1])).__module__
        before = set(sys.modules)
        rows = [row.name for row in refvec.backends() if not row.error]
        homes = {refvec.registry.load_backend(name).__module__ for name in rows}
        print(sorted(homes & before) == [chosen])
        """
    assert output_of(code, spelling, fresh=True) == "True"


@clause("OPEN-6", tier="standard")
def test_a_broken_plugin_is_not_imported_by_opening_another(tmp_path: Path) -> None:
    install(tmp_path, "loud-store", "loud", "print('imported')")
    install(tmp_path, "our-python", "python", plugin("python"))
    assert choice(tmp_path) == ["python", "[]"]


# OPEN-8: the address of a store that servers keep


URL = "grid://alice:hunter2@host/0"


def opened(folder: Path, url: str = URL, **given: str) -> str:
    """Return what opens an address, or the error: `numpy` of ours and what is in `folder` are installed."""
    return choice(folder, "numpy", arguments=repr({"path": url, **given}))[0]


def install_networked(folder: Path, *names: str, schemes: str = "grid grids") -> None:
    for name in names:
        code = plugin(name, declared=networked(*schemes.split()))
        install(folder, f"{name}-store", name, code, schemes=schemes)


@clause("OPEN-8", "PLUGIN-1", tier="standard", since="1.1")
@pytest.mark.parametrize("url", [URL, "grids://host", "GRID://host"])
def test_auto_takes_the_backend_that_declares_the_scheme(tmp_path: Path, url: str) -> None:
    install_networked(tmp_path, "theirs")
    assert opened(tmp_path, url) == "theirs"


@clause("OPEN-8", "OPEN-6", tier="standard", since="1.1")
def test_finding_a_scheme_imports_no_other_backend(tmp_path: Path) -> None:
    install_networked(tmp_path, "theirs")
    install(tmp_path, "loud-store", "loud", "print('imported')", schemes="s3")
    assert choice(tmp_path, arguments=repr({"path": URL})) == ["theirs", "[]"]


@clause("OPEN-8", tier="standard", since="1.1")
@pytest.mark.parametrize("fact", ["UnsupportedError", "'theirs'", "grid://"])
def test_a_backend_that_takes_no_address_names_those_that_do(tmp_path: Path, fact: str) -> None:
    install_networked(tmp_path, "theirs")
    assert fact in opened(tmp_path, backend="numpy")


@clause("OPEN-8", tier="standard", since="1.1")
def test_a_networked_backend_takes_only_its_own_schemes(tmp_path: Path) -> None:
    install_networked(tmp_path, "theirs")
    assert opened(tmp_path, "s3://bucket", backend="theirs").startswith("UnsupportedError")


@clause("OPEN-8", tier="standard", since="1.1")
@pytest.mark.parametrize("backend", ["auto", "numpy"])
def test_if_nobody_takes_an_address_the_error_says_so(tmp_path: Path, backend: str) -> None:
    found = opened(tmp_path, "s3://bucket", backend=backend)
    assert found.startswith("UnsupportedError")
    assert "o installed backend" in found


@clause("OPEN-8", tier="standard", since="1.1")
@pytest.mark.parametrize("fact", ["UnsupportedError", "'others'", "'theirs'", "backend="])
def test_an_address_that_two_backends_take_is_not_guessed(tmp_path: Path, fact: str) -> None:
    install_networked(tmp_path, "theirs", "others")
    assert fact in opened(tmp_path)


@clause("OPEN-8", "OPEN-3", tier="standard", since="1.1")
@pytest.mark.parametrize("fact", ["UnsupportedError", "REFVEC_BACKEND", "'theirs'"])
def test_the_variable_holds_for_addresses_too(tmp_path: Path, fact: str) -> None:
    install_networked(tmp_path, "theirs")
    env = {"REFVEC_BACKEND": "numpy"}
    assert fact in choice(tmp_path, "numpy", env, repr({"path": URL}))[0]


@clause("OPEN-8", tier="standard", since="1.1")
@pytest.mark.parametrize("name", ["theirs", "numpy", "grid://alice:hunter2@host"])
def test_no_error_shows_who_logs_in(tmp_path: Path, name: str) -> None:
    install_networked(tmp_path, "theirs", schemes="s3")
    found = opened(tmp_path, backend=name)
    assert "Error" in found
    assert [secret for secret in ("alice", "hunter2") if secret in found] == []
