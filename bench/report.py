# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From what the cases left in build/bench/cases: results.json, results.md and the pictures."""
import json
import math

import pictures
from pictures import readable

# Targets: how many times our time the best mode of every peer, the bare matrix product, and the
# best mode of every peer in training should take.
TARGETS = {
    "lin512": (20, 4, 10),
    "lin2048": (10, 6, 6),
    "mlp256": (12, 5, 8),
    "mlp1": (60, None, 30),
    "recurrent": (30, 3, 15),
    "adex": (25, None, 15),
    "lin512-half": (5, 1 / 1.3, 4),
    "lin2048-half": (5, 1 / 1.3, 4),
    "lin512-analog": (5, 1 / 1.3, 4),
    "lin2048-analog": (5, 1 / 1.3, 4),
}
TWIN, TWO_THREADS = (
    1.05,
    1.8,
)  # of every case: at most so many times the twin, and what two threads gain over one
TITLES = {
    "lin512": "linear(512) + LIF, batch 16, 500 steps, 10 %",
    "lin512-half": "the same, 50 %",
    "lin512-analog": "the same, analog values",
    "lin2048": "linear(2048) + LIF, batch 16, 500 steps, 10 %",
    "lin2048-half": "the same, 50 %",
    "lin2048-analog": "the same, analog values",
    "mlp1": "784-256-10, batch 1, 100 steps, 10 %",
    "mlp32": "784-256-10, batch 32",
    "mlp256": "784-256-10, batch 256",
    "recurrent": "recurrent 700-256-20, batch 32, 100 steps, 2 %",
    "adex": "4096 AdEx alone, batch 16, 1000 steps",
}
NAMES = {
    "norse": "norse",
    "snntorch": "snnTorch",
    "snntorch_leaky": "snnTorch (Leaky)",
    "rockpool": "Rockpool",
    "spikingjelly": "SpikingJelly",
    "brian2": "Brian2",
    "genn": "GeNN",
}
# They run norse's neurons, written as equations, forwards: (Python environment, module, program).
SIMULATORS = {
    "brian2": ("peers_brian2", "brian2", "brian.py"),
    "genn": ("peers", "pygenn", "genn.py"),
}
MNIST = {
    "mnist128": "0.290 s",
    "mnist1": "16.9 s",
}  # what GeNN publishes for as many images side by side, on a GPU
# The sweeps: title, what x is, and the unit of a value in the table.
SWEEPS = {
    "batch": ("linear(512) + LIF, 200 steps, 10 %", "samples side by side", ""),
    "width": (
        "linear(n) + LIF, batch 16, 200 steps, 10 %",
        "neurons of the layer, as many inputs",
        "",
    ),
    "steps": ("linear(512) + LIF, batch 16, 10 %", "steps", ""),
    "depth": (
        "layers of linear(512) + LIF, batch 16, 200 steps, 10 %",
        "layers, one behind the other",
        "",
    ),
    "spikes": ("linear(512) + LIF, batch 16, 200 steps", "share of inputs that spike", " %"),
    "values": ("the same, analog input", "share of inputs that are not zero", " %"),
}


def read(path):
    return json.loads(path.read_text()) if path.exists() else None


def collect(out):
    """case -> family -> what was measured of it."""
    cases = {}
    for folder in sorted((out / "cases").glob("*")):
        when = read(folder / "when.json")
        if when is None:
            continue
        cases[folder.name] = {"when": when, "families": {}}
        for family in sorted(folder.glob("*/")):
            ours = {path.stem.split("_")[1]: read(path) for path in family.glob("ours_*.json")}
            peers = {family.name: read(family / f"{family.name.split('_')[0]}.json")} | {
                name: read(family / f"{name}.json") for name in SIMULATORS
            }
            cases[folder.name]["families"][family.name] = {
                "ours": ours,
                "product": read(family / "product.json"),
                "machine": read(family / "machine.json"),
                "peers": {name: peer for name, peer in peers.items() if peer},
            }
    return cases


def threads_of(case):
    return str(case["when"]["threads"])


def time_of(case, family, what):
    """Our statistics, with all threads."""
    one = case["families"].get(family)
    ours = one and one["ours"].get(threads_of(case))
    return ours and ours.get("times", {}).get(what)


def product_of(case, family="norse"):
    """(library, statistics) of the faster matrix product."""
    found = case["families"].get(family, {}).get("product")
    return found and (found["best"], found[found["best"]])


def any_mode(name, mode):
    return True


def trains(name, mode):
    """Whether it is one of the libraries that targets were set against."""
    return name not in SIMULATORS


def simulates(name, mode):
    return name in SIMULATORS


def as_it_comes(name, mode):
    """Whether nothing has been compiled for it."""
    return trains(name, mode) and mode not in ("compile", "jit")


def best_mode(name, peer, what, counts=any_mode):
    """The fastest mode of a peer whose results agree, of those that count: (mode, statistics)."""
    known = [
        (mode, of[what]) for mode, of in peer["modes"].items() if what in of and counts(name, mode)
    ]
    return min(known, key=lambda pair: pair[1]["median"]) if known else None


def ratios(case, what, counts=any_mode):
    """peer -> (times our time in its equations, mode)."""
    result = {}
    for family, one in case["families"].items():
        for name, peer in one["peers"].items():
            ours, theirs = time_of(case, family, what), best_mode(name, peer, what, counts)
            if ours and theirs:
                result[name] = (theirs[1]["median"] / ours["median"], theirs[0])
    return result


def floor(case, what):
    """The larger of operations and bytes over the machine's peaks, and which it is."""
    norse = case["families"].get("norse", {})
    machine, ours = norse.get("machine"), norse.get("ours", {}).get(threads_of(case))
    if not machine or not ours or "work" not in ours:
        return None
    by = {
        "operations": ours["work"][f"{what}_operations"] / machine["multiply_adds_per_second"],
        "bytes": ours["work"][f"{what}_bytes"] / machine["bytes_per_second"],
    }
    which = max(by, key=by.get)
    return by[which], which


def with_spread(times):
    if not times:
        return "-"
    disturbed = (
        f", others used {times['others']:.0%} of the machine"
        if times.get("others", 0) > 0.1
        else ""
    )
    return (
        f"{readable(times['median'])} "
        f"({readable(times['fastest'])} to {readable(times['slowest'])}{disturbed})"
    )


def judged(value, target, more_is_better=True):
    if value is None:
        return "not measured" if target is not None else "-"
    if target is None:
        return pictures.times(value)
    met = value >= target if more_is_better else value <= target
    wanted = f"{target:.3g}x" if target >= 1 else f"1/{1 / target:.3g}"
    return f"**{pictures.times(value)}** of {wanted}, " + ("met" if met else "missed")


def counted(number, what):
    return f"{number} {what}" + ("s" if number != 1 else "")


def like_twin(ours, twin):
    """(times the twin, whether that is near enough)."""
    ratio = ours["median"] / twin["median"]
    return ratio, ratio <= TWIN


def gained(alone, all_threads):
    """(times as fast with all threads, whether that is enough of two)."""
    gain = alone["median"] / all_threads["median"]
    return gain, gain >= TWO_THREADS


def over_twin(ours, twin):
    ratio, met = like_twin(ours, twin)
    return f"{ratio:.2f}, {'met' if met else 'missed'} ({readable(twin['median'])})"


def least(case, what, counts=any_mode):
    known = ratios(case, what, counts)
    return min(known.items(), key=lambda pair: pair[1][0]) if known else None


def of_peers(found, target):
    if found is None:
        return "not measured" if target else "-"
    name, (value, mode) = found
    return judged(value, target) + f" ({NAMES[name]}, {mode})"


def main_table(cases, what, titles):
    product, point = what == "forward", titles is not TITLES  # of a sweep
    heads = [
        "case",
        "spikefuse",
        "times the floor",
        "times the twin",
        *["matrix product / ours"] * product,
        "nearest library / ours",
        *["nearest simulator / ours", "neurons fire"] * (product and not point),
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name in [name for name in titles if name in cases]:
        case, target = cases[name], TARGETS.get(name, (None, None, None))
        ours = time_of(case, "norse", what)
        if not ours:
            continue
        lowest, twin = floor(case, what), time_of(case, "norse", f"twin_{what}")
        bare = product_of(case)
        cells = [
            titles[name],
            with_spread(ours),
            (
                f"{ours['median'] / lowest[0]:.2g} ({lowest[1]}, {readable(lowest[0])})"
                if lowest
                else "-"
            ),
        ]
        cells.append(over_twin(ours, twin) if twin else "-")
        if product:
            cells.append(
                judged(bare[1]["median"] / ours["median"], target[1])
                + f" ({bare[0]}, {readable(bare[1]['median'])})"
                if bare
                else "-"
            )
        cells.append(of_peers(least(case, what, trains), target[0 if product else 2]))
        if product and not point:
            cells.append(of_peers(least(case, what, simulates), None))
            rates = case["families"]["norse"]["ours"][threads_of(case)].get("rates")
            cells.append(", ".join(f"{100 * rate:.3g} %" for rate in rates) if rates else "-")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def short_table(cases):
    """README's: the nearest uncompiled, and with everything that compiles them."""
    lines = [
        (
            "| | forward | matrix product | uncompiled | compiled | with backward | uncompiled "
            "| compiled |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in [name for name in TITLES if name in TARGETS and name in cases]:
        case, cells = cases[name], [TITLES[name]]
        for what in ("forward", "training"):
            ours, found = time_of(case, "norse", what), [
                least(case, what, counts)
                for counts in (as_it_comes, lambda name, mode: not as_it_comes(name, mode))
            ]
            cells.append(readable(ours["median"]) if ours else "-")
            if what == "forward":
                bare = product_of(case)
                cells.append(pictures.times(bare[1]["median"] / ours["median"]) if bare else "-")
            cells += [pictures.times(one[1][0]) if one else "-" for one in found]
        if any(cell != "-" for cell in cells[3:5]):
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def peers_table(cases):
    lines = [
        (
            "| case | library | mode | forward | / ours | forward and backward | / ours "
            "| outputs that differ | gradients differ by | training's peak memory |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in [name for name in TITLES if name in cases]:
        case = cases[name]
        for family, one in case["families"].items():
            for library, mode, of in [
                (library, mode, of)
                for library, peer in one["peers"].items()
                for mode, of in peer["modes"].items()
            ]:
                cells = [name, f"{NAMES[library]} {one['peers'][library]['version']}", mode]
                if "problem" in of and "forward" not in of:
                    lines.append(
                        "| "
                        + " | ".join([*cells, of["problem"].replace("|", "\\|"), *[""] * 6])
                        + " |"
                    )
                    continue
                for what in ("forward", "training"):
                    ours, theirs = time_of(case, family, what), of.get(what)
                    note = (
                        ""
                        if not theirs
                        else (
                            f", {counted(theirs['threads'], 'thread')}"
                            if "threads" in theirs
                            else ""
                        )
                        + (
                            ""
                            if len(theirs["seconds"]) >= 5
                            else f", {counted(len(theirs['seconds']), 'round')}"
                        )
                    )
                    cells += [
                        with_spread(theirs) + note,
                        (
                            pictures.times(theirs["median"] / ours["median"])
                            if theirs and ours
                            else "-"
                        ),
                    ]
                if "problem" in of:
                    cells[-2] = of["problem"].replace("|", "\\|")
                differ = of.get("output", {})
                own = one["ours"][threads_of(case)]
                cells.append(
                    (
                        f"{differ['share']:.1e}"
                        if own["output_spikes"]
                        else f"{differ['relative']:.1e} relative"
                    )
                    + ("" if of["agrees"] else ": not timed")
                )
                cells.append(
                    f"{of['gradient']:.1e}" + ("" if of["gradient_agrees"] else ": not timed")
                    if "gradient" in of
                    else "-"
                )
                cells.append(
                    f"{of['training_peak_bytes'] / 2**20:.0f} MiB"
                    if "training_peak_bytes" in of
                    else "-"
                )
                lines.append("| " + " | ".join(cells) + " |")
    return lines


def goals(cases):
    """(beside what, of which case, figure, whether it is met) of every target that has a figure."""
    found = []
    for name in [name for name in [*TITLES, *MNIST] if name in cases]:
        case, target = cases[name], TARGETS.get(name, (None, None, None))
        family = "nir" if name in MNIST else "norse"
        for what, words, k in (("forward", name, 0), ("training", f"{name} with backward", 2)):
            ours, twin, nearest = (
                time_of(case, family, what),
                time_of(case, family, f"twin_{what}"),
                least(case, what, trains),
            )
            if not ours:
                continue
            if twin:
                ratio, met = like_twin(ours, twin)
                found.append(("the twin", words, f"{ratio:.2f} of {TWIN}", met))
            if nearest and target[k]:
                value, lowest = nearest[1][0], floor(case, what)
                beyond = (
                    f", {value * ours['median'] / target[k] / lowest[0]:.2g} of the floor"
                    if lowest
                    else ""
                )
                found.append(
                    (
                        "the nearest library",
                        words,
                        f"{pictures.times(value)} of {target[k]:.3g}x{beyond}",
                        value >= target[k],
                    )
                )
            bare = product_of(case, family)
            if k == 0 and bare and target[1]:
                value = bare[1]["median"] / ours["median"]
                found.append(
                    (
                        "the matrix product",
                        words,
                        f"{pictures.times(value)} of {target[1]:.3g}x",
                        value >= target[1],
                    )
                )
            alone = case["families"][family]["ours"].get("1")
            if alone and case["when"]["threads"] == 2 and what in alone["times"]:
                gain, met = gained(alone["times"][what], ours)
                found.append(("one thread", words, f"{gain:.3g}x of {TWO_THREADS}x", met))
    return found


def goals_table(cases):
    lines, found = ["| beside | met | missed |", "|---|---|---|"], goals(cases)
    for beside in dict.fromkeys(one[0] for one in found):
        of = [one for one in found if one[0] == beside]
        lines.append(
            f"| {beside} | {sum(one[3] for one in of)} of {len(of)} | "
            + (
                "; ".join(f"{words} ({figure})" for _, words, figure, met in of if not met)
                or "none"
            )
            + " |"
        )
    return lines


def memory_table(cases):
    lines = [
        (
            "| case | tape, bytes a neuron, step and sample of the batch "
            "| peak in training, the same | norse's least peak, the same |"
        ),
        "|---|---|---|---|",
    ]
    for name in [name for name in TITLES if name in cases]:
        case = cases[name]
        norse = case["families"].get("norse", {})
        ours = norse.get("ours", {}).get(threads_of(case))
        if not ours or "tape_bytes" not in ours:
            continue
        places = ours["work"]["neurons"] * ours["steps"] * ours["batch"]
        peaks = [
            of["training_peak_bytes"]
            for of in norse["peers"].get("norse", {"modes": {}})["modes"].values()
            if of.get("training_peak_bytes")
        ]
        cells = [ours["tape_bytes"], ours.get("training_peak_bytes"), min(peaks, default=None)]
        lines.append(
            "| "
            + " | ".join(
                [
                    TITLES[name],
                    *("-" if cell is None else pictures.number(cell / places) for cell in cells),
                ]
            )
            + " |"
        )
    return lines


def threads_table(cases):
    lines = [
        (
            "| case | forward, one thread | all threads | | forward and backward, one thread "
            "| all threads | |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for name in [name for name in [*TITLES, *MNIST] if name in cases]:
        case = cases[name]
        family = "nir" if name in MNIST else "norse"
        one = case["families"].get(family, {}).get("ours", {}).get("1")
        if not one or case["when"]["threads"] == 1:
            continue
        cells = []
        for what in ("forward", "training"):
            alone, all_threads = one["times"].get(what), time_of(case, family, what)
            if alone and all_threads:
                gain, met = gained(alone, all_threads)
                cells += [
                    readable(alone["median"]),
                    readable(all_threads["median"]),
                    f"{gain:.2f}x"
                    + ((", met" if met else ", missed") if case["when"]["threads"] == 2 else ""),
                ]
            else:
                cells += ["-", "-", "-"]
        title = TITLES[name] if name in TITLES else "MNIST, batch " + name.removeprefix("mnist")
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return lines


def inference_memory_table(case):
    lines = [
        (
            "| 784 held values, Poisson, 784-256-10, batch 256 | peak, reduced over time "
            "| peak, as a trace |"
        ),
        "|---|---|---|",
    ]
    peaks = {}
    for one in case["families"].values():
        if ours := one["ours"].get(threads_of(case)):
            peaks.setdefault(ours["steps"], {})[ours["readout"]] = ours["peak_bytes"]
    for steps, of in sorted(peaks.items()):
        lines.append(
            f"| {steps:,.0f} steps | "
            + " | ".join(
                f"{of[readout] / 2**20:.1f} MiB" if readout in of else "-"
                for readout in ("reduced", "trace")
            )
            + " |"
        )
    return lines


def sweep_points(cases, kind):
    """x -> case."""
    return dict(
        sorted(
            (float(name.rsplit("-", 1)[1]), case)
            for name, case in cases.items()
            if name.startswith(f"sweep-{kind}-")
        )
    )


def sweep_titles(kind, cases):
    return {
        f"sweep-{kind}-{x:g}": f"{kind} {x:g}{SWEEPS[kind][2]}" for x in sweep_points(cases, kind)
    }


def sweep_series(cases, kind):
    """implementation -> [(x, seconds)]."""
    series = {
        "matrix product alone": [],
        "norse, compiled": [],
        "hand-written twin": [],
        "spikefuse": [],
    }
    for x, case in sweep_points(cases, kind).items():
        norse = case["families"]["norse"]
        bare, peer = product_of(case), (
            best_mode("norse", norse["peers"]["norse"], "forward")
            if "norse" in norse["peers"]
            else None
        )
        found = (
            bare and bare[1],
            peer and peer[1],
            time_of(case, "norse", "twin_forward"),
            time_of(case, "norse", "forward"),
        )
        for points, times in zip(series.values(), found):
            if times:
                points.append((x, times["median"]))
    return series


def growth_table(cases):
    lines = [
        "| forward time against | | from | to | power of x, from end to end | the twin's |",
        "|---|---|---|---|---|---|",
    ]
    for kind, (title, _, unit) in SWEEPS.items():
        series = sweep_series(cases, kind)
        ours = series["spikefuse"]
        if len(ours) < 2:
            continue
        power = lambda points: (
            f"{math.log(points[-1][1] / points[0][1]) / math.log(points[-1][0] / points[0][0]):.2f}"
            if len(points) == len(ours)
            else "-"
        )
        lines.append(
            f"| {kind} | {title} | {ours[0][0]:g}{unit} | {ours[-1][0]:g}{unit} | {power(ours)} | "
            f"{power(series['hand-written twin'])} |"
        )
    return lines


def latency_table(case):
    lines = ["| one step of 784-256-10, batch 1 | median | 99.9th percentile |", "|---|---|---|"]
    for family, one in case["families"].items():
        for threads, ours in sorted(one["ours"].items()):
            lines.append(
                f"| spikefuse, neurons of {NAMES[family]}, {counted(int(threads), 'thread')} | "
                f"{readable(ours['median'])} | {readable(ours['percentile_99_9'])}"
                + ("" if ours["off"] == 0 else f"; **differs from one call by {ours['off']:.3g}**")
                + " |"
            )
        for mode, of in one["peers"].get(family, {"modes": {}})["modes"].items():
            lines.append(
                f"| {NAMES[family]}, {mode}, 1 thread | "
                + (
                    f"{readable(of['median'])} | {readable(of['percentile_99_9'])} |"
                    if "median" in of
                    else f"{of['problem']} | |"
                )
            )
    return lines


def mnist_table(cases):
    lines = []
    for name, published in MNIST.items():
        case = cases.get(name)
        if not case:
            continue
        one = case["families"]["nir"]["ours"][threads_of(case)]
        lines = lines or [
            (
                f"| MNIST, {one['images']:,.0f} images, {one['steps']:.0f} steps | time "
                "| images a second | times the twin | spike counts that differ |"
            ),
            "|---|---|---|---|---|",
        ]
        for words, what in (
            ("spikefuse", "forward"),
            ("hand-written loop, image by image", "twin_forward"),
        ):
            times = one["times"][what]
            differ = (
                [
                    over_twin(times, one["times"]["twin_forward"]),
                    f"{one['counts_differ']:.0f} of {one['counts']:,.0f}",
                ]
                if what == "forward"
                else ["", ""]
            )
            lines.append(
                "| "
                + " | ".join(
                    [
                        f"{words}, batch {one['batch']:.0f}" if what == "forward" else words,
                        with_spread(times),
                        f"{one['images'] / times['median']:,.0f}",
                        *differ,
                    ]
                )
                + " |"
            )
        lines.append(
            f"| GeNN on a GPU, batch {one['batch']:.0f}, as it publishes | {published} | | | |"
        )
    return lines


def draw(out, cases):
    """The pictures' names."""
    drawn = []

    def save(name, picture):
        (out / name).write_text(picture)
        drawn.append(name)

    for kind, power in (("batch", 1), ("width", 2), ("steps", 1), ("depth", 1), ("spikes", 1)):
        series, (below, x_label, unit) = sweep_series(cases, kind), SWEEPS[kind]
        if len(series["spikefuse"]) < 2:
            continue
        name = "activity" if kind == "spikes" else kind
        if kind == "spikes":
            values = sweep_series(cases, "values")
            series = {
                "matrix product alone": series["matrix product alone"],
                "norse, compiled": series["norse, compiled"],
                "twin, values": values["hand-written twin"],
                "twin, spikes": series["hand-written twin"],
                "spikefuse, values": values["spikefuse"],
                "spikefuse, spikes": series["spikefuse"],
            }
            x_label = "share of inputs that are not zero"
        save(
            f"{name}.svg",
            pictures.chart(f"Time against {name}", below, x_label, series, power, unit),
        )
    for what, title in (
        ("forward", "Forward: time of the others over ours"),
        ("training", "Forward and backward: time of the others over ours"),
    ):
        groups = []
        for name in [name for name in TITLES if name in cases]:
            ours, twin, bare = (
                time_of(cases[name], "norse", what),
                time_of(cases[name], "norse", f"twin_{what}"),
                product_of(cases[name]),
            )
            if not ours:
                continue
            of = [("twin", twin["median"] / ours["median"])] if twin else []
            if bare and what == "forward":
                of.append(("matrix product", bare[1]["median"] / ours["median"]))
            of += [(NAMES[peer], value) for peer, (value, _) in ratios(cases[name], what).items()]
            if of:
                groups.append((name, of))
        if groups:
            save(f"{what}.svg", pictures.bars(title, groups))
    return drawn


def write(out):
    cases = collect(out)
    missing = read(out / "not_installed.json") or {}
    (out / "results.json").write_text(
        json.dumps({"cases": cases, "not_installed": missing}, indent=1) + "\n"
    )
    text = []
    add = lambda title, lines: (
        text.extend([f"## {title}", "", *lines, ""]) if len(lines) > 2 else None
    )
    places = sorted(
        {
            f"{case['when']['machine']}, {case['when']['threads']} threads, "
            f"{case['when']['date']}, {case['when'].get('rounds', 'unknown')} rounds, commit "
            f"{case['when']['commit']}"
            for case in cases.values()
        }
    )
    text += ["Measured: " + "; ".join(places) + ".", ""]
    add("In short", short_table(cases))
    add("Targets", goals_table(cases))
    add("Forward", main_table(cases, "forward", TITLES))
    add("Forward and backward", main_table(cases, "training", TITLES))
    if "latency" in cases:
        add("One step at a time", latency_table(cases["latency"]))
    add("MNIST", mnist_table(cases))
    add("Memory of training", memory_table(cases))
    if "memory" in cases:
        add("Memory of inference", inference_memory_table(cases["memory"]))
    add("Threads", threads_table(cases))
    add("Growth", growth_table(cases))
    for kind in SWEEPS:
        add(f"Forward against {kind}", main_table(cases, "forward", sweep_titles(kind, cases)))
    add("Every mode of every library", peers_table(cases))
    if missing:
        text += [
            "Not installed: " + "; ".join(f"{name} ({why})" for name, why in missing.items()) + ".",
            "",
        ]
    (out / "results.md").write_text("\n".join(text))
    drawn = draw(out, cases)
    width = 24
    for name in [name for name in TITLES if name in cases]:
        row = [name.ljust(16)]
        for what in ("forward", "training"):
            ours, found = time_of(cases[name], "norse", what), least(cases[name], what)
            row.append(
                (f"{what} {readable(ours['median'])}" if ours else "").ljust(width)
                + (f"{found[1][0]:6.1f}x {NAMES[found[0]]}" if found else "").ljust(width)
            )
        print("  " + "".join(row))
    print(f"\n  {out / 'results.json'}, results.md" + (", " + ", ".join(drawn) if drawn else ""))
