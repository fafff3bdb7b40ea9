# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""version.hpp, CMake, the citation and the changelog tell one version; Spack's recipe asks for what
CMake asks for."""
import pathlib
import re
import sys

root, of_cmake = pathlib.Path(sys.argv[1]), sys.argv[2]
header = (root / "include/spikefuse/version.hpp").read_text()
version = ".".join(
    re.search(rf"SPIKEFUSE_VERSION_{part} (\d+)", header).group(1)
    for part in ("MAJOR", "MINOR", "PATCH")
)
faults = []
if of_cmake != version:
    faults.append(f"CMake's project is {of_cmake}, version.hpp says {version}")
cited = re.search(r"^version: (\S+)", (root / "CITATION.cff").read_text(), re.M).group(1)
if cited != version:
    faults.append(f"CITATION.cff cites {cited}, version.hpp says {version}")
newest = re.search(r"^## \[(\d[^\]]*)\]", (root / "CHANGELOG.md").read_text(), re.M)
if newest and newest.group(1) != version:
    faults.append(
        f"the newest release in CHANGELOG.md is {newest.group(1)}, version.hpp says {version}"
    )
recipe = (root / "packaging/spack/spikefuse/package.py").read_text()
compile(recipe, "package.py", "exec")
wanted = (root / "cmake/requirements.cmake").read_text()
for name in ("kokkos", "boost"):
    oldest = re.search(rf"SPIKEFUSE_OLDEST_{name.upper()} (\S+)\)", wanted).group(1)
    if f'depends_on("{name}@{oldest}:")' not in recipe:
        faults.append(
            f"Spack's recipe does not ask for {name} {oldest}, as cmake/requirements.cmake does"
        )
print("\n".join(faults) or f"{version} everywhere")
sys.exit(1 if faults else 0)
