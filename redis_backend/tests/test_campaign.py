"""A short campaign: what `nox -s cluster-crash` does for longer, and in many ways."""

import pytest
from refvec_conformance.campaign.networked.ordeals import ORDEALS
from refvec_conformance.campaign.networked.report import Run
from refvec_conformance.campaign.networked.run import performed
from refvec_conformance.judging.target import resolved
from refvec_redis.campaign import PLANS, main


def run(bed, place, name, **options):
    with resolved("redis") as target:
        return performed("a test", target, bed, ORDEALS[name], place, 1, options)


def test_a_master_that_is_killed_loses_nothing(bed, tmp_path):
    found = run(bed, tmp_path, "kill-no-restart", timeout=2.0)
    assert found.complaints == []
    assert (found.faults, found.killed, found.broken) == (1, 6, 0)
    assert found.counts["acknowledged"] > 100


def test_a_page_shows_what_the_log_has(tmp_path, monkeypatch, capsys):
    log, page = tmp_path / "runs.jsonl", tmp_path / "page.md"
    found = ORDEALS["move"].name
    monkeypatch.setattr("refvec_redis.campaign._runs", lambda name, _: iter([a_run(name, found)]))
    monkeypatch.setattr("refvec_redis.campaign.PLANS", {"strict": PLANS["strict"]})
    for _ in range(2):
        assert main(["--log", str(log), "--markdown", str(page)]) == 0
    assert f"| {found} | 2 | 4 | 12 | 20 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in page.read_text()
    assert "0 lost" in capsys.readouterr().out


@pytest.mark.parametrize(("plan", "lost", "code"), [("strict", 1, 1), ("careless", 1, 0), ("careless", 0, 1)])
def test_a_loss_is_an_error_but_where_it_must_be(monkeypatch, plan, lost, code):
    monkeypatch.setattr("refvec_redis.campaign._runs", lambda name, _: iter([a_run(name, "a", lost=lost)]))
    assert main(["--plan", plan]) == code


def a_run(plan, name, **counts):
    return Run(plan, name, 1, 2, 6, {"acknowledged": 10, **counts}, [])
