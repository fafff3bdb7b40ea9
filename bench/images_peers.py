# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The network of bench/images.cpp in other libraries, and its bare products: milliseconds a recording, and whether the counts are ours.

images 7 FOLDER, then images_peers.py FOLDER [--rounds N] [--threads N] [LIBRARY...] with a Python that has torch and the libraries.
Each library runs layer by layer: a convolution over all steps at once, then its neurons step by step, which is its fastest way on a CPU.
"""
import argparse
import importlib.metadata
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

STEPS, BATCH, TRAINED, THRESHOLD = 300, 64, 16, 1.5
CONVOLUTIONS = [dict(stride=2, padding=1), dict(padding=1), dict(padding=1)]


def arrays(folder):
    """Weights by layer, events [T, B, 2, 34, 34], our counts [B, 10]."""
    def read(name, shape):
        return torch.from_numpy(numpy.fromfile(folder / name, "<f4").reshape(shape).copy())
    shapes = {"conv2d 1": (16, 2, 5, 5), "conv2d 2": (16, 16, 3, 3), "conv2d 3": (8, 16, 3, 3), "linear 1": (256, 128), "linear 2": (10, 256)}
    weights = [(read(name + " weight", shape), read(name + " bias", shape[:1])) for name, shape in shapes.items()]
    if (folder / "currents").exists():
        return weights, read("currents", (STEPS, BATCH, 2, 34, 34)), read("counts", (BATCH, 10))
    bits = numpy.unpackbits(numpy.fromfile(folder / "events", "u1").reshape(STEPS, BATCH, -1), axis=2, bitorder="little")[:, :, : 2 * 34 * 34]
    return weights, torch.from_numpy(bits.reshape(STEPS, BATCH, 2, 34, 34).astype("f4")), read("counts", (BATCH, 10))


def over_steps(work, x):
    """A layer without states over all steps at once."""
    y = work(x.flatten(0, 1))
    return y.view(*x.shape[:2], *y.shape[1:])


def forward(weights, neurons, x):
    """Counts [B, 10]; `neurons(k)` gives what neurons k make of currents [T, B, ...]."""
    for k, how in enumerate(CONVOLUTIONS):
        x = neurons(k)(over_steps(lambda one, k=k, how=how: F.conv2d(one, *weights[k], **how), x))
        if k > 0:
            x = over_steps(lambda one: 4 * F.avg_pool2d(one, 2), x)
    x = x.flatten(2)
    for k in (3, 4):
        x = neurons(k)(F.linear(x, *weights[k]))
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


def products(weights, x):
    """The bare products of all steps, over rows that are there: 0 and 1 as they would come."""
    t, b = x.shape[:2]
    rows = [x.flatten(0, 1), *(torch.bernoulli(torch.full(shape, 0.1)) for shape in ((t * b, 16, 16, 16), (t * b, 16, 8, 8), (t * b, 128), (t * b, 256)))]

    def run():
        for k, how in enumerate(CONVOLUTIONS):
            F.conv2d(rows[k], *weights[k], **how)
        for k in (3, 4):
            F.linear(rows[k], *weights[k])
    return run


def measure(name, work, recordings, rounds):
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append((time.perf_counter() - start) / recordings)
    print(f"  {name:38} {1e3 * statistics.median(seconds):8.2f} ms a recording ({1e3 * min(seconds):.2f} to {1e3 * max(seconds):.2f})", flush=True)


def main():
    libraries = dict(norse=norse, snntorch=snntorch, spikingjelly=spikingjelly, sinabs=sinabs, plain=plain, compiled=compiled)
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("folder", type=pathlib.Path)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("libraries", nargs="*", help="of " + ", ".join(libraries) + "; none: all")
    chosen = words.parse_intermixed_args()
    torch.set_num_threads(chosen.threads)
    for folder in sorted(path for path in chosen.folder.iterdir() if path.is_dir()):
        weights, events, ours = arrays(folder)
        print(f"{folder.name}, {chosen.threads} threads, torch {torch.__version__}", flush=True)
        for batch in (1, BATCH):
            measure(f"products, {batch}", products(weights, events[:, :batch]), batch, chosen.rounds)
        for name in chosen.libraries or libraries:
            try:
                neurons = libraries[name]()
                version = "" if name in ("plain", "compiled") else " " + importlib.metadata.version(name)
                with torch.no_grad():
                    off = (forward(weights, neurons, events) != ours).float().mean()
                    print(f"  {name + version}: {100 * off:.1f} % of the counts differ from ours", flush=True)
                    for batch in (1, BATCH):
                        measure(f"{name}, {batch}", lambda batch=batch: forward(weights, libraries[name](), events[:, :batch]), batch, chosen.rounds)
                if name in ("plain", "compiled"):  # their spikes have no surrogate
                    continue
                learnt = [tuple(one.clone().requires_grad_() for one in layer) for layer in weights]

                def learn():
                    loss = F.cross_entropy(forward(learnt, libraries[name](), events[:, :TRAINED]), torch.zeros(TRAINED, dtype=torch.long))
                    torch.autograd.grad(loss, [one for layer in learnt for one in layer])
                measure(f"{name}, {TRAINED}, with gradients", learn, TRAINED, 1)
            except Exception as problem:  # a library that does not run is a line, not the end
                print(f"  {name}: {type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''}", flush=True)


main()
