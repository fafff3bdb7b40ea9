#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# scripts/docs.sh [--offline] [--linkcheck]: builds the documentation as a site,
# build/docs/html/index.html, from docs/ and the headers' docstrings.
# Doxygen (1.9.4 or later) has to be installed. Sphinx and what it needs
# (docs/site/requirements.txt) are taken where python3 has them, of any version (the private
# userland does: Debian's packages), and go into a folder of the cache, once, where it has not.
# A public name without a docstring, a warning of Doxygen or Sphinx and a link that leads nowhere
# are errors.
#   --offline    fetches nothing; where a tool is missing it says so and ends with 77, which ctest
#                reads as skipped
#   --linkcheck  also asks other sites whether they still have what is linked to
. "$(dirname "${BASH_SOURCE[0]}")/lib/environment.sh"
offline=no linkcheck=no
for word in "$@"; do
    case $word in
    -h | --help) explain_if_asked --help ;;
    --offline) offline=yes ;;
    --linkcheck) linkcheck=yes ;;
    *) fail "there is no option '$word'" "use one of: --offline --linkcheck --help" ;;
    esac
done
missing() {
    [ $offline = no ] || { say "skipped: $1"; exit 77; }
    fail "$@"
}
command -v doxygen >/dev/null ||
    missing "doxygen is missing" "install it (Debian: apt-get install doxygen)"
oldest=1.9.4 found=$(doxygen --version | cut -d' ' -f1)
[ "$(printf '%s\n' $oldest "$found" | sort -V | head -n 1)" = $oldest ] ||
    missing "doxygen is $found, older than $oldest" "install a newer one"

requirements=$project_root/docs/site/requirements.txt
tools=$cache_root/docs-$(sha256sum "$requirements" | cut -c1-12)
sphinx_python=$tools/bin/python
needed='breathe, furo, myst_parser, sphinx, sphinx_copybutton, sphinx_design'
if python3 -c "import $needed" 2>/dev/null; then
    sphinx_python=python3
elif ! [ -x "$tools/bin/sphinx-build" ]; then
    [ $offline = no ] || missing "Sphinx is not there, and is not fetched"
    python=$(command -v python3) ||
        fail "python3 is missing" "install Python 3.11 or later, with venv and pip"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" --version) is too old" "install Python 3.11 or later"
    say "installing Sphinx into $tools (once)"
    mkdir -p "$cache_root"
    making=$(mktemp -d "$cache_root/docs.XXXXXX")
    trap 'rm -rf "$making"' EXIT
    "$python" -m venv "$making" >"$cache_root/docs.log" 2>&1 ||
        fail "a virtual environment cannot be made (see $cache_root/docs.log)" \
            "install venv and pip (Debian: apt-get install python3-venv)"
    "$making/bin/pip" install --quiet --requirement "$requirements" >>"$cache_root/docs.log" 2>&1 ||
        fail "Sphinx could not be installed (last words: $(tail -n 1 "$cache_root/docs.log"))" \
            "see $cache_root/docs.log; pip needs a package index that it reaches"
    mv "$making" "$tools"
fi

cd "$project_root"
export PYTHONDONTWRITEBYTECODE=1
site=docs/site out=build/docs
sphinx() {
    "$sphinx_python" -m sphinx -q --nitpicky --fail-on-warning --keep-going -j 2 \
        -c $site -d $out/doctrees "$@"
}
mkdir -p $out
rm -rf $out/xml $out/html $out/doctrees # navigation stands on every page
"$sphinx_python" $site/headers.py . $out/headers
warnings=$(doxygen $site/Doxyfile 2>&1) || fail "Doxygen warns:
${warnings//$project_root\/$out\/headers/include}" "mend the docstrings"
"$sphinx_python" $site/tidy.py . $out/xml ||
    fail "public names without a docstring" \
        "say in a line above (///) or behind (///<) what they are"
"$sphinx_python" $site/pages.py . $out/source $out/extra
sphinx -b html $out/source $out/html || fail "Sphinx warns" "read the lines above"
"$sphinx_python" $site/links.py $out/html || fail "links lead nowhere" "mend the lines above"
[ $linkcheck = no ] || sphinx -b linkcheck $out/source $out/links ||
    fail "a link leads nowhere" "read the lines above, or $out/links/output.txt"
say "written: $out/html/index.html"
