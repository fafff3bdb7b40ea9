// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The choices in which the field's models differ, made at compile time: `lif(inclusive)`,
/// `lif(subtract, superspike<100>)`.

#include "../core/policy.hpp"
#include "../equations/dynamics.hpp"
#include "../surrogates/superspike.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

// --- how a neuron fires ---

/// Fires when the membrane is above the threshold (norse, snnTorch, NIR).
struct strict_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::threshold;
    template <class Surrogate>
    static constexpr auto fires(auto membrane, auto threshold) {
        return equations::fire<Surrogate>(membrane > threshold);
    }
};
/// Fires when the membrane is at or above the threshold (GeNN).
struct inclusive_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::threshold;
    template <class Surrogate>
    static constexpr auto fires(auto membrane, auto threshold) {
        return equations::fire<Surrogate>(membrane >= threshold);
    }
};
/// Fires as often as the threshold goes into the membrane, at most `Most` times a step (Rockpool).
template <int Most>
struct several_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::threshold;
    template <class Surrogate>
    static constexpr auto fires(auto membrane, auto threshold) {
        return equations::fire_several<Surrogate, Most>(membrane, threshold);
    }
};

/// Every neuron fires for itself.
struct everyone_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::competition;
    static constexpr auto among(auto fires) { return fires; }
};
/// Of a layer only the neuron that lies highest above its threshold may fire (snnTorch:
/// inhibition).
struct one_winner_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::competition;
    static constexpr auto among(auto fires) { return equations::only_winner(fires); }
};

// --- what a spike does to the membrane ---

/// After a spike the membrane is set to v_reset (norse, NIR).
struct reset_to_value_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset;
    static constexpr auto reset(auto membrane, auto spike, auto, auto v_reset) {
        return equations::on_spike(spike, membrane = v_reset);
    }
};
/// After a spike the threshold is taken off the membrane, as often as it fired (snnTorch,
/// Rockpool).
struct subtract_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset;
    static constexpr auto reset(auto membrane, auto spike, auto threshold, auto) {
        return membrane -= spike * threshold;
    }
};
/// After a spike the membrane is pulled to v_reset: v - (v - v_reset), which rounds otherwise than
/// v_reset (norse's encoders).
struct pull_to_value_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset;
    static constexpr auto reset(auto membrane, auto spike, auto, auto v_reset) {
        return membrane -= spike * (membrane - v_reset);
    }
};
/// After a spike the membrane is set to zero (snnTorch).
struct reset_to_zero_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset;
    static constexpr auto reset(auto membrane, auto spike, auto, auto) {
        return membrane -= spike * membrane;
    }
};
/// The membrane is left as it is.
struct no_reset_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset;
    static constexpr auto reset(auto, auto, auto, auto) { return equations::lines(); }
};

/// Gradients flow through the reset (norse, feed-forward).
struct attached_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset_gradient;
    static constexpr auto through(auto spike) { return spike; }
};
/// No gradient flows through the reset (norse, recurrent; snnTorch).
struct detached_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset_gradient;
    static constexpr auto through(auto spike) { return equations::detach(spike); }
};

// --- when the synapse decays: `before` and `after` the membrane reads the current i ---

/// The input jumps in, the membrane reads it, then it decays (norse).
struct use_then_decay_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::synapse;
    static constexpr auto before(auto i, auto) { return i += equations::current; }
    static constexpr auto after(auto i, auto decayed) { return i = decayed; }
};
/// What is left decays, the input jumps in, the membrane reads it (snnTorch).
struct decay_then_add_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::synapse;
    static constexpr auto before(auto i, auto decayed) {
        return equations::lines(i = decayed, i += equations::current);
    }
    static constexpr auto after(auto, auto) { return equations::lines(); }
};
/// The input jumps in and decays, then the membrane reads it (Rockpool).
struct add_then_decay_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::synapse;
    static constexpr auto before(auto i, auto decayed) {
        return equations::lines(i += equations::current, i = decayed);
    }
    static constexpr auto after(auto, auto) { return equations::lines(); }
};
/// The membrane reads what the step before left; the input arrives after it (norse's LSNN, norse
/// before 0.0.8).
struct use_old_current_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::synapse;
    static constexpr auto before(auto, auto) { return equations::lines(); }
    static constexpr auto after(auto i, auto decayed) {
        return equations::lines(i = decayed, i += equations::current);
    }
};

// --- in which form time constants are given ---

/// `tau_mem`, in seconds.
struct as_times_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::time_constants;
    template <detail::spelling Name, class P>
    static constexpr auto time(duration P::* written) {
        return equations::param<Name>(written);
    }
};
/// `tau_mem_inv`, in 1/s, to the bit as norse holds them.
struct rates_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::time_constants;
    template <detail::spelling Name, class P>
    static constexpr auto time(duration P::* written) {
        using name = typename detail::joined_name<named<Name>, named<"_inv">>::type;
        return equations::inverse(
            equations::param_word<name, equations::inverse_time<P>>({written}));
    }
};

// --- what else differs ---

/// A spike resets the membrane in the step after it (snnTorch's default).
struct next_step_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset_time;
};
/// A spike resets the membrane in its own step (snnTorch: reset_delay=False).
struct at_once_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::reset_time;
};
/// Membranes begin at zero (NIR).
struct start_at_zero_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::start;
    static constexpr auto begins(auto, auto) { return equations::lines(); }
};
/// Membranes begin where they go without input (norse).
struct start_at_leak_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::start;
    static constexpr auto begins(auto membrane, auto v_leak) {
        return equations::start(membrane = v_leak);
    }
};
/// A spike is a one.
struct unit_spikes_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::spike_size;
};
/// A spike is `graded_spikes_factor` (snnTorch), a parameter of every neuron.
struct graded_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::spike_size;
};
/// The next layer, or the readout, sees spikes.
struct spikes_out_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::shown;
    static constexpr auto shows(auto) { return equations::lines(); }
};
/// It sees the membrane as the step leaves it, which also spikes and resets: the usual output layer
/// of snnTorch.
struct membrane_out_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::shown;
    static constexpr auto shows(auto membrane) { return equations::output = membrane; }
};
/// States are numbers.
struct continuous_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::state_levels;
    static constexpr auto rounded(auto) { return equations::lines(); }
};
/// States are rounded to the nearest of `Count` levels (snnTorch: state_quant), a table of the
/// layer: `quantisation_levels`.
template <int Count>
struct quantised_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::state_levels;
    static_assert(Count >= 2, "spikefuse: quantised_to<N> takes at least two levels.");
    static constexpr auto rounded(auto state) {
        return state = equations::nearest(state,
                                          equations::levels<"quantisation_levels", Count>(-1, 1.2));
    }
};
/// What the library means.
struct corrected_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::behaviour;
};
/// What the library computes, its slips too. The neuron's file says what differs.
struct compat_policy {
    static constexpr neuron_policies::axis question = neuron_policies::axis::behaviour;
};

/// norse's default surrogate, and ours.
using surrogate_policy = surrogate_word<superspike_surrogate<>>;

namespace neuron_policies {
/// The policy of a neuron's choices that answers a question.
template <class Choices, axis Question>
using policy = typename Choices::template of<Question>;

/// The condition under which a neuron fires (or how often).
template <class Choices>
constexpr auto firing_of(auto membrane, auto threshold) {
    using surrogate = typename policy<Choices, axis::surrogate>::unit;
    return policy<Choices, axis::competition>::among(
        policy<Choices, axis::threshold>::template fires<surrogate>(membrane, threshold));
}
/// The line that fires.
template <class Choices>
constexpr auto fires(auto membrane, auto threshold) {
    return equations::spike = firing_of<Choices>(membrane, threshold);
}
/// The lines that reset.
template <class Choices>
constexpr auto resets(auto membrane, auto threshold, auto v_reset) {
    auto const spike = policy<Choices, axis::reset_gradient>::through(equations::spike);
    return policy<Choices, axis::reset>::reset(membrane, spike, threshold, v_reset);
}

/// The lines that fire and reset, in one step or, of neurons that keep in `fired` whether they
/// did, after the next step's integration.
template <class Choices>
constexpr auto fires_and_resets(auto membrane, auto threshold, auto v_reset) {
    using reset = policy<Choices, axis::reset>;
    if constexpr (std::is_same_v<policy<Choices, axis::reset_time>, at_once_policy>) {
        return equations::lines(fires<Choices>(membrane, threshold),
                                resets<Choices>(membrane, threshold, v_reset));
    } else {
        constexpr auto fired = equations::state<"fired">;
        constexpr auto before = policy<Choices, axis::reset_gradient>::through(fired);
        auto const again = [&] {
            if constexpr (std::is_same_v<reset, reset_to_value_policy>) {
                return membrane = (1 - before) * membrane + before * v_reset;
            } else {
                return reset::reset(membrane, before, threshold, v_reset);
            }
        };
        return equations::lines(again(), fires<Choices>(membrane, threshold),
                                fired = equations::spike);
    }
}

/// Fires above the threshold.
inline constexpr strict_policy strict{};
/// Fires at or above the threshold.
inline constexpr inclusive_policy inclusive{};
/// Fires as often as the threshold goes into the membrane.
inline constexpr several_policy<65536> several{};
/// The same, at most `Most` times a step.
template <int Most>
inline constexpr several_policy<Most> several_up_to{};
/// Every neuron fires for itself.
inline constexpr everyone_policy everyone{};
/// Of a layer one neuron fires at most: the one highest above its threshold.
inline constexpr one_winner_policy one_winner{};
/// A spike sets the membrane to `v_reset`.
inline constexpr reset_to_value_policy reset_to_value{};
/// A spike takes the threshold off the membrane.
inline constexpr subtract_policy subtract{};
/// A spike takes v - v_reset off the membrane, which rounds otherwise.
inline constexpr pull_to_value_policy pull_to_value{};
/// A spike sets the membrane to zero.
inline constexpr reset_to_zero_policy reset_to_zero{};
/// A spike leaves the membrane as it is.
inline constexpr no_reset_policy no_reset{};
/// The reset comes in the next step.
inline constexpr next_step_policy next_step{};
/// The reset comes in the same step.
inline constexpr at_once_policy at_once{};
/// Membranes begin at zero.
inline constexpr start_at_zero_policy start_at_zero{};
/// Membranes begin where they go without input.
inline constexpr start_at_leak_policy start_at_leak{};
/// A spike is 1.
inline constexpr unit_spikes_policy unit_spikes{};
/// A spike is `graded_spikes_factor`.
inline constexpr graded_policy graded{};
/// The next layer, or the readout, sees spikes.
inline constexpr spikes_out_policy spikes_out{};
/// It sees the membrane as the step leaves it.
inline constexpr membrane_out_policy membrane_out{};
/// States are numbers.
inline constexpr continuous_policy continuous{};
/// States are rounded to the nearest of `Count` levels.
template <int Count>
inline constexpr quantised_policy<Count> quantised_to{};
/// What the library means.
inline constexpr corrected_policy corrected{};
/// What the library computes, its slips too.
inline constexpr compat_policy compat{};
/// Gradients flow through the reset.
inline constexpr attached_policy attached{};
/// No gradient flows through the reset.
inline constexpr detached_policy detached{};
/// Synapse: the input jumps in, the membrane reads, the current decays.
inline constexpr use_then_decay_policy use_then_decay{};
/// Synapse: the current decays, the input jumps in, the membrane reads.
inline constexpr decay_then_add_policy decay_then_add{};
/// Synapse: the input jumps in, the current decays, the membrane reads.
inline constexpr add_then_decay_policy add_then_decay{};
/// Synapse: the membrane reads, then decay, then the input jumps in.
inline constexpr use_old_current_policy use_old_current{};
/// Time constants in seconds, `tau_mem`.
inline constexpr as_times_policy as_times{};
/// Their inverses in 1/s, `tau_mem_inv`.
inline constexpr rates_policy rates{};
} // namespace neuron_policies

// All but those that a program may well have of its own: `neuron_policies::strict`, `several`.
using neuron_policies::add_then_decay;
using neuron_policies::as_times;
using neuron_policies::at_once;
using neuron_policies::attached;
using neuron_policies::compat;
using neuron_policies::continuous;
using neuron_policies::corrected;
using neuron_policies::decay_then_add;
using neuron_policies::detached;
using neuron_policies::everyone;
using neuron_policies::graded;
using neuron_policies::inclusive;
using neuron_policies::membrane_out;
using neuron_policies::next_step;
using neuron_policies::no_reset;
using neuron_policies::one_winner;
using neuron_policies::pull_to_value;
using neuron_policies::quantised_to;
using neuron_policies::rates;
using neuron_policies::reset_to_value;
using neuron_policies::reset_to_zero;
using neuron_policies::several_up_to;
using neuron_policies::spikes_out;
using neuron_policies::start_at_leak;
using neuron_policies::start_at_zero;
using neuron_policies::subtract;
using neuron_policies::unit_spikes;
using neuron_policies::use_old_current;
using neuron_policies::use_then_decay;

} // namespace spikefuse::inline SPIKEFUSE_ABI
