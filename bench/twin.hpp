// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The same networks as one would write them by hand for speed, without the library: lists of
/// spikes, weights in panels of 16 outputs, states in registers, gradients by row additions. Each
/// thread has whole samples; a batch of one runs on one thread.
///
/// Neurons are norse's LIF (with its attached reset; detached in a loop) and its LI, at 1 ms and
/// the default time constants.

#include "harness.hpp"

#include <atomic>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace bench {

typedef float row __attribute__((vector_size(64)));
constexpr int wide = 16; // numbers in a row

inline row load(float const* from) {
    row result;
    __builtin_memcpy(&result, from, sizeof result);
    return result;
}
inline void store(row value, float* to) { __builtin_memcpy(to, &value, sizeof value); }
inline unsigned above(row v, float threshold) { // bit k: v[k] > threshold
#if defined(__AVX512F__)
    __m512 raw;
    __builtin_memcpy(&raw, &v, sizeof raw);
    return _mm512_cmp_ps_mask(raw, _mm512_set1_ps(threshold), _CMP_GT_OQ);
#else
    unsigned bits = 0;
    for (int k = 0; k < wide; ++k) bits |= (v[k] > threshold ? 1u : 0u) << k;
    return bits;
#endif
}
inline unsigned fired(row v) { return above(v, 1); }
constexpr int panels_of(int outputs) { return (outputs + wide - 1) / wide; }

/// Numbers that begin at a cache line.
using line_of_floats = Kokkos::View<float*, Kokkos::HostSpace>;
inline line_of_floats floats(std::size_t size) { return line_of_floats("twin", size); }

/// [outputs / 16][inputs][16], from [outputs][inputs].
inline line_of_floats in_panels(std::vector<float> const& weight, int inputs, int outputs) {
    auto const to = floats(static_cast<std::size_t>(panels_of(outputs)) *
                           static_cast<std::size_t>(inputs) * wide);
    for (int o = 0; o < outputs; ++o)
        for (int n = 0; n < inputs; ++n)
            to((static_cast<std::size_t>(o / wide) * static_cast<std::size_t>(inputs) +
                static_cast<std::size_t>(n)) *
                   wide +
               static_cast<std::size_t>(o % wide)) =
                weight[static_cast<std::size_t>(o) * static_cast<std::size_t>(inputs) +
                       static_cast<std::size_t>(n)];
    return to;
}

/// Spikes of some steps, listed.
struct spike_list {
    std::vector<std::uint32_t> events;
    std::vector<std::size_t> ends{0};

    void clear() { events.clear(), ends.assign(1, 0); }
    void add_step(std::uint32_t const* words, int count) {
        for (int w = 0; w < count; ++w)
            for (std::uint32_t word = words[w]; word != 0; word &= word - 1)
                events.push_back(static_cast<std::uint32_t>(w * 32 + std::countr_zero(word)) *
                                 wide);
        ends.push_back(events.size());
    }
    row sum(float const* panel, std::size_t step, row sum0) const {
        row sum1{}, sum2{}, sum3{};
        std::size_t k = ends[step], end = ends[step + 1];
        for (; k + 4 <= end; k += 4) {
            sum0 += load(panel + events[k]), sum1 += load(panel + events[k + 1]);
            sum2 += load(panel + events[k + 2]), sum3 += load(panel + events[k + 3]);
        }
        for (; k < end; ++k) sum0 += load(panel + events[k]);
        return (sum0 + sum1) + (sum2 + sum3);
    }
    void spread(float* panel, std::size_t step, row what) const {
        for (std::size_t k = ends[step]; k < ends[step + 1]; ++k)
            store(load(panel + events[k]) + what, panel + events[k]);
    }
};

/// norse's LIF: a panel of neurons, `mem` and `syn`: dt / tau.
constexpr float mem = 0.1f, syn = 0.2f;
struct lif_cells {
    row v{}, i{};
    unsigned step(row current, float* before_reset) {
        i += current;
        v += mem * (i - v);
        i -= syn * i;
        if (before_reset != nullptr) store(v, before_reset);
        unsigned const bits = fired(v);
        v = v > 1 ? row{} : v;
        return bits;
    }
};

/// Inputs -> Hidden LIF, then -> Outputs LI where Outputs > 0. Loop: the hidden layer feeds itself.
template <int Inputs, int Hidden, int Outputs, bool Loop, bool Analog>
class lif_twin {
    static constexpr int hidden_panels = panels_of(Hidden), output_panels = panels_of(Outputs),
                         words = (Inputs + 31) / 32, hidden_words = (Hidden + 31) / 32;
    static_assert(Hidden % wide == 0);

  public:
    std::vector<float> output; // [T, B, N]

    template <class Trial>
    explicit lif_twin(Trial const& of)
        : steps_(static_cast<std::size_t>(of.about.steps)),
          batch_(static_cast<std::size_t>(of.about.batch)), input_(of.input.data()),
          seeds_(of.seeds), first_(in_panels(of.ours.get("linear 1", "weight"), Inputs, Hidden)) {
        output.resize(steps_ * batch_ * (Outputs > 0 ? Outputs : Hidden));
        if constexpr (!Loop) first_bias_ = of.ours.get("linear 1", "bias");
        first_bias_.resize(Hidden);
        if constexpr (Loop)
            loop_ = in_panels(loop_rows_ = of.ours.get("recurrent 1", "weight"), Hidden, Hidden);
        if constexpr (Outputs > 0) {
            second_ = in_panels(second_rows_ = of.ours.get("linear 2", "weight"), Hidden, Outputs);
            if constexpr (!Loop) second_bias_ = of.ours.get("linear 2", "bias");
            second_bias_.resize(output_panels * wide);
        }
        int const threads =
            std::min(Kokkos::DefaultHostExecutionSpace().concurrency(), of.about.batch);
        for (int k = 0; k < threads; ++k) threads_.emplace_back(steps_);
    }

    void forward() {
        each_sample([&](worker& mine, std::size_t sample) { run_forward(mine, sample, false); });
    }
    void train() {
        each_thread([&](worker& mine) { mine.clear_gradients(); });
        each_sample([&](worker& mine, std::size_t sample) {
            run_forward(mine, sample, true);
            run_back(mine, sample);
        });
        for (std::size_t k = 1; k < threads_.size(); ++k) threads_[0].add_gradients(threads_[k]);
    }
    /// [Hidden, Inputs].
    std::vector<float> first_gradient() const {
        std::vector<float> plain(static_cast<std::size_t>(Hidden) * Inputs);
        for (std::size_t o = 0; o < Hidden; ++o)
            for (std::size_t n = 0; n < Inputs; ++n)
                plain[o * Inputs + n] =
                    threads_[0].to_first((o / wide * Inputs + n) * wide + o % wide);
        return plain;
    }

  private:
    struct worker {
        explicit worker(std::size_t steps)
            : membranes(floats(steps * Hidden)), hidden_errors(floats((steps + 1) * Hidden)),
              output_errors(floats(steps * output_panels * wide)),
              to_first(floats(static_cast<std::size_t>(Inputs) * Hidden)),
              to_first_bias(floats(Hidden)),
              to_loop(floats(Loop ? static_cast<std::size_t>(Hidden) * Hidden : 0)),
              to_second(floats(static_cast<std::size_t>(Hidden) * output_panels * wide)),
              to_second_bias(floats(output_panels * wide)), bits(steps * hidden_words) {}
        spike_list arriving, hidden;
        line_of_floats membranes;     // [hidden / 16][T][16], before the reset
        line_of_floats hidden_errors; // [T][hidden]: of the spikes, then of the currents
        line_of_floats output_errors; // [T][outputs]: of the currents
        line_of_floats to_first, to_first_bias, to_loop, to_second, to_second_bias;
        std::vector<std::uint32_t> bits; // [T][hidden / 32]

        template <class Function>
        void each_gradient(Function const& function) {
            for (auto member : {&worker::to_first, &worker::to_first_bias, &worker::to_loop,
                                &worker::to_second, &worker::to_second_bias})
                function(member);
        }
        void clear_gradients() {
            each_gradient([&](auto member) {
                std::fill_n((this->*member).data(), (this->*member).size(), 0.f);
            });
        }
        void add_gradients(worker& other) {
            each_gradient([&](auto member) {
                float *const to = (this->*member).data(), *const from = (other.*member).data();
                for (std::size_t k = 0; k < (this->*member).size(); ++k) to[k] += from[k];
            });
        }
    };

    template <class Function>
    void each_thread(Function const& function) {
        Kokkos::parallel_for("twin",
                             Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>(
                                 0, static_cast<int>(threads_.size()))
                                 .set_chunk_size(1),
                             [&](int k) { function(threads_[static_cast<std::size_t>(k)]); });
        Kokkos::fence();
    }
    template <class Function>
    void each_sample(Function const& function) {
        std::atomic<std::size_t> next{0};
        each_thread([&](worker& mine) {
            for (std::size_t sample = next++; sample < batch_; sample = next++)
                function(mine, sample);
        });
    }

    // --- forward ---

    float const* analog_row(std::size_t t, std::size_t sample) const {
        return static_cast<float const*>(input_) + (t * batch_ + sample) * Inputs;
    }

    void run_forward(worker& mine, std::size_t sample, bool keeps) {
        std::size_t const block = 64;
        lif_cells cells[hidden_panels];
        row li_v[output_panels + 1]{}, li_i[output_panels + 1]{};
        if (keeps && !Analog) list_inputs(mine, sample, 0, steps_);
        std::fill(mine.bits.begin(), mine.bits.end(), 0u);
        for (std::size_t first = 0; first < steps_; first += block) {
            std::size_t const rows = std::min(block, steps_ - first), listed = keeps ? first : 0;
            if (!keeps && !Analog) list_inputs(mine, sample, first, rows);
            if constexpr (Loop) {
                for (std::size_t r = 0; r < rows; ++r) {
                    if (first + r > 0) list_hidden(mine, first + r - 1, 1);
                    for (int p = 0; p < hidden_panels; ++p) {
                        row current = mine.arriving.sum(first_panel(p), listed + r, row{});
                        if (first + r > 0)
                            current = mine.hidden.sum(loop_.data() + static_cast<std::size_t>(p) *
                                                                         Hidden * wide,
                                                      0, current);
                        step_hidden(mine, cells[p], p, first + r, sample, current, keeps);
                    }
                }
            } else {
                for (int p = 0; p < hidden_panels; ++p) {
                    row const bias = load(first_bias_.data() + p * wide);
                    lif_cells here = cells[p];
                    if constexpr (Analog) {
                        constexpr std::size_t tile = 12;
                        for (std::size_t r = 0; r < rows; r += tile) {
                            row currents[tile];
                            std::size_t const together = std::min(tile, rows - r);
                            if (together == tile) {
                                multiply<tile>(first_panel(p), analog_row(first + r, sample),
                                               batch_ * Inputs, bias, currents);
                            } else {
                                for (std::size_t k = 0; k < together; ++k)
                                    multiply<1>(first_panel(p), analog_row(first + r + k, sample),
                                                0, bias, currents + k);
                            }
                            for (std::size_t k = 0; k < together; ++k)
                                step_hidden(mine, here, p, first + r + k, sample, currents[k],
                                            keeps);
                        }
                    } else {
                        for (std::size_t r = 0; r < rows; ++r)
                            step_hidden(mine, here, p, first + r, sample,
                                        mine.arriving.sum(first_panel(p), listed + r, bias), keeps);
                    }
                    cells[p] = here;
                }
            }
            if constexpr (Outputs > 0) {
                list_hidden(mine, first, rows);
                for (int p = 0; p < output_panels; ++p)
                    for (std::size_t r = 0; r < rows; ++r) {
                        row const current = mine.hidden.sum(
                            second_.data() + static_cast<std::size_t>(p) * Hidden * wide, r,
                            load(second_bias_.data() + p * wide));
                        li_i[p] += current;
                        li_v[p] += mem * (li_i[p] - li_v[p]);
                        li_i[p] -= syn * li_i[p];
                        float* const to = output.data() +
                                          ((first + r) * batch_ + sample) * Outputs +
                                          static_cast<std::size_t>(p) * wide;
                        for (int k = 0; k < wide && p * wide + k < Outputs; ++k) to[k] = li_v[p][k];
                    }
            }
        }
    }
    template <std::size_t Rows>
    static void multiply(float const* panel, float const* x, std::size_t stride, row bias,
                         row* sums) {
        row here[Rows];
        for (row& one : here) one = bias;
        for (std::size_t n = 0; n < Inputs; ++n) {
            row const weight = load(panel + n * wide);
            for (std::size_t k = 0; k < Rows; ++k) here[k] += weight * x[k * stride + n];
        }
        for (std::size_t k = 0; k < Rows; ++k) sums[k] = here[k];
    }
    void step_hidden(worker& mine, lif_cells& cells, int p, std::size_t t, std::size_t sample,
                     row current, bool keeps) {
        unsigned const bits =
            cells.step(current, keeps ? membranes_of(mine, p) + t * wide : nullptr);
        if constexpr (Outputs > 0) {
            mine.bits[t * hidden_words + static_cast<std::size_t>(p) / 2] |= bits << (p % 2 * wide);
        } else {
            row spikes;
            for (int k = 0; k < wide; ++k) spikes[k] = static_cast<float>(bits >> k & 1u);
            store(spikes, output.data() + (t * batch_ + sample) * Hidden +
                              static_cast<std::size_t>(p) * wide);
        }
    }
    void list_inputs(worker& mine, std::size_t sample, std::size_t first, std::size_t rows) const {
        mine.arriving.clear();
        for (std::size_t r = 0; r < rows; ++r)
            mine.arriving.add_step(static_cast<std::uint32_t const*>(input_) +
                                       ((first + r) * batch_ + sample) * words,
                                   words);
    }
    void list_hidden(worker& mine, std::size_t first, std::size_t rows) const {
        mine.hidden.clear();
        for (std::size_t r = 0; r < rows; ++r)
            mine.hidden.add_step(mine.bits.data() + (first + r) * hidden_words, hidden_words);
    }
    float const* first_panel(int p) const {
        return first_.data() + static_cast<std::size_t>(p) * Inputs * wide;
    }
    float* membranes_of(worker& mine, int p) const {
        return mine.membranes.data() + static_cast<std::size_t>(p) * steps_ * wide;
    }

    // --- back ---

    struct lif_errors {
        row v{}, i{};
        row step(row spike, row before) {                         // to the current's error
            row const x = before - 1, off = (x > 0 ? x : -x) + 1; // superspike<1>
            row const surrogate = 1 / (off * off), stays = before > 1 ? row{} : row{} + 1;
            row const e = v * stays + (Loop ? spike : spike - v * before) * surrogate;
            row const current = i * (1 - syn) + mem * e;
            v = e * (1 - mem), i = current;
            return current;
        }
    };

    void run_back(worker& mine, std::size_t sample) {
        float* const errors = mine.hidden_errors.data();
        if constexpr (Outputs > 0) {
            for (int p = 0; p < output_panels; ++p) {
                row seed{}, v{}, i{};
                for (int k = 0; k < wide && p * wide + k < Outputs; ++k)
                    seed[k] = seeds_[sample * Outputs + static_cast<std::size_t>(p * wide + k)];
                for (std::size_t t = steps_; t-- > 0;) {
                    v += seed;
                    i = i * (1 - syn) + mem * v;
                    v = v * (1 - mem);
                    store(i, output_error(mine, t, p));
                }
            }
            list_hidden(mine, 0, steps_);
            for (int p = 0; p < output_panels; ++p) {
                row bias = load(mine.to_second_bias.data() + p * wide);
                for (std::size_t t = 0; t < steps_; ++t) {
                    row const e = load(output_error(mine, t, p));
                    mine.hidden.spread(
                        mine.to_second.data() + static_cast<std::size_t>(p) * Hidden * wide, t, e);
                    bias += e;
                }
                store(bias, mine.to_second_bias.data() + p * wide);
            }
            for (std::size_t t = 0; t < steps_; ++t) {
                float const* const e = mine.output_errors.data() + t * output_panels * wide;
                for (int p = 0; p < hidden_panels; ++p) {
                    row sum{};
                    for (int o = 0; o < Outputs; ++o)
                        sum += load(second_rows_.data() + static_cast<std::size_t>(o) * Hidden +
                                    static_cast<std::size_t>(p) * wide) *
                               e[o];
                    store(sum, errors + t * Hidden + static_cast<std::size_t>(p) * wide);
                }
            }
        }
        if constexpr (Loop) {
            lif_errors cells[hidden_panels];
            std::fill_n(errors + steps_ * Hidden, Hidden, 0.f);
            for (std::size_t t = steps_; t-- > 0;) {
                float *const now = errors + t * Hidden, *const later = now + Hidden;
                if (t + 1 < steps_) // 8 neurons at a time share each load of errors
                    for (int o = 0; o < Hidden; o += 8)
                        for (int p = 0; p < hidden_panels; ++p) {
                            row sum = load(now + p * wide);
                            for (int k = 0; k < 8; ++k)
                                sum += load(loop_rows_.data() +
                                            static_cast<std::size_t>(o + k) * Hidden +
                                            static_cast<std::size_t>(p) * wide) *
                                       later[o + k];
                            store(sum, now + p * wide);
                        }
                for (int p = 0; p < hidden_panels; ++p)
                    store(
                        cells[p].step(load(now + p * wide), load(membranes_of(mine, p) + t * wide)),
                        now + p * wide);
            }
        }
        for (int p = 0; p < hidden_panels; ++p) {
            if constexpr (!Loop) {
                lif_errors cells;
                for (std::size_t t = steps_; t-- > 0;) {
                    float* const at = errors + t * Hidden + static_cast<std::size_t>(p) * wide;
                    row const arriving = Outputs > 0 ? load(at)
                                                     : load(seeds_.data() + sample * Hidden +
                                                            static_cast<std::size_t>(p) * wide);
                    store(cells.step(arriving, load(membranes_of(mine, p) + t * wide)), at);
                }
            }
            float* const to = mine.to_first.data() + static_cast<std::size_t>(p) * Inputs * wide;
            row bias = load(mine.to_first_bias.data() + p * wide);
            for (std::size_t t = 0; t < steps_; ++t) {
                row const e = load(errors + t * Hidden + static_cast<std::size_t>(p) * wide);
                bias += e;
                if constexpr (!Analog) mine.arriving.spread(to, t, e);
            }
            store(bias, mine.to_first_bias.data() + p * wide);
            if constexpr (Analog) add_outer(to, errors + p * wide, sample);
            if constexpr (Loop)
                for (std::size_t t = 1; t < steps_; ++t) {
                    if (p == 0 && t == 1) list_hidden(mine, 0, steps_);
                    mine.hidden.spread(
                        mine.to_loop.data() + static_cast<std::size_t>(p) * Hidden * wide, t - 1,
                        load(errors + t * Hidden + static_cast<std::size_t>(p) * wide));
                }
        }
    }
    float* output_error(worker& mine, std::size_t t, int p) const {
        return mine.output_errors.data() + (t * output_panels + static_cast<std::size_t>(p)) * wide;
    }
    /// Eight steps share each load and store of gradients.
    void add_outer(float* to, float const* errors, std::size_t sample) const {
        std::size_t t = 0;
        constexpr std::size_t tile = 8;
        for (; t + tile <= steps_; t += tile) {
            row e[tile];
            for (std::size_t k = 0; k < tile; ++k) e[k] = load(errors + (t + k) * Hidden);
            for (std::size_t n = 0; n < Inputs; ++n) {
                row sum = load(to + n * wide);
                for (std::size_t k = 0; k < tile; ++k) sum += e[k] * analog_row(t + k, sample)[n];
                store(sum, to + n * wide);
            }
        }
        for (; t < steps_; ++t)
            for (std::size_t n = 0; n < Inputs; ++n)
                store(load(to + n * wide) + load(errors + t * Hidden) * analog_row(t, sample)[n],
                      to + n * wide);
    }

    std::size_t steps_, batch_;
    void const* input_;
    std::vector<float> seeds_;
    line_of_floats first_, loop_, second_;
    std::vector<float> first_bias_, second_bias_, loop_rows_, second_rows_;
    std::vector<worker> threads_;
};

} // namespace bench
