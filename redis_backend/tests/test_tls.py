"""rediss:// addresses: a server with TLS, a CA made for the tests, and what is not trusted."""

import shutil
import subprocess

import numpy as np
import pytest
from refvec import BackendUnavailableError, VectorStore
from refvec_redis.cluster import LocalCluster, free_ports
from refvec_redis.tls import CA

UNITS = np.eye(4, dtype=np.float32)
pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("redis-server") is None,
    reason="needs openssl and redis-server on PATH",
)
CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = refvec tests
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
subjectAltName = {name}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def certificate(folder, name, kind, *signed, alternative="IP:127.0.0.1"):
    (folder / "config").write_text(CONFIG.format(name=alternative))
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key")
    command = ("openssl", "req", "-x509", "-config", "config", "-extensions", kind, "-days", "2", *key)
    subprocess.run([*command, *signed, "-out", f"{name}.pem"], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    for name in ("ca", "other"):
        certificate(folder, name, "ca")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key")
    certificate(folder, "server", "leaf", *signed)
    certificate(folder, "elsewhere", "leaf", *signed, alternative="DNS:elsewhere.example")
    return folder


class TlsCluster(LocalCluster):
    """Servers whose second port, and whose talk among each other, is encrypted."""

    def __init__(self, masters, folder, name="server", *, asking="no"):
        super().__init__(masters, 0)
        self.ports, self._second = (found := free_ports(2 * masters))[:masters], found[masters:]
        self._files = {
            "ca-cert": folder / "ca.pem",
            "cert": folder / f"{name}.pem",
            "key": folder / f"{name}.key",
        }
        self._asking, self._folder = asking, folder

    def _arguments(self, port):
        second = ["--tls-port", str(self._second[self.ports.index(port)])]
        for name, file in self._files.items():
            second += [f"--tls-{name}-file", str(self._folder / file)]
        if len(self.ports) > 1:
            second += ["--tls-cluster", "yes"]
        return [*super()._arguments(port), *second, "--tls-auth-clients", self._asking]

    def secure(self, name, **options):
        query = "&".join(f"{key}={value}" for key, value in {"replicas": 0, "timeout": 5, **options}.items())
        return f"rediss://127.0.0.1:{self._second[0]}/{name}?{query}"


@pytest.fixture(scope="module")
def servers(folder):
    with TlsCluster(1, folder) as found:
        yield found


def test_a_cluster_with_tls(folder):
    with TlsCluster(3, folder) as cluster:
        with VectorStore(4, path=cluster.secure("corpus", buckets=16, tls_ca=folder / "ca.pem")) as store:
            store.add_vectors(list("abcd"), UNITS)
            assert store.search(UNITS[2], 1).ids == [("c",)]
        # It went to all of them, and by the encrypted ports.
        keys = [cluster.ask(port, b"DBSIZE") for port in cluster.ports]
        assert min(keys) > 0


def test_the_ca_may_stand_in_the_environment(servers, folder, monkeypatch):
    monkeypatch.setenv(CA, str(folder / "ca.pem"))
    with VectorStore(4, path=servers.secure("environment")) as store:
        assert store.add_vector("a", UNITS[0]) >= 0


@pytest.mark.parametrize("ca", [None, "other.pem"], ids=["system", "another"])
def test_a_server_that_is_not_trusted_is_refused(servers, folder, ca):
    options = {} if ca is None else {"tls_ca": folder / ca}
    with pytest.raises(BackendUnavailableError, match=r"127\.0\.0\.1.*not trusted.*tls_ca") as caught:
        VectorStore(4, path=servers.secure("corpus", **options))
    assert caught.value.__cause__ is not None
    with VectorStore(4, path=servers.secure("unverified", tls_verify="none", **options)) as store:
        store.upsert_vector("a", UNITS[0])


def test_a_certificate_for_another_host_is_refused(folder):
    with TlsCluster(1, folder, "elsewhere") as servers:
        with pytest.raises(BackendUnavailableError, match="tls_verify=chain"):
            VectorStore(4, path=servers.secure("corpus", tls_ca=folder / "ca.pem"))
        VectorStore(4, path=servers.secure("corpus", tls_ca=folder / "ca.pem", tls_verify="chain")).close()


def test_a_server_that_asks_for_our_certificate(folder):
    with TlsCluster(1, folder, asking="yes") as servers:
        with pytest.raises(BackendUnavailableError):
            VectorStore(4, path=servers.secure("corpus", tls_ca=folder / "ca.pem", timeout=1))
        ours = {"tls_cert": folder / "server.pem", "tls_key": folder / "server.key"}
        VectorStore(4, path=servers.secure("corpus", tls_ca=folder / "ca.pem", **ours)).close()


def test_a_port_without_tls_is_told(servers):
    with pytest.raises(BackendUnavailableError, match="has no TLS at this port"):
        VectorStore(4, path=f"rediss://127.0.0.1:{servers.ports[0]}/corpus?timeout=1")


def test_options_that_cannot_be(servers, tmp_path):
    with pytest.raises(ValueError, match="tls_verify is for rediss://"):
        VectorStore(4, path=f"{servers.url}corpus?tls_verify=none")
    with pytest.raises(FileNotFoundError, match="tls_ca"):
        VectorStore(4, path=servers.secure("corpus", tls_ca=tmp_path / "missing"))
