"""What becomes of a panic: tried on a build of its own, since no wheel has a method that panics."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

CRATE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """Build the crate with the feature ``test-panic``."""
    command = ("cargo", "build", "--quiet", "--features", "test-panic", "--message-format", "json")
    extension = {"PYO3_BUILD_EXTENSION_MODULE": "1", "PYO3_NO_PYTHON": "1"}
    built = subprocess.run(
        command, cwd=CRATE, env={**os.environ, **extension}, stdout=subprocess.PIPE, check=True
    )
    artifacts = [json.loads(line) for line in built.stdout.splitlines()]
    ours = [one for one in artifacts if one.get("target", {}).get("name") == "rust_vector_store"]
    names = [name for one in ours for name in one["filenames"]]
    (library,) = (name for name in names if name.endswith((".so", ".dylib", ".dll")))
    target = tmp_path_factory.mktemp("panics") / ("_native.pyd" if os.name == "nt" else "_native.abi3.so")
    return Path(shutil.copy(library, target))


def test_a_panic_is_a_refvec_error(child, module):
    """It is no ``BaseException``; after one in the middle of a change the store can only be closed."""
    out = child(
        """
        import importlib.util, os, sys

        spec = importlib.util.spec_from_file_location("rust_vector_store._native", os.environ["MODULE"])
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[spec.name])

        from refvec import RefvecError, VectorStore

        def told(call, *arguments):
            try:
                return call(*arguments)
            except RefvecError as error:
                return str(error)

        store = VectorStore(2, backend="rust")
        store.add_vector("a", [1, 2])
        print(told(store._panic, False), len(store), sep="; ")
        print(told(store._panic, True))
        for call in (store.ids, store._size, lambda: store.add_vector("b", [1, 2]), lambda: "a" in store):
            assert "unusable" in told(call)
        print(store.closed, told(store.close), store.closed, sep="; ")
        """,
        MODULE=str(module),
        RUST_BACKTRACE="0",
    )
    assert out.splitlines() == [
        "internal error in rust_vector_store: on purpose; 1",
        "internal error in rust_vector_store: on purpose",
        "False; None; True",
    ]
