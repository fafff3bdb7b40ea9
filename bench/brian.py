# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of a case in Brian2's C++ standalone mode: outputs held against ours, then times,
forwards only.

Run by bench/bench.py inside Brian2's own Python environment:
brian.py FOLDER THREADS ROUNDS [MODE...] writes FOLDER/brian2.json.
Brian2 has no batch. Modes: "in turn", one network runs through the samples one after another and is
put at rest between them; "copies", every sample has a copy of all populations and synapses.
Generating code, compiling it, making synapses and a first run are not timed; of the runs after it
Brian2's own clock tells the time.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import brian2
import numpy

import peers

MANY = 2e7  # synapses in all: more copies are not made

# norse's neurons. A forward Euler step takes both derivatives from the same moment, the one after
# the synapse's jump: that is norse's order of operations.
LEAKY = """dv/dt = (I + bias - v) / (10*ms) : 1
dI/dt = bias / dt - (I + bias) / (5*ms) : 1
bias : 1 (constant)"""
ADAPTIVE = """dv/dt = ((0.5 * exp((v - 1) / 0.5) - v) + I - a) / (10*ms) : 1
dI/dt = -I / (5*ms) : 1
da/dt = (4 * v - a) / (500*ms) : 1"""


class Brian2(peers.Case):
    def build(self, copies, threads, folder):
        """Generates and compiles; gives what recorded the output."""
        brian2.device.reinit()
        brian2.device.activate(build_on_run=False, directory=str(folder))
        brian2.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
        dt, steps, turns = 1 * brian2.ms, self.steps, self.batch // copies
        brian2.defaultclock.dt = dt
        alone, recurrent = self.structure == "neurons", self.structure == "recurrent"
        sizes = self.sizes[1:]
        network = brian2.Network()

        t, b, n = numpy.nonzero(self.input)
        source = brian2.SpikeGeneratorGroup(
            copies * self.sizes[0],
            b % copies * self.sizes[0] + n,
            (b // copies * steps + t) * dt,
            period=turns * steps * dt,
            when="start",
            order=1,
        )
        groups = []
        for k, size in enumerate(sizes):
            reads = k > 0  # norse's LI
            group = brian2.NeuronGroup(
                copies * size,
                ADAPTIVE if alone else LEAKY,
                method="euler",
                **(
                    {}
                    if reads
                    else {"threshold": "v > 1", "reset": "v = 0; a += 0.02" if alone else "v = 0"}
                ),
            )
            bias = self.array(f"linear {k + 1} bias")
            if bias is not None:
                group.bias = numpy.tile(bias, copies)
            network.add(
                group.run_regularly(
                    "v = 0; I = 0" + ("; a = 0" if alone else ""),
                    dt=steps * dt,
                    when="start",
                    order=0,
                )
            )
            if reads:
                group.state_updater.when = "end"  # it reads the spikes of the same step
            groups.append(group)

        def synapses(before, after, weight, **when):
            """`weight`: [after, before], or None: one to one."""
            made = brian2.Synapses(
                before,
                after,
                "" if weight is None else "w : 1 (constant)",
                on_pre="I_post += 1" if weight is None else "I_post += w",
            )
            if weight is None:
                made.connect(j="i")
            else:
                to, of = weight.shape
                copy, i, j = numpy.meshgrid(
                    numpy.arange(copies), numpy.arange(of), numpy.arange(to), indexing="ij"
                )
                made.connect(i=(copy * of + i).ravel(), j=(copy * to + j).ravel())
                made.w = numpy.tile(weight.T.ravel(), copies)
            for name, value in when.items():
                setattr(made.pre, name, value)
            network.add(made)

        matrix = lambda name, to, of: self.array(name).reshape(to, of)
        synapses(
            source,
            groups[0],
            None if alone else matrix("linear 1 weight", sizes[0], self.sizes[0]),
            when="start",
            order=2,
        )
        if recurrent:
            synapses(groups[0], groups[0], matrix("recurrent 1 weight", sizes[0], sizes[0]))
        if len(sizes) > 1:
            synapses(groups[0], groups[1], matrix("linear 2 weight", sizes[1], sizes[0]))
        monitor = (
            brian2.SpikeMonitor(groups[-1])
            if len(sizes) == 1
            else brian2.StateMonitor(groups[-1], "v", record=True, when="end", order=1)
        )
        network.add(source, *groups, monitor)
        self.repeats = max(
            1,
            int(2e7 / (len(t) * (1 if alone else sizes[0]) + 10 * steps * self.batch * sum(sizes))),
        )  # of short ones
        network.run(steps * turns * dt, namespace={})
        network.run(self.repeats * steps * turns * dt, namespace={})
        brian2.device.build(directory=str(folder), run=False, compile=True, debug=False)
        return monitor

    def recorded(self, monitor, copies):
        """[T, B, N]."""
        turns, n = self.batch // copies, self.sizes[-1]
        if len(self.sizes) > 2:
            return (
                numpy.asarray(monitor.v)[:, : turns * self.steps]
                .reshape(copies, n, turns, self.steps)
                .transpose(3, 2, 0, 1)
                .reshape(self.output.shape)
            )
        result = numpy.zeros((turns, self.steps, copies, n), "f4")
        step = numpy.rint(numpy.asarray(monitor.t) / 1e-3).astype(int)
        step, i = (
            step[step < turns * self.steps],
            numpy.asarray(monitor.i)[step < turns * self.steps],
        )
        result[step // self.steps, step % self.steps, i // n, i % n] = 1
        return result.transpose(1, 0, 2, 3).reshape(self.output.shape)


def seconds_of_a_run(folder, repeats):
    subprocess.run(
        ["./main", "--results_dir", "results/"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    return float((folder / "results" / "last_run_info.txt").read_text().split()[0]) / repeats


def timed(folder, repeats, rounds):
    """A run's seconds are those that Brian2 itself counts."""

    def measure():
        first = seconds_of_a_run(folder, repeats)
        return [first] + [
            seconds_of_a_run(folder, repeats) for _ in range(peers.rounds_of(first, rounds) - 1)
        ]

    return peers.undisturbed(measure)


def main(folder, threads, rounds, wanted):
    brian2.BrianLogger.suppress_hierarchy(
        "brian2.devices.cpp_standalone.device.openmp"
    )  # outputs are compared
    brian2.prefs.core.default_float_dtype = numpy.float32
    brian2.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{threads}"]
    brian2.set_device("cpp_standalone", build_on_run=False)
    for left in folder.glob("brian2_*"):  # by a process that was ended for its time
        shutil.rmtree(left)
    case = Brian2(folder)
    sizes = case.sizes
    synapses = (
        sizes[0]
        if case.structure == "neurons"
        else sum(a * b for a, b in zip(sizes, sizes[1:]))
        + (sizes[1] ** 2 if case.structure == "recurrent" else 0)
    )
    modes = {"in turn": 1}
    if 1 < case.batch <= MANY / synapses:
        modes["copies"] = case.batch
    result = peers.Result(
        folder / "brian2.json",
        {
            "library": "brian2",
            "version": brian2.__version__,
            "threads": threads,
            "all_modes": list(modes),
        },
        wanted,
    )
    for name, copies in modes.items():
        if wanted and name not in wanted:
            continue
        with result.mode(name) as mode:
            for using in sorted({threads, 1}, reverse=True):
                place = pathlib.Path(tempfile.mkdtemp(prefix="brian2_", dir=folder))
                try:
                    monitor = case.build(copies, using, place)
                    brian2.device.run(with_output=False)
                    if "output" not in mode:
                        mode["output"] = case.distance(case.recorded(monitor, copies))
                        mode["agrees"] = case.agrees(mode["output"])
                    if not mode["agrees"]:
                        break
                    taken = dict(timed(place, case.repeats, rounds), threads=using)
                    mode["forward"] = min(
                        mode.get("forward", taken), taken, key=lambda one: one["median"]
                    )
                    result.write()
                finally:
                    shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    folder, threads, rounds, *modes = sys.argv[1:]
    main(pathlib.Path(folder), int(threads), int(rounds), modes)
