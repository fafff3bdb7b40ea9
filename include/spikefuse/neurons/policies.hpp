#pragma once
/// The choices in which the field's models differ, made at compile time: `lif(inclusive)`, `lif(subtract)`.

#include "../equations/dynamics.hpp"

namespace spikefuse {

/// Which question a policy answers. A neuron lists its policies as template arguments, one an axis.
enum class axis { threshold, reset };

/// Fires when the membrane is above the threshold (norse, snnTorch, NIR).
struct strict_policy {
    static constexpr axis question = axis::threshold;
    static constexpr auto fires(auto membrane, auto threshold) { return membrane > threshold; }
};
/// Fires when the membrane is at or above the threshold (GeNN, Rockpool).
struct inclusive_policy {
    static constexpr axis question = axis::threshold;
    static constexpr auto fires(auto membrane, auto threshold) { return membrane >= threshold; }
};

/// After a spike the membrane is set to v_reset (norse, NIR).
struct reset_to_value_policy {
    static constexpr axis question = axis::reset;
    static constexpr auto reset(auto membrane, auto, auto v_reset) { return equations::on_spike(membrane = v_reset); }
};
/// After a spike the threshold is taken off the membrane (snnTorch, Rockpool).
struct subtract_policy {
    static constexpr axis question = axis::reset;
    static constexpr auto reset(auto membrane, auto threshold, auto) { return equations::on_spike(membrane -= threshold); }
};
/// The membrane is left as it is.
struct no_reset_policy {
    static constexpr axis question = axis::reset;
    static constexpr auto reset(auto, auto, auto) { return equations::on_spike(); }
};

inline constexpr strict_policy strict{};
inline constexpr inclusive_policy inclusive{};
inline constexpr reset_to_value_policy reset_to_value{};
inline constexpr subtract_policy subtract{};
inline constexpr no_reset_policy no_reset{};

} // namespace spikefuse
