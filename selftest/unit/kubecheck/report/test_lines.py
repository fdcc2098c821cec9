import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.report.lines import Line, cut, fitted, height, paragraph, plain


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x1b[H", "\r", "\b\b", "\x9b31m", "\x07", "\u202e", "\u2028", "\ud800"]
)
def test_what_steers_a_terminal_is_replaced(text):
    assert plain(f"a{text}b").isprintable()
    assert plain(f"a{text}b").startswith("a")
    assert plain(f"a{text}b").endswith("b")


def test_ordinary_text_and_lines_stay_as_they_are():
    assert (
        plain("Knoten ä: 10.96.0.1\nline two: 東京, fe80::1")
        == "Knoten ä: 10.96.0.1\nline two: 東京, fe80::1"
    )


@given(st.text())
def test_any_text_becomes_harmless(text):
    assert all(line.isprintable() for line in plain(text).split("\n"))


@pytest.mark.parametrize("line", ["::add-mask::x", "   ::error::x", "\t::stop-commands::x", "##[group]x"])
def test_no_line_is_a_command_to_a_runner_of_github(line):
    for said in plain(f"first\n{line}").split("\n"):
        assert not said.strip().startswith(("::", "##["))


@given(st.text(alphabet="ab: \t"), st.integers(30, 100))
def test_a_paragraph_keeps_to_its_width_and_loses_no_word(text, width):
    block = paragraph("  at ", text, width, hang=2)
    assert all(len(line.text) <= width for line in block)
    assert "".join("".join(line.text.split()) for line in block).replace("\ufffd", "") == (
        "at" + "".join(text.split())
    )


def test_a_line_for_a_file_is_not_wrapped():
    assert [line.text for line in paragraph("x ", "word " * 100, 0)] == ["x " + "word " * 99 + "word"]


def test_rows_are_counted_as_the_terminal_wraps_them():
    block = [Line("", {}), Line("a" * 80, {}), Line("a" * 81, {})]
    assert height(block, 80) == 4
    assert height(block, 0) == 3


def test_what_is_cut_says_so():
    assert cut("a" * 81, 80) == "a" * 76 + " ..."
    assert cut("a" * 80, 80) == "a" * 80
    assert cut("a" * 500, 0) == "a" * 500


def items(number, full=5):
    return [[[Line(f"{n} full", {})] * full, [Line(f"{n} short", {})]] for n in range(number)]


def texts(block):
    return [line.text for line in block]


def test_all_is_told_in_full_where_there_is_room():
    assert texts(fitted(items(3), 15, 80, "things")) == [f"{n} full" for n in range(3) for _ in range(5)]


def test_the_first_are_told_in_full_and_the_others_in_short():
    told = texts(fitted(items(6), 16, 80, "things"))
    assert told.count("0 full") == 5
    assert "5 short" in told
    assert len(told) <= 16


@given(st.integers(0, 60), st.integers(2, 60), st.integers(1, 9))
def test_what_has_no_room_is_counted(number, rows, full):
    told = texts(fitted(items(number, full), rows, 80, "things"))
    named = {line.split()[0] for line in told if "more things" not in line}
    left = [int(line.split()[2]) for line in told if "more things" in line]
    assert len(named) + sum(left) == number
    assert len(told) <= rows
