"""The benchmark's pictures as SVG: time against batch, width, steps and activity, and all libraries beside ours."""
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 72, 150, 44, 54
INK, GRID, FONT = "#1f2933", "#d9dee4", "font-family='Helvetica, Arial, sans-serif'"
COLORS = {"spikefuse": "#c2410c", "spikefuse, values": "#f59e0b", "hand-written twin": "#475569", "matrix product alone": "#2563eb", "norse": "#16a34a"}


def escape(words):
    return str(words).replace("&", "&amp;").replace("<", "&lt;")


def text(x, y, words, anchor="middle", size=12, weight="normal", turn="", color=INK):
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' font-weight='{weight}' fill='{color}' {turn} {FONT}>{escape(words)}</text>"


def readable(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size * 0.9995:
            return f"{seconds / size:g} {unit}"
    return f"{seconds * 1e9:g} ns"


def decades(low, high, dense):
    """Round numbers between two on a logarithmic axis."""
    marks = [factor * 10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for factor in dense]
    return [mark for mark in marks if low * 0.999 <= mark <= high * 1.001]


def chart(title, x_label, series, x_marks, percent=False):
    """series: name -> [(x, seconds)]; both axes logarithmic."""
    series = {name: sorted(points) for name, points in series.items() if points}
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    low, high = min(ys) / 1.3, max(ys) * 1.3
    x_low, x_high = min(xs) / 1.12, max(xs) * 1.12
    at_x = lambda x: LEFT + (math.log(x) - math.log(x_low)) / (math.log(x_high) - math.log(x_low)) * (WIDTH - LEFT - RIGHT)
    at_y = lambda y: HEIGHT - BOTTOM - (math.log(y) - math.log(low)) / (math.log(high) - math.log(low)) * (HEIGHT - TOP - BOTTOM)
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}'>", f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>", text(LEFT, 24, title, "start", 15, "bold")]
    for mark in decades(low, high, (1, 2, 5) if high / low < 200 else (1,)):
        parts.append(f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{at_y(mark):.1f}' y2='{at_y(mark):.1f}' stroke='{GRID}'/>" + text(LEFT - 8, at_y(mark) + 4, readable(mark), "end"))
    for mark in x_marks:
        parts.append(f"<line x1='{at_x(mark):.1f}' x2='{at_x(mark):.1f}' y1='{TOP}' y2='{HEIGHT - BOTTOM}' stroke='{GRID}'/>" + text(at_x(mark), HEIGHT - BOTTOM + 18, f"{mark:g}" + (" %" if percent else "")))
    parts.append(f"<rect x='{LEFT}' y='{TOP}' width='{WIDTH - LEFT - RIGHT}' height='{HEIGHT - TOP - BOTTOM}' fill='none' stroke='{INK}'/>")
    parts += [text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, size=13), text(18, (TOP + HEIGHT - BOTTOM) / 2, "time of a forward run", size=13, turn=f"transform='rotate(-90 18 {(TOP + HEIGHT - BOTTOM) / 2:.1f})'")]
    labels = []
    for name, points in series.items():
        color, width = COLORS[name], 3 if name.startswith("spikefuse") else 2
        parts.append(f"<polyline fill='none' stroke='{color}' stroke-width='{width}' stroke-linejoin='round' points='" + " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points) + "'/>")
        parts += [f"<circle cx='{at_x(x):.1f}' cy='{at_y(y):.1f}' r='{width + 0.5}' fill='{color}'/>" for x, y in points]
        labels.append([at_y(points[-1][1]) + 4, name, color])
    labels.sort()
    for k in range(1, len(labels)):  # names do not lie on each other
        labels[k][0] = max(labels[k][0], labels[k - 1][0] + 15)
    parts += [text(WIDTH - RIGHT + 8, y, name, "start", color=color, weight="bold" if name.startswith("spikefuse") else "normal") for y, name, color in labels]
    return "\n".join(parts + ["</svg>", ""])


def bars(title, groups, colors):
    """groups: [(case, [(name, times ours)])]; a logarithmic axis, ours at 1."""
    row, gap, left, right, width = 15, 16, 250, 110, 860
    rows = sum(len(bars) for _, bars in groups)
    height = 66 + rows * row + len(groups) * gap
    highest = max(value for _, bars in groups for _, value in bars) * 1.1
    lowest = min(0.5, min(value for _, bars in groups for _, value in bars)) / 1.1
    at = lambda value: left + math.log(value / lowest) / math.log(highest / lowest) * (width - left - right)
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}'>", f"<rect width='{width}' height='{height}' fill='white'/>", text(16, 24, title, "start", 15, "bold")]
    for mark in decades(lowest, highest, (1,)):
        parts.append(f"<line x1='{at(mark):.1f}' x2='{at(mark):.1f}' y1='40' y2='{height - 24}' stroke='{INK if mark == 1 else GRID}'/>" + text(at(mark), height - 8, f"{mark:g}x"))
    y = 44
    for case, of in groups:
        parts.append(text(16, y + 12, case, "start", 12, "bold"))
        for name, value in of:
            start, end = sorted((at(1), at(value)))
            parts.append(f"<rect x='{start:.1f}' y='{y + 2}' width='{max(end - start, 1.5):.1f}' height='{row - 4}' fill='{colors[name]}'/>" + text(left - 8, y + 12, name, "end", 11) + text(end + 5, y + 12, f"{value:.3g}x", "start", 11))
            y += row
        y += gap
    return "\n".join(parts + ["</svg>", ""])


def draw(out, cases):
    import report  # it names the cases
    drawn = []

    def save(name, picture):
        (out / name).write_text(picture)
        drawn.append(name)

    def points(kind, also=()):
        """From the cases sweep-KIND-X: every implementation's points."""
        series = {"matrix product alone": [], "norse": [], "hand-written twin": [], "spikefuse": []}
        for name, case in cases.items():
            if not name.startswith(f"sweep-{kind}-"):
                continue
            x = float(name.rsplit("-", 1)[1])
            norse = case["families"]["norse"]
            found = {"spikefuse": report.time_of(case, "norse", "forward"), "hand-written twin": report.time_of(case, "norse", "twin_forward"),
                     "matrix product alone": norse["product"] and norse["product"][norse["product"]["best"]], "norse": (report.best_mode(case, "norse", "forward") or (0, None))[1]}
            for key, times in found.items():
                if times:
                    series[key].append((x, times["median"]))
        return series

    for kind, label in (("batch", "batch (samples side by side)"), ("width", "width of the layer (neurons)"), ("steps", "steps")):
        series = points(kind)
        if len(series["spikefuse"]) > 1:
            save(f"{kind}.svg", chart(f"linear({'n' if kind == 'width' else 512}) + LIF: time against {kind}", label, series, sorted({x for x, _ in series["spikefuse"]})))
    series = points("spikes")
    if len(series["spikefuse"]) > 1:
        series["spikefuse, values"] = points("values")["spikefuse"]
        save("activity.svg", chart("linear(512) + LIF: time against activity", "share of inputs that are not zero", series, [1, 2, 5, 10, 20, 50, 100], percent=True))
    colors = {"twin": "#475569", "matrix product": "#2563eb", "norse": "#16a34a", "snnTorch": "#9333ea", "snnTorch (Leaky)": "#c084fc", "Rockpool": "#0891b2", "SpikingJelly": "#db2777"}
    for what, title in (("forward", "Forward: time of the others over ours"), ("training", "Forward and backward: time of the others over ours")):
        groups = []
        for name in report.TITLES:
            ours = name in cases and report.time_of(cases[name], "norse", what)
            if not ours:
                continue
            bars_of = []
            twin, bare = report.time_of(cases[name], "norse", f"twin_{what}"), cases[name]["families"]["norse"]["product"]
            if twin:
                bars_of.append(("twin", twin["median"] / ours["median"]))
            if bare and what == "forward":
                bars_of.append(("matrix product", bare[bare["best"]]["median"] / ours["median"]))
            bars_of += [(report.NAMES[family], value) for family, (value, _) in report.ratios(cases[name], what).items()]
            groups.append((name, bars_of))
        if any(of for _, of in groups):
            save(f"{what}.svg", bars(title, [(name, of) for name, of in groups if of], colors))
    return drawn
