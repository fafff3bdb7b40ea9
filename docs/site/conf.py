# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sphinx' settings; scripts/docs.sh calls it."""
import pathlib
import re

root = pathlib.Path(__file__).resolve().parents[2]
numbers = re.findall(
    r"#define SPIKEFUSE_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)",
    (root / "include/spikefuse/version.hpp").read_text(),
)

project, author, version = "spikefuse", "The spikefuse authors", ".".join(numbers)
copyright = author
extensions = ["myst_parser", "breathe", "sphinx_design", "sphinx_copybutton"]
breathe_projects = {"spikefuse": str(root / "build/docs/xml")}
breathe_default_project = "spikefuse"
breathe_default_members = ("members",)
cpp_id_attributes = ["SPIKEFUSE_FUNCTION"]
primary_domain = "cpp"
highlight_language = "text"
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_inline"]
myst_heading_anchors = 5
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # of sources that are shown as they are
# Types that no page of ours explains.
nitpick_ignore_regex = [("cpp:identifier", r".*")]
toc_object_entries = False
html_theme = "furo"
html_title = f"spikefuse {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_extra_path = [str(root / "build/docs/extra")]
pygments_style, pygments_dark_style = "friendly", "github-dark"
