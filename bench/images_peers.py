# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of bench/images.cpp in other libraries, their bare products and the floor: milliseconds a recording, and whether the counts are ours.

images 7 FOLDER [DATA], then images_peers.py FOLDER [--rounds N] [--threads N] [LIBRARY...] with a Python that has torch and the libraries.
Each library runs layer by layer: a convolution over all steps at once, then its neurons step by step, which is its fastest way on a CPU.
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import statistics
import sys
import time

# glibc gives large arrays back and asks for them again, page by page; kept, they are there: two to four times as quick.
KEPT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
if any(os.environ.get(name) != value for name, value in KEPT.items()):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEPT})

import numpy
import torch
import torch.nn.functional as F

TRAINED = 16  # recordings of a batch with gradients
THRESHOLD = 1.5  # of the network at hand


class Network:
    """What images wrote: layers with weights, inputs [T, B, C, H, W], our counts [B, 10]."""

    def __init__(self, folder):
        about = json.loads((folder / "network.json").read_text())
        steps, batch, image = about["steps"], about["batch"], about["image"]

        def read(name, shape):
            return torch.from_numpy(numpy.fromfile(folder / name, "<f4").reshape(shape).copy())
        self.layers, self.threshold, self.operations = about["layers"], float(about["threshold"]), about["operations"]
        names = [(layer.get("conv") or layer.get("linear"), layer["shape"]) for layer in self.layers if "pool" not in layer]
        self.weights = [(read(name + " weight", shape), read(name + " bias", shape[:1])) for name, shape in names]
        self.counts = read("counts", (batch, 10))
        if (folder / "currents").exists():
            self.input = read("currents", (steps, batch, *image))
        else:
            pixels = image[0] * image[1] * image[2]
            bits = numpy.unpackbits(numpy.fromfile(folder / "events", "u1").reshape(steps, batch, -1), axis=2, bitorder="little")[:, :, :pixels]
            self.input = torch.from_numpy(bits.reshape(steps, batch, *image).astype("f4"))


def over_steps(work, x):
    """A layer without states over all steps at once."""
    y = work(x.flatten(0, 1))
    return y.view(*x.shape[:2], *y.shape[1:])


def product(layer, weight, x):
    """The bare product of rows."""
    return F.conv2d(x, *weight, stride=layer["stride"], padding=layer["padding"]) if "conv" in layer else F.linear(x.flatten(1), *weight)


def forward(network, weights, neurons, x):
    """Counts [B, 10]; `neurons(k)` gives what neurons k make of currents [T, B, ...]."""
    k = 0
    for layer in network.layers:
        if "pool" in layer:
            x = over_steps(lambda one: layer["pool"] ** 2 * F.avg_pool2d(one, layer["pool"]), x)
        else:
            x = neurons(k)(over_steps(lambda one: product(layer, weights[k], one), x))
            k += 1
    return x.sum(0)


def step_by_step(make):
    def run(x):
        step, all_spikes = make(), []
        for now in x:
            all_spikes.append(step(now))
        return torch.stack(all_spikes)
    return run


def norse():
    from norse.torch.functional.iaf import IAFFeedForwardState, IAFParameters, iaf_feed_forward_step
    how = IAFParameters(v_th=torch.tensor(THRESHOLD), v_reset=torch.tensor(0.0))

    def make():
        state = [None]

        def step(x):
            spikes, state[0] = iaf_feed_forward_step(x, state[0] or IAFFeedForwardState(v=torch.zeros_like(x)), how)
            return spikes
        return step
    return lambda k: step_by_step(make)


def snntorch():
    import snntorch as snn

    def make():
        neuron = snn.Leaky(beta=1.0, threshold=THRESHOLD, reset_mechanism="zero", reset_delay=False)
        memory = [neuron.init_leaky()]

        def step(x):
            spikes, memory[0] = neuron(x, memory[0])
            return spikes
        return step
    return lambda k: step_by_step(make)


def spikingjelly():
    from spikingjelly.activation_based import neuron
    return lambda k: neuron.IFNode(v_threshold=THRESHOLD, v_reset=0.0, step_mode="m")


def sinabs():
    import sinabs.activation
    import sinabs.layers

    def make(k):
        layer = sinabs.layers.IAF(spike_threshold=THRESHOLD, spike_fn=sinabs.activation.SingleSpike, reset_fn=sinabs.activation.MembraneReset())
        return lambda x: layer(x.transpose(0, 1)).transpose(0, 1)  # it takes [B, T, ...]
    return make


def plain():
    """Integrate-and-fire in plain torch: what a library's neurons cannot be faster than, nearly."""
    def make():
        v = [0.0]

        def step(x):
            v[0] = v[0] + x
            spikes = (v[0] > THRESHOLD).to(x.dtype)
            v[0] = v[0] * (1 - spikes)
            return spikes
        return step
    return lambda k: step_by_step(make)


def compiled():
    """The same, its step compiled by torch: what a library gains by compiling its neurons."""
    global compiled_step
    if compiled_step is None:
        def step(v, x):
            v = v + x
            spikes = (v > THRESHOLD).to(x.dtype)
            return v * (1 - spikes), spikes
        compiled_step = torch.compile(step, dynamic=False)

    def make():
        v = [None]

        def step(x):
            v[0], spikes = compiled_step(torch.zeros_like(x) if v[0] is None else v[0], x)
            return spikes
        return step
    return lambda k: step_by_step(make)


compiled_step = None


def products(network, x):
    """The bare products of all steps, over rows that are there: 0 and 1 as they would come."""
    row, rows, work = x.flatten(0, 1), x.shape[0] * x.shape[1], []
    for layer in network.layers:
        if "pool" in layer:
            row = F.avg_pool2d(row, layer["pool"])
        else:
            weight = network.weights[len(work)]
            work.append((layer, weight, row))
            row = torch.bernoulli(torch.full((rows, *product(layer, weight, row[:1]).shape[1:]), 0.1))

    def run():
        for one in work:
            product(*one)
    return run


def multiply_adds():
    """Of a large matrix product, in a second."""
    a = torch.rand(3072, 3072)
    a @ a
    start = time.perf_counter()
    for _ in range(3):
        a @ a
    return 3 * 3072**3 / (time.perf_counter() - start)


def measure(name, work, recordings, rounds):
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append((time.perf_counter() - start) / recordings)
    print(f"  {name:38} {1e3 * statistics.median(seconds):8.3f} ms a recording ({1e3 * min(seconds):.3f} to {1e3 * max(seconds):.3f})", flush=True)


def main():
    libraries = dict(norse=norse, snntorch=snntorch, spikingjelly=spikingjelly, sinabs=sinabs, plain=plain, compiled=compiled)
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("folder", type=pathlib.Path)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("libraries", nargs="*", help="of " + ", ".join(libraries) + "; none: all")
    chosen = words.parse_intermixed_args()
    torch.set_num_threads(chosen.threads)
    peak = multiply_adds()
    for folder in sorted(path for path in chosen.folder.iterdir() if path.is_dir()):
        global THRESHOLD, compiled_step
        compiled_step = None
        torch.compiler.reset()  # else what was compiled for other networks counts
        network = Network(folder)
        THRESHOLD, x, weights = network.threshold, network.input, network.weights
        batches = (1, x.shape[1])
        print(f"{folder.name}, {chosen.threads} threads, torch {torch.__version__}", flush=True)
        print(f"  {'floor':38} {1e3 * network.operations / peak:8.3f} ms a recording", flush=True)
        with torch.no_grad():
            for batch in batches:
                measure(f"products, {batch}", products(network, x[:, :batch]), batch, chosen.rounds)
        for name in chosen.libraries or libraries:
            try:
                neurons = libraries[name]()
                version = "" if name in ("plain", "compiled") else " " + importlib.metadata.version(name)
                with torch.no_grad():
                    off = (forward(network, weights, neurons, x) != network.counts).float().mean()
                    print(f"  {name + version}: {100 * off:.1f} % of the counts differ from ours", flush=True)
                    for batch in batches:
                        measure(f"{name}, {batch}", lambda batch=batch: forward(network, weights, libraries[name](), x[:, :batch]), batch, chosen.rounds)
                if name in ("plain", "compiled"):  # their spikes have no surrogate
                    continue
                learnt = [tuple(one.clone().requires_grad_() for one in layer) for layer in weights]

                def learn():
                    loss = F.cross_entropy(forward(network, learnt, libraries[name](), x[:, :TRAINED]), torch.zeros(TRAINED, dtype=torch.long))
                    torch.autograd.grad(loss, [one for layer in learnt for one in layer])
                measure(f"{name}, {TRAINED}, with gradients", learn, TRAINED, 1)
            except Exception as problem:  # a library that does not run is a line, not the end
                print(f"  {name}: {type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''}", flush=True)


main()
