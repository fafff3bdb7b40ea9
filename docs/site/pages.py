# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lays out what Sphinx reads: the pages of docs/ as they are, headers with their reference, and
links to sources as links to pages that show them."""
import html
import os
import pathlib
import re
import sys

import pygments
import pygments.formatters
import pygments.lexers

from headers import group_of

LINK = re.compile(r"(!?)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
LISTED = re.compile(r"^- \[[^]]*\]\(([^)]*/include/spikefuse/([^)]*\.hpp))\): (.*)$", re.M)
MOVED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
}
SOURCE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
<title>{name}</title>
<style>body {{ font-family: system-ui, sans-serif; margin: 2em auto; \
max-width: 72em; padding: 0 1em; }}
pre {{ line-height: 1.35; font-size: 13px; }} a {{ color: #0a4bff; }} \
.linenos {{ color: #888; padding-right: 1em; user-select: none; }}
{style}</style></head>
<body><p><a href="{home}">spikefuse</a></p><h1>{name}</h1>{body}</body></html>
"""


class site:
    """`pages`: what Sphinx reads. `extra`: what stands on the site as it is."""

    def __init__(self, root, pages, extra):
        self.root, self.pages, self.extra, self.shown, self.written = root, pages, extra, {}, set()
        self.colours = pygments.formatters.HtmlFormatter(
            linenos="inline", lineanchors="L", anchorlinenos=True, style="friendly"
        )

    def place_of(self, path):
        """Where a file of the project stands on the site."""
        name = path.relative_to(self.root).as_posix()
        if name in MOVED:
            return MOVED[name]
        if name.startswith("docs/") and path.suffix in (".md", ".svg"):
            return name.removeprefix("docs/")
        self.shown[path] = f"sources/{name}.html"
        return self.shown[path]

    def linked(self, text, page, place):
        """The page's text with links as they are on the site. A link to nothing stays: Sphinx
        reports it."""

        def new(match):
            picture, said, target, anchor = match[1], match[2], match[3], match[4] or ""
            path = pathlib.Path(os.path.normpath(page.parent / target))
            if (
                not target
                or "://" in target
                or not path.exists()
                or not path.is_relative_to(self.root)
            ):
                return match[0]
            to = self.place_of(path)
            there = os.path.relpath(to, os.path.dirname(place) or ".") + anchor
            return (
                f'<a href="{there}">{said}</a>'
                if to.startswith("sources/")
                else f"{picture}[{said}]({there})"
            )

        return LINK.sub(new, text)

    def write(self, out, text):
        out.parent.mkdir(parents=True, exist_ok=True)
        self.written.add(out)
        out.write_text(text)

    def page(self, path, place):
        text = path.read_text()
        if place.startswith("reference/api/"):
            text = LISTED.sub(self.header, text)
        if path.name == "index.md":  # its list is the navigation's too
            listed = re.findall(r"^- \[[^]]*\]\((\w+)\.md\)", text, flags=re.M)
            text += "\n".join(
                ["", "```{toctree}", ":hidden:", "", *listed, "```", ""] if listed else []
            )
        self.write(self.pages / place, self.linked(text, path, place))

    def header(self, match):
        """A header's entry in the reference: its own docstring, then what stands in its group."""
        link, place, title = match[1], pathlib.PurePosixPath(match[2]), match[3].rstrip(".")
        lines = (self.root / "include" / "spikefuse" / place).read_text().splitlines()
        said = []
        for line in lines[lines.index("#pragma once") + 1 :]:
            if not line.startswith("///"):
                break
            said.append(line[3:].removeprefix(" "))
        text = re.sub(
            r"((?:^    .*\n?)+)",
            lambda code: "```cpp\n"
            + re.sub(r"^    ", "", code[1], flags=re.M).rstrip("\n")
            + "\n```\n",
            "\n".join(said),
            flags=re.M,
        )
        inner = next(
            (
                found[1]
                for line in lines
                if (
                    found := re.match(
                        r"namespace (spikefuse::(?:io|io::plot|mpi|nir|equations)) \{",
                        line.replace("inline SPIKEFUSE_ABI::", ""),
                    )
                )
            ),
            None,
        )
        entry = [
            f"## {title}",
            "",
            f"[`<spikefuse/{place}>`]({link})" + (f", in `{inner}`" if inner else ""),
            "",
            text,
            "",
        ]
        if any(re.match(r"namespace spikefuse(?!.*detail)", line) for line in lines):
            entry += [
                "```{eval-rst}",
                f".. doxygengroup:: {group_of(place)}",
                "   :content-only:",
                "   :members:",
                "```",
                "",
            ]
        return "\n".join(entry)

    def source(self, path, place):
        """A file, or a folder as a list of its files."""
        if path.is_dir():
            files = [one for one in sorted(path.iterdir()) if one.is_file()]
            body = (
                "<ul>"
                + "".join(
                    f'<li><a href="{os.path.relpath(self.place_of(one), os.path.dirname(place))}">'
                    f"{one.name}</a></li>"
                    for one in files
                )
                + "</ul>"
            )
        else:
            try:
                lexer = pygments.lexers.get_lexer_for_filename(
                    "a.cpp" if path.suffix == ".hpp" else path.name
                )
            except pygments.util.ClassNotFound:
                lexer = pygments.lexers.TextLexer()
            body = pygments.highlight(path.read_text(), lexer, self.colours)
        home = os.path.relpath("index.html", os.path.dirname(place))
        self.write(
            self.extra / place,
            SOURCE.format(
                name=html.escape(path.relative_to(self.root).as_posix()),
                home=home,
                body=body,
                style=self.colours.get_style_defs(".highlight"),
            ),
        )

    def build(self):
        docs = self.root / "docs"
        for path in sorted(docs.rglob("*.md")):
            own = path.is_relative_to(docs / "site")
            self.page(path, path.relative_to(docs / "site" if own else docs).as_posix())
        for name, place in MOVED.items():
            if name != "README.md":
                self.page(self.root / name, place)
        for path in docs.glob("pictures/*"):
            self.write(self.pages / path.relative_to(docs), path.read_text())
        done = set()
        while left := set(self.shown) - done:
            for path in sorted(left):
                self.source(path, self.shown[path])
                done.add(path)
        for path in [*self.pages.rglob("*"), *self.extra.rglob("*")]:
            if path.is_file() and path not in self.written:
                path.unlink()


if __name__ == "__main__":
    site(*(pathlib.Path(one).resolve() for one in sys.argv[1:4])).build()
