"""The objects of a run, as JSON: three namespaces, probe pods, the peer Deployment, Services.

Probe pods are bare pods with their node named, not a DaemonSet: they need no scheduler and no
controller, so a broken one of those is a finding and not the end of the run; a bare pod may
carry a deadline of its own; and a cordoned node is still probed.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from kubecheck.cluster.objects import Node
from kubecheck.fleet.standing import HTTP_PORT
from kubecheck.policy import Policy

Json = dict[str, Any]

MANAGED_BY = {"app.kubernetes.io/managed-by": "kubecheck"}
RUN_LABEL = "kubecheck.dev/run"
DEADLINE = "kubecheck.dev/deadline"
PROBE, PEER = "probe", "peer"
PEER_REPLICAS = 3

# One server for all: it says who it is and whom it saw, so that a misrouted request shows.
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
    listen PORT; LISTEN6
    default_type text/plain;
    location / {
      return 200 "namespace=NAMESPACE pod=$hostname server=$server_addr client=$remote_addr\\n";
    }
  }
}
"""

_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}

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


def nginx_config(run: str, namespace_name: str, *, ipv6: bool) -> Json:
    """The servers' configuration, which names the namespace."""
    text = _NGINX.replace("PORT", str(HTTP_PORT)).replace("NAMESPACE", namespace_name)
    text = text.replace("LISTEN6", f"listen [::]:{HTTP_PORT};" if ipv6 else "")
    return {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata("nginx", run),
        "data": {"nginx.conf": text},
    }  # fmt: skip


def service(run: str, name: str) -> Json:
    """A ClusterIP Service on port 80 in front of the servers labelled ``name``."""
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": _metadata(name, run),
        "spec": {
            "selector": {RUN_LABEL: run, "kubecheck.dev/role": name},
            "ports": [{"name": "http", "port": 80, "targetPort": HTTP_PORT}],
        },
    }  # fmt: skip


def probe_name(node: str) -> str:
    """The name of a node's probe pods: also its host name, so at most 63 characters, no dots."""
    name = f"probe-{node.replace('.', '-')}"
    if len(name) <= 63 and name == f"probe-{node}":
        return name
    return f"{name[:54].rstrip('-')}-{hashlib.sha256(node.encode()).hexdigest()[:8]}"


def pod_probe(run: str, node: Node, policy: Policy) -> Json:
    """A probe pod on the pod network: busybox to ask, nginx to answer."""
    spec = _pod_spec(policy, [_busybox(policy), _nginx(policy)], volumes=[_NGINX_VOLUME])
    return _probe(run, node, spec, policy)


def node_probe(run: str, node: Node, policy: Policy) -> Json:
    """A probe pod on the node's own network: busybox to ask. It opens no port."""
    spec = _pod_spec(policy, [_busybox(policy)], volumes=[])
    return _probe(run, node, {**spec, "hostNetwork": True, "dnsPolicy": "Default"}, policy)


def peer_deployment(run: str, policy: Policy) -> Json:
    """Three replicas of nginx, spread over nodes as far as there are nodes."""
    labels = {**MANAGED_BY, RUN_LABEL: run, "kubecheck.dev/role": PEER}
    spec = _pod_spec(policy, [_nginx(policy)], volumes=[_NGINX_VOLUME])
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
            "labels": {**MANAGED_BY, RUN_LABEL: run, "kubecheck.dev/role": PROBE},
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
        "command": ["sleep", str(policy.timing.run_deadline)],
        "securityContext": _RESTRICTED,
        "resources": _resources("128Mi"),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - in the pod
    }


def _nginx(policy: Policy) -> Json:
    return {
        "name": "nginx",
        "image": policy.images.nginx,
        "imagePullPolicy": policy.images.pull_policy,
        "command": ["nginx", "-c", "/etc/kubecheck/nginx.conf", "-g", "daemon off;"],
        "ports": [{"name": "http", "containerPort": HTTP_PORT}],
        "readinessProbe": {"tcpSocket": {"port": HTTP_PORT}, "periodSeconds": 1},
        "securityContext": _RESTRICTED,
        "resources": _resources("64Mi"),
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - in the pod
            {"name": "nginx", "mountPath": "/etc/kubecheck", "readOnly": True},
        ],
    }


def _resources(memory: str) -> Json:
    return {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"cpu": "500m", "memory": memory}}
