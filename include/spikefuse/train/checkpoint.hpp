// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A training on disk: parameters, the optimizer's memory, and how far it is. Written in one step,
/// so that a kill at any moment leaves the last whole checkpoint; resumed, the training gives the
/// numbers that it would have given. Link spikefuse::io.
///
/// HDF5: `format`; `identity`, of the equations, dt and the optimizer; `numbers`, float or double;
/// `parameters/LAYER/NAME`, in the shapes of `model::parameters`; `moments`: for each moment of the
/// optimizer all of these arrays, one behind the other; `counters` [3]: steps of the optimizer,
/// epochs done, steps of the model so far (what noise counts by); `history` [epochs, 8]. It is the
/// same whichever processor or device wrote it. Not in it, so the program says it again: settings,
/// schedules, and what was told to learn or was frozen; states, which a training that `carries_on`
/// begins at rest.

#include "../io/hdf5_write.hpp"
#include "trainer.hpp"

#include <cmath>
#include <limits>
#include <string_view>
#include <typeinfo>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {
inline constexpr char const *checkpoint_format = "spikefuse checkpoint 4",
                            *any_checkpoint = "spikefuse checkpoint ";

/// FNV-1a.
class fingerprint {
  public:
    void add(std::string_view text) {
        for (char const letter : text)
            hash_ = (hash_ ^ static_cast<unsigned char>(letter)) * 1099511628211u;
    }
    void add(double number) {
        char text[32];
        std::snprintf(text, sizeof text, "%.17g", number);
        add(text);
    }
    std::string digits() const {
        char text[17];
        std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_));
        return text;
    }

  private:
    std::uint64_t hash_ = 14695981039346656037u;
};

/// The numbers that an equation is written with; all else of it is in its type.
inline void add_literals(fingerprint&, equations::expression const&) {}
inline void add_literals(fingerprint& to, equations::literal const& number) {
    to.add(number.value);
}
template <class Operation, class... A>
void add_literals(fingerprint& to, equations::node<Operation, A...> const& e) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (add_literals(to, get<I>(e.arguments)), ...);
    }(std::index_sequence_for<A...>{});
}

/// A neuron's equations, whatever its struct is called.
template <class N>
void add_equations(fingerprint& to) {
    constexpr auto lines = equations::tree<N>::value;
    to.add(typeid(lines).name());
    boost::mp11::mp_for_each<boost::mp11::mp_iota_c<equations::equation_traits<N>::size>>(
        [&](auto k) { add_literals(to, get<k>(lines).value); });
}
/// A layer: its type, and of a neuron its equations too, since two structs of one name may hold
/// others.
template <class Word>
void add_layer(fingerprint& to) {
    to.add(typeid(Word).name());
    if constexpr (neuron_layer<Word>) add_equations<typename Word::equations_of>(to);
}

/// Of what a checkpoint is: the network's type, its equations and dt, the optimizer. Parameters do
/// not enter.
template <class Network, class T, class Space>
std::string identity_of(model<Network, T, Space> const& of, std::type_info const& optimizer) {
    fingerprint all;
    all.add(typeid(Network).name());
    boost::mp11::mp_for_each<boost::mp11::mp_transform<
        boost::mp11::mp_identity, typename plan::schedule<Network, false>::words>>(
        [&]<class Word>(boost::mp11::mp_identity<Word>) { add_layer<Word>(all); });
    all.add(optimizer.name());
    all.add(of.setup().dt.seconds);
    return all.digits();
}

template <class T>
constexpr char const* number_name = std::is_same_v<T, double> ? "double" : "float";

/// Whether a checkpoint's history may be: an epoch a row, counted from 0, as many as were done.
inline bool is_history(io::array const& history, double epochs) {
    auto const share = [](double x) { return x >= 0 && x <= 1 + 1e-9; }; // a sum of shares
    if (history.shape.size() != 2 || history.shape[1] != 8 ||
        static_cast<double>(history.shape[0]) > epochs)
        return false;
    for (std::size_t k = 0; k < history.shape[0]; ++k) {
        double const* const row = history.values.data() + 8 * k;
        bool const flags = (row[6] == 0 || row[6] == 1) && (row[7] == 0 || row[7] == 1);
        bool const follows =
            row[0] == std::floor(row[0]) && row[0] < epochs && row[0] >= (k == 0 ? 0 : row[-8] + 1);
        if (!flags || !follows || !spikefuse::detail::is_finite(row[1]) || !share(row[2]) ||
            !share(row[4]) || !(row[5] >= 0))
            return false;
    }
    return true;
}
} // namespace detail

namespace detail {
template <class Trainer>
std::string checkpoint_bytes(Trainer& training) {
    auto const& network = training.network();
    io::detail::hdf5_image const image;
    image.text("format", checkpoint_format);
    image.text("identity", identity_of(network, typeid(typename Trainer::optimizer)));
    image.text("numbers", number_name<typename Trainer::T>);
    image.group("parameters");
    for (std::string const& layer : network.layer_names()) image.group("parameters/" + layer);
    for (auto const& one : network.parameters())
        image.numbers("parameters/" + one.layer + "/" + one.name, one.shape,
                      network.get(one.layer, one.name));
    auto const moments = training.learning().moments();
    image.numbers("moments", {moments.size()}, moments);
    image.numbers("counters", {3},
                  std::vector<std::int64_t>{training.learning().steps(), training.epoch(),
                                            static_cast<std::int64_t>(network.elapsed_steps())});
    std::vector<double> rows;
    for (epoch_report const& one : training.history())
        rows.insert(rows.end(), {static_cast<double>(one.epoch), one.loss, one.accuracy,
                                 one.validation_loss, one.validation_accuracy, one.seconds,
                                 one.best ? 1. : 0., one.validated ? 1. : 0.});
    image.numbers("history", {training.history().size(), 8}, rows);
    return image.bytes();
}

template <class Trainer>
void read_checkpoint(Trainer& training, std::string const& path) {
    using T = typename Trainer::T;
    auto& network = training.network();
    io::hdf5_file const file(path);
    auto const other = [&](std::string const& what) {
        throw file_error("'" + path + "' is a checkpoint of another network", what,
                         "Make the network, and the optimizer, that it was taken of");
    };
    auto const damaged = [&](std::string const& what) {
        throw file_error("'" + path + "' is damaged", what, "Use an older checkpoint");
    };
    std::string const format = file.has("format") ? file.text("format") : "";
    if (format != checkpoint_format && format.starts_with(any_checkpoint))
        throw file_error(
            "'" + path + "' is a checkpoint of another version",
            "it says '" + format + "', not '" + checkpoint_format + "'",
            "Read it with the version that wrote it, and save its parameters as NIR or by hand");
    if (format != checkpoint_format)
        throw file_error("'" + path + "' is no checkpoint",
                         "it does not say '" + std::string(checkpoint_format) + "'",
                         "Give a file that save_checkpoint wrote");
    // Shapes first: nothing is read that is larger than what it is read for.
    auto const numbers = [&](std::string const& name, std::vector<std::size_t> const& shape,
                             auto const& refuse) {
        if (file.shape(name) != shape) refuse();
        return file.numbers(name);
    };
    if (file.text("numbers") != number_name<T>)
        other("its numbers are " + file.text("numbers") + ", this network's " + number_name<T>);
    std::size_t layers = 0;
    for (std::string const& layer : file.names("parameters"))
        layers += file.is_group("parameters/" + layer) ? 1 : 0;
    if (layers != network.layer_names().size())
        other("it has " + std::to_string(layers) + " layers, this network " +
              std::to_string(network.layer_names().size()));
    std::vector<std::pair<typename Trainer::parameter, std::vector<T>>> read;
    std::size_t stored = 0, wanted = 0;
    for (std::string const& layer : network.layer_names()) {
        if (!file.has("parameters/" + layer)) other("it has no layer '" + layer + "'");
        stored += file.names("parameters/" + layer).size();
    }
    for (auto const& one : network.parameters()) {
        ++wanted;
        std::string const place = "parameters/" + one.layer + "/" + one.name,
                          called = "'" + one.name + "' of '" + one.layer + "'";
        if (!file.has(place)) other("it has no " + called);
        auto const array = numbers(place, one.shape, [&] { other(called + " has another shape"); });
        std::vector<T> values(array.values.begin(), array.values.end());
        try {
            network.check(one.layer, one.name, std::span<T const>(values));
        } catch (error const& fault) {
            damaged(fault.what());
        }
        read.emplace_back(one, std::move(values));
    }
    if (stored != wanted)
        other("it holds " + std::to_string(stored) + " arrays, this network " +
              std::to_string(wanted));
    auto const moments = numbers("moments", {training.learning().moments().size()},
                                 [&] { other("its optimizer remembers other numbers"); });
    if (file.text("identity") != identity_of(network, typeid(typename Trainer::optimizer)))
        other("its layers have other equations, another dt, or its optimizer is of another kind");
    auto const finite = [](double one) {
        return spikefuse::detail::is_finite(static_cast<T>(one));
    };
    if (!std::all_of(moments.values.begin(), moments.values.end(), finite))
        damaged("its moments are not finite");

    auto const cannot_be = [&] { damaged("its counters cannot be"); };
    auto const counters = numbers("counters", {3}, cannot_be)
                              .values; // steps of the optimizer, epochs, steps of the model
    for (double const one : counters)
        if (!(one >= 0 && one < 9e15) || one != std::floor(one)) cannot_be();
    if (counters[1] >= std::numeric_limits<int>::max()) cannot_be();
    auto const shape = file.shape("history");
    if (shape.size() != 2 || static_cast<double>(shape[0]) > counters[1])
        damaged("its history is not that of its epochs");
    auto const history = file.numbers("history");
    if (!is_history(history, counters[1])) damaged("its history is not that of its epochs");

    std::vector<epoch_report> reports(history.shape[0]);
    for (std::size_t k = 0; k < reports.size(); ++k) {
        double const* const row = history.values.data() + 8 * k;
        reports[k] = {static_cast<int>(row[0]),
                      row[1],
                      row[2],
                      row[3],
                      row[4],
                      row[5],
                      row[7] != 0,
                      row[6] != 0};
    }
    std::vector<T> remembered(moments.values.begin(), moments.values.end());
    // From here on nothing is refused.
    for (auto const& [one, values] : read) network.set(one.layer, one.name, values);
    training.learning().set_moments(remembered, static_cast<std::int64_t>(counters[0]));
    network.set_elapsed_steps(static_cast<std::uint64_t>(counters[2]));
    training.resume(static_cast<int>(counters[1]), std::move(reports));
}
} // namespace detail

/// Writes parameters, optimizer, counters and history beside `path` and renames the file.
/// @param training a trainer
/// @param path of the file
/// @throws file_error it cannot be written; the file that was there before is then still there
template <class Trainer>
void save_checkpoint(Trainer& training, std::string const& path) {
    io::detail::replace_file(path, detail::checkpoint_bytes(training));
}

/// Makes a trainer go on where the file's stopped. Rates, schedules and surrogates of one name that
/// compute something else are not seen.
/// @param training a trainer of the same network and optimizer
/// @param path of the file
/// @throws file_error no checkpoint, an older or damaged one, or one of another network (layers,
///     equations, arrays by name and shape, dt, float or double) or optimizer; then nothing has
///     changed
template <class Trainer>
void load_checkpoint(Trainer& training, std::string const& path) {
    io::detail::within_memory(path, [&] { detail::read_checkpoint(training, path); });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI
