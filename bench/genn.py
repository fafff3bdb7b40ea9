# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of a case in GeNN's single-threaded CPU backend, which has no batch: samples run one
after another. Forwards only.

Run by bench/bench.py where pygenn is in the other libraries' Python environment:
genn.py FOLDER THREADS ROUNDS writes FOLDER/genn.json.
Generating code, compiling it and loading weights are not timed; the steps are, with what resets the
states and records the output.
"""
import os
import pathlib
import sys
import tempfile

import numpy
import pygenn

import peers

# norse's neurons: the synapse jumps, then both derivatives are taken from that moment. The input
# lies ready for all steps.
INPUT = dict(extra_global_params=[("spikes", "uint8_t*")])
READ = "spikes[((unsigned int)t) * num_neurons + id] != 0"
TRACE = dict(extra_global_params=[("trace", "scalar*")])
LEAKY = dict(
    sim_code="I += Isyn + bias; const scalar dV = (I - V) * (dt / 10.0); "
    "I -= I * (dt / 5.0); V += dV;",
    vars=[("V", "scalar"), ("I", "scalar"), ("bias", "scalar", pygenn.VarAccess.READ_ONLY)],
)
ADAPTIVE = dict(
    sim_code=f"""I += {READ} ? 1.0 : 0.0; \
const scalar dV = (0.5 * exp((V - 1.0) / 0.5) - V + I - a) * (dt / 10.0), \
da = (4.0 * V - a) * (dt / 500.0);
                             I -= I * (dt / 5.0); V += dV; a += da;""",
    vars=[("V", "scalar"), ("I", "scalar"), ("a", "scalar")],
)
FIRES = dict(params=["threshold"], threshold_condition_code="V > threshold", reset_code="V = 0.0;")
NEVER = 1e30


class GeNN(peers.Case):
    def build(self, place):
        alone, recurrent = self.structure == "neurons", self.structure == "recurrent"
        sizes = self.sizes[1:]
        self.delay = 0 if alone else len(sizes)  # a spike arrives in the step after it
        self.turn = self.steps + self.delay  # steps of a sample
        model = self.model = pygenn.GeNNModel(
            "float", "network", backend="single_threaded_cpu", optimize_code=True
        )
        model.dt = 1.0
        spikes = numpy.zeros((self.batch, self.turn, self.sizes[0]), "u1")
        spikes[:, : self.steps] = self.input.transpose(1, 0, 2)

        def with_input(group):
            group.extra_global_params["spikes"].set_init_values(spikes.ravel())
            return group

        self.groups = []
        if alone:
            kind = pygenn.create_neuron_model(
                "adaptive", **ADAPTIVE, **dict(FIRES, reset_code="V = 0.0; a += 0.02;"), **INPUT
            )
            self.groups.append(
                with_input(
                    model.add_neuron_population(
                        "1", sizes[0], kind, {"threshold": 1.0}, {"V": 0.0, "I": 0.0, "a": 0.0}
                    )
                )
            )
        else:
            kind = pygenn.create_neuron_model(
                "source", sim_code="", threshold_condition_code=READ, **INPUT
            )
            before = with_input(model.add_neuron_population("source", self.sizes[0], kind, {}, {}))
            for k, size in enumerate(sizes):
                last = k > 0  # norse's LI
                read_out = dict(
                    LEAKY,
                    sim_code=LEAKY["sim_code"]
                    + " trace[((unsigned int)t) * num_neurons + id] = V;",
                )
                kind = (
                    pygenn.create_neuron_model("integrator", **read_out, **TRACE)
                    if last
                    else pygenn.create_neuron_model("leaky", **LEAKY, **FIRES)
                )
                bias = self.array(f"linear {k + 1} bias")
                group = model.add_neuron_population(
                    str(k + 1),
                    size,
                    kind,
                    {} if last else {"threshold": 1.0},
                    {"V": 0.0, "I": 0.0, "bias": 0.0 if bias is None else bias},
                )
                if last:
                    group.extra_global_params["trace"].set_init_values(
                        numpy.zeros(self.batch * self.turn * size, "f4")
                    )
                self.synapses(before, group, f"linear {k + 1} weight")
                if recurrent and not last:
                    self.synapses(group, group, "recurrent 1 weight")
                self.groups.append(group)
                before = group
        self.firing = [group for group in self.groups if "trace" not in group.extra_global_params]
        for group in self.firing:
            group.set_param_dynamic("threshold")
        self.spikes = len(sizes) == 1
        self.groups[-1].spike_recording_enabled = self.spikes
        model.build(str(place))
        model.load(num_recording_timesteps=self.batch * self.turn if self.spikes else None)
        self.states = [
            [group.vars[name].current_view for name in ("V", "I", "a") if name in group.vars]
            for group in self.groups
        ]

    def synapses(self, before, after, name):
        weight = self.array(name).reshape(after.num_neurons, before.num_neurons)
        self.model.add_synapse_population(
            name.replace(" ", "_"),
            "DENSE",
            before,
            after,
            pygenn.init_weight_update("StaticPulse", {}, {"g": weight.T.ravel()}),
            pygenn.init_postsynaptic("DeltaCurr"),
        )

    def rest(self, k):
        for state in self.states[k]:
            state[:] = 0

    def run(self):
        """All samples from rest. A layer starts as many steps behind the input as there are layers
        before it; what the sample before left on its way is not heard."""
        step, self.model.timestep = self.model.step_time, 0
        for _ in range(self.batch):
            if self.delay:
                for k in range(len(self.groups)):
                    self.rest(k)
                for group in self.firing:
                    group.set_dynamic_param_value("threshold", NEVER)
                step()
                for group in self.firing:
                    group.set_dynamic_param_value("threshold", 1.0)
            for k in range(len(self.groups)):
                self.rest(k)
                if k + 1 < len(self.groups):
                    step()
            for _ in range(self.turn - self.delay):
                step()

    def recorded(self):
        """[T, B, N]."""
        n = self.sizes[-1]
        if self.spikes:
            self.model.pull_recording_buffers_from_device()
            times, neurons = self.groups[-1].spike_recording_data[0]
            all = numpy.zeros((self.batch * self.turn, n), "f4")
            all[numpy.rint(times).astype(int), neurons] = 1
        else:
            all = self.groups[-1].extra_global_params["trace"].view
        return all.reshape(self.batch, self.turn, n)[:, self.delay :].transpose(1, 0, 2)


def main(folder, rounds):
    os.environ["CXX"] = (
        os.environ.get("CXX", "g++") + " -march=native"
    )  # GeNN asks for -O3 -ffast-math by itself
    os.environ["MAKEFLAGS"] = "--no-print-directory"
    case = GeNN(folder)
    result = peers.Result(
        folder / "genn.json",
        {"library": "genn", "version": pygenn.__version__, "threads": 1, "all_modes": ["in turn"]},
        [],
    )
    with result.mode("in turn") as mode, tempfile.TemporaryDirectory(
        prefix="genn_", dir=folder
    ) as place:
        case.build(pathlib.Path(place))
        case.run()
        mode["output"] = case.distance(case.recorded())
        mode["agrees"] = case.agrees(mode["output"])
        if mode["agrees"]:
            mode["forward"] = dict(peers.timed(case.run, rounds), threads=1)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[3]))
