# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""In which memory a device's kernels read and write, counted in their machine code: memory.py NVDISASM KERNELS.cubin

A generic access asks first which memory an address lies in; of shared memory it takes longer, and is not told apart from a store to any other. nvcc writes
one wherever it lost track: behind a cast to a number, and everywhere in a function that is too large for it. So they are counted, and more than a few of
them, where a kernel's own memory is known, are an error.
"""
import collections
import re
import subprocess
import sys

FEW = 0.05  # of all accesses but those of the stack: Kokkos' own, and arguments that a part of a kernel reads once
KINDS = {"LDG": "global", "STG": "global", "ATOMG": "global", "RED": "global", "REDG": "global", "LDS": "shared", "STS": "shared", "ATOMS": "shared",
         "LD": "generic", "ST": "generic", "ATOM": "generic", "LDL": "stack", "STL": "stack"}

nvdisasm, cubin = sys.argv[1:]
text = subprocess.run([nvdisasm, "-c", cubin], capture_output=True, text=True, check=True).stdout
counts, kernel = collections.defaultdict(collections.Counter), None
for line in text.splitlines():
    begins = re.match(r"\s*\.section\s+\.text\.([^\s,]+),", line)
    if begins:
        kernel = begins[1]
    access = re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z]+)\b", line)
    if access and access[1] in KINDS:
        counts[kernel][KINDS[access[1]]] += 1
names = subprocess.run(["c++filt"], input="\n".join(counts), capture_output=True, text=True, check=True).stdout.splitlines()
faults = seen = 0
print(f"{'kernel':40}{'global':>8}{'shared':>8}{'generic':>9}{'stack':>7}")
for name, (_, of) in zip(names, counts.items()):
    functor = name.split("ParallelFor<", 1)[-1]
    if functor.startswith("Kokkos::") or "empty_kernel" in functor:
        continue
    what = re.match(r"[\w:]*", functor)[0].split("::")[-1] if functor.startswith("spikefuse") else "a user's kernel"
    seen += 1
    many = of["generic"] > FEW * (of["global"] + of["shared"] + of["generic"])
    faults += many
    print(f"{what:40}{of['global']:8}{of['shared']:8}{of['generic']:9}{of['stack']:7}{'   too many' if many else ''}")
if seen == 0:
    sys.exit(f"{cubin} has no kernels")
if faults:
    sys.exit("nvcc does not know in which memory some addresses lie: say know_global or know_shared (core/target.hpp) where they come from, or make a part of the "
             "kernel that is too large a function of its own (apart, kernel/context.hpp). nvdisasm -c -gi names the lines.")
