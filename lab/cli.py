"""The command line of the lab: ``python -m lab up|down|status|exec|fault``."""

import argparse
import os
import signal
import subprocess
import sys
from dataclasses import fields
from types import FrameType

from lab import commands
from lab.errors import LabError
from lab.faults import commands as faults
from lab.handle import Lab
from lab.machines import ENVIRONMENT
from lab.progress import Progress
from lab.settings import Settings
from lab.versions import KUBERNETES


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    default = Settings()
    root = argparse.ArgumentParser(
        prog="python -m lab", description="A real multi-node Kubernetes cluster on this one machine."
    )
    actions = root.add_subparsers(dest="action", required=True, metavar="ACTION")
    up = actions.add_parser("up", help="bring the lab up; one that is up is left as it is")
    versions = ", ".join(KUBERNETES)
    for option, explanation in {
        "kubernetes": f"version of Kubernetes ({versions})",
        "kubelet-version": "version of the last worker's kubelet, when it is to be an older one",
        "masters": "nodes that carry the control plane",
        "workers": "nodes that do not",
        "node-cidr": "network of the nodes",
        "pod-cidr": "network of the pods",
        "service-cidr": "network of the ClusterIPs",
        "cluster-domain": "DNS domain of the Services",
        "signing-duration": "how long the controller manager signs certificates for",
        "proxy-mode": "kube-proxy's mode, iptables or nftables",
        "mtu": "MTU of the nodes' network",
        "server-tls-bootstrap": "nodes whose kubelets ask for their serving certificates, which the lab then "
        "approves (none, first, last, all)",
        "etcd-disk": "masters whose etcd has a disk of its own (none, first, last, all)",
        "dockerd": "workers that run Docker's daemon beside containerd (none, first, last, all)",
    }.items():
        value = getattr(default, option.replace("-", "_"))
        shown = f"; default {value}" if value != "" else ""
        up.add_argument(f"--{option}", type=type(value), default=value, help=explanation + shown)
    down = actions.add_parser("down", help="take the lab away, also one that crashed half way up")
    status = actions.add_parser("status", help="what runs; exit code 0 only when all does")
    run = actions.add_parser("exec", help="run a command on a machine of the lab")
    fault = actions.add_parser("fault", help="real faults: list, inject or heal")
    for action in (up, down, status, run, *faults.add_parsers(fault)):
        action.add_argument("--name", default=default.name, help=f"which lab; default {default.name}")
    run.add_argument("machine", help="for example k8s-node01")
    run.add_argument("command", nargs=argparse.REMAINDER, help="the command and its arguments")
    return root


def main(argv: list[str] | None = None) -> int:
    """Run one command; an exit code. What the user can mend is told in a sentence."""
    options = parser().parse_args(argv)
    progress = Progress()
    signal.signal(signal.SIGTERM, _interrupt)  # so that a stopped `up` takes away what it started
    try:
        match options.action:
            case "up":
                chosen = {field.name: getattr(options, field.name) for field in fields(Settings)}
                commands.up(Settings(**chosen), progress)
            case "down":
                commands.down(Settings(name=options.name).name, progress)
            case "status":
                return 0 if commands.status(Settings(name=options.name).name) else 1
            case "exec":
                command = options.command[options.command[:1] == ["--"] :] or ["bash"]
                machine = Lab.load(options.name).machine(options.machine)
                return subprocess.call(machine.entering(command), env=ENVIRONMENT)
            case "fault":
                faults.run(options, progress)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has read enough, as `| head` has. Python's last flush must not meet the pipe again:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13  # as a shell tells an end by SIGPIPE
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
