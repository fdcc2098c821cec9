"""What people do with pods: exec, logs, port-forward, on every node."""

from kubecheck.checks import KUBECTL, PodExec, PodForward, PodLog, Probe, RequestAnswer, Site, check

WAY = (
    "kubectl get nodes -o wide; kubectl describe node NODE",
    "on a control-plane node: curl -k https://NODE:10250/healthz (401 is fine, silence is a firewall)",
    "kubectl auth can-i create nodes/proxy --as kube-apiserver-kubelet-client --as-group system:masters",
    "on the node: journalctl -u kubelet; systemctl status containerd",
)


def probe_on(here: Site) -> Probe:
    """The probe pod on the node. Raises CannotTell when it does not run."""
    here.probe.must_run()
    return here.probe


@check(
    title="kubectl exec works on every node",
    at=KUBECTL,
    asks=lambda here: PodExec(probe_on(here).namespace, here.probe.name),
    remedy=WAY,
)
def test_exec(answer: RequestAnswer) -> None:
    """A command runs in a pod of the node, and its output comes back.

    The API server opens a connection to the kubelet's port 10250 and the kubelet one to the
    container runtime. Pods may run and serve for weeks with that way blocked.
    Source: https://kubernetes.io/docs/concepts/architecture/control-plane-node-communication/
    """
    answer.must_say("kubecheck")


@check(
    title="kubectl logs works on every node",
    at=KUBECTL,
    asks=lambda here: PodLog(probe_on(here).namespace, here.probe.name),
    remedy=WAY,
)
def test_logs(answer: RequestAnswer) -> None:
    """The log of a pod of the node can be read, and holds what the pod wrote.

    Source: https://kubernetes.io/docs/concepts/cluster-administration/logging/
    """
    answer.must_say("kubecheck")


@check(
    title="kubectl port-forward works on every node",
    at=KUBECTL,
    asks=lambda here: PodForward(probe_on(here).namespace, here.probe.name),
    remedy=WAY,
)
def test_port_forward(answer: RequestAnswer, probe: Probe) -> None:
    """A request over a forwarded port reaches the server in a pod of the node.

    Source: https://kubernetes.io/docs/tasks/access-application-cluster/port-forward-access-application-cluster/
    """
    answer.must_come_from(probe.name, probe.namespace)
