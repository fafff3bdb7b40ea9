# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every link of the built site to a page of its own leads to one, and to a place that is there."""
import html.parser
import pathlib
import sys
import urllib.parse


class page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.targets, self.places = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value and tag != "link":
                self.targets.append(value)
            if name in ("id", "name") and value:
                self.places.add(value)


root = pathlib.Path(sys.argv[1]).resolve()
pages = {path: page(path) for path in root.rglob("*.html")}
faults, count = set(), 0
for path, one in pages.items():
    for target in one.targets:
        parts = urllib.parse.urlsplit(target)
        if parts.scheme or parts.netloc or target == "#":
            continue
        count += 1
        there = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
        there = there / "index.html" if there.is_dir() else there
        place = urllib.parse.unquote(parts.fragment)
        if not there.exists():
            faults.add(f"{path.relative_to(root)}: {target} leads nowhere")
        elif place and there in pages and place not in pages[there].places:
            faults.add(f"{path.relative_to(root)}: {target}: there is no such place on that page")
print(
    "\n".join(sorted(faults)) or f"{count} links within {len(pages)} pages lead somewhere",
    file=sys.stderr if faults else sys.stdout,
)
sys.exit(1 if faults else 0)
