"""``refvec serve-local``: servers that end with whoever started them."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from refvec_redis.cluster import LocalCluster

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server on PATH")

PARENT = """
import time
from refvec_redis.cluster import LocalCluster
with LocalCluster(1, 0) as cluster:
    print(cluster.pid(cluster.ports[0]), flush=True)
    time.sleep(600)
"""


def ends(pid):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_servers_end_with_their_parent(how):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        pid = int(parent.stdout.readline())
        parent.send_signal(how)
    assert ends(pid)


def test_a_command_has_the_servers(tmp_path):
    code = (
        "from refvec import VectorStore; store = VectorStore(2, backend='redis'); "
        "print(store.add_vector('a', [1, 2])); raise SystemExit(7)"
    )
    command = ["serve-local", "--masters", "1", "--replicas", "0", "--options", "buckets=1"]
    done = subprocess.run(
        [sys.executable, "-m", "refvec", *command, "--", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("0", 7)


def test_what_the_servers_wrote_is_removed():
    with LocalCluster(1, 0) as cluster:
        home = cluster.home
        assert home.exists()
    assert not home.exists()


def test_without_a_redis_server_it_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="redis-server"):
        LocalCluster()
