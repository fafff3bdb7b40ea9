// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A network's parameters as C++: tables of numbers that a compiler turns into the same bits again.

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <spikefuse/core/errors.hpp>
#include <string>
#include <vector>

namespace nir_tool {

// An array of a model's parameters.
struct parameter_table {
    std::string layer, parameter; // "linear 1", "weight"
    std::vector<std::size_t> shape;
    std::vector<double> numbers;
};

// Whether each is a float's: files are written in float mostly, and half as many digits do.
inline bool are_floats(std::vector<double> const& all) {
    return std::all_of(all.begin(), all.end(),
                       [](double x) { return static_cast<double>(static_cast<float>(x)) == x; });
}
// The shortest literal that is this number again, bit by bit: "0.1f", "-0.0".
inline std::string literal(double value, bool is_float) {
    std::array<char, 32> digits{};
    char* const end =
        is_float ? std::to_chars(digits.begin(), digits.end(), static_cast<float>(value)).ptr
                 : std::to_chars(digits.begin(), digits.end(), value).ptr;
    std::string text(digits.begin(), end);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return is_float ? text + "f" : text;
}
// Whether every number of an array is the same, -0 and 0 told apart.
inline bool is_one_number(std::vector<double> const& all) {
    return std::all_of(all.begin(), all.end(), [&](double x) {
        return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(all[0]);
    });
}
inline std::string table_name(parameter_table const& of) {
    std::string name = of.layer + "_" + of.parameter;
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
}

// A compiler takes two to three seconds and half a gigabyte for a million.
inline constexpr std::size_t most_numbers_inside = 2'000'000;

// Throws value_error for more.
inline void expect_few(std::size_t count, std::string const& path) {
    if (count > most_numbers_inside)
        throw spikefuse::value_error("'" + path + "' holds " + std::to_string(count) + " numbers",
                                     "compilers take long for a header with more than " +
                                         std::to_string(most_numbers_inside),
                                     "Leave out --weights inside: a program loads them from the "
                                     "file");
}

// What stands behind the network: its numbers, and the function that gives them to a model.
inline std::string numbers_inside(std::vector<parameter_table> const& all) {
    std::string tables, entries;
    for (parameter_table const& one : all) {
        entries += (entries.empty() ? "\n" : ",\n") +
                   ("        {\"" + one.layer + "\", \"" + one.parameter + "\", ");
        bool const floats = are_floats(one.numbers);
        if (is_one_number(one.numbers)) {
            entries += literal(one.numbers[0], floats) + "}";
            continue;
        }
        entries += "numbers::" + table_name(one) + "}";
        tables += std::string("inline constexpr ") + (floats ? "float " : "double ") +
                  table_name(one) + "[] = { //";
        for (std::size_t k = 0; k < one.shape.size(); ++k)
            tables += (k == 0 ? " [" : ", ") + std::to_string(one.shape[k]);
        tables += "]";
        std::string line = "\n   ";
        for (double const x : one.numbers) {
            std::string const next = " " + literal(x, floats) + ",";
            if (line.size() + next.size() > 100) tables += line, line = "\n   ";
            line += next;
        }
        tables += line + "\n};\n";
    }
    if (!tables.empty())
        tables = "namespace numbers {\n\n" + tables + "\n} // namespace numbers\n\n";
    return "/// Gives a model of `network` the numbers of the file, which stand below.\n"
           "template <class Model>\nvoid load(Model& made);\n\n" +
           tables +
           "template <class Model>\nvoid load(Model& made) {\n"
           "    set_written(made, dt, {" +
           entries + "});\n}\n";
}

} // namespace nir_tool
