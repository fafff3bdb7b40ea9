// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Which part of one outline is which of another: by structure, then by name.

#include "nir_outline.hpp"

#include <functional>

namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail {

/// What it is if widths and types do not matter: where a network begins or ends, in order.
inline std::string end_of(outline::part const& one) {
    return one.type == "Input" || one.type == "Output" ? one.type + " " + std::to_string(one.port)
                                                       : "";
}
/// What a part is for others to stand in its place.
inline std::string role_of(outline::part const& one) {
    std::string const end = end_of(one), type = one.type == "Linear"   ? "Affine"
                                                : one.type == "Conv1d" ? "Conv2d"
                                                : end.empty()          ? one.type
                                                                       : end;
    return type + " " + std::to_string(io::detail::count_of(one.in)) + " " +
           std::to_string(io::detail::count_of(one.out));
}
/// Finds, for each part of `mine`, one of `theirs`, such that ways lead between the same parts.
/// Parts are distinguished by their roles and by what surrounds them; where that leaves a choice, a
/// part of the same name is taken, then the next in order.
class matching {
  public:
    using role = std::function<std::string(outline::part const&)>;
    matching(outline const& mine, outline const& theirs, role of)
        : sides_{&mine, &theirs}, role_(std::move(of)) {
        if (mine.parts.size() != theirs.parts.size() || mine.ways.size() != theirs.ways.size())
            return;
        std::array<colours, 2> all;
        std::map<std::string, std::size_t> known;
        for (std::size_t s = 0; s < 2; ++s)
            for (outline::part const& one : sides_[s]->parts)
                all[s].push_back(known.emplace(role_(one), known.size()).first->second);
        tries_ = 1000 + 10 * mine.parts.size();
        found_ = search(all);
    }
    bool found() const { return found_; }
    /// For each part of mine.
    std::vector<std::size_t> const& partners() const { return partners_; }

  private:
    using colours = std::vector<std::size_t>;
    using seen = std::vector<std::pair<long, std::size_t>>; // how far, in which direction; a colour

    /// Splits colours by what surrounds a part until nothing splits. False where the sides differ.
    bool refine(std::array<colours, 2>& all) const {
        for (std::size_t before = 0;;) {
            std::map<std::pair<std::size_t, seen>, std::size_t> known;
            std::array<colours, 2> next;
            for (std::size_t s = 0; s < 2; ++s) {
                std::vector<seen> around(all[s].size());
                for (outline::way const& one : sides_[s]->ways) {
                    around[one.from].emplace_back(one.steps + 1, all[s][one.to]);
                    around[one.to].emplace_back(-one.steps - 1, all[s][one.from]);
                }
                for (std::size_t k = 0; k < all[s].size(); ++k) {
                    std::sort(around[k].begin(), around[k].end());
                    next[s].push_back(
                        known.emplace(std::pair{all[s][k], around[k]}, known.size()).first->second);
                }
            }
            all = next;
            colours one = all[0], other = all[1];
            std::sort(one.begin(), one.end()), std::sort(other.begin(), other.end());
            if (one != other) return false;
            if (known.size() == before) return true;
            before = known.size();
        }
    }
    bool search(std::array<colours, 2> all) {
        if (tries_ == 0) return false;
        --tries_;
        if (!refine(all)) return false;
        std::vector<std::vector<std::size_t>> theirs;
        for (std::size_t k = 0; k < all[1].size(); ++k) {
            if (theirs.size() <= all[1][k]) theirs.resize(all[1][k] + 1);
            theirs[all[1][k]].push_back(k);
        }
        for (std::size_t k = 0; k < all[0].size(); ++k) {
            std::vector<std::size_t> candidates = theirs[all[0][k]];
            if (candidates.size() == 1) continue;
            outline::part const& own = sides_[0]->parts[k];
            std::stable_sort(
                candidates.begin(), candidates.end(),
                [&](std::size_t a, std::size_t b) { return worth(own, a) > worth(own, b); });
            for (std::size_t const candidate : candidates) {
                std::array<colours, 2> chosen = all;
                chosen[0][k] = chosen[1][candidate] = theirs.size();
                if (search(chosen)) return true;
            }
            return false;
        }
        partners_.clear();
        for (std::size_t const colour : all[0]) partners_.push_back(theirs[colour][0]);
        return true;
    }
    int worth(outline::part const& own, std::size_t candidate) const {
        outline::part const& other = sides_[1]->parts[candidate];
        return (role_of(own) == role_of(other) ? 2 : 0) +
               (plain_name(own.name) == plain_name(other.name) ? 1 : 0);
    }

    std::array<outline const*, 2> sides_;
    role role_;
    std::size_t tries_ = 0;
    bool found_ = false;
    std::vector<std::size_t> partners_;
};

/// Both sides, line by line, parts of the same role beside each other.
inline std::string side_by_side(outline const& mine, outline const& theirs) {
    std::array<std::vector<std::string>, 2> lines, roles;
    std::array<std::vector<std::vector<std::pair<std::string, int>>>, 2> before; // what leads to it
    std::array<outline const*, 2> const sides{&mine, &theirs};
    for (std::size_t s = 0; s < 2; ++s) {
        outline const& side = *sides[s];
        for (std::size_t const k : side.order()) {
            outline::part const& one = side.parts[k];
            std::string from;
            before[s].emplace_back();
            for (outline::way const& way : side.ways) {
                if (way.to != k) continue;
                from += (from.empty() ? " of " : " + ") + side.parts[way.from].name +
                        (way.steps == 0   ? ""
                         : way.steps == 1 ? " a step before"
                                          : " " + std::to_string(way.steps) + " steps before");
                before[s].back().emplace_back(role_of(side.parts[way.from]), way.steps);
            }
            std::sort(before[s].back().begin(), before[s].back().end());
            std::string const type = one.type.empty() ? "no node of NIR" : one.type;
            lines[s].push_back((one.name == type ? "" : one.name + ": ") + type + " " +
                               io::detail::shape_text(one.out) + from);
            roles[s].push_back(end_of(one).empty() ? role_of(one) : end_of(one));
        }
    }
    std::size_t const rows = lines[0].size(), columns = lines[1].size();
    std::vector<std::vector<std::size_t>> common(rows + 1, std::vector<std::size_t>(columns + 1));
    for (std::size_t i = rows; i-- > 0;)
        for (std::size_t j = columns; j-- > 0;)
            common[i][j] = roles[0][i] == roles[1][j]
                               ? common[i + 1][j + 1] + 1
                               : std::max(common[i + 1][j], common[i][j + 1]);
    std::size_t width = std::string("the network").size();
    for (std::string const& line : lines[0])
        width = std::max(width, std::min(line.size(), std::size_t(60)));
    std::string text;
    auto const row = [&](char mark, std::string const& one, std::string const& other) {
        text += "\n  " + std::string(1, mark) + " " + one +
                std::string(width > one.size() ? width - one.size() : 0, ' ') + " | " + other;
    };
    row(' ', "the network", "the file");
    for (std::size_t i = 0, j = 0; i < rows || j < columns;) {
        if (i < rows && j < columns && roles[0][i] == roles[1][j])
            row(before[0][i] == before[1][j] ? ' ' : '!', lines[0][i], lines[1][j]), ++i, ++j;
        else if (j == columns || (i < rows && common[i + 1][j] >= common[i][j + 1]))
            row('!', lines[0][i], ""), ++i;
        else
            row('!', "", lines[1][j]), ++j;
    }
    return text;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail
