"""A client on a system without fork, flock and the like; simulated, as `conformance/meta_tests` does it."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2] / "conformance/meta_tests/without_posix"
PROGRAM = """
import importlib, pkgutil, sys, refvec, refvec_redis
for one in pkgutil.walk_packages(refvec_redis.__path__, "refvec_redis."):
    if not one.name.endswith("__main__"):
        importlib.import_module(one.name)
with refvec.VectorStore(3, path=sys.argv[1]) as store:
    store.add_vectors(["a", "b"], [[1, 2, 3], [4, 5, 6]])
    assert store.remove_vector("b")
    print(store.ids(), store.search([1, 2, 3], 1).ids)
"""


def test_a_client_works(address):
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, sys.path)])}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, address],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "['a'] [('a',)]\n"), done.stderr
