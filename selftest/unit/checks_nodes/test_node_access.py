"""What --node-access asks of a cluster: to read, and no more."""

from kubecheck.checks import Policy
from kubecheck.fleet import manifests
from kubecheck.fleet.node_access import with_node_access
from selftest.unit.kubecheck.conftest import make_node


def test_the_node_is_seen_read_only_and_without_capabilities():
    plain = manifests.node_probe("r1", make_node("node1"), Policy())
    pod = with_node_access(plain)
    (container,) = pod["spec"]["containers"]
    (mount,) = [each for each in container["volumeMounts"] if each["name"] == "host"]
    assert mount["readOnly"] is True
    assert mount["recursiveReadOnly"] == "IfPossible"
    (volume,) = [each for each in pod["spec"]["volumes"] if each["name"] == "host"]
    assert volume["hostPath"]["path"] == "/"
    security = container["securityContext"]
    assert (security["runAsUser"], security["runAsNonRoot"]) == (0, False)
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert "hostPath" not in str(plain), "the plain probe pod is left as it was"
