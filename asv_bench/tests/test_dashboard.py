"""The dashboard's page, from results that asv's own classes wrote."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE / "tests")]

import made  # noqa: E402
import plotly.graph_objects  # noqa: E402
from dashboard import figures, page, sections, words  # noqa: E402
from dashboard.parts import Picture, Table  # noqa: E402
from dashboard.results import NoResultsError, load  # noqa: E402
from dashboard.steps import all_series, steps  # noqa: E402
from plotly.offline import get_plotlyjs  # noqa: E402

PEERS = ("numpy + dict", "faiss")
SHAPES = {
    "one backend": {"backends": ("rust",)},
    "a stranger's backend": {"backends": ("python", "numpy", "rust", "dict"), "peers": PEERS},
    "no python": {"backends": ("numpy", "rust")},
    "many commits": {"commits": 6, "slower": ("rust", 3, 2.0), "peers": PEERS},
    "two commits": {"commits": 2},
}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def results(request, tmp_path):
    return load(made.write(tmp_path, **request.param))


def test_every_figure_is_one_that_plotly_accepts(results):
    pictures = [
        part for section in sections.build(results) for part in section.parts if isinstance(part, Picture)
    ]
    assert pictures
    for picture in pictures:
        plotly.graph_objects.Figure(picture.figure)
        assert picture.title
        assert picture.caption


def test_the_page_refers_to_no_other_host(results):
    written = page.render(results).replace(get_plotlyjs(), "")
    assert "//" not in re.sub(r"^\s*//.*$", "", written, flags=re.MULTILINE)
    for address in re.findall(r"(?:src|href)\s*=\s*[\"']([^\"']*)", written):
        assert address.startswith(("#", "data:")) or address == "index.html"


def test_the_page_forbids_the_browser_to_ask_the_network(results):
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page.render(results))
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_each_picture_has_its_place_and_its_figure(results):
    written = page.render(results)
    listed = re.search(r'<script type="application/json" id="figures">(.*?)</script>', written, re.DOTALL)
    assert len(json.loads(listed[1])) == written.count('<div class="plot"')
    assert "<!--" not in written.replace(get_plotlyjs(), "")


def test_a_name_cannot_break_the_page(tmp_path):
    name = "</script><b>"
    written = page.render(load(made.write(tmp_path, backends=("python", name)))).replace(get_plotlyjs(), "")
    assert name not in written
    assert written.count("</script>") == 3


def test_the_first_table_gives_ratios_and_those_of_the_seed(tmp_path):
    section = sections.seed_table.section(load(made.write(tmp_path)))
    table = next(part for part in section.parts if isinstance(part, Table))
    assert table.header == ["operation", "python", "numpy", "rust", "seed: Rust over Python"]
    first = [cell.replace("\u00a0", " ") for cell in table.rows[0]]
    assert first == ["add 10,000", "100 µs", "50.0 µs\n2.00×", "10.0 µs\n10.0×", "2.83×"]
    assert [row[0] for row in table.rows][-1] == "total"


def test_what_was_not_measured_is_left_out(tmp_path):
    gone = ("search.Search.time_search", "'python'", "'dot'", "100")
    found = load(made.write(tmp_path, missing={gone}))
    assert len(found.newest) == len(load(made.write(tmp_path)).newest) - 1


def test_a_backend_that_is_gone_is_not_compared_with_newer_commits(tmp_path):
    made.write(tmp_path, backends=("python", "rust", "dict"))
    made.write(tmp_path, backends=("python", "rust"), first=1)
    found = load(tmp_path)
    assert found.backends == ["python", "rust"]
    assert {one.commit for one in found.newest} == {found.commits[-1]}
    assert any(one.parameter("backend") == "dict" for one in found.measurements)


def test_peers_stand_beside_our_backends(tmp_path):
    section = sections.peers.section(load(made.write(tmp_path, peers=PEERS)))
    assert len(section.parts) == 2
    for picture in section.parts:
        names = [line["name"] for line in picture.figure["data"]]
        assert names == ["python", "numpy", "rust", *PEERS]
    assert sections.peers.section(load(made.write(tmp_path / "without"))) is None


def test_what_has_no_backend_is_shown_too(tmp_path):
    section = sections.operations.section(load(made.write(tmp_path)))
    assert section.parts[-1].rows[0][0] == "import refvec"


def test_no_results_are_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(NoResultsError, match="nox -s asv"):
        load(tmp_path / "nowhere")


def test_a_machine_without_results_is_an_error_with_those_that_have(tmp_path):
    with pytest.raises(NoResultsError, match="m1"):
        load(made.write(tmp_path), machine="m2")


def test_a_benchmark_that_changed_begins_anew(tmp_path):
    made.write(tmp_path, commits=2)
    listed = json.loads((tmp_path / "benchmarks.json").read_text())
    listed["files.File.peakmem_load"]["version"] = "2"
    (tmp_path / "benchmarks.json").write_text(json.dumps(listed))
    assert not [one for one in load(tmp_path).measurements if one.benchmark == "files.File.peakmem_load"]


class TestHistory:
    def test_a_lasting_regression_is_found_and_marked(self, tmp_path):
        found = load(made.write(tmp_path, commits=6, slower=("rust", 3, 2.0)))
        every = [step for series in all_series(found) for step in steps(series)]
        assert every
        assert all(step.slower and step.at == found.commits[3] for step in every)
        assert {dict(step.series[0].parameters)["backend"] for step in every} == {"rust"}
        section = sections.history.section(found)
        commit, change = section.parts[0].rows[0][1:]
        assert commit == found.commits[3].short
        assert change.startswith("▲ 2.00×\n")
        rings = [line for line in section.parts[1].figure["data"] if line["name"] == "slower from here"]
        assert [ring["x"] for ring in rings] == [[found.commits[3].short]]

    def test_a_gain_is_listed_and_not_marked(self, tmp_path):
        found = load(made.write(tmp_path, commits=6, slower=("rust", 3, 0.5)))
        section = sections.history.section(found)
        assert section.parts[0].rows[0][-1].startswith("▼ 50%\n")
        names = {line["name"] for part in section.parts[1:] for line in part.figure["data"]}
        assert names == {"python", "numpy", "rust"}

    @pytest.mark.parametrize("commits", [2, 3])
    def test_the_last_commit_alone_is_not_a_step(self, tmp_path, commits):
        found = load(made.write(tmp_path, commits=commits, slower=("rust", commits - 1, 2.0)))
        assert not [step for series in all_series(found) for step in steps(series)]
        assert "found none" in sections.history.section(found).lead

    def test_one_commit_is_said_to_be_one(self, tmp_path):
        section = sections.history.section(load(made.write(tmp_path)))
        assert "one commit only" in section.lead
        assert not section.parts


class TestWords:
    @pytest.mark.parametrize(
        ("value", "text"),
        [(1.5, "1.50 s"), (0.0123, "12.3 ms"), (9.996e-4, "1.00 ms"), (4e-7, "400 ns"), (0, "0.00 ns")],
    )
    def test_seconds(self, value, text):
        assert words.seconds(value).replace("\u00a0", " ") == text

    @pytest.mark.parametrize(
        ("name", "text"),
        [("time_batch_get_1000_x100", "batch get 1,000 ×100"), ("peakmem_load", "peak of load")],
    )
    def test_operations(self, name, text):
        assert words.operation(name) == text

    @pytest.mark.parametrize(
        ("text", "less"), [("1.00×", "1×"), ("1.50 ms", "1.5 ms"), ("10.0 s", "10 s"), ("100 ns", "100 ns")]
    )
    def test_axes_have_no_idle_zeros(self, text, less):
        assert figures.short(text.replace(" ", "\u00a0")) == less.replace(" ", "\u00a0")

    @pytest.mark.parametrize(
        "ends", [(1e-6, 1e3), (1.0, 1.0), (0.95, 1.1), (2e-3, 7e-3), (3.2e-5, 1.1e-4), (0.58, 1.3), (1, 1.8)]
    )
    def test_an_axis_has_a_few_ticks_within_it(self, ends):
        axis = figures.log_axis(ends, words.ratio)
        assert 3 <= len(axis["tickvals"]) <= 6
        assert axis["tickvals"] == pytest.approx([float(f"{tick:.2g}") for tick in axis["tickvals"]], rel=1e-9)
        assert len(set(axis["ticktext"])) == len(axis["ticktext"])

    @pytest.mark.parametrize(
        ("ends", "texts"),
        [
            ((1e-3, 90), ["0.01×", "1×", "100×"]),
            ((1, 5e3), ["1×", "10×", "100×", "1,000×"]),
            ((1, 1e4), ["1×", "100×", "10,000×"]),
            ((0.3, 25), ["0.3×", "1×", "3×", "10×", "30×"]),
        ],
    )
    def test_ticks_below_a_picture_do_not_touch(self, ends, texts):
        assert figures.side_by_side(figures.log_axis(ends, words.ratio))["ticktext"] == texts

    def test_short_texts_below_a_picture_all_stay(self):
        axis = figures.log_axis((4e-4, 12), lambda value: words.quantity(value, "seconds"))
        assert figures.side_by_side(axis)["ticktext"] == axis["ticktext"]
        assert len(axis["ticktext"]) == 5
