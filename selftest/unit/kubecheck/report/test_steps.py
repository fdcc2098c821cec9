"""What a report offers to copy out of a step is for a shell, and nothing of its prose."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from kubecheck import diagnosis
from kubecheck.checks.catalogue import load_checks, suites
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.report import markdown
from kubecheck.report.steps import PROGRAMS, step

# Programs that follow another one, in a pipe or after it.
FOLLOWING = {
    "calicoctl", "containerd", "cp", "docker", "ethtool", "free", "head", "lsblk", "mv", "traceroute",
}  # fmt: skip
# Words that are prose in the middle of a command.
PROSE = {
    "a", "all", "an", "and", "are", "as", "both", "by", "each", "first", "from", "in", "is", "it", "its",
    "last", "of", "on", "once", "or", "other", "shows", "so", "the", "then", "to", "where", "which", "while",
    "with",
}  # fmt: skip
SEPARATORS = {";", "|", "&&", "||"}


def texts():
    """All steps: those of checks, and any text of a cause's file, of which a remedy may be made."""
    yield from (each for check in load_checks(suites()) for each in check.remedy)
    yield from (each for kind in all_kinds() for each in kind.confirm + kind.remedy)
    for file in Path(diagnosis.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield node.value


STEPS = sorted(set(texts()))
# The pages show a second command of a step as one too.
CODE = {
    code for text in STEPS for code in re.findall(r"`([^`]+)`", markdown.step(text)) if step(text).command
}
COMMANDS = sorted({step(text).command for text in STEPS} - {""} | CODE)


def simple_commands(command):
    """The words of each simple command, without quotes. Raises ValueError where a quotation does not end."""
    lexer = shlex.shlex(command.replace("2>&1", ""), posix=True, punctuation_chars=";|&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    found = [[]]
    for word in lexer:
        if word in SEPARATORS:
            found.append([])
        else:
            found[-1].append(word)
    return found


def wrong_in(command):
    """The words that a shell should not be given."""
    try:
        pieces = simple_commands(command)
    except ValueError as problem:
        return [str(problem)]
    known = {*PROGRAMS.split("|"), *FOLLOWING}
    starts = [" ".join(words[:1]) for words in pieces]
    return [start for start in starts if start not in known] + [
        word
        for words in pieces
        for word in words
        if word in PROSE or word.startswith("(") or (word != "." and word.endswith((",", ":", ".")))
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_copied_is_for_a_shell(command):
    assert not wrong_in(command)


@pytest.mark.parametrize(
    "prose",
    [
        "systemctl stop etcd, copy, mount, systemctl start etcd",
        "systemctl stop kubelet; copy; mount",
        "kubectl delete configmap kube-root-ca.crt: it comes back",
        "kubeadm upgrade apply on the first master",
        "crictl stop the kube-apiserver's container",
        "systemctl restart kubelet; systemd is the right one",
        "nslookup NAME (UDP)",
    ],
)
def test_prose_is_found(prose):
    assert wrong_in(prose)


def test_the_parts_of_a_step_are_the_whole_step():
    for text in STEPS:
        parts = step(text)
        assert parts.before + parts.command + parts.after == text


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("kubectl get nodes", "kubectl get nodes"),
        ("on node1: systemctl restart kubelet", "systemctl restart kubelet"),
        ("on the node: conntrack -S, and look at drop", "conntrack -S"),
        ("kubectl -n x edit deployment coredns: let it run twice", "kubectl -n x edit deployment coredns"),
        ("kubectl drain node1, upgrade its kubelet; then go on", "kubectl drain node1"),
        ("kubectl delete configmap x: it is made anew", "kubectl delete configmap x"),
        ("on the node: nslookup NAME SERVER (UDP)", "nslookup NAME SERVER"),
        ("compare the one with the other", ""),
    ],
)
def test_a_command_is_found_in_its_prose(text, command):
    assert step(text).command == command
