# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The house's rule, read from the includes: each room includes only rooms below it."""
import pathlib
import re
import sys

LEVEL = {
    "core": 0,
    "shapes": 1,
    "equations": 1,
    "neurons": 2,
    "surrogates": 0.5,
    "layers": 3,
    "graph": 3,
    "plan": 4,
    "kernel": 5,
    "run": 5.5,
    "train": 7,
    "io": 6,
    "encode": 6,
    "bindings": 8,
    "mpi": 8,
}
FRONT = {
    "spikefuse.hpp",
    "network.hpp",
    "language.hpp",
    "hana.hpp",
    "train.hpp",
    "io.hpp",
    "plot.hpp",
    "mpi.hpp",
    "version.hpp",
}
LONGEST = 400

root = pathlib.Path(sys.argv[1]) / "include" / "spikefuse"
faults = []
headers = sorted(root.rglob("*.hpp"))
for header in headers:
    place = header.relative_to(root)
    lines = header.read_text().splitlines()
    if len(lines) > LONGEST:
        faults.append(
            f"{place}: {len(lines)} lines (a header has at most {LONGEST}). Split it by what a "
            "newcomer wants to change."
        )
    if len(place.parts) == 1:
        if place.name not in FRONT:
            faults.append(f"{place}: does not stand in a room. Move it into one.")
        continue
    room = place.parts[0]
    if room not in LEVEL:
        faults.append(f"{place}: '{room}' is no room of the house. See docs/explanation/map.md.")
        continue
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
        if not found:
            continue
        target = found.group(1)
        if LEVEL[room] < 5 and target == "Kokkos_Core.hpp":
            faults.append(
                f"{place}:{number}: rooms below kernel do not include Kokkos_Core.hpp. Use "
                "core/config.hpp."
            )
        inside = target.removeprefix("spikefuse/") if target.startswith("spikefuse/") else None
        if '"' in line and inside is None:
            inside = str((header.parent / target).resolve().relative_to(root.resolve()))
        if inside is None:
            continue
        parts = pathlib.PurePath(inside).parts
        other = parts[0]
        if other not in LEVEL:
            faults.append(
                f"{place}:{number}: includes the front door {inside}. Include the header that is "
                "meant."
            )
        elif other != room:
            if LEVEL[other] > LEVEL[room]:
                faults.append(
                    f"{place}:{number}: {room} (room {LEVEL[room]}) includes {inside} (room "
                    f"{LEVEL[other]}), which lies above it."
                )
            elif LEVEL[other] == LEVEL[room] and LEVEL[room] in (1, 2, 6):
                faults.append(f"{place}:{number}: {room} includes its sibling {other}.")
            elif room == "layers" and other == "graph":
                faults.append(f"{place}:{number}: layers never include graph.")
            if "detail" in parts and not (room == "kernel" and other == "layers"):
                faults.append(f"{place}:{number}: {inside} is private to {other}.")
# Through however many headers: what a room reaches lies below it, and rooms below kernel reach no
# Kokkos_Core.hpp.
includes = {}
for header in headers:
    found = re.findall(r'^\s*#\s*include\s*"([^"]+)"', header.read_text(), re.M)
    includes[header.resolve()] = [(header.parent / target).resolve() for target in found]


def reached(header, known):
    for other in includes.get(header, []):
        if other not in known:
            known.add(other)
            reached(other, known)
    return known


for header in includes:
    room = header.relative_to(root.resolve()).parts[0]
    if room not in LEVEL:
        continue
    for other in reached(header, set()):
        if not other.exists():
            faults.append(f"{header.name}: includes {other}, which is not there.")
            continue
        theirs = other.relative_to(root.resolve()).parts[0]
        if LEVEL.get(theirs, 99) > LEVEL[room]:
            faults.append(
                f"{header.relative_to(root.resolve())}: reaches "
                f"{other.relative_to(root.resolve())}, which lies above {room}."
            )
        if LEVEL[room] < 5 and "<Kokkos_Core.hpp>" in other.read_text():
            faults.append(
                f"{header.relative_to(root.resolve())}: reaches Kokkos_Core.hpp through "
                f"{other.name}."
            )
# A program that only runs parses nothing of the way back.
BACKWARD = {
    "differentiate.hpp",
    "backward.hpp",
    "neuron_adjoint.hpp",
    "weight_gradients.hpp",
    "input_gradients.hpp",
    "loss.hpp",
}
for other in reached((root / "spikefuse.hpp").resolve(), set()):
    if other.name in BACKWARD or other.relative_to(root.resolve()).parts[0] == "train":
        faults.append(
            f"spikefuse.hpp: reaches {other.relative_to(root.resolve())}, which only training "
            "needs."
        )
print("\n".join(faults) or f"{len(headers)} headers, the layering holds")
sys.exit(1 if faults else 0)
