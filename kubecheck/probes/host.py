"""Looking into a node's own files, which lie at /host in its probe pod when --node-access is given.

Of the files only what is judged leaves the node: registry credentials, tokens in log options and the
like never reach an answer.
"""

from __future__ import annotations

HOST = "/host"

# Prints a process's flags, from one argument a line: each wanted one as NAME=VALUE. A flag without "="
# is printed without a value, and again with the argument that follows.
_FLAGS = """\
substr($0, 1, 1) == "-" {
  name = $0; sub(/^-+/, "", name); eq = index(name, "=")
  value = eq ? substr(name, eq + 1) : ""; if (eq) name = substr(name, 1, eq - 1)
  keep = index(wanted, " " name " "); if (keep) print "flag " name "=" value
  last = (keep && !eq) ? name : ""; next
}
last != "" { print "flag " last "=" $0; last = "" }"""


def each_process(program: str, comm: str, body: str) -> str:
    """A line of shell that runs ``body`` for each process of ``program``, with $p its folder in /proc.

    The program is the first argument's file name, or the second argument, as in ``hyperkube
    kubelet``. ``comm`` is a pattern for the kernel's short name, which is cheap to look at.
    Exits with 3 where no such process runs.
    """
    return (
        f"n=0; for p in {HOST}/proc/[0-9]*; do"
        ' { read -r c <"$p/comm"; } 2>/dev/null || continue;'
        f' case "$c" in {comm}) ;; *) continue;; esac;'
        " set -f; IFS='\n'; set -- $(tr '\\0' '\\n' 2>/dev/null <\"$p/cmdline\"); set +f; unset IFS;"
        f' if [ "${{1##*/}}" = {program} ] || [ "$2" = {program} ]; then n=$((n + 1)); {body}; fi; done;'
        ' [ "$n" -gt 0 ] || exit 3'
    )


def flags(*names: str) -> str:
    """Shell that prints the flags called ``names`` of the process at $p: ``flag NAME=VALUE``."""
    return f"tr '\\0' '\\n' <\"$p/cmdline\" | awk -v wanted=' {' '.join(names)} ' '{_FLAGS}'"


def last(name: str) -> str:
    """Shell that takes the value of the flag ``name``, a pattern for sed, out of what ``flags`` printed."""
    return f"sed -n 's/^flag {name}=\\(.\\)/\\1/p' | tail -n 1"


def read_flags(text: str) -> dict[str, str]:
    """The flags that ``flags`` printed; of one that stands twice the last, of two words the second."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("flag "):
            name, _, value = line.removeprefix("flag ").partition("=")
            found[name] = value or found.get(name, "")
    return found
