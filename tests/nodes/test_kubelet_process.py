"""The kubelet's command line and configuration file: told with --node-access only."""

from kubecheck.checks import (
    NODES,
    CannotTell,
    Facts,
    KubeletProcess,
    KubeletProcessAnswer,
    Node,
    NotApplicable,
    Policy,
    Site,
    check,
    minor,
    need_node_access,
    same,
)

# The minor version that no longer knows the flag.
DROPPED = {
    "cni-bin-dir": 24, "cni-conf-dir": 24, "image-pull-progress-deadline": 24, "network-plugin": 24,
    "network-plugin-mtu": 24, "container-runtime": 27,
}  # fmt: skip


def process(here: Site) -> KubeletProcess:
    """The flags that policy names."""
    need_node_access(here)
    return KubeletProcess(tuple(sorted(here.policy.kubelet.flags)))


@check(
    title="Each kubelet was started with the flags that are promised",
    at=NODES,
    asks=process,
    runbook=("R18",),
    remedy=(
        "on the node: systemctl cat kubelet; tr '\\0' '\\n' </proc/$(pidof kubelet)/cmdline",
        "change the unit, then: systemctl daemon-reload; systemctl restart kubelet",
    ),
)
def test_kubelet_flags(answer: KubeletProcessAnswer, node: Node, policy: Policy) -> None:
    """The running kubelet's command line has each flag that policy names, with its value.

    Flags that the kubelet's version has dropped are not demanded: network-plugin and
    image-pull-progress-deadline went with dockershim in 1.24, where the runtime's CNI is the only way.
    Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
    """
    version = minor(node.kubelet_version)
    dropped = {flag for flag, since in DROPPED.items() if version >= since}
    wanted = {flag: value for flag, value in policy.kubelet.flags.items() if flag not in dropped}
    if not wanted:
        raise NotApplicable(f"policy demands no flag that kubelet {node.kubelet_version} has (kubelet.flags)")
    answer.must_be_found()
    wrong = []
    for flag, value in wanted.items():
        if flag not in answer.flags:
            wrong.append(f"--{flag} is not given, expected is {value or 'any value'}")
        elif value and not same(answer.flags[flag], value):
            wrong.append(f"--{flag} is {answer.flags[flag] or 'without a value'}, expected is {value}")
    assert not wrong, f"the kubelet of {node.name}: {'; '.join(wrong)}"


@check(
    title="No kubelet's configuration file has the misspelt rotateServerCertificates",
    at=NODES,
    asks=process,
    runbook=("R19",),
    remedy=(
        "in the file that --config names write serverTLSBootstrap: true in its place; restart the kubelet",
        "approve its request: kubectl get csr; kubectl certificate approve NAME",
    ),
)
def test_misspelt_field(answer: KubeletProcessAnswer, facts: Facts, node: Node) -> None:
    """A file that says rotateServerCertificates means serving certificates to rotate, and they do not.

    KubeletConfiguration has no such field in any version: the kubelet ignores it, or refuses the
    file. The field is serverTLSBootstrap, the flag --rotate-server-certificates.
    Source: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    """
    answer.must_be_found()
    if answer.unreadable:
        raise CannotTell(f"{node.name}: {answer.unreadable} could not be read")
    if answer.misspelt:
        on = facts.kubelets[node.name].value.config.get("serverTLSBootstrap")
        assert on, (
            f"{node.name}: {answer.misspelt} says rotateServerCertificates, which is no field of"
            " KubeletConfiguration and has no effect: serverTLSBootstrap is off. The field that exists is"
            " serverTLSBootstrap, the flag --rotate-server-certificates"
        )
