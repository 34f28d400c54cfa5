"""The reports, on a run that has one of everything."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatch
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from refvec_conformance import reports
from refvec_conformance.judging.clauses import clauses
from refvec_conformance.judging.results import ExitCode, LevelResult, RunResult
from refvec_conformance.reports.terminal import show
from rich.console import Console

GENERATED = """
@clause("GET-1")
def test_generated(target):
    from refvec import VectorStore
    from refvec_conformance.inputs.operations import Op
    from refvec_conformance.probes.traces import compare
    stores = {"python": lambda: VectorStore(2, backend="python"), target.name: lambda: target.open(2)}
    try:
        compare([Op("ids"), Op("remove_vector", ("a",)), Op("ids")], stores, {"dimension": 2})
    except AssertionError as error:
        error.script = error.script.replace(", 'nasty'", "")  # nobody else knows it
        raise
"""


def test_the_json_report_fits_its_schema_and_reads_back(mixed):
    document = json.loads(json.dumps(mixed.to_json()))
    jsonschema.Draft202012Validator.check_schema(reports.schema())
    jsonschema.validate(document, reports.schema())
    assert RunResult.from_json(document) == mixed
    for backend in document["backends"]:
        assert sum(backend["totals"].values()) == len(clauses())


@pytest.mark.parametrize("text", ["{}", "[]", "3", "", '{"format": "refvec-conformance-report"}'])
def test_what_is_no_report_is_refused(tmp_path, text):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="is no report"):
        reports.read(path)


def test_a_damaged_report_is_refused(mixed):
    document = mixed.to_json()
    del document["backends"][0]["levels"]
    with pytest.raises(ValueError, match="damaged"):
        RunResult.from_json(document)


def test_every_report_is_written(mixed, tmp_path):
    written = {path.relative_to(tmp_path).as_posix() for path in reports.write(mixed, tmp_path)}
    assert {"report.json", "report.html", "report.md", "junit.xml", "badge-good.json"} <= written
    assert "report.schema.json" in written
    assert not [one for one in written if one.startswith("reproduce")]
    assert reports.read(tmp_path / "report.json") == mixed


def test_the_script_of_a_generated_failure_is_written(bench, tmp_path):
    found = bench.run(bench.backend("def remove_vector(self, chunk_id):\n    return True"), more=GENERATED)
    written = {path.relative_to(tmp_path).as_posix(): path for path in reports.write(found, tmp_path)}
    script = written["reproduce/nasty/show_smallsuite.small_generated_again.py"]
    assert "store.remove_vector(" in script.read_text()
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["python False"]


def test_junit_counts_what_happened(mixed):
    root = ET.fromstring(reports.junit(mixed))  # noqa: S314
    suites = {suite.get("name"): suite for suite in root}
    assert suites["refvec.good"].attrib.items() >= {"failures": "0", "errors": "0", "skipped": "0"}.items()
    assert suites["refvec.bad"].get("failures") == "2"
    assert suites["refvec.blocked"].get("errors") == "4"
    assert suites["refvec.broken_module:Nasty"].get("errors") == "1"
    for suite in suites.values():
        assert int(suite.get("tests")) == len(suite.findall("testcase"))


class Page(HTMLParser):
    """Checks that elements are closed, and collects what a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.fetched += [given[key] for key in ("src", "href") if key in given]
        self.ids += [given["id"]] if "id" in given else []
        if tag not in ("meta", "input", "p", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "p":
            assert self.open.pop() == tag


def test_the_page_stands_alone_and_shows_everything(mixed):
    text = reports.html(mixed)
    page = Page()
    page.feed(text)
    assert page.open == []
    assert [one for one in page.fetched if not one.startswith("#")] == []
    assert {one[1:] for one in page.fetched} <= set(page.ids)
    assert not re.search(r"https?://|@import|url\(", text)
    assert set(clauses()) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert not re.search(r"<!--(?!-)", text)


def test_pages_begin_with_what_is_wrong(mixed):
    page, text = reports.html(mixed), reports.markdown(mixed)
    sentence = "store.ids() raised ValueError("
    assert (
        0
        < page.index(sentence)
        < page.index("<div class=cards>" if "<div class=cards>" in page else 'class="cards"')
    )
    assert 0 < text.index(sentence) < text.index("## Levels and totals")


def test_pytest_takes_no_script_for_a_test(bench, tmp_path):
    found = bench.run(bench.backend("def remove_vector(self, chunk_id):\n    return True"), more=GENERATED)
    written = [path.name for path in reports.write(found, tmp_path) if path.suffix == ".py"]
    assert written
    assert not [name for name in written if fnmatch(name, "test_*.py") or fnmatch(name, "*_test.py")]


FAILS_MUCH = """
import pytest

@clause("GET-5")
@pytest.mark.parametrize("case", range(300))
def test_many(store, case):
    store.add_vector(str(case), [1.0, 2.0, 3.0, 4.0])
    assert store.ids() == [str(case)]
"""


def test_one_fault_is_told_once_and_fits_on_a_screen(bench):
    found = bench.run(bench.backend("def ids(self):\n    return ['x']"), more=FAILS_MUCH)
    console = Console(width=80, file=io.StringIO())
    show(console, found)
    lines = console.file.getvalue().splitlines()
    assert len(lines) < 40
    assert max(map(len, lines)) <= 80
    assert lines[0] == "nasty: 2 broken clauses"
    assert any("301 failed tests, 1 cause" in line or "302 failed tests, 1 cause" in line for line in lines)


def test_what_was_named_and_passes_ends_well(bench):
    found = bench.run(bench.backend(""), only=["smallsuite.test_small::test_add"])
    console = Console(width=80, file=io.StringIO())
    show(console, found)
    text = console.file.getvalue()
    assert "the named test passes" in text
    assert "exit code 0" in text
    assert "For the verdict: refvec conformance nasty_module:Nasty" in text
    assert "not-run" not in text


def test_what_is_named_wrongly_is_told_with_the_nearest(bench):
    found = bench.run(bench.backend(""), only=["smallsuite.test_small::test_ad"])
    assert "the nearest is 'smallsuite.test_small::test_add'" in found.backends[0].messages[0]
    assert found.exit_code is ExitCode.VACUOUS
    console = Console(file=io.StringIO(), width=80)
    show(console, found)
    assert "no test was run" in console.file.getvalue()
    assert "passes" not in console.file.getvalue()


def test_markdown_tells_every_failure_and_every_clause(mixed):
    text = reports.markdown(mixed)
    assert all(f"| {one} |" in text for one in clauses())
    assert "test_clear" in text
    assert clauses()["REMOVE-3"].text.strip() in text


def badge_of(mixed, **changes):
    return reports.badge(replace(mixed.backends[0], **changes), mixed.contract)


def test_the_badge_names_levels_and_contract_or_is_withheld(mixed):
    levels = (
        LevelResult("Core", "earned"),
        LevelResult("Search", "earned"),
        LevelResult("Durable", "withheld"),
    )
    earned = badge_of(mixed, levels=levels, exit_code=ExitCode.CONFORMS)
    assert earned == {
        "schemaVersion": 1,
        "label": "refvec conformance",
        "message": "Core + Search · contract 1.1",
        "color": "brightgreen",
    }
    assert badge_of(mixed)["message"].startswith("withheld")
    assert badge_of(mixed, exit_code=ExitCode.FAILS)["color"] == "red"


def test_combine_makes_one_matrix(mixed):
    halves = [
        replace(mixed, backends=mixed.backends[:2]),
        replace(mixed, backends=mixed.backends[2:], tier="smoke"),
    ]
    found = reports.combine(halves)
    assert found.backends == mixed.backends
    assert found.tier == "smoke"
    newer = replace(mixed.backends[0], version="9")
    assert reports.combine([mixed, replace(mixed, backends=(newer,))]).backends[0].version == "9"


@pytest.mark.parametrize("changes", [{"suite": "9.0"}, {"contract": "9.0"}])
def test_runs_of_different_suites_do_not_combine(mixed, changes):
    with pytest.raises(ValueError, match="same suite"):
        reports.combine([mixed, replace(mixed, **changes)])
    with pytest.raises(ValueError, match="no report"):
        reports.combine([])


def test_diff_tells_what_changed_and_what_got_worse(mixed):
    assert reports.diff(mixed, mixed) == []
    good, bad = mixed.backends[0], replace(mixed.backends[1], name="good")
    before, after = replace(mixed, backends=(good,)), replace(mixed, backends=(bad,))
    changes = {(one.what, one.id): one for one in reports.diff(before, after)}
    assert changes["clause", "REMOVE-3"].after == "fail"
    assert changes["clause", "REMOVE-3"].worse
    assert not any(one.worse for one in reports.diff(after, before))
    lone = reports.diff(before, replace(mixed, backends=()))
    assert [(one.what, one.after) for one in lone] == [("backend", "")]


def test_the_schema_is_strict_and_tells_what_everything_is():
    text = json.dumps(reports.schema())
    records = [reports.schema(), *reports.schema()["$defs"].values()]
    assert all(one["additionalProperties"] is False for one in records)
    assert all(
        part["description"] for one in records for part in one["properties"].values() if "const" not in part
    )
    assert all(word in text for word in ("expected-fail", "not-claimed", "thorough", "crash", "format_version"))


@pytest.mark.parametrize(
    "change",
    [
        {"tier": "deep"},
        {"seed": "0"},
        {"more": 1},
        {"suite": "new"},
        {"backends": [{}]},
        {"format": "another"},
        {"environment": {"python": 3}},
    ],
)
def test_the_schema_refuses_what_is_no_report(mixed, change):
    document = {**json.loads(json.dumps(mixed.to_json())), **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, reports.schema())
