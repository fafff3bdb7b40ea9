# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the docs show is what compiles: each line of a block of C++, C or Fortran stands in the file
that <!-- from FILE --> names above it, and every link leads somewhere."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
faults, blocks = [], 0
for page in [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]:
    text = page.read_text()
    unmarked = len(re.findall(r"^```(?:cpp|c|fortran)$", text, re.M)) - len(
        re.findall(r"^<!-- from \S+ -->\n```(?:cpp|c|fortran)$", text, re.M)
    )
    if unmarked:
        faults.append(
            f"{page.relative_to(root)}: {unmarked} blocks of code do not say which compiled source "
            "they stand in: <!-- from FILE --> above them"
        )
    for source, code in re.findall(
        r"<!-- from (\S+) -->\n```(?:cpp|c|fortran)\n(.*?)```", text, re.S
    ):
        blocks += 1
        known = {
            re.sub(r"\s+", " ", line).strip() for line in (root / source).read_text().splitlines()
        }
        for line in code.splitlines():
            wanted = re.sub(r"\s+", " ", line).strip()
            if wanted and wanted not in known:
                faults.append(f"{page.relative_to(root)}: '{wanted}' does not stand in {source}")
    for most, files, table in re.findall(
        r"^<!-- functions(?:: at most (\d+) in (\d+) files)? -->\n((?:\|.*\n)+)", text, re.M
    ):  # each stands in the file beside it
        rows = re.findall(r"^\| `[^`]*` \| \[[^]]*\]\(([^)]+)\)", table, re.M)
        if most and (len(rows) > int(most) or len(set(rows)) > int(files)):
            faults.append(
                f"{page.relative_to(root)}: {len(rows)} functions in {len(set(rows))} files, more "
                f"than {most} in {files}"
            )
        for name, target in re.findall(
            r"^\| `(?:\w+::)*(\w+)[^`]*` \| \[[^]]*\]\(([^)]+)\)", table, re.M
        ):
            header = page.parent / target
            if header.exists() and not re.search(rf"\b{name}\b", header.read_text()):
                faults.append(f"{page.relative_to(root)}: there is no {name} in {target}")
    for target in re.findall(r"\]\(([^)#\s]+)\)", text):
        if "://" not in target and not (page.parent / target).exists():
            faults.append(f"{page.relative_to(root)}: the link {target} leads nowhere")
if blocks == 0:
    faults.append("no block of the docs is held against a source")
print("\n".join(faults) or f"{blocks} blocks stand in compiled sources, all links lead somewhere")
sys.exit(1 if faults else 0)
