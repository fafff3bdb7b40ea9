# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What nvcc says of each kernel, from the output of the device tests (ctest -L device -V) on standard input, as a table."""
import re
import subprocess
import sys

text = sys.stdin.read()
found = re.findall(
    r"Compiling entry function '(\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads.*?"
    r"Used (\d+) registers", text, re.S)
names = subprocess.run(["c++filt"], input="\n".join(name for name, *_ in found), capture_output=True, text=True, check=True).stdout.splitlines()


def layers(name):
    """The network that a kernel's name holds, as words in their order."""
    start = name.index("schedule<") + len("schedule<")
    depth, end = 0, start
    while depth > 0 or name[end] != ",":
        depth += (name[end] == "<") - (name[end] == ">")
        end += 1
    words = []
    for word, numbers in re.findall(r"(\w+)_(?:word|neuron)(?:<((?:\d+(?:, )?)*))?", name[start:end]):
        if word == "neuron":
            continue
        numbers = re.findall(r"\d+", numbers)
        words.append(word + (f"<{numbers[1]}>" if word == "linear" else f"<{numbers[0]}>" if numbers else ""))
    return " ".join(words)


rows = []
for name, (_, stack, stores, loads, registers) in zip(names, found):
    kernel = re.search(r"detail::(forward|backward|sliced)_kernel<", name)
    if not kernel:
        continue
    number = "double" if re.search(r">, (?:true|false)>, double, ", name) else "float"
    purpose = re.search(r"purpose\)(\d)", name)
    what = kernel[1] + (", with a tape" if kernel[1] != "backward" and purpose and purpose[1] == "1" else "")
    kind = ("values", "held", "bits")[int(re.search(r"input_kind\)(\d)", name)[1])]
    rows.append((layers(name), what, number, kind, registers, stack, int(stores) + int(loads)))
print("| network | kernel | number | input | registers | stack B | spilled B |\n|---|---|---|---|---|---|---|")
for row in sorted(set(rows)):
    print("| `" + row[0] + "` | " + " | ".join(map(str, row[1:])) + " |")
sys.exit(0 if rows else 1)
