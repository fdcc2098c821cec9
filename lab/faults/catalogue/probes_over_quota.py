"""A controller that gives every new namespace a ResourceQuota, as many clusters have: one without room."""

import json
from random import Random

from lab.controlplane import PKI
from lab.faults import files
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab
from lab.settings import API_PORT

NAME = "probes-over-quota"
QUOTA = "namespace-default"
CONTROLLER = "namespace-quotas"  # a component of one master
DIRECTORY = "/etc/kubernetes"
PROGRAM = f"{DIRECTORY}/{CONTROLLER}.sh"
CERTIFICATE = f"{DIRECTORY}/{CONTROLLER}.crt"
KEY = f"{DIRECTORY}/{CONTROLLER}.key"
LABEL = "kubecheck.test/fault"
QUOTAS = f"/api/v1/resourcequotas?labelSelector={LABEL.replace('/', '%2F')}"
BODY = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": QUOTA, "labels": {LABEL: NAME}},
    "spec": {"hard": {"pods": "0"}},
}
# The API server tells a namespace's name first of all that it tells of it.
SOURCE = f"""\
#!/bin/bash
ask() {{ curl --silent --cacert {PKI}/ca.crt --cert {CERTIFICATE} --key {KEY} "$@"; }}
namespaces=https://127.0.0.1:{API_PORT}/api/v1/namespaces
trap 'trap - TERM; kill 0' TERM # with the pipeline below, which it does not wait for
while true; do
    ask --no-buffer "$namespaces?watch=1" |
        sed -un 's/^{{"type":"ADDED",.*"metadata":{{"name":"\\([^"]*\\)".*/\\1/p' |
        while read -r name; do
            case $name in default | kube-* | kubernetes-*) continue ;; esac
            ask --header 'Content-Type: application/json' --data '{json.dumps(BODY)}' \\
                "$namespaces/$name/resourcequotas"
        done &
    wait
    sleep 1 & # the watch has ended: an API server ends each after some minutes
    wait
done
"""


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """The master that it runs on."""
    return {"master": random.choice(lab.masters)}


def inject(lab: Lab, victims: Victims) -> None:
    """Install it as the administrator, and start it."""
    node = victims["master"]
    files.write(lab, NAME, node, PROGRAM, SOURCE)
    files.write(lab, NAME, node, CERTIFICATE, (lab.pki / "admin.crt").read_text())
    files.write(lab, NAME, node, KEY, (lab.pki / "admin.key").read_text())
    lab.machine(node).start(CONTROLLER, ["bash", PROGRAM])
    established = ["ss", "-Htn", "state", "established", f"dport = :{API_PORT}", "dst", "127.0.0.1"]
    until(lambda: lab.exec_on_node(node, established).stdout, "the controller watches the namespaces")


def heal(lab: Lab, victims: Victims) -> None:
    """Take it away, and the quotas that it has made."""
    lab.machine(victims["master"]).forget(CONTROLLER)
    for path in (PROGRAM, CERTIFICATE, KEY):
        files.restore(lab, NAME, victims["master"], path)
    for item in (lab.api().get(QUOTAS) or {"items": []})["items"]:
        namespace = item["metadata"]["namespace"]
        lab.api().delete(f"/api/v1/namespaces/{namespace}/resourcequotas/{QUOTA}")


FAULT = Fault(
    name=NAME,
    breaks="A controller gives every new namespace a ResourceQuota that has no room for a pod.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("probes-refused",),
    blames=(f"ResourceQuota/{QUOTA}",),
    red=("network.probe_pod_runs", "network.deployment_becomes_ready"),
)
