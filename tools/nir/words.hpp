// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// How each node of NIR is spelled as a word of the language. The one place that knows.

#include "inspect.hpp"

#include <spikefuse/io/nir_fields.hpp>

namespace nir_tool {

namespace nodes = nir::nodes;

// The word of a kind of node; empty where none is like it.
template <class Node>
inline constexpr char const* word_of = "";
template <>
inline constexpr char const* word_of<nodes::affine> = "linear";
template <>
inline constexpr char const* word_of<nodes::linear> = "linear";
template <>
inline constexpr char const* word_of<nodes::scale> = "scale";
template <>
inline constexpr char const* word_of<nodes::conv2d> = "conv2d";
template <>
inline constexpr char const* word_of<nodes::conv1d> = "conv1d";
template <>
inline constexpr char const* word_of<nodes::sum_pool2d> = "sum_pool2d";
template <>
inline constexpr char const* word_of<nodes::avg_pool2d> = "avg_pool2d";
template <>
inline constexpr char const* word_of<nodes::flatten> = "flatten";
template <>
inline constexpr char const* word_of<nodes::delay> = "delay";
template <>
inline constexpr char const* word_of<nodes::threshold> = "nir::threshold";
template <>
inline constexpr char const* word_of<nodes::iaf> = "iaf";
template <>
inline constexpr char const* word_of<nodes::lif> = "nir::lif";
template <>
inline constexpr char const* word_of<nodes::cuba_lif> = "nir::cuba_lif";
template <>
inline constexpr char const* word_of<nodes::cuba_li> = "nir::cuba_li";
template <>
inline constexpr char const* word_of<nodes::li> = "nir::li";
template <>
inline constexpr char const* word_of<nodes::integrator> = "nir::integrator";

// Where each neuron is delayed by another time.
inline constexpr char const* own_delays_word = "delays";

// What a network begins with, and the words' options.
inline constexpr char const *input_word = "input<{}>", *image_word = "image<{}>",
                            *stride_word = ".stride<{}>()", *padding_word = ".padding<{}>()",
                            *dilation_word = ".dilation<{}>()", *groups_word = ".groups<{}>()",
                            *same_word = ".padding<same_size>()", *no_bias_word = "no_bias";

// Words of the language and of C++ that no constant may be called.
inline bool is_taken(std::string const& name) {
    static std::vector<std::string> const taken = {
        "alignas", "alignof", "and", "asm", "auto", "bool", "break", "case", "catch", "char",
        "class", "compl", "concept", "const", "constexpr", "continue", "decltype", "default",
        "delay", "delays", "delete", "do", "double", "else", "enum", "explicit", "export", "extern",
        "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable",
        "namespace", "new", "noexcept", "not", "nullptr", "operator", "or", "private", "protected",
        "public", "register", "requires", "return", "short", "signed", "sizeof", "static", "struct",
        "switch", "template", "this", "throw", "true", "try", "typedef", "typeid", "typename",
        "union", "unsigned", "using", "virtual", "void", "volatile", "while", "xor", "main",
        // the language's
        "input", "linear", "scale", "conv2d", "sum_pool2d", "avg_pool2d", "max_pool2d", "flatten",
        "threshold", "iaf", "lif", "li", "nir", "identity", "recurrent", "through", "repeat",
        "image", "take", "same_size", "no_bias", "subtract", "inclusive", "use_old_current",
        "next_step", "start_at_leak", "s", "ms", "us", "spikefuse", "model", "load", "network",
        "dt", "choices", "numbers", "set_written"};
    return std::find(taken.begin(), taken.end(), name) != taken.end();
}

// A node that has no word, or not with what was chosen: why.
struct no_word {
    std::string why;
};

class speller {
  public:
    explicit speller(nir::choices const& choices) : choices_(choices) {}

    // The word of a node, or why there is none.
    std::string operator()(nir::node const& node) const {
        nir::node const as = nir::detail::as_words_have_it(node, choices_);
        std::string const own =
            std::visit([&](auto const& what) { return word(what, as); }, as.what);
        return nir::detail::matrices_of(node) > 1 ? own + " >> " + word_of<nodes::flatten> : own;
    }
    // Of each Input its shape, and whether it is an image to those that read it.
    std::string input(std::vector<std::pair<nir::extents, bool>> const& inputs) const {
        std::string all;
        for (auto const& [of, image] : inputs) all += (all.empty() ? "" : ", ") + shape(of, image);
        return put(input_word, all);
    }
    static std::string time(double seconds) {
        return seconds >= 0.5 ? number(seconds) + " * units::s" : number(seconds * 1e3) + " * ms";
    }

  private:
    static std::string put(std::string text, std::string const& value) {
        return text.replace(text.find("{}"), 2, value);
    }
    template <class Numbers>
    static std::string list(Numbers const& each) {
        std::string text;
        for (auto const one : each) text += (text.empty() ? "" : ", ") + std::to_string(one);
        return text;
    }
    static std::string number(double value) { // as people write it: a float's digits
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.7g", value);
        return text.data();
    }
    static bool all(std::array<std::size_t, 2> const& both, std::size_t value) {
        return both[0] == value && both[1] == value;
    }
    static std::string shape(nir::extents const& of, bool image) {
        if (!image) return std::to_string(spikefuse::io::detail::count_of(of));
        return put(image_word,
                   list(of.size() == 2 ? nir::extents{of[0], 1, of[1]} : of)); // a Conv1d's
    }
    static std::string quoted(nir::node const& node) { return "'" + node.name + "'"; }

    template <class Node>
    std::string word(Node const&, nir::node const& node) const {
        throw no_word{quoted(node) + " is a " + node.type + ", and no word is like it"};
    }
    static void dense(nir::array const& weight, nir::node const& node) {
        if (spikefuse::io::detail::count_of(node.in) != weight.shape.back())
            throw no_word{quoted(node) + " weighs " + shape_of(node.in) + " with " +
                          shape_of(weight.shape) + ", and linear takes features [N]"};
    }
    std::string word(nodes::affine const& what, nir::node const& node) const {
        dense(what.weight, node);
        return "linear<" + std::to_string(node.out.back()) + ">";
    }
    std::string word(nodes::linear const& what, nir::node const& node) const {
        dense(what.weight, node);
        return "linear<" + std::to_string(node.out.back()) + ">(" + no_bias_word + ")";
    }
    std::string word(nodes::scale const& what, nir::node const&) const {
        return "scale(" + (what.factor.uniform() ? number(what.factor[0]) : std::string("1")) + ")";
    }
    // A window: its kernel in angle brackets, and behind them what is not the default.
    template <class Node>
    static std::string window(Node const& what, std::string const& channels,
                              std::array<std::size_t, 2> const& kernel,
                              std::array<std::size_t, 2> const& usual_stride,
                              std::array<std::size_t, 2> const& padding, bool same) {
        std::string const both = kernel[0] == kernel[1] ? std::to_string(kernel[0]) : list(kernel);
        std::string choices;
        auto const choose = [&](std::string const& one) { choices += one; };
        auto const pair = [&](std::array<std::size_t, 2> const& of) {
            return of[0] == of[1] ? std::to_string(of[0]) : list(of);
        };
        if (what.stride != usual_stride) choose(put(stride_word, pair(what.stride)));
        if (same)
            choose(same_word);
        else if (!all(padding, 0))
            choose(put(padding_word, pair(padding)));
        if constexpr (requires { what.groups; }) {
            if (!all(what.dilation, 1)) choose(put(dilation_word, pair(what.dilation)));
            if (what.groups > 1) choose(put(groups_word, std::to_string(what.groups)));
        }
        return "<" + channels + both + ">" + choices;
    }
    std::string word(nodes::conv2d const& what, nir::node const& node) const {
        return word_of<nodes::conv2d> + window(what, std::to_string(node.out[0]) + ", ",
                                               {what.kernel(0), what.kernel(1)}, {1, 1},
                                               what.before, what.padding == "same");
    }
    std::string word(nodes::conv1d const& what, nir::node const& node) const {
        nodes::conv2d over_one_row; // rows of one pixel
        auto const both = [](std::array<std::size_t, 1> const& of, std::size_t rows) {
            return std::array<std::size_t, 2>{rows, of[0]};
        };
        over_one_row.stride = both(what.stride, what.stride[0]);
        over_one_row.dilation = both(what.dilation, what.dilation[0]);
        over_one_row.groups = what.groups;
        std::string text = window(over_one_row, std::to_string(node.out[0]) + ", ",
                                  {what.kernel(0), what.kernel(0)}, {1, 1}, both(what.before, 0),
                                  what.padding == "same");
        return word_of<nodes::conv1d> + text;
    }
    template <class Node>
    static std::string pool(Node const& what) {
        return word_of<Node> + window(what, "", what.kernel, what.kernel, what.padding, false);
    }
    std::string word(nodes::sum_pool2d const& what, nir::node const&) const { return pool(what); }
    std::string word(nodes::avg_pool2d const& what, nir::node const&) const { return pool(what); }
    std::string word(nodes::flatten const&, nir::node const&) const {
        return word_of<nodes::flatten>; // of some axes too: the numbers lie as they lay
    }
    std::string word(nodes::delay const& what, nir::node const&) const {
        auto const& steps = what.time.values; // whole ones
        auto const [least, most] = std::minmax_element(steps.begin(), steps.end());
        return (*least == *most ? word_of<nodes::delay> : own_delays_word) + std::string("<") +
               number(*most) + ">";
    }
    std::string word(nodes::threshold const& what, nir::node const&) const {
        values own;
        own.plain("threshold", what.level, 1);
        return std::string(word_of<nodes::threshold>) +
               (own.text.empty() ? "" : "({" + own.text + "})");
    }

    void reset_of(nir::parameter const& v_reset, auto& into) const { // to which none resets
        if (choices_.reset == nir::resets::to_value) into.plain("v_reset", v_reset, 0);
    }

    // --- neurons: what is equal in all, and the choices that are not the word's own
    // ---------------
    struct values {
        std::string text;
        void time(char const* name, nir::parameter const& value) {
            if (value.uniform()) add(name, speller::time(value[0]));
        }
        void plain(char const* name, nir::parameter const& value, double usual) {
            if (value.uniform() && value[0] != usual) add(name, number(value[0]));
        }
        void add(std::string const& name, std::string const& value) {
            text += (text.empty() ? "." : ", .") + name + " = " + value;
        }
    };
    std::string neuron(char const* word, values const& own, bool synapse,
                       nir::node const& node) const {
        using namespace spikefuse::nir;
        std::string all = own.text.empty() ? "" : "{" + own.text + "}";
        auto const policy = [&](bool chosen, char const* name) {
            if (chosen) all += (all.empty() ? "" : ", ") + std::string(name);
        };
        policy(choices_.fires == firings::at, "inclusive");
        policy(choices_.reset == resets::subtract, "subtract");
        policy(choices_.moment == moments::next_step, "next_step");
        policy(choices_.start == starts::leak && nir::detail::leaks(node), "start_at_leak");
        policy(synapse && choices_.current == currents::before, "use_old_current");
        return word + (all.empty() ? "" : "(" + all + ")");
    }
    std::string word(nodes::iaf const& what, nir::node const& node) const {
        values own;
        own.plain("r", what.r, 1000), own.plain("threshold", what.v_threshold, 1),
            reset_of(what.v_reset, own);
        return neuron(word_of<nodes::iaf>, own, false, node);
    }
    std::string word(nodes::lif const& what, nir::node const& node) const {
        values own;
        own.time("tau", what.tau), own.plain("r", what.r, 1), own.plain("v_leak", what.v_leak, 0),
            own.plain("v_threshold", what.v_threshold, 1), reset_of(what.v_reset, own);
        return neuron(word_of<nodes::lif>, own, false, node);
    }
    std::string word(nodes::cuba_lif const& what, nir::node const& node) const {
        values own;
        own.time("tau_mem", what.tau_mem), own.time("tau_syn", what.tau_syn),
            own.plain("r", what.r, 1), own.plain("v_leak", what.v_leak, 0),
            own.plain("v_threshold", what.v_threshold, 1), reset_of(what.v_reset, own),
            own.plain("w_in", what.w_in, 1);
        return neuron(word_of<nodes::cuba_lif>, own, true, node);
    }
    std::string word(nodes::cuba_li const& what, nir::node const& node) const {
        values own;
        own.time("tau_mem", what.tau_mem), own.time("tau_syn", what.tau_syn),
            own.plain("r", what.r, 1), own.plain("v_leak", what.v_leak, 0),
            own.plain("w_in", what.w_in, 1);
        return never_fires().neuron(word_of<nodes::cuba_li>, own, true, node);
    }
    std::string word(nodes::li const& what, nir::node const& node) const {
        values own;
        own.time("tau", what.tau), own.plain("r", what.r, 1), own.plain("v_leak", what.v_leak, 0);
        return never_fires().neuron(word_of<nodes::li>, own, false, node);
    }
    std::string word(nodes::integrator const& what, nir::node const& node) const {
        values own;
        own.plain("r", what.r, 1);
        return never_fires().neuron(word_of<nodes::integrator>, own, false, node);
    }
    // Choices that mean nothing to a node do not stand against its word.
    speller never_fires() const {
        speller without = *this;
        without.choices_.reset = nir::resets::to_value,
        without.choices_.moment = nir::moments::at_once,
        without.choices_.fires = nir::firings::above;
        return without;
    }

    nir::choices choices_;
};

} // namespace nir_tool
