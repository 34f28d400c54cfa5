"""Sessions that try hard to break what we have: crashes, lost servers, broken variants and mutants."""

from __future__ import annotations

import nox
from projects import REDIS, ROOT

from sessions.common import TESTING, install, require_redis


@nox.session(name="redis-zoo")
def redis_zoo(session: nox.Session) -> None:
    """Write docs/kill-matrix-distributed.md: which test kills which broken variant of the redis backend."""
    require_redis(session)
    install(session, *TESTING, also=[REDIS])
    page = "docs/kill-matrix-distributed.md"
    session.run(
        "python", "redis_backend/zoo/kill_matrix.py", "--usual", page, "--markdown", page, *session.posargs
    )


@nox.session
def crash(session: nox.Session) -> None:
    """Kill writers at random moments; ``nox -s crash -- --kills 1000 --backend rust --seed 7 --log FILE``."""
    install(session)
    session.run("python", "-m", "refvec_conformance.campaign", *session.posargs)


@nox.session(name="cluster-crash")
def cluster_crash(session: nox.Session) -> None:
    """Kill, stop and cut off servers while clients work; ``-- --rounds 3 --seed 7 --plan strict``."""
    require_redis(session)
    install(session, also=[REDIS])
    session.run("python", "-m", "refvec_redis.campaign", *session.posargs)


@nox.session(name="kill-matrix")
def kill_matrix(session: nox.Session) -> None:
    """Write docs/kill-matrix.md: which test kills which broken backend of the zoo."""
    install(session, *TESTING)
    page = "docs/kill-matrix.md"
    session.run("python", "-m", "refvec_conformance.zoo.kill_matrix", "--usual", page, "--markdown", page)


@nox.session
def mutation(session: nox.Session) -> None:
    """Mutate the python backend, with the suite as the only killer; not part of what lands."""
    # In a clone of the last commit: cosmic-ray edits the module that it tests.
    config, results = "conformance/mutation/cosmic-ray.toml", "mutation.sqlite"
    session.install("cosmic-ray>=8.4", *TESTING)
    session.run("git", "clone", "--quiet", str(ROOT), session.create_tmp() + "/clone", external=True)
    session.chdir(session.create_tmp() + "/clone")
    session.install("-e", "./core[cli]", "-e", "./backends", "-e", "./conformance")
    session.run("cosmic-ray", "init", config, results)
    session.run("cr-filter-operators", results, config)
    session.run("cosmic-ray", "exec", config, results)
    session.run("cr-report", "--surviving-only", "--show-diff", results)
