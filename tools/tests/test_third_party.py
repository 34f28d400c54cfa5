"""The licence texts in the rust wheel are those of the crates in Cargo.lock."""

import re

import pytest
import third_party
from projects import metadata


def test_the_file_is_that_of_the_lock():
    assert third_party.FILE.read_text("utf-8") == third_party.content(), "run python tools/third_party.py"


def test_what_builds_is_not_linked():
    names = {name for name, _ in third_party.linked()}
    assert {"pyo3", "numpy", "libc"} <= names  # libc on Linux only
    assert not names & {"syn", "pyo3-macros", "pyo3-build-config", "proptest", "rust_vector_store"}


def test_the_metadata_name_every_licence_that_is_not_chosen_away():
    stated = set(metadata("rust_ext")["license"].split(" AND "))
    needed = {licence for licence in licences() if " OR " not in licence}
    assert stated == needed | {"MIT"}
    assert all("MIT" in licence.split(" OR ") for licence in licences() - needed)


def licences():
    known = third_party.packages()
    return {known[crate][0] for crate in third_party.linked()}


def test_a_crate_without_a_text_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(tmp_path.name)):
        third_party.texts("MIT", tmp_path)
