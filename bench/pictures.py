# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The benchmark's pictures as SVG: time against batch, width, steps, depth and activity, and all
libraries beside ours."""
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 680, 420, 76, 168, 56, 54
INK, GRID, FONT = "#1f2933", "#d9dee4", "font-family='Helvetica, Arial, sans-serif'"
COLORS = {
    "spikefuse": "#c2410c",
    "spikefuse, spikes": "#c2410c",
    "spikefuse, values": "#f59e0b",
    "hand-written twin": "#475569",
    "twin": "#475569",
    "twin, spikes": "#475569",
    "twin, values": "#94a3b8",
    "matrix product": "#2563eb",
    "matrix product alone": "#2563eb",
    "norse": "#16a34a",
    "norse, compiled": "#16a34a",
    "snnTorch": "#9333ea",
    "snnTorch (Leaky)": "#c084fc",
    "Rockpool": "#0891b2",
    "SpikingJelly": "#db2777",
    "Brian2": "#ca8a04",
    "GeNN": "#65a30d",
}


def escape(words):
    return str(words).replace("&", "&amp;").replace("<", "&lt;")


def text(x, y, words, anchor="middle", size=12, weight="normal", turn="", color=INK):
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' "
        f"font-weight='{weight}' fill='{color}' {turn} {FONT}>{escape(words)}</text>"
    )


def readable(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size * 0.9995:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def number(value):
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def times(value):
    return number(value) + "x"


def decades(low, high, dense):
    """Round numbers between two on a logarithmic axis."""
    marks = [
        factor * 10.0**power
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for factor in dense
    ]
    return [mark for mark in marks if low * 0.999 <= mark <= high * 1.001]


def chart(title, below, x_label, series, power=1, unit=""):
    """series: name -> [(x, seconds)]; both axes logarithmic. A dashed line beneath ours grows as x
    to the `power`."""
    series = {name: sorted(points) for name, points in series.items() if points}
    xs = sorted({x for points in series.values() for x, _ in points})
    ours = next(points for name, points in series.items() if name.startswith("spikefuse"))
    scale = min(y / x**power for x, y in ours) / 1.8
    slope = [(x, scale * x**power) for x in (ours[0][0], ours[-1][0])]
    ys = [y for points in series.values() for _, y in points]
    low, high = min(ys) / 2, max(ys) * 1.4
    x_low, x_high = xs[0] / 1.15, xs[-1] * 1.15
    at_x = lambda x: LEFT + (math.log(x) - math.log(x_low)) / (
        math.log(x_high) - math.log(x_low)
    ) * (WIDTH - LEFT - RIGHT)
    at_y = (
        lambda y: HEIGHT
        - BOTTOM
        - (math.log(y) - math.log(low)) / (math.log(high) - math.log(low)) * (HEIGHT - TOP - BOTTOM)
    )
    parts = [
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' "
            f"width='{WIDTH}' height='{HEIGHT}'>"
        ),
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>",
        text(LEFT, 24, title, "start", 15, "bold"),
        text(LEFT, 43, below, "start", 12, color="#52606d"),
    ]
    for mark in decades(low, high, (1, 2, 5) if high / low < 100 else (1,)):
        parts.append(
            f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{at_y(mark):.1f}' y2='{at_y(mark):.1f}' "
            f"stroke='{GRID}'/>" + text(LEFT - 8, at_y(mark) + 4, readable(mark), "end")
        )
    last = -math.inf
    for mark in xs:
        parts.append(
            f"<line x1='{at_x(mark):.1f}' x2='{at_x(mark):.1f}' y1='{TOP}' y2='{HEIGHT - BOTTOM}' "
            f"stroke='{GRID}'/>"
        )
        if at_x(mark) - last > 34:  # numbers do not lie on each other
            parts.append(text(at_x(mark), HEIGHT - BOTTOM + 18, f"{mark:g}{unit}"))
            last = at_x(mark)
    if slope[0][1] < low:  # from where it enters the frame
        slope[0] = ((low / scale) ** (1 / power), low)
    (x0, y0), (x1, y1) = [(at_x(x), at_y(y)) for x, y in slope]
    parts.append(
        f"<line x1='{x0:.1f}' y1='{y0:.1f}' x2='{x1:.1f}' y2='{y1:.1f}' stroke='{INK}' "
        "stroke-dasharray='5 4'/>"
    )
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    middle = (x0 + 0.72 * (x1 - x0), y0 + 0.72 * (y1 - y0))
    words = "in proportion" if power == 1 else f"to the power of {power}"
    parts.append(
        text(
            *middle,
            words,
            size=11,
            turn=f"transform='rotate({angle:.1f} {middle[0]:.1f} {middle[1]:.1f}) translate(0 15)'",
        )
    )
    parts.append(
        f"<rect x='{LEFT}' y='{TOP}' width='{WIDTH - LEFT - RIGHT}' "
        f"height='{HEIGHT - TOP - BOTTOM}' fill='none' stroke='{INK}'/>"
    )
    parts += [
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, size=13),
        text(
            18,
            (TOP + HEIGHT - BOTTOM) / 2,
            "time of a forward run",
            size=13,
            turn=f"transform='rotate(-90 18 {(TOP + HEIGHT - BOTTOM) / 2:.1f})'",
        ),
    ]
    labels = []
    for name, points in series.items():
        color, width = COLORS[name], 3 if name.startswith("spikefuse") else 2
        parts.append(
            f"<polyline fill='none' stroke='{color}' stroke-width='{width}' "
            "stroke-linejoin='round' points='"
            + " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
            + "'/>"
        )
        parts += [
            f"<circle cx='{at_x(x):.1f}' cy='{at_y(y):.1f}' r='{width + 0.5}' fill='{color}'/>"
            for x, y in points
        ]
        labels.append([at_y(points[-1][1]) + 4, name, color])
    labels.sort()
    for k in range(1, len(labels)):  # names do not lie on each other
        labels[k][0] = max(labels[k][0], labels[k - 1][0] + 16)
    parts += [
        text(
            WIDTH - RIGHT + 10,
            y,
            name,
            "start",
            color=color,
            weight="bold" if name.startswith("spikefuse") else "normal",
        )
        for y, name, color in labels
    ]
    return "\n".join(parts + ["</svg>", ""])


def bars(title, groups):
    """groups: [(case, [(name, times ours)])]; a logarithmic axis, ours at 1."""
    row, gap, left, right, width = 15, 16, 250, 110, 860
    rows = sum(len(bars) for _, bars in groups)
    height = 66 + rows * row + len(groups) * gap
    highest = max(value for _, bars in groups for _, value in bars) * 1.1
    lowest = min(0.5, min(value for _, bars in groups for _, value in bars)) / 1.1
    at = lambda value: left + math.log(value / lowest) / math.log(highest / lowest) * (
        width - left - right
    )
    parts = [
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' "
            f"width='{width}' height='{height}'>"
        ),
        f"<rect width='{width}' height='{height}' fill='white'/>",
        text(16, 24, title, "start", 15, "bold"),
    ]
    for mark in decades(lowest, highest, (1,)):
        parts.append(
            f"<line x1='{at(mark):.1f}' x2='{at(mark):.1f}' y1='40' y2='{height - 24}' "
            f"stroke='{INK if mark == 1 else GRID}'/>" + text(at(mark), height - 8, f"{mark:g}x")
        )
    y = 44
    for case, of in groups:
        parts.append(text(16, y + 12, case, "start", 12, "bold"))
        for name, value in of:
            start, end = sorted((at(1), at(value)))
            parts.append(
                f"<rect x='{start:.1f}' y='{y + 2}' width='{max(end - start, 1.5):.1f}' "
                f"height='{row - 4}' fill='{COLORS[name]}'/>"
                + text(left - 8, y + 12, name, "end", 11)
                + text(end + 5, y + 12, times(value), "start", 11)
            )
            y += row
        y += gap
    return "\n".join(parts + ["</svg>", ""])
