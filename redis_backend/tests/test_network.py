"""A network of its own, where it can be had; where not, why."""

import os
import socket

import pytest
from refvec_redis.network import Network, NoNetworkError


def test_only_root_may_have_one(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda program: f"/bin/{program}")
    with pytest.raises(NoNetworkError, match="only root"), Network():
        pass


def test_a_program_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoNetworkError, match=r"no 'ip' on PATH .*iproute2"), Network():
        pass


def test_without_one_nothing_can_be_cut_off(cluster):
    for change in (cluster.cut, cluster.heal):
        with pytest.raises(NoNetworkError, match="share the network"):
            change(cluster.ports[0])


def test_nothing_of_it_is_left():
    def cables():
        return {name for _, name in socket.if_nameindex()}

    try:
        with Network() as network:
            name = f"refvec{network.host(1).split('.')[2]}"
            network.inside(1)
            assert name in cables()
    except NoNetworkError as error:
        pytest.skip(str(error))
    assert name not in cables()
