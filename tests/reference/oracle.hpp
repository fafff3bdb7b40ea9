// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A plain interpreter of layers, one sample and one neuron at a time. It shares nothing with the
// library: the equations are written here again, from the descriptions of the reference models, in
// the most obvious way.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace oracle {

enum class reset { to_value, subtract, none };

/// What a layer shows of one step of one sample.
template <class T>
struct shown {
    std::vector<T> output;              // [N]
    std::vector<std::vector<T>> states; // named in the layer's order, [N] each
    std::vector<T> margin; // membrane minus threshold before the reset, for spiking layers
};

template <class T>
struct layer {
    virtual ~layer() = default;
    virtual std::size_t outputs() const = 0;
    virtual void rest() = 0;
    virtual shown<T> step(std::vector<T> const& x) = 0;
};

template <class T>
struct linear : layer<T> {
    std::size_t in, out;
    std::vector<T> weight, bias; // [out][in]; bias may be empty
    linear(std::size_t i, std::size_t o, std::vector<T> w, std::vector<T> b)
        : in(i), out(o), weight(std::move(w)), bias(std::move(b)) {}
    std::size_t outputs() const override { return out; }
    void rest() override {}
    shown<T> step(std::vector<T> const& x) override {
        shown<T> result;
        for (std::size_t o = 0; o < out; ++o) {
            T sum = bias.empty() ? T(0) : bias[o];
            for (std::size_t i = 0; i < in; ++i) sum += weight[o * in + i] * x[i];
            result.output.push_back(sum);
        }
        return result;
    }
};

template <class T>
struct scale : layer<T> {
    std::vector<T> factor;
    explicit scale(std::vector<T> f) : factor(std::move(f)) {}
    std::size_t outputs() const override { return factor.size(); }
    void rest() override {}
    shown<T> step(std::vector<T> const& x) override {
        shown<T> result;
        for (std::size_t n = 0; n < x.size(); ++n) result.output.push_back(factor[n] * x[n]);
        return result;
    }
};

/// What spiking neurons have in common: the test against the threshold, and the reset.
template <class T>
struct spiking : layer<T> {
    std::vector<T> threshold, v_reset, v;
    bool inclusive = false;
    reset how = reset::to_value;
    std::size_t outputs() const override { return threshold.size(); }
    T fire(std::size_t n, shown<T>& result) {
        result.margin.push_back(v[n] - threshold[n]);
        bool const fires = inclusive ? v[n] >= threshold[n] : v[n] > threshold[n];
        if (fires && how == reset::to_value) v[n] = v_reset[n];
        if (fires && how == reset::subtract) v[n] = v[n] - threshold[n];
        return fires ? T(1) : T(0);
    }
};

/// Integrate and fire: v' = v + r dt x.
template <class T>
struct iaf : spiking<T> {
    std::vector<T> r;
    T dt{};
    void rest() override { this->v.assign(r.size(), T(0)); }
    shown<T> step(std::vector<T> const& x) override {
        shown<T> result;
        for (std::size_t n = 0; n < r.size(); ++n) {
            this->v[n] = this->v[n] + r[n] * dt * x[n];
            result.output.push_back(this->fire(n, result));
        }
        result.states = {this->v};
        return result;
    }
};

/// norse's lif_feed_forward_step.
template <class T>
struct lif : spiking<T> {
    std::vector<T> tau_mem, tau_syn, v_leak, i;
    T dt{};
    void rest() override {
        this->v = v_leak;
        i.assign(v_leak.size(), T(0));
    }
    shown<T> step(std::vector<T> const& x) override {
        shown<T> result;
        for (std::size_t n = 0; n < x.size(); ++n) {
            T const jumped = i[n] + x[n];
            T const dv = dt / tau_mem[n] * ((v_leak[n] - this->v[n]) + jumped);
            T const di = -dt / tau_syn[n] * jumped;
            this->v[n] = this->v[n] + dv;
            i[n] = jumped + di;
            result.output.push_back(this->fire(n, result));
        }
        result.states = {this->v, i};
        return result;
    }
};

/// norse's li_feed_forward_step: the output is the membrane.
template <class T>
struct li : layer<T> {
    std::vector<T> tau_mem, tau_syn, v_leak, v, i;
    T dt{};
    std::size_t outputs() const override { return v_leak.size(); }
    void rest() override {
        v = v_leak;
        i.assign(v_leak.size(), T(0));
    }
    shown<T> step(std::vector<T> const& x) override {
        for (std::size_t n = 0; n < x.size(); ++n) {
            T const jumped = i[n] + x[n];
            v[n] = v[n] + dt / tau_mem[n] * ((v_leak[n] - v[n]) + jumped);
            i[n] = jumped - dt / tau_syn[n] * jumped;
        }
        return {v, {v, i}, {}};
    }
};

} // namespace oracle
