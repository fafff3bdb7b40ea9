# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies the headers for Doxygen, line by line: what is a caller's stands in a group named after
the header, what is private is left out."""
import pathlib
import re
import shutil
import sys

PUBLIC = [
    "*.hpp",
    "graph/*.hpp",
    "layers/*.hpp",
    "shapes/*.hpp",
    "neurons/*.hpp",
    "surrogates/*.hpp",
    "train/*.hpp",
    "io/*.hpp",
    "io/plot/*.hpp",
    "core/units.hpp",
    "core/policy.hpp",
    "core/name.hpp",
    "core/errors.hpp",
    "core/layer.hpp",
    "run/model.hpp",
    "kernel/readout.hpp",
    "run/settings.hpp",
    "run/team.hpp",
    "run/cell.hpp",
    "run/ranks.hpp",
    "run/written_numbers.hpp",
    "mpi/*.hpp",
    "plan/describe.hpp",
    "equations/dynamics.hpp",
]
# Bases of public classes, whose members are a caller's too.
BASES = [
    "run/detail/parameters.hpp",
    "run/detail/recordings.hpp",
    "train/detail/gradient_buffers.hpp",
    "train/update.hpp",
]


def group_of(header):
    return "_".join(header.parts).removesuffix(".hpp")


def prepared(header, lines):
    hidden, begun, outside, result = False, False, False, []
    for line in lines:
        if line == "namespace detail {" and str(header) not in BASES:
            hidden = True
        if hidden:
            hidden = not line.startswith("} // namespace detail")
            result.append("")
            continue
        if outside and not line.startswith("namespace spikefuse"):
            line = ""  # what the library says to others: specializations for Boost.Hana
        if begun and line == "":
            line, begun = "@{ */", False
        if found := re.match(
            r"namespace (spikefuse)(?:::inline SPIKEFUSE_ABI)?((?:::\w+)*) \{$", line
        ):
            line, begun = f"namespace {found[1]}{found[2]} {{", not found[2].endswith("::detail")
            line += f" /** @addtogroup {group_of(header)}" if begun else ""
            outside = False
        elif line.startswith("} // namespace spikefuse"):
            line = line if line.endswith("::detail") else "/** @} */ " + line
            outside = True
        if (
            re.match(r"\s+requires ", line)
            and result
            and re.match(r"\s*template <.*>$", result[-1])
        ):
            line = ""  # Doxygen 1.9 takes it for a part of the type
        result.append("/// @file" if line == "#pragma once" else line)
    return result


def main(root, target):
    shutil.rmtree(target, ignore_errors=True)
    folder = root / "include" / "spikefuse"
    for header in sorted({h for pattern in [*PUBLIC, *BASES] for h in folder.glob(pattern)}):
        place = header.relative_to(folder)
        out = target / "spikefuse" / place
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text("\n".join(prepared(place, header.read_text().splitlines())) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
