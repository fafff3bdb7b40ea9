#pragma once
/// A training on disk: parameters, the optimizer's memory, and how far it is. Written in one step, so that a kill at any moment leaves the
/// last whole checkpoint; resumed, the training gives the numbers that it would have given. Link spikefuse::io.
///
/// HDF5: `format`; `parameters/LAYER/NAME`, in the shapes of `model::parameters`; `moments`: for each moment of the optimizer all of
/// these arrays, one behind the other; `counters` [3]: steps of the optimizer, epochs done, steps of the model so far (what noise counts
/// by); `history` [epochs, 8]. It is the same whichever processor or device wrote it. Not in it, so the program says it
/// again: settings, schedules, and what was told to learn or was frozen; states, which a training that `carries_on` begins at rest.

#include "../io/hdf5_write.hpp"
#include "trainer.hpp"

#include <typeinfo>

namespace spikefuse {

namespace detail {
inline constexpr char const* checkpoint_format = "spikefuse checkpoint 3";

/// Of what a checkpoint is: the network's type and dt, the optimizer; FNV-1a, in hexadecimal digits. Parameters do not enter.
template <class Network, class T, class Space>
std::string identity_of(model<Network, T, Space> const& of, std::type_info const& optimizer) {
    std::uint64_t hash = 14695981039346656037u;
    char step[32];
    std::snprintf(step, sizeof step, "%.17g", of.setup().dt.seconds);
    for (std::string const& part : {std::string(typeid(Network).name()), std::string(optimizer.name()), std::string(step)})
        for (char const letter : part) hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211u;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}
} // namespace detail

/// Writes `path` aside (`path.part`) and renames it. Throws file_error; the file that was there before is then still there.
template <class Trainer>
void save_checkpoint(Trainer& training, std::string const& path) {
    auto const& network = training.network();
    io::detail::hdf5_image const image;
    image.text("format", detail::checkpoint_format);
    image.text("identity", detail::identity_of(network, typeid(typename Trainer::optimizer)));
    image.group("parameters");
    for (std::string const& layer : network.layer_names()) image.group("parameters/" + layer);
    for (auto const& one : network.parameters())
        image.numbers("parameters/" + one.layer + "/" + one.name, one.shape, network.get(one.layer, one.name));
    auto const moments = training.learning().moments();
    image.numbers("moments", {moments.size()}, moments);
    image.numbers(
        "counters", {3},
        std::vector<std::int64_t>{training.learning().steps(), training.epoch(), static_cast<std::int64_t>(network.elapsed_steps())});
    std::vector<double> rows;
    for (epoch_report const& one : training.history())
        rows.insert(rows.end(), {static_cast<double>(one.epoch), one.loss, one.accuracy, one.validation_loss, one.validation_accuracy,
                                 one.seconds, one.best ? 1. : 0., one.validated ? 1. : 0.});
    image.numbers("history", {training.history().size(), 8}, rows);
    io::detail::replace_file(path, image.bytes());
}

/// Makes a trainer go on where the file's stopped. Throws file_error: no checkpoint, a damaged one, or one of another network or optimizer;
/// value_error: a parameter outside its domain; then nothing has changed. What is compared: layers and arrays, by name and shape, and how
/// many numbers the optimizer remembers. Other equations, another time step or other rates in the same shapes are not seen.
template <class Trainer>
void load_checkpoint(Trainer& training, std::string const& path) {
    using T = typename Trainer::T;
    auto& network = training.network();
    io::hdf5_file const file(path);
    auto const other = [&](std::string const& what) {
        throw file_error("'" + path + "' is a checkpoint of another network", what,
                         "Make the network, and the optimizer, that it was taken of");
    };
    if (!file.has("format") || file.text("format") != detail::checkpoint_format)
        throw file_error("'" + path + "' is no checkpoint", "it does not say '" + std::string(detail::checkpoint_format) + "'",
                         "Give a file that save_checkpoint wrote");
    std::vector<std::pair<typename Trainer::parameter, std::vector<T>>> read;
    std::size_t layers = 0;
    for (std::string const& layer : file.names("parameters")) layers += file.is_group("parameters/" + layer) ? 1 : 0;
    if (layers != network.layer_names().size())
        other("it has " + std::to_string(layers) + " layers, this network " + std::to_string(network.layer_names().size()));
    std::size_t stored = 0, wanted = 0;
    for (std::string const& layer : network.layer_names()) {
        if (!file.has("parameters/" + layer)) other("it has no layer '" + layer + "'");
        stored += file.names("parameters/" + layer).size();
    }
    for (auto const& one : network.parameters()) {
        ++wanted;
        std::string const place = "parameters/" + one.layer + "/" + one.name;
        if (!file.has(place)) other("it has no '" + one.name + "' of '" + one.layer + "'");
        auto const numbers = file.numbers(place);
        if (numbers.shape != one.shape) other("'" + one.name + "' of '" + one.layer + "' has another shape");
        std::vector<T> values(numbers.values.begin(), numbers.values.end());
        try {
            network.check(one.layer, one.name, std::span<T const>(values));
        } catch (error const& fault) {
            throw file_error("'" + path + "' is damaged", fault.what(), "Use an older checkpoint");
        }
        read.emplace_back(one, std::move(values));
    }
    if (stored != wanted) other("it holds " + std::to_string(stored) + " arrays, this network " + std::to_string(wanted));
    auto const moments = file.numbers("moments"), counters = file.numbers("counters"), history = file.numbers("history");
    if (moments.values.size() != training.learning().moments().size()) other("its optimizer remembers other numbers");
    if (file.text("identity") != detail::identity_of(network, typeid(typename Trainer::optimizer)))
        other("its layers have other equations, another dt, or its optimizer is of another kind");
    auto const whole = [](double number) { return number >= 0 && number < 9e15 && number == std::floor(number); };
    bool const sound = std::all_of(moments.values.begin(), moments.values.end(), [](double one) { return std::isfinite(one); }) &&
                       std::all_of(counters.values.begin(), counters.values.end(), whole);
    if (!sound || counters.values.size() != 3 || history.shape.size() != 2 || history.shape[1] != 8)
        throw file_error("'" + path + "' is damaged", "its counters, its moments or its history cannot be", "Use an older checkpoint");
    for (auto const& [one, values] : read) network.set(one.layer, one.name, values);
    training.learning().set_moments(std::vector<T>(moments.values.begin(), moments.values.end()),
                                    static_cast<std::int64_t>(counters.values[0]));
    network.set_elapsed_steps(static_cast<std::uint64_t>(counters.values[2]));
    std::vector<epoch_report> reports(history.shape[0]);
    for (std::size_t k = 0; k < reports.size(); ++k) {
        double const* const row = history.values.data() + 8 * k;
        reports[k] = {static_cast<int>(row[0]), row[1], row[2], row[3], row[4], row[5], row[7] != 0, row[6] != 0};
    }
    training.resume(static_cast<int>(counters.values[1]), std::move(reports));
}

} // namespace spikefuse
