# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a network costs to compile: seconds, memory and template instantiations for 2, 8, 32 and 128
layers. docs/explanation/compile_time.md says how to read it.

scripts/in.sh python3 bench/compile/compile.py [--layers N...] [--rounds N]
    measures, and writes build/bench/compile.json
scripts/in.sh python3 bench/compile/compile.py --announce
    counts, and writes bench/compile/instantiations.json
scripts/in.sh python3 bench/compile/compile.py --check
    counts, and fails where that is 5 % more than in this file (ctest runs this)

The compiler is g++, or what --compiler names. Flags behind -- go to it (where Kokkos does not stand
in /usr/include/kokkos).
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCE, RECORD = HERE / "network.cpp", HERE / "instantiations.json"
ANNOUNCE = "scripts/in.sh python3 bench/compile/compile.py --announce"
SPEED = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=fast"]
SLACK = 1.05
SKIPPED = 77  # what ctest reads as skipped


def arguments():
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("--layers", type=int, nargs="+", default=[2, 8, 32, 128])
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--compiler", default="g++")
    words.add_argument("--announce", action="store_true")
    words.add_argument("--check", action="store_true")
    words.add_argument("flags", nargs="*")
    return words.parse_args()


def flags_of(chosen):
    kokkos = (
        ["-isystem", "/usr/include/kokkos"] if pathlib.Path("/usr/include/kokkos").is_dir() else []
    )
    return [
        "-std=c++20",
        "-fopenmp",
        "-Wno-psabi",
        f"-I{ROOT / 'include'}",
        *(chosen.flags or kokkos),
    ]


def defines(layers, gradients):
    return [f"-DLAYERS={layers}"] * (layers > 0) + ["-DGRADIENTS"] * gradients


def count(chosen, layers, gradients=False):
    """Specializations of templates that g++ holds at the end: of classes, and of functions and
    variables. No optimization changes them."""
    command = [
        chosen.compiler,
        *flags_of(chosen),
        *defines(layers, gradients),
        "-fsyntax-only",
        "-fstats",
        str(SOURCE),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{SOURCE} does not compile:\n{done.stderr[:4000]}")
    found = re.findall(
        r"^(?:decl|type)_specializations: size \d+, (\d+) elements", done.stderr, re.M
    )
    if len(found) != 2:
        sys.exit(
            f"{chosen.compiler} -fstats does not print decl_specializations and "
            "type_specializations as g++ 14 does"
        )
    return sum(map(int, found))


def time(chosen, layers, gradients):
    """Seconds of processor time in user mode, and the compiler's largest resident memory in MB."""
    command = [
        chosen.compiler,
        *flags_of(chosen),
        *SPEED,
        *defines(layers, gradients),
        "-c",
        "-o",
        os.devnull,
        str(SOURCE),
    ]
    pid = os.spawnvp(os.P_NOWAIT, command[0], command)
    _, status, used = os.wait4(pid, 0)
    if status:
        sys.exit(f"{SOURCE} does not compile with {layers} layers")
    return used.ru_utime, used.ru_maxrss / 1024


def versions(chosen):
    text = subprocess.run(
        [chosen.compiler, *flags_of(chosen), "-E", "-P", "-x", "c++", "-"],
        input="#include <KokkosCore_config.h>\nKOKKOS_VERSION\n",
        capture_output=True,
        text=True,
    ).stdout.split()
    number = int(text[-1]) if text and text[-1].isdigit() else 0
    compiler = subprocess.run(
        [chosen.compiler, "-dumpfullversion"], capture_output=True, text=True
    ).stdout.strip()
    return {
        "compiler": f"g++ {compiler}",
        "kokkos": f"{number // 10000}.{number // 100 % 100}.{number % 100}",
    }


def measure(chosen):
    headers = count(chosen, 0)
    result = {
        **versions(chosen),
        "flags": SPEED,
        "headers": {"instantiations": headers},
        "runs": [],
    }
    bare = [time(chosen, 0, False) for _ in range(chosen.rounds)]
    result["headers"] |= {
        "seconds": statistics.median(s for s, _ in bare),
        "megabytes": max(m for _, m in bare),
    }
    print(f"{result['compiler']}, Kokkos {result['kokkos']}, {' '.join(SPEED)}")
    print(
        f"the headers alone: {result['headers']['seconds']:.1f} s, "
        f"{result['headers']['megabytes']:.0f} MB, {headers} instantiations\n"
    )
    print(
        f"{'':14}{'layers':>7}{'seconds':>9}{'MB':>7}{'instantiations':>16}"
        f"{'of one more layer: s':>22}{'MB':>7}{'instantiations':>16}"
    )
    for name, gradients in (("a run", False), ("with gradients", True)):
        before = None
        for layers in chosen.layers:
            instantiations = count(chosen, layers, gradients) - headers
            if count(chosen, layers, gradients) - headers != instantiations:
                sys.exit("the same source gives two counts: g++ -fstats cannot be relied on here")
            times = [time(chosen, layers, gradients) for _ in range(chosen.rounds)]
            one = {
                "what": name,
                "layers": layers,
                "seconds": statistics.median(s for s, _ in times),
                "all_seconds": [s for s, _ in times],
                "megabytes": max(m for _, m in times),
                "instantiations": instantiations,
            }
            line = (
                f"{name:14}{layers:7}{one['seconds']:9.1f}{one['megabytes']:7.0f}"
                f"{instantiations:16}"
            )
            if before:
                more = layers - before["layers"]
                line += (
                    f"{(one['seconds'] - before['seconds']) / more:22.2f}"
                    f"{(one['megabytes'] - before['megabytes']) / more:7.1f}"
                )
                line += f"{(instantiations - before['instantiations']) / more:16.0f}"
            print(line, flush=True)
            result["runs"].append(one)
            before = one
    out = ROOT / "build" / "bench" / "compile.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nwritten: {out.relative_to(ROOT)}")


def counted(chosen):
    """The figures that are recorded; and what one more layer costs among the first 8, and behind
    them."""
    headers, two, eight, many = count(chosen, 0), *(
        count(chosen, layers, True) for layers in (2, 8, 20)
    )
    early, late = (eight - two) / 6, (many - eight) / 12
    return (
        {
            "headers alone": headers,
            "8 layers, a run": count(chosen, 8) - headers,
            "8 layers, with gradients": eight - headers,
            "one more layer, with gradients": round(late),
        },
        early,
        late,
    )


def check(chosen):
    faults = []
    now, early, late = counted(chosen)
    print(
        f"one more layer, with gradients: {early:.0f} instantiations from 2 to 8 layers, "
        f"{late:.0f} from 8 to 20"
    )
    if late > SLACK * early:
        faults.append(
            "instantiations grow faster than the number of layers: something is instantiated for "
            "each pair of layers"
        )
    record = json.loads(RECORD.read_text())
    here = versions(chosen)
    if any(here[key] != record[key] for key in here):
        print(
            f"the record is of {record['compiler']} with Kokkos {record['kokkos']}, "
            f"here are {here['compiler']} and {here['kokkos']}: its figures are not compared"
        )
    else:
        for what, figure in record["instantiations"].items():
            print(
                f"{what}: {now[what]}, recorded {figure} ({100 * (now[what] / figure - 1):+.1f} %)"
            )
            if now[what] > SLACK * figure:
                faults.append(
                    f"{what}: instantiations grew by more than 5 %. If they must, announce it: "
                    f"{ANNOUNCE}"
                )
            elif now[what] * SLACK < figure:
                print(
                    f"{what}: instantiations fell by more than 5 %. Let the record follow: "
                    f"{ANNOUNCE}"
                )
    print("\n".join(faults), file=sys.stderr)
    return 1 if faults else 0


def main():
    chosen = arguments()
    try:
        version = subprocess.run(
            [chosen.compiler, "--version"], capture_output=True, text=True
        ).stdout
    except OSError:
        version = ""
    if "Free Software Foundation" not in version:
        print(
            f"{chosen.compiler} is no g++, which says with -fstats how many templates it "
            "instantiated: nothing is counted"
        )
        return SKIPPED
    if chosen.check:
        return check(chosen)
    if chosen.announce:
        RECORD.write_text(
            json.dumps({**versions(chosen), "instantiations": counted(chosen)[0]}, indent=1) + "\n"
        )
        print(RECORD.read_text(), end="")
        return 0
    return measure(chosen)


if __name__ == "__main__":
    sys.exit(main())
