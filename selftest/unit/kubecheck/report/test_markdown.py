import pytest

from kubecheck.report.markdown import code, escaped, step


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("kubectl get nodes", "`kubectl get nodes`"),
        ("kubectl get nodes, and look at Ready", "`kubectl get nodes`, and look at Ready"),
        ("on the node: ip route; ip neigh", "on the node: `ip route; ip neigh`"),
        ("on NODE: ip route, or nft list ruleset", "on NODE: `ip route`, or `nft list ruleset`"),
        ("set clusterDNS, and restart the kubelet", "set clusterDNS, and restart the kubelet"),
        ("curl -k https://NODE:10250/ (401 is fine)", "`curl -k https://NODE:10250/` (401 is fine)"),
        ("rotate it: https://kubernetes.io/docs/", "rotate it: <https://kubernetes.io/docs/>"),
        ("start it with --controllers=*", r"start it with --controllers=\*"),
    ],
)
def test_commands_of_a_step_are_code(text, markdown):
    assert step(text) == markdown


def test_words_are_never_markup():
    assert escaped("<b> [x](y) *z* `c` a|b") == r"\<b\> \[x\](y) \*z\* \`c\` a\|b"
    assert escaped("insert_failed and _x_") == r"insert_failed and \_x\_"


def test_an_address_of_a_page_keeps_its_characters():
    assert escaped("see https://a.org/x_*y. Then") == "see <https://a.org/x_*y>. Then"


def test_code_with_backticks_stays_whole():
    assert code("echo `date`") == "`` echo `date` ``"
