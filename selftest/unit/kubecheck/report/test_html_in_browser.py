"""verdict.html in a real browser: at a phone's and a desk's width, light and dark, and on paper."""

from dataclasses import replace

import pytest

from kubecheck.outcomes import Outcome, Target
from kubecheck.report.html import page
from selftest.unit.kubecheck.report.browser import CHROMIUM, chromium

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed: make browser")

LONG = "ip-10-0-130-208.eu-central-1.compute.internal"
NODES = tuple(f"{number:02}-{LONG}" for number in range(30))
BLAMED = tuple(f"Node/{node}" for node in NODES)
DRAINS = tuple(f"kubectl drain {node}" for node in NODES)


@pytest.fixture(scope="module")
def window():
    with chromium() as opened:
        yield opened


@pytest.fixture
def file(tmp_path, ended, result, caused, facts_of):
    """A page with long names, long words, a cause and a large grid."""
    outcomes = {node: Outcome.PASSED if n % 7 else Outcome.FAILED for n, node in enumerate(NODES)}
    targets = tuple(
        Target(node, outcome, "GET http://10.0.0.1/", "10.0.0.1", "silence")
        for node, outcome in outcomes.items()
    )
    mesh = {"outcome": Outcome.FAILED, "message": "x" * 300, "targets": targets}
    results = [result(vantage=f"pod:{node}", **mesh) for node in NODES]
    results += [
        result(outcome=Outcome.FAILED, check="dns.x", message="<img src=http://192.0.2.1/x>" * 9),
        result(outcome=Outcome.UNKNOWN, check="dns.y", message="y" * 300),
        result(
            outcome=Outcome.NOT_APPLICABLE,
            check="dns.z",
            message=f"{'z' * 300} told only on paper",
            runbook=(),
        ),
    ]
    ending = replace(
        ended(results, [caused(results[0], says=f"{LONG} does not answer", blames=BLAMED, remedy=DRAINS)]),
        facts=facts_of(NODES),
    )
    path = tmp_path / "verdict.html"
    path.write_text(page(ending), encoding="utf-8")
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_asks_the_network_for_nothing(window, file, width, dark):
    window.open(file.as_uri(), width, dark=dark)
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    # What is closed at first fits too.
    window.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    assert [each["request"]["url"] for each in window.named("Network.requestWillBeSent")] == [file.as_uri()]
    assert window.named("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled") == []
    assert window.evaluate("document.querySelectorAll('.copy').length") > 0


def press(window, key, code, **more):
    """Press a key and let it go."""
    for kind in ("keyDown", "keyUp"):
        window.call(
            "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more
        )


def test_a_cell_shows_its_evidence_to_mouse_and_keyboard(window, file):
    window.open(file.as_uri(), 390)
    shown = "document.querySelector('.pair:popover-open')?.innerText ?? ''"
    assert window.evaluate(shown) == ""
    window.evaluate("document.querySelector('.matrix button').focus()")
    press(window, "Enter", 13, text="\r")
    assert "asked GET http://10.0.0.1/: silence" in window.evaluate(shown)
    press(window, "Escape", 27)
    assert window.evaluate(shown) == ""


def test_what_is_folded_away_opens_by_the_keyboard_and_is_copied(window, file):
    window.open(file.as_uri(), 390)
    last = "[...document.querySelectorAll('.more .command')].at(-1)"
    seen = f"{last}.checkVisibility({{contentVisibilityAuto: true}}) && {last}.getClientRects().length > 0"
    assert not window.evaluate(seen)
    window.evaluate(f"{last}.closest('details').querySelector('summary').focus()")
    press(window, "Enter", 13, text="\r")
    assert window.evaluate(seen)
    button = f"{last}.nextElementSibling"
    assert window.evaluate(f"{button}.getAttribute('aria-label')") == f"Copy: {DRAINS[-1]}"
    window.evaluate(f"{button}.click()")


CONTRAST = """
(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = {};
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    if (["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found[element.tagName + "." + element.className] = ratio;
  }
  return found;
})()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_stands_out_enough(window, file, dark):
    """WCAG 2.2, level AA: 4.5 to 1."""
    window.open(file.as_uri(), 1280, dark=dark)
    assert window.evaluate(CONTRAST) == {}


def test_it_prints_and_what_is_closed_on_the_screen_is_on_paper(window, file):
    window.open(file.as_uri(), 1280)
    paper = window.pdf()
    assert paper.startswith(b"%PDF")
    window.call("Emulation.setEmulatedMedia", media="print")
    seen = (
        "document.querySelector('#skipped').parentElement.querySelector('td').getBoundingClientRect().height"
    )
    assert window.evaluate(seen) > 0
    folded = "[...document.querySelectorAll('.more li')].every(each => each.getBoundingClientRect().height)"
    assert window.evaluate(folded)
