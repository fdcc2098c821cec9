"""Acting as somebody else: kubectl's --as and --as-group, as headers of every request.

Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

Headers = tuple[tuple[str, str], ...]


def impersonation(
    user: str, groups: Iterable[str], *, uid: str = "", extra: Mapping[str, Iterable[str]] | None = None
) -> Headers:
    """The headers that name a user and its groups; none where nobody is named. Raises ValueError."""
    found = [("Impersonate-User", user)] if user else []
    found += [("Impersonate-Uid", uid)] if uid else []
    found += [("Impersonate-Group", group) for group in groups]
    for key, values in (extra or {}).items():
        found += [(f"Impersonate-Extra-{quote(key, safe='')}", value) for value in values]
    if found and not user:
        raise ValueError("a group is given and no user: give --as USER too")
    for _, value in found:
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{value!r} cannot be sent: only ASCII can stand in a header")
    return tuple(found)
