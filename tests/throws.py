# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A public function whose body throws says what: @throws in its docstring. Read from the text of
the headers, without a compiler; a call counts where every function of that name is free and
throws."""
import collections
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]) / "include" / "spikefuse"
PUBLIC_BASES = {
    "run/detail/parameters.hpp",
    "run/detail/recordings.hpp",
}  # a model's own members stand there


def blanked(text):
    """The text without what comments, strings and preprocessor lines say, in the same places."""

    def blank(found):
        return re.sub(r"[^\n]", " ", found.group(0))

    return re.sub(
        r'//[^\n]*|/\*.*?\*/|R"\w*\(.*?\)\w*"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
        r"|^[ \t]*#[^\n]*",
        blank,
        text,
        flags=re.S | re.M,
    )


def without_templates(head):
    head = head.strip()
    while head.startswith("template"):
        depth, at = 0, head.index("<") if "<" in head else len(head)
        for k in range(at, len(head)):
            depth += {"<": 1, ">": -1}.get(head[k], 0)
            if depth == 0:
                at = k + 1
                break
        head = head[at:].strip()
    return head


def name_of(head):
    for found in re.finditer(r"(operator\s*[^\w\s(]+|operator\(\)|~?\w+)\s*\(", head):
        if found.group(1) not in (
            "requires",
            "decltype",
            "noexcept",
            "alignas",
            "explicit",
            "__attribute__",
            "static_assert",
        ):
            return found.group(1).replace(" ", "")
    return None


def comment_above(lines, row):
    first = row
    while first > 0 and lines[first - 1].strip().startswith("//"):
        first -= 1
    return "\n".join(lines[first:row])


class Function:
    def __init__(self, where, line, name, body, doc, public, free):
        self.where, self.line, self.name, self.body, self.doc, self.public, self.free = (
            where,
            line,
            name,
            body,
            doc,
            public,
            free,
        )


def functions_of(path):
    text = path.read_text()
    code = blanked(text)
    where = str(path.relative_to(root))
    lines = text.split("\n")
    found, scopes, start, at = [], [], 0, 0  # scopes: [kind, access]
    while at < len(code):
        sign = code[at]
        if sign == "{":
            head = code[start:at]
            bare = without_templates(head)
            inside = bool(scopes) and scopes[-1][0] in ("function", "other")
            if inside:
                kind = "other"
            elif re.match(r"(inline\s+)?namespace\b", bare):
                kind = "namespace"
            elif re.match(r"(class|struct|union|enum)\b", bare) and not re.search(
                r"[\w>]\s*\([^)]*\)\s*(const)?\s*$", bare
            ):
                kind = "class"
            elif "(" in bare and not re.search(
                r"(?<![=!<>])=(?!=)",
                re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", bare.replace("operator=", "")),
            ):
                kind = "function"
            else:
                kind = "other"
            if kind == "function":
                depth, end = 0, at
                while True:  # a constructor's {} before its body belong to it
                    depth += {"{": 1, "}": -1}.get(code[end], 0)
                    end += 1
                    if depth == 0:
                        rest = code[end : end + 80].lstrip()
                        if rest.startswith(",") or (rest.startswith("{") and ":" in bare):
                            continue
                        break
                begin = start + len(head) - len(head.lstrip())
                row = text.count("\n", 0, begin)
                doc = comment_above(lines, row) + "".join(s[3] for s in scopes)
                spaces = " ".join(s[2] for s in scopes if s[0] == "namespace")
                hidden = (
                    "detail" in spaces
                    and where not in PUBLIC_BASES
                    or "noexcept" in bare
                    or bare.startswith("~")
                    or any(s[1] != "public" for s in scopes if s[0] == "class")
                )
                found.append(
                    Function(
                        where,
                        row + 1,
                        name_of(bare),
                        code[at:end],
                        doc,
                        not hidden
                        and not re.search(
                            r"\w::" + re.escape(name_of(bare) or "?") + r"\s*\(", bare
                        ),
                        all(s[0] == "namespace" for s in scopes),
                    )
                )
                at = start = end
                continue
            row = text.count("\n", 0, start + len(head) - len(head.lstrip()))
            scopes.append(
                [
                    kind,
                    "private" if re.match(r"class\b", bare) else "public",
                    bare,
                    comment_above(lines, row) if kind == "class" else "",
                ]
            )
            start = at + 1
        elif sign == "}":
            scopes.pop()
            start = at + 1
        elif sign == ";":
            start = at + 1
        elif sign == ":" and scopes and scopes[-1][0] == "class":
            label = re.search(r"\b(public|private|protected)\s*$", code[start:at])
            if label and code[at : at + 2] != "::":
                scopes[-1][1] = label.group(1)
                start = at + 1
        at += 1
    return found


def says(one):
    """In its own docstring, its class's, that of a declaration, or of the overload above it."""
    if "@throws" in one.doc:
        return True
    lines = (root / one.where).read_text().split("\n")
    return "@" not in one.doc and any(
        re.search(rf"\b{re.escape(one.name)}\s*\(", line)
        and "@throws" in comment_above(lines, above_template(lines, k))
        for k, line in enumerate(lines)
    )


def above_template(lines, row):
    while row > 0 and re.match(r"\s*(template\b|requires\b)", lines[row - 1]):
        row -= 1
    return row


functions = [one for path in sorted(root.rglob("*.hpp")) for one in functions_of(path)]
by_name = collections.defaultdict(list)
for one in functions:
    by_name[one.name].append(one)
throws = {id(one) for one in functions if re.search(r"\bthrow\s+\w", one.body)}
grown = True
while grown:  # and what calls free functions that do; all of a name have to
    sure = {
        name
        for name, group in by_name.items()
        if all(one.free and id(one) in throws for one in group)
    }
    more = {
        id(one)
        for one in functions
        if id(one) not in throws
        and not re.search(r"\bcatch\s*\(", one.body)
        and any(called in sure for called in re.findall(r"\b(\w+)\s*(?:<[^;(){}]*>)?\(", one.body))
    }
    grown = bool(more)
    throws |= more
public = [one for one in functions if one.public and one.name and id(one) in throws]
faults = [
    f"include/spikefuse/{one.where}:{one.line}: {one.name} throws, and its docstring does not say "
    "what: @throws ERROR when"
    for one in public
    if not says(one)
]
if len(public) < 30:
    faults.append(
        f"only {len(public)} public functions that throw were found: the headers are no longer "
        "understood"
    )
print("\n".join(faults) or f"{len(public)} public functions that throw say what")
sys.exit(1 if faults else 0)
