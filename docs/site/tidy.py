# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Doxygen's XML as a reader wants it: names with their inner namespace, no machinery. Fails where a
public name has no docstring."""
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

from headers import group_of

HEADER = re.compile(r"^- \[[^]]*\]\([^)]*/include/spikefuse/([^)]*\.hpp)\): ", re.M)
# Types of words: the words are shown. What such a type has to have is said where its kind is
# (core/layer.hpp, core/policy.hpp, kernel/readout.hpp ...).
OF_WORDS = re.compile(
    r"_(word|neuron|equations|policy|surrogate|readout|statement|maker)(<.*>)?$"
    r"|::(is_not_a_layer|left_gives|right_wants|path_leads_back|program|targets)$"
)
SHOWN = {
    "spikefuse::neuron_word",
    "spikefuse::surrogate_word",
    "spikefuse::recurrent_word",
    "spikefuse::sum_word",
    "spikefuse::beside_word",
}
MACHINERY = {
    "kind",
    "mixes",
    "wants",
    "gives",
    "keeps_width",
    "wanted_shape",
    "shape",
    "targets",
    "readout",
    "moments",
    "check",
    "targets_follow_steps",
    "T",
    "Space",
    "value_type",
    "space_type",
    "cure",
    "letters",
}
OF_BASES = {
    "check",
    "is_neurons",
    "arrays",
    "parameter_data",
    "nir_mappings",
    "find_record",
    "trace_view",
    "spike_view",
}  # how parts of the library meet


def said(node):
    parts = (node.find("briefdescription"), node.find("detaileddescription"))
    return "".join("".join(part.itertext()) for part in parts if part is not None).strip()


def unlinked(node):
    """References become their text: Sphinx finds names by itself."""
    before = None
    for child in list(node):
        if child.tag == "ref":
            text = "".join(child.itertext()) + (child.tail or "")
            if before is None:
                node.text = (node.text or "") + text
            else:
                before.tail = (before.tail or "") + text
            node.remove(child)
        else:
            before = child


class reference:
    def __init__(self, folder):
        self.folder, self.trees, self.faults = folder, {}, []

    def tree(self, name):
        if name not in self.trees:
            self.trees[name] = xml.parse(self.folder / f"{name}.xml")
        return self.trees[name].getroot().find("compounddef")

    def members(self, compound, scope, header):
        """Drops what is not a caller's, and asks for a docstring of the rest."""
        of_base = {}
        for section in list(compound.findall("sectiondef")):
            if re.match(r"private|protected|friend|related", section.get("kind")):
                compound.remove(section)
                continue
            all_of = list(section.findall("memberdef"))
            for member in all_of:
                name, arguments = member.findtext("name"), member.findtext("argsstring") or ""
                own = scope.split("::")[-1]
                special = member.get("kind") == "function" and (
                    (name == "operator=" and own)
                    or "->" in arguments
                    or re.search(r"= ?(default|delete)$", arguments)
                    or name.startswith("~")
                    or (name == own and not said(member))
                )
                inherited = "::detail::" in (member.findtext("definition") or "") and scope
                if (
                    member.get("kind") == "friend"
                    or special
                    or name in MACHINERY
                    or "<" in name
                    or name.startswith("@")
                    or (inherited and name in OF_BASES)
                ):
                    section.remove(member)
                    continue
                if member.get("kind") == "variable" and not said(
                    member
                ):  # struct word {...} word{}: what is said of its type
                    kind = "".join(member.find("type").itertext()).removeprefix("struct ").split()
                    for inner in compound.findall("innerclass"):
                        if kind and inner.text.split("::")[-1] == kind[-1].split("::")[-1]:
                            of_type = self.tree(inner.get("refid"))
                            member.find("detaileddescription").extend(
                                [
                                    *of_type.find("briefdescription"),
                                    *of_type.find("detaileddescription"),
                                ]
                            )
                if said(member):
                    of_base.setdefault(name, member)
                elif (
                    name.startswith("operator") and name != "operator()"
                ):  # they are there for their message
                    section.remove(member)
                elif name in of_base or any(
                    said(one) and one.findtext("name") == name for one in all_of
                ):
                    text = xml.SubElement(member.find("detaileddescription"), "para")
                    text.text = "The same with other arguments."
                elif scope not in SHOWN:
                    self.faults.append(
                        f"include/spikefuse/{header}: "
                        f"'{scope + '::' if scope else ''}{name}{arguments}' has no docstring"
                    )
                inner = re.search(
                    r"spikefuse::((?:(?!detail)\w+::)*)" + re.escape(name) + "$",
                    member.findtext("definition") or "",
                )
                if not scope and inner and inner[1]:
                    member.find("name").text = inner[1] + name

    def header(self, place):
        name = "group__" + group_of(pathlib.PurePosixPath(place)).replace("_", "__")
        if not (self.folder / f"{name}.xml").exists():
            return
        group = self.tree(name)
        self.members(group, "", place)
        self.classes(group, place)

    def classes(self, of, place):
        for inner in list(of.findall("innerclass")):
            compound = self.tree(inner.get("refid"))
            where = compound.find("location").get("file")
            declared = compound.find("location").get("bodyend", "-1") == "-1"
            if (
                declared
                or inner.get("prot", "public") != "public"
                or not where.endswith(place)
                or "::detail::" in inner.text
                or (OF_WORDS.search(inner.text) and inner.text not in SHOWN)
            ):
                of.remove(inner)
                continue
            for one in [
                *compound.findall("includes"),
                *(base for base in compound.findall("basecompoundref") if "detail::" in base.text),
            ]:
                compound.remove(one)
            if not said(compound):
                self.faults.append(f"include/spikefuse/{place}: '{inner.text}' has no docstring")
            self.members(compound, inner.text, place)
            self.classes(compound, place)

    def save(self):
        for name, tree in self.trees.items():
            compound = tree.getroot().find("compounddef")
            for derived in compound.findall("derivedcompoundref"):
                compound.remove(derived)
            for node in list(compound.iter()):
                unlinked(node)
            for kind in compound.iter("type"):
                kind.text = re.sub(r"\b(struct )?spikefuse::(?!detail)", "", kind.text or "")
            tree.write(self.folder / f"{name}.xml", encoding="utf-8", xml_declaration=True)


def main(root, folder):
    known = reference(folder)
    for page in sorted((root / "docs/reference/api").glob("*.md")):
        for place in HEADER.findall(page.read_text()):
            known.header(place)
    known.save()
    print("\n".join(known.faults), file=sys.stderr, end="\n" if known.faults else "")
    return 1 if known.faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
