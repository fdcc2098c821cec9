"""A share of a run: several processes, on several machines, judge one cluster together."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """The ``number``-th of ``of`` runs that share a fleet and the nodes to judge. 1 of 1 is a whole run.

    What is judged once for the whole cluster belongs to the first.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """``2/4`` is the second of four. Raises ValueError."""
        found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
        number, of = (int(each) for each in found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            raise ValueError(f"{text!r} is no share: write 2/4 for the second of four")
        return cls(number, of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def whole(self) -> bool:
        """Whether there are no others."""
        return self.of == 1

    def holds(self, place: int) -> bool:
        """Whether what stands at ``place`` of a list, counted from 0, is this one's."""
        return place % self.of == self.number - 1


WHOLE = Shard(1, 1)
