"""The objects of a run, as JSON: three namespaces, probe pods, the peer Deployment, Services.

Probe pods are bare pods with their node named, not a DaemonSet: they need no scheduler and no
controller, so a broken one of those is a finding and not the end of the run; a bare pod may
carry a deadline of its own; and a cordoned node is still probed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from kubecheck.cluster.objects import Node
from kubecheck.fleet.standing import GUARDED_PORT, HTTP_PORT, LARGE, LARGE_PATH, UDP_PORT
from kubecheck.policy import Policy

Json = dict[str, Any]

MANAGED_BY = {"app.kubernetes.io/managed-by": "kubecheck"}
RUN_LABEL = "kubecheck.dev/run"
DEADLINE = "kubecheck.dev/deadline"
HEADLESS_LABEL = "kubecheck.dev/headless"
PROBE, PEER, NODE_PORT, GUARD = "probe", "peer", "node-port", "guard"
PEER_REPLICAS = 3

# One server for all: it says who it is and whom it saw, so that a misrouted request shows.
_IDENTITY = "namespace=NAMESPACE pod=$hostname server=$server_addr client=$remote_addr\\n"
_NGINX = """\
worker_processes 1;
error_log stderr warn;
pid /tmp/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path /tmp/client; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  server {
    listen PORT; listen GUARDED;
    listen [::]:PORT; listen [::]:GUARDED;
    default_type text/plain;
    location / { return 200 "IDENTITY"; }
    location = LARGE { root /etc/kubecheck; default_type application/octet-stream; }
  }
}
"""
# To a datagram the same, as a TFTP data block (opcode 3, block 1): what busybox can ask for and show.
_NGINX_UDP = """\
stream {
  server {
    listen PORT udp;
    listen [::]:PORT udp;
    return "\0\3\0\1IDENTITY";
  }
}
"""
# Whether a pod has IPv6 shows in the pod only: a node need not say which addresses its pods get. A kernel
# without IPv6 refuses to listen there, and nginx -t tries it; one that has it listens at :: also where no
# device has such an address. Official images have the stream module built in, Debian's as a file. Without
# it only UDP goes unanswered.
_NGINX_START = """\
module="load_module /usr/lib/nginx/modules/ngx_stream_module.so;"
for name in nginx ipv4; do
  udp="include /etc/kubecheck/$name-udp.conf;"
  for more in "$udp" "$module $udp" ""; do
    nginx -t -q -c /etc/kubecheck/$name.conf -g "$more" 2>/dev/null && break 2
  done
done
exec nginx -c /etc/kubecheck/$name.conf -g "$more daemon off;"
"""

_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}

# The kubelet's name for "safe": it holds in the pod's own network namespace only.
# https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
_MAY_PING = {"name": "net.ipv4.ping_group_range", "value": "0 65535"}
_NGINX_VOLUME = {"name": "nginx", "configMap": {"name": "nginx"}}


def namespaces(run: str) -> dict[str, str]:
    """The run's namespaces: for probe pods, for peers, and for pods on the host's network."""
    return {"pod": f"kubecheck-{run}", "peer": f"kubecheck-{run}-peer", "node": f"kubecheck-{run}-node"}


def namespace(name: str, run: str, level: str, deadline: datetime) -> Json:
    """A namespace whose pods are held to the Pod Security ``level``."""
    return {
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                **MANAGED_BY, RUN_LABEL: run,
                "pod-security.kubernetes.io/enforce": level,
                "pod-security.kubernetes.io/warn": level,
            },
            "annotations": {DEADLINE: deadline.isoformat(timespec="seconds")},
        },
    }  # fmt: skip


def deadline(now: datetime, policy: Policy) -> datetime:
    """When everything of a run that starts ``now`` may be removed by anybody."""
    return now + timedelta(seconds=policy.timing.run_deadline)


def service_account(run: str) -> Json:
    """An account of our own: the namespace's default one appears only some time later."""
    return {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata("kubecheck", run),
        "automountServiceAccountToken": False,
    }  # fmt: skip


def nginx_config(run: str, namespace_name: str) -> Json:
    """The servers' configuration, which names the namespace, and the large file.

    There is a second one without IPv6; the pod chooses.
    """

    def filled(text: str, port: int) -> str:
        text = text.replace("PORT", str(port)).replace("GUARDED", str(GUARDED_PORT))
        text = text.replace("IDENTITY", _IDENTITY).replace("LARGE", LARGE_PATH)
        return text.replace("NAMESPACE", namespace_name)

    http, udp = filled(_NGINX, HTTP_PORT), filled(_NGINX_UDP, UDP_PORT)
    # Bytes that nothing on the way can make fewer.
    large = hashlib.shake_256(b"kubecheck").digest(LARGE)
    return {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata("nginx", run),
        "data": {"nginx.conf": http, "ipv4.conf": _without_ipv6(http)},
        "binaryData": {
            "nginx-udp.conf": base64.b64encode(udp.encode()).decode(),
            "ipv4-udp.conf": base64.b64encode(_without_ipv6(udp).encode()).decode(),
            LARGE_PATH.removeprefix("/"): base64.b64encode(large).decode(),
        },
    }  # fmt: skip


def _without_ipv6(config: str) -> str:
    return "".join(line for line in config.splitlines(keepends=True) if "[::]" not in line)


def service(run: str, name: str) -> Json:
    """A ClusterIP Service on port 80 in front of the servers labelled ``name``."""
    return _service(run, name, {"kubecheck.dev/role": name}, {})


def node_port_service(run: str) -> Json:
    """A Service in front of all probe pods, at a port of every node."""
    return _service(run, NODE_PORT, {"kubecheck.dev/role": PROBE}, {"type": "NodePort"})


def self_service(run: str, node: str) -> Json:
    """A Service whose only endpoint is the probe pod of ``node``; it has the pod's name."""
    return _service(run, probe_name(node), {"kubecheck.dev/probe": probe_name(node)}, {})


def network_policy(run: str) -> Json:
    """Lets everybody reach the probe pods, but at the ports that answer everybody only."""
    ports = [{"protocol": "TCP", "port": HTTP_PORT}, {"protocol": "UDP", "port": UDP_PORT}]
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": _metadata(GUARD, run),
        "spec": {
            "podSelector": {"matchLabels": {RUN_LABEL: run, "kubecheck.dev/role": PROBE}},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": ports}],
        },
    }  # fmt: skip


def _service(run: str, name: str, selector: dict[str, str], more: Json) -> Json:
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": _metadata(name, run),
        "spec": {
            "selector": {RUN_LABEL: run, **selector},
            "ports": [{"name": "http", "port": 80, "targetPort": HTTP_PORT}],
            **more,
        },
    }  # fmt: skip


def probe_name(node: str) -> str:
    """The name of a node's probe pods: also its host name, so at most 63 characters, no dots."""
    name = f"probe-{node.replace('.', '-')}"
    if len(name) <= 63 and name == f"probe-{node}":
        return name
    return f"{name[:54].rstrip('-')}-{hashlib.sha256(node.encode()).hexdigest()[:8]}"


def pod_probe(run: str, node: Node, policy: Policy, headless: str) -> Json:
    """A probe pod on the pod network, behind the Service ``headless``: busybox to ask, nginx to answer."""
    spec = _pod_spec(policy, [_busybox(policy), _nginx(policy)], volumes=[_NGINX_VOLUME])
    if policy.network.ping:
        spec = {**spec, "securityContext": {"sysctls": [_MAY_PING]}}
    pod = _probe(run, node, spec, policy)
    pod["metadata"]["labels"][HEADLESS_LABEL] = headless
    return pod


def node_probe(run: str, node: Node, policy: Policy) -> Json:
    """A probe pod on the node's own network: busybox to ask. It opens no port."""
    busybox = _busybox(policy)
    if policy.network.ping:
        # The kubelet refuses the sysctl on the host's network, and a capability is only root's.
        more = {"runAsNonRoot": False, "runAsUser": 0, "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}
        busybox = {**busybox, "securityContext": {**_RESTRICTED, **more}}
    spec = _pod_spec(policy, [busybox], volumes=[])
    return _probe(run, node, {**spec, "hostNetwork": True, "dnsPolicy": "Default"}, policy)


# How taints begin that say what becomes of a node, and not whom it is kept for: it is away, cordoned, short
# of something or about to go, or no kubelet runs it.
# https://kubernetes.io/docs/reference/labels-annotations-taints/
_NOT_FOR_PODS = (
    "node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "karpenter.sh/", "virtual-kubelet.io/",
    "ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler",
)  # fmt: skip


def peer_deployment(run: str, nodes: Iterable[Node], policy: Policy) -> Json:
    """Three replicas of nginx, spread over those of ``nodes`` that carry probe pods, if there are enough.

    They tolerate the taints that keep such a node for certain pods: there may be no other nodes.
    """
    labels = {**MANAGED_BY, RUN_LABEL: run, "kubecheck.dev/role": PEER}
    spec = _pod_spec(policy, [_nginx(policy)], volumes=[_NGINX_VOLUME])
    keys = {taint.partition("=")[0] for node in nodes if node.probed for taint in node.taints}
    tolerated = sorted(key for key in keys if not key.startswith(_NOT_FOR_PODS))
    spec["tolerations"] = [{"key": key, "operator": "Exists"} for key in tolerated]
    spec["nodeSelector"] = {"kubernetes.io/os": "linux"}  # every kubelet labels its node so
    spread = {
        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {RUN_LABEL: run, "kubecheck.dev/role": PEER}},
    }  # fmt: skip
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(PEER, run),
        "spec": {
            "replicas": PEER_REPLICAS,
            "selector": {"matchLabels": {RUN_LABEL: run, "kubecheck.dev/role": PEER}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {**spec, "topologySpreadConstraints": [spread], "restartPolicy": "Always"},
            },
        },
    }  # fmt: skip


def _metadata(name: str, run: str) -> Json:
    return {"name": name, "labels": {**MANAGED_BY, RUN_LABEL: run}}


def _probe(run: str, node: Node, spec: Json, policy: Policy) -> Json:
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": probe_name(node.name),
            "labels": {
                **MANAGED_BY, RUN_LABEL: run,
                "kubecheck.dev/role": PROBE, "kubecheck.dev/probe": probe_name(node.name),
            },
        },
        "spec": {
            **spec,
            "nodeName": node.name,
            "restartPolicy": "Always",
            "activeDeadlineSeconds": policy.timing.run_deadline,
        },
    }  # fmt: skip


def _pod_spec(policy: Policy, containers: list[Json], volumes: list[Json]) -> Json:
    return {
        "serviceAccountName": "kubecheck",
        "priorityClassName": policy.probes.priority_class,  # an empty one is none
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "tolerations": [{"operator": "Exists"}],
        "imagePullSecrets": [{"name": name.rpartition("/")[2]} for name in policy.images.pull_secrets],
        "containers": containers,
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}}, *volumes],
    }


def _busybox(policy: Policy) -> Json:
    return {
        "name": "busybox",
        "image": policy.images.busybox,
        "imagePullPolicy": policy.images.pull_policy,
        "terminationMessagePolicy": "FallbackToLogsOnError",  # its status then tells why it does not run
        # Its log is asked for, and must hold something. The shell stays as process 1, because it reaps what
        # a probe leaves behind: hundreds of dead processes would count against the pod's limit.
        "command": ["sh", "-c", f"echo kubecheck; sleep {policy.timing.run_deadline} & wait"],
        "securityContext": _RESTRICTED,
        "resources": _resources("128Mi"),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - in the pod
    }


def _nginx(policy: Policy) -> Json:
    return {
        "name": "nginx",
        "image": policy.images.nginx,
        "imagePullPolicy": policy.images.pull_policy,
        "terminationMessagePolicy": "FallbackToLogsOnError",  # its status then tells why it does not run
        "command": ["sh", "-c", _NGINX_START],
        "ports": [
            {"name": "http", "containerPort": HTTP_PORT},
            {"name": "udp", "containerPort": UDP_PORT, "protocol": "UDP"},
        ],
        "readinessProbe": {"tcpSocket": {"port": HTTP_PORT}, "periodSeconds": 1},
        "securityContext": _RESTRICTED,
        "resources": _resources("64Mi"),
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - in the pod
            {"name": "nginx", "mountPath": "/etc/kubecheck", "readOnly": True},
        ],
    }


def _resources(memory: str) -> Json:
    # All questions of a vantage are asked at once, in a second or two of CPU: with half of one they wait for
    # each other until they are late. On a busy node the small request keeps them behind everybody else.
    return {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"cpu": "2", "memory": memory}}
