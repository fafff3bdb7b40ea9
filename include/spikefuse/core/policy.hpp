// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Choices made at compile time. A policy answers one question; a neuron lists its questions with
/// the answers it gives by itself.

#include "config.hpp"

#include <boost/mp11.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// The choices in which neurons differ: what is asked, the answers as words (policies.hpp), and
/// those that a neuron's equations take.
namespace neuron_policies {
/// What is asked.
enum class axis {
    threshold,      ///< how a neuron fires: strict, inclusive, several
    surrogate,      ///< what stands for the derivative of a spike
    competition,    ///< who of a layer may fire: everyone, one_winner
    reset,          ///< what a spike does to the membrane: reset_to_value, subtract, no_reset
    reset_time,     ///< when: next_step, at_once
    reset_gradient, ///< whether gradients flow through it: attached, detached
    synapse,        ///< when the synapse decays: use_then_decay, decay_then_add, add_then_decay,
                    ///< use_old_current
    time_constants, ///< given as_times or as rates
    spike_size,     ///< unit_spikes or graded
    shown,          ///< what the next layer sees: spikes_out, membrane_out
    state_levels,   ///< continuous or quantised
    start,          ///< where membranes begin: start_at_zero, start_at_leak
    behaviour,      ///< corrected, or compat: as a library computes, its slips too
};
} // namespace neuron_policies

namespace detail {
template <neuron_policies::axis Question>
struct answers {
    template <class Policy>
    using fn = std::bool_constant<Policy::question == Question>;
};
} // namespace detail

/// `using choices = asks<strict_policy, reset_to_value_policy>::with<Policies...>;` in a neuron
/// whose template arguments are the policies that differ from its own.
template <class... Own>
struct asks {
    /// A neuron's choices.
    /// @tparam Chosen policies that take the place of the neuron's own
    template <class... Chosen>
    struct with {
        /// Whether the neuron answers that question.
        template <neuron_policies::axis Question>
        static constexpr bool knows = boost::mp11::mp_any_of_q<boost::mp11::mp_list<Own...>,
                                                               detail::answers<Question>>::value;
        /// The policy that answers it.
        template <neuron_policies::axis Question>
        using of =
            boost::mp11::mp_at<boost::mp11::mp_list<Chosen..., Own...>,
                               boost::mp11::mp_find_if_q<boost::mp11::mp_list<Chosen..., Own...>,
                                                         detail::answers<Question>>>;
    };
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
