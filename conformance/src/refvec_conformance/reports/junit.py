"""JUnit XML, for build servers: one suite per backend, one case per test."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ..judging.records import Outcome, TestRecord
from ..judging.results import BackendResult, RunResult

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(run: RunResult) -> str:
    """Return the run as JUnit XML.

    Tests that do not apply are left out, as they are no skips. Blocked tests
    and those that should have run and did not are errors.
    """
    root = ET.Element("testsuites", name="refvec conformance")
    for backend in run.backends:
        _suite(root, backend)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ET.Element, backend: BackendResult) -> None:
    rows = [row for row in backend.tests if not _left_out(row)]
    suite = ET.SubElement(root, "testsuite", name=f"refvec.{backend.name}", time=f"{backend.duration:.3f}")
    for row in rows:
        module, _, name = row.id.partition("::")
        case = ET.SubElement(suite, "testcase", classname=f"refvec.{backend.name}.{module}", name=_clean(name))
        case.set("time", f"{row.duration:.3f}")
        _outcome(case, row)
    if backend.messages and not rows:
        case = ET.SubElement(suite, "testcase", classname=f"refvec.{backend.name}", name="start")
        ET.SubElement(case, "error", message=_clean(backend.messages[0]))
    for name, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(name, str(len(suite.findall(f"*/{tag}"))))
    suite.set("tests", str(len(suite)))


def _outcome(case: ET.Element, row: TestRecord) -> None:
    said = f"{', '.join(row.clauses)}: {row.reason or (row.failure.message if row.failure else '')}"
    if row.outcome is Outcome.FAILED and row.failure and not row.provisional:
        node = ET.SubElement(case, "failure", message=_clean(said), type=(row.failure.exceptions or ("",))[0])
        node.text = _clean(f"{row.failure.traceback}\n\nAgain: {row.failure.command}")
    elif row.outcome in (Outcome.BLOCKED, Outcome.NOT_RUN):
        ET.SubElement(case, "error", message=_clean(said))
    elif row.outcome is not Outcome.PASSED:
        ET.SubElement(case, "skipped", message=_clean(said))


def _left_out(row: TestRecord) -> bool:
    return row.outcome is Outcome.NOT_APPLICABLE or not row.asked_for


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)
