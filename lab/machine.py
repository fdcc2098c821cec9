"""What the lab asks of the machine: Linux, root, kernel features and Debian packages."""

from lab.progress import Progress


def require_machine() -> None:
    """Raise LabError with one sentence when the machine cannot carry a lab."""
    raise NotImplementedError


def install_packages(progress: Progress) -> None:
    """Install the Debian packages that the lab needs and the machine lacks, starting no service."""
    raise NotImplementedError
