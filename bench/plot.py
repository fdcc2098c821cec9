"""Measurements over the number of nodes as one SVG picture, with what growth in proportion would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, MARGIN, GAP = 300, 220, 48, 24  # pixels: a panel's inside, room for its labels, between panels
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
STYLE = """\
text { font: 12px sans-serif; fill: #24292f } .axis { stroke: #57606a } .proportion { stroke: #8c959f }
@media (prefers-color-scheme: dark) { text { fill: #d0d7de } .axis { stroke: #8c959f } }
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """One figure over the number of nodes: a curve of points (nodes, figure) for each name."""

    title: str
    curves: Mapping[str, Sequence[Point]]

    @property
    def most(self) -> Point:
        """The largest of both; 1 where there is nothing above 0."""
        points = [point for curve in self.curves.values() for point in curve]
        return max((x for x, _ in points), default=0) or 1, max((y for _, y in points), default=0) or 1


def picture(panels: Sequence[Panel]) -> str:
    """The panels beside each other. The dashed line is the first point, grown in proportion to the nodes."""
    step = WIDTH + MARGIN + GAP
    inside = "\n".join(
        f'<g transform="translate({MARGIN + number * step} {MARGIN})">\n{_panel(panel)}\n</g>'
        for number, panel in enumerate(panels)
    )
    width, height = MARGIN + len(panels) * step, HEIGHT + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n'
        f"<style>{STYLE}</style>\n{inside}\n</svg>\n"
    )


def _panel(panel: Panel) -> str:
    across, up = panel.most

    def place(point: Point) -> tuple[str, str]:
        return f"{point[0] / across * WIDTH:.1f}", f"{HEIGHT - point[1] / up * HEIGHT:.1f}"

    def line(points: Sequence[Point]) -> str:
        return " ".join(",".join(place(point)) for point in points)

    lines = [
        f"<text y='-16'>{escape(panel.title)}</text>",
        f"<path class='axis' fill='none' d='M0,0 V{HEIGHT} H{WIDTH}'/>",
        f"<text x='-6' y='4' text-anchor='end'>{up:,.0f}</text>",
        f"<text x='-6' y='{HEIGHT}' text-anchor='end'>0</text>",
        f"<text x='{WIDTH}' y='{HEIGHT + 18}' text-anchor='end'>{across:,.0f} nodes</text>",
    ]
    first = next((curve[0] for curve in panel.curves.values() if curve), None)
    if first and first[0] and first[1]:
        slope = first[1] / first[0]
        end = (across, slope * across) if slope * across <= up else (up / slope, up)
        points = line([(0, 0), end])
        lines.append(f"<polyline class='proportion' stroke-dasharray='4 4' points='{points}'/>")
    for number, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        lines.append(f"<polyline fill='none' stroke='{colour}' stroke-width='2' points='{line(curve)}'/>")
        lines += [f"<circle r='3' fill='{colour}' cx='{x}' cy='{y}'/>" for x, y in map(place, curve)]
        if len(panel.curves) > 1:
            # Below the curves, which begin on the left and grow.
            y = HEIGHT - 10 - 16 * (len(panel.curves) - 1 - number)
            lines.append(
                f"<text x='{WIDTH}' y='{y}' text-anchor='end' style='fill: {colour}'>{escape(name)}</text>"
            )
    return "\n".join(lines)
