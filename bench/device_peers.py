# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The headline networks of bench/device.cpp in other libraries on the same GPU, eager and compiled: device_peers.py OUT.json [SECONDS]

Each library's outputs are held against a loop of its equations in double before it is timed; times are between two synchronisations, medians.
"""
import importlib.metadata
import json
import statistics
import sys
import time

import torch

SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
device = torch.device("cuda")
torch.backends.cuda.matmul.allow_tf32 = False
results = []


def say(case, how, **figures):
    results.append({"case": case, "how": how, **figures})
    print(f"{case:34} {how:34} " + ", ".join(f"{k} {v:.1f}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items()), flush=True)
    json.dump(results, open(sys.argv[1], "w"), indent=1)


def time_of(call):
    call()
    torch.cuda.synchronize()
    seconds, start = [], time.perf_counter()
    while len(seconds) < 3 or time.perf_counter() - start < SECONDS:
        once = time.perf_counter()
        call()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - once)
    return statistics.median(seconds) * 1e6


class case:
    def __init__(self, name, sizes, steps, batch, recurrent=False):
        generator = torch.Generator(device=device).manual_seed(3)
        self.name, self.sizes, self.recurrent = name, sizes, recurrent
        self.x = (torch.rand(steps, batch, sizes[0], generator=generator, device=device) < 0.1).float()
        self.weights = [(torch.rand(b, a, generator=generator, device=device) * 2 - 1) / a**0.5 for a, b in zip(sizes, sizes[1:])]
        n = sizes[1]
        self.loop = (torch.rand(n, n, generator=generator, device=device) * 2 - 1) / n**0.5 if recurrent else None

    def scale(self, factor):
        self.weights = [w * factor for w in self.weights]
        if self.loop is not None:
            self.loop = self.loop * factor

    def fire_at(self, wanted):
        """Scales weights until the hidden neurons, norse's, fire in this share of the steps; returns how often they do."""
        low, high = 0.1, 100.0
        for _ in range(12):
            middle = (low * high) ** 0.5
            self.scale(middle)
            share = float(norse_truth(self)) / (self.x.shape[0] * self.x.shape[1] * self.sizes[1])
            low, high = (middle, high) if share < wanted else (low, middle)
            self.scale(1 / middle)
        self.scale(middle)
        return share


def norse_way(of, compiled):
    from norse.torch.functional.lif import LIFFeedForwardState, LIFParameters, lif_feed_forward_step
    from norse.torch.functional.leaky_integrator import LIParameters, LIState, li_feed_forward_step

    lif_p, li_p = LIFParameters(), LIParameters()

    def lif(current, v, i):
        z, state = lif_feed_forward_step(current, LIFFeedForwardState(v, i), lif_p)
        return z, state.v, state.i

    def li(current, v, i):
        out, state = li_feed_forward_step(current, LIState(v, i), li_p)
        return out, state.v, state.i

    if compiled:
        lif, li = torch.compile(lif), torch.compile(li)

    def run(x, weights, loop):
        currents = torch.nn.functional.linear(x, weights[0])
        v = torch.zeros_like(currents[0])
        i, z, spikes = torch.zeros_like(v), torch.zeros_like(v), []
        for t in range(x.shape[0]):
            z, v, i = lif(currents[t] if loop is None else currents[t] + z @ loop.T, v, i)
            spikes.append(z)
        if len(weights) == 1:
            return torch.stack(spikes).sum(0)
        currents = torch.nn.functional.linear(torch.stack(spikes), weights[1])
        v = torch.zeros_like(currents[0])
        i, best = torch.zeros_like(v), torch.full_like(v, -1e30)
        for t in range(x.shape[0]):
            out, v, i = li(currents[t], v, i)
            best = torch.maximum(best, out)
        return best

    return run


def norse_truth(of):
    """norse's equations as they stand in its papers, in double: dt 1 ms, tau_mem 10 ms, tau_syn 5 ms."""
    x, weights = of.x.double(), [w.double() for w in of.weights]
    loop = None if of.loop is None else of.loop.double()
    currents = x @ weights[0].T
    v = torch.zeros_like(currents[0])
    i, z, spikes = torch.zeros_like(v), torch.zeros_like(v), []
    for t in range(x.shape[0]):
        arriving = currents[t] if loop is None else currents[t] + z @ loop.T
        v = v + 0.1 * (i - v)
        i = i - 0.2 * i + arriving
        z = (v > 1).double()
        v = (1 - z) * v
        spikes.append(z)
    return torch.stack(spikes).sum()


def leaky_readout(spikes, weight):
    """The largest over time of a leaky sum."""
    currents = torch.nn.functional.linear(spikes, weight)
    mem, best = torch.zeros_like(currents[0]), None
    for current in currents:
        mem = 0.9 * mem + current
        best = mem if best is None else torch.maximum(best, mem)
    return best


def snntorch_way(of, compiled):
    import snntorch

    neuron = snntorch.Leaky(beta=0.9).to(device)

    def leaky(current, mem):
        return neuron(current, mem)

    if compiled:
        leaky = torch.compile(leaky)

    def run(x, weights, loop):
        currents = torch.nn.functional.linear(x, weights[0])
        mem, spikes = torch.zeros_like(currents[0]), []
        for t in range(x.shape[0]):
            z, mem = leaky(currents[t], mem)
            spikes.append(z)
        if len(weights) == 1:
            return torch.stack(spikes).sum(0)
        return leaky_readout(torch.stack(spikes), weights[1])

    return run


def spikingjelly_way(of, compiled):
    """All steps in one call of its neuron, which takes the fastest of its own kernels (CUDA's where they were built, else
    Triton's); the readout is the leaky sum of the other libraries' cases."""
    from spikingjelly.activation_based import functional, neuron

    node = neuron.LIFNode(tau=10.0, decay_input=False, v_reset=0.0, detach_reset=True, step_mode="m").to(device)
    lif = torch.compile(node) if compiled else node

    def run(x, weights, loop):
        functional.reset_net(node)
        spikes = lif(torch.nn.functional.linear(x, weights[0]))
        if len(weights) == 1:
            return spikes.sum(0)
        return leaky_readout(spikes, weights[1])

    return run


def spikingjelly_truth(of):
    """v = 0.9 v + x, a spike from 1 on, a reset to 0; in double."""
    currents = of.x.double() @ of.weights[0].double().T
    v, spikes = torch.zeros_like(currents[0]), 0.0
    for t in range(currents.shape[0]):
        v = 0.9 * v + currents[t]
        z = (v >= 1).double()
        v, spikes = (1 - z) * v, spikes + z.sum()
    return spikes


truths = {"norse": norse_truth, "spikingjelly": spikingjelly_truth}
cases = [case("linear(512) b16 T500", [512, 512], 500, 16), case("784-256-10 b256 T100", [784, 256, 10], 100, 256),
         case("700-256r-20 b32 T100", [700, 256, 20], 100, 32, True)]
print(torch.cuda.get_device_name(), "torch", torch.__version__)
for of in cases:
    say(of.name, "share of steps in which hidden neurons fire", percent=100 * of.fire_at(0.12))
    flat = of.x.reshape(-1, of.sizes[0])
    say(of.name, "product of all steps (cuBLAS, fp32)", us=time_of(lambda: flat @ of.weights[0].T))
for library, way in (("norse", norse_way), ("snntorch", snntorch_way), ("spikingjelly", spikingjelly_way)):
    try:
        version = importlib.metadata.version(library)
        for of in cases:
            if of.recurrent and library != "norse":
                continue
            eager = None
            for compiled in (False, True):
                how = f"{library} {version} {'compiled step' if compiled else 'eager'}"
                try:
                    run = way(of, compiled)
                    with torch.no_grad():
                        out = run(of.x, of.weights, of.loop)
                        if eager is None:
                            eager = out
                            if library in truths and len(of.weights) == 1:
                                truth = truths[library](of)
                                say(of.name, how, spikes=float(out.sum()), spikes_of_equations_in_double=float(truth))
                        elif (out - eager).abs().sum() > 0.01 * eager.abs().sum():
                            say(of.name, how, differs_from_eager=float((out - eager).abs().sum()))
                        say(of.name, how + ", forward", us=time_of(lambda: run(of.x, of.weights, of.loop)))
                    weights = [w.clone().requires_grad_() for w in of.weights]

                    def train():
                        out = run(of.x, weights, of.loop)
                        labels = torch.ones(out.shape[0], dtype=torch.long, device=device)
                        torch.nn.functional.cross_entropy(out, labels).backward()

                    say(of.name, how + ", training", us=time_of(train))
                except Exception as problem:  # the next one may work
                    say(of.name, how, failed=str(problem).splitlines()[0][:120])
    except Exception as problem:
        say("-", library, failed=str(problem).splitlines()[0][:120])
