// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A piece of a sentence as text, and how pieces are put together: >>, + and |.

#include <string>
#include <vector>

namespace nir_tool {

// A piece of the sentence: items joined by >>.
struct piece {
    struct item {
        std::string text;    // "fc1", "recurrent(lif1, through(rec))"
        std::string meaning; // the same in words and widths: equal where a repetition is
        std::vector<std::size_t> nodes;
        bool joins = false; // + or |
    };
    std::vector<item> items;
    bool stateful = false;

    std::string text() const { return said(&item::text); }
    std::string meaning() const { return said(&item::meaning); }
    std::vector<std::size_t> nodes() const {
        std::vector<std::size_t> all;
        for (item const& one : items) all.insert(all.end(), one.nodes.begin(), one.nodes.end());
        return all;
    }
    void append(piece const& more) {
        items.insert(items.end(), more.items.begin(), more.items.end());
    }
    // Pieces that take the same, as one item.
    static piece joined(std::vector<piece> const& parts, char const* by) {
        if (parts.size() == 1) return parts[0];
        item whole{"", "", {}, true};
        for (piece const& one : parts) {
            bool const wraps = one.items.size() > 1 || (!one.items.empty() && one.items[0].joins);
            auto const add = [&](std::string& to, std::string const& part) {
                to += (to.empty() ? "" : by) + (wraps ? "(" + part + ")" : part);
            };
            add(whole.text, one.text()), add(whole.meaning, one.meaning());
            for (std::size_t const k : one.nodes()) whole.nodes.push_back(k);
        }
        return {{whole}, false};
    }

  private:
    std::string said(std::string item::* what) const {
        std::string all;
        for (item const& one : items) {
            bool const wrapped = one.joins && items.size() > 1;
            all += (all.empty() ? "" : " >> ") + (wrapped ? "(" + one.*what + ")" : one.*what);
        }
        return items.empty() ? "identity" : all;
    }
};

} // namespace nir_tool
