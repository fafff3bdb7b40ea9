# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of a case in another library: the same weights and inputs, outputs and gradients
held against ours, then times.

Run by bench/bench.py inside the peers' own Python environment:
peers.py LIBRARY FOLDER THREADS ROUNDS [MODE...] writes FOLDER/LIBRARY.json.
LIBRARY is norse, snntorch, rockpool or spikingjelly (brian.py and genn.py are for the simulators);
or product: the bare matrix products of all steps and samples;
or machine: the largest matrix product;
or sweep: the products, and norse with a compiled step, at all points of the sweep in FOLDER;
or products: without norse.
"""
import contextlib
import importlib.metadata
import json
import os
import pathlib
import resource
import statistics
import sys
import time

LONG = 20  # seconds: what takes longer is timed once
SPIKES_MAY_DIFFER, MAY_BE_OFF, GRADIENT_MAY_BE_OFF = 1e-3, 1e-3, 2e-2


def summary(seconds):
    return {
        "median": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "seconds": seconds,
    }


class Disturbance:
    """How much of the processors others take: what this process did not use itself."""

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        ticks = [int(word) for word in open("/proc/stat").readline().split()[1:9]]
        ended = resource.getrusage(
            resource.RUSAGE_CHILDREN
        )  # processes that this one started and saw end
        return (
            time.perf_counter(),
            (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK"),
            time.process_time() + ended.ru_utime + ended.ru_stime,
        )

    def share(self):
        wall, busy, own = (now - before for now, before in zip(self.now(), self.start))
        return max(0.0, (busy - own) / max(wall * os.cpu_count(), 1e-3))


def wait_for_quiet(left=[240]):
    """Returns when the machine has been quiet for a moment. A program waits two minutes in all."""
    attempt = 0
    while left[0] > 0:
        others = Disturbance()
        time.sleep(0.5)
        if others.share() < 0.08:
            return
        attempt, left[0] = attempt + 1, left[0] - 1
        if attempt == 4:
            print("    others use the processors: waiting", flush=True)


def rounds_of(seconds, rounds):
    """How often a run that takes so long is timed."""
    return 1 if seconds > LONG else min(rounds, 2) if seconds > LONG / 4 else rounds


def undisturbed(measure):
    """`measure` gives the seconds of its rounds; again, up to three times, where others used the
    processors meanwhile."""
    best = None
    for _ in range(3):
        wait_for_quiet()
        others = Disturbance()
        seconds = measure()
        result = dict(summary(seconds), others=others.share())
        if best is None or result["others"] < best["others"]:
            best = result
        if best["others"] < 0.05 or seconds[0] > LONG:
            break
    return best


def timed(work, rounds, warm=False):
    """Warms up (`warm`: a run that did), then the times of `rounds` runs; short ones are repeated
    between two looks at the clock."""

    def once(repeats):
        start = time.perf_counter()
        for _ in range(repeats):
            work()
        return (time.perf_counter() - start) / repeats

    def measure():
        second = once(1)
        repeats = max(1, min(1000, int(0.01 / second)))
        return (
            [second] if second > LONG else [once(repeats) for _ in range(rounds_of(second, rounds))]
        )

    if not warm:
        once(1)
    return undisturbed(measure)


def memory(of):
    """A line of this process's status in bytes: VmRSS, VmHWM (the peak)."""
    for line in open("/proc/self/status"):
        if line.startswith(of):
            return int(line.split()[1]) * 1024
    return 0


def forget_peak():
    """Freed memory goes back, and the peak counts from here."""
    import ctypes
    import gc

    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    open("/proc/self/clear_refs", "w").write("5")


class Case:
    def __init__(self, folder):
        import numpy

        self.folder = folder
        self.about = json.loads(sorted(folder.glob("ours_*.json"))[-1].read_text())
        self.steps, self.batch, self.sizes = (
            int(self.about["steps"]),
            int(self.about["batch"]),
            self.about["sizes"],
        )
        self.structure = self.about["structure"]
        shape = (self.steps, self.batch, self.sizes[0])
        if self.about["analog"]:
            self.input = numpy.fromfile(folder / "input", "<f4").reshape(shape)
        else:
            words = numpy.fromfile(folder / "input", "u1").reshape(self.steps, self.batch, -1)
            self.input = numpy.unpackbits(words, axis=2, bitorder="little")[
                :, :, : shape[2]
            ].astype(
                "f4"
            )  # [T, B, N]
        outputs = (self.steps, self.batch, self.sizes[-1])
        self.seeds = numpy.fromfile(folder / "seeds", "<f4").reshape(outputs[1:])
        self.output = (
            numpy.fromfile(folder / "output", "u1" if self.about["output_spikes"] else "<f4")
            .reshape(outputs)
            .astype("f4")
        )

    def array(self, name):
        import numpy

        path = self.folder / name
        return numpy.fromfile(path, "<f4") if path.exists() else None

    def distance(self, theirs):
        import numpy

        off = theirs - self.output
        return {
            "share": float(numpy.mean(off != 0)),
            "relative": float(numpy.linalg.norm(off) / max(numpy.linalg.norm(self.output), 1e-30)),
        }

    def agrees(self, distance):
        return (
            distance["share"] < SPIKES_MAY_DIFFER
            if self.about["output_spikes"]
            else distance["relative"] < MAY_BE_OFF
        )


class Result:
    """A library's file, written after every step: what was measured stays where the process is
    ended for its time."""

    def __init__(self, path, about, wanted):
        self.path, self.all = path, dict(about, modes={})
        if wanted and path.exists():
            self.all["modes"] = json.loads(path.read_text())["modes"]  # the others were run before

    def write(self):
        self.path.write_text(json.dumps(self.all, indent=1) + "\n")

    @contextlib.contextmanager
    def mode(self, name):
        """Gives what is to be filled. A mode that does not work is a line of the report, not its
        end."""
        mode = self.all["modes"][name] = {"running": True}
        self.write()
        try:
            yield mode
        except Exception as problem:
            mode["problem"] = short(problem)
        del mode["running"]
        self.write()
        words = [
            f"{what} {mode[what]['median'] * 1e3:.3g} ms"
            for what in ("forward", "training")
            if what in mode
        ]
        words += [] if mode.get("agrees", True) else [f"outputs differ: {mode['output']}"]
        words += (
            []
            if mode.get("gradient_agrees", True)
            else [f"gradients differ: {mode['gradient']:.2g}"]
        )
        print(
            f"    {self.all['library']} {name}: " + mode.get("problem", ", ".join(words)),
            flush=True,
        )


class Network:
    """Weights of a case as torch parameters; `modes` gives functions from the input [T, B, N] to
    the outputs."""

    batch_first = False

    def __init__(self, case):
        import torch

        self.case, self.torch = case, torch
        sizes = case.sizes
        self.parameters = {}

        def parameter(name, shape):
            numbers = case.array(name)
            if numbers is None:
                return None
            self.parameters[name] = torch.nn.Parameter(
                torch.from_numpy(numbers.reshape(shape).copy())
            )
            return self.parameters[name]

        self.weights, self.biases = [], []
        if case.structure != "neurons":
            for k in range(1, len(sizes)):
                self.weights.append(parameter(f"linear {k} weight", (sizes[k], sizes[k - 1])))
                self.biases.append(parameter(f"linear {k} bias", (sizes[k],)))
        self.loop = (
            parameter("recurrent 1 weight", (sizes[1], sizes[1]))
            if case.structure == "recurrent"
            else None
        )

    def product(self, k, x):
        return self.torch.nn.functional.linear(x, self.weights[k], self.biases[k])

    def layers(self):
        return range(len(self.case.sizes) - 1)


def compiled(torch, function):
    torch._dynamo.config.recompile_limit = 64  # a layer each, with and without gradients
    return torch.compile(function, dynamic=False)


def traced(network, function):
    """torch.jit.trace wants the weights as parameters of a module."""
    torch = network.torch

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.all = torch.nn.ParameterList(network.parameters.values())

        def forward(self, x):
            return function(x)

    return torch.jit.trace(Whole(), torch.from_numpy(network.case.input), check_trace=False)


class Norse(Network):
    def modes(self):
        import norse.torch as norse
        import norse.torch.functional.lif as f
        import norse.torch.functional.leaky_integrator as g
        import norse.torch.functional.lif_adex as a

        torch, case = self.torch, self.case
        p = f.LIFParameters(alpha=torch.as_tensor(1.0))  # 1.1.0 takes every alpha for 1
        zeros = lambda n: torch.zeros(case.batch, n)
        if case.structure == "neurons":
            p = a.LIFAdExParameters(alpha=1.0)
            module = norse.LIFAdEx(p)
            rest = lambda: a.LIFAdExFeedForwardState(
                v=zeros(case.sizes[0]), i=zeros(case.sizes[0]), a=zeros(case.sizes[0])
            )

            def loop(step):
                def run(x):
                    state, out = rest(), []
                    for now in x.unbind(0):
                        z, state = step(now, state, p, 0.001)
                        out.append(z)
                    return torch.stack(out)

                return run

            return {
                "eager": lambda x: module(x)[0],
                "unbind": loop(a.lif_adex_feed_forward_step),
                "compile": lambda: loop(compiled(torch, a.lif_adex_feed_forward_step)),
            }
        if case.structure == "stack":

            def stack(step):
                def run(x):
                    for k in self.layers():
                        state, out = (
                            f.LIFFeedForwardState(
                                v=zeros(case.sizes[k + 1]), i=zeros(case.sizes[k + 1])
                            ),
                            [],
                        )
                        for now in self.product(k, x).unbind(0):
                            z, state = step(now, state, p, 0.001)
                            out.append(z)
                        x = torch.stack(out)
                    return x

                return run

            return {
                "unbind": stack(f.lif_feed_forward_step),
                "compile": lambda: stack(compiled(torch, f.lif_feed_forward_step)),
            }
        recurrent = case.structure == "recurrent"
        hidden = case.sizes[1]
        lif = (
            norse.LIFRecurrent(
                case.sizes[0],
                hidden,
                p=p,
                input_weights=self.weights[0],
                recurrent_weights=self.loop,
            )
            if recurrent
            else norse.LIF(p)
        )
        li = norse.LI()

        def eager(x):
            z = lif(x)[0] if recurrent else lif(self.product(0, x))[0]
            return li(self.product(1, z))[0] if len(self.weights) > 1 else z

        def loop(step, li_step):
            def run(x):
                n = case.sizes
                if recurrent:
                    state, out = f.LIFState(z=zeros(hidden), v=zeros(hidden), i=zeros(hidden)), []
                    for now in x.unbind(0):
                        z, state = step(now, state, self.weights[0], self.loop, p, 0.001)
                        out.append(z)
                else:
                    state, out = f.LIFFeedForwardState(v=zeros(hidden), i=zeros(hidden)), []
                    for now in self.product(0, x).unbind(0):
                        z, state = step(now, state, p, 0.001)
                        out.append(z)
                z = torch.stack(out)
                if len(self.weights) == 1:
                    return z
                state, out = g.LIState(v=zeros(n[2]), i=zeros(n[2])), []
                for now in self.product(1, z).unbind(0):
                    v, state = li_step(now, state, dt=0.001)
                    out.append(v)
                return torch.stack(out)

            return run

        step = f.lif_step if recurrent else f.lif_feed_forward_step
        unbind = loop(step, g.li_feed_forward_step)
        return {
            "eager": eager,
            "unbind": unbind,
            "compile": lambda: loop(compiled(torch, step), compiled(torch, g.li_feed_forward_step)),
            "jit": lambda: traced(self, unbind),
        }


class SnnTorch(Network):
    def modes(self):
        import snntorch

        torch, case = self.torch, self.case
        recurrent = case.structure == "recurrent"
        leaky = case.about["family"] == "snntorch_leaky"
        neurons = [
            snntorch.Leaky(beta=0.9) if leaky else snntorch.Synaptic(alpha=0.9, beta=0.8)
            for _ in self.layers()
        ]
        zeros = lambda n: torch.zeros(case.batch, n)

        def run_layer(step, currents, n):
            state, out = (zeros(n),) if leaky else (zeros(n), zeros(n)), []
            spikes = zeros(n)
            for now in currents.unbind(0):
                if recurrent and n == case.sizes[1]:
                    now = now + torch.nn.functional.linear(spikes, self.loop)
                spikes, *state = step(now, *state)
                out.append(spikes)
            return torch.stack(out)

        def product_first(steps):
            def run(x):
                for k in self.layers():
                    x = run_layer(steps[k], self.product(k, x), case.sizes[k + 1])
                return x

            return run

        def step_by_step(x):  # as snnTorch's own tutorials write it
            states = [(zeros(n),) if leaky else (zeros(n), zeros(n)) for n in case.sizes[1:]]
            spikes, out = zeros(case.sizes[1]), []
            for now in x.unbind(0):
                for k in self.layers():
                    now = self.product(k, now)
                    if recurrent and k == 0:
                        now = now + torch.nn.functional.linear(spikes, self.loop)
                    now, *states[k] = neurons[k](now, *states[k])
                    if k == 0:
                        spikes = now
                out.append(now)
            return torch.stack(out)

        return {
            "eager": step_by_step,
            "product first": product_first(neurons),
            "compile": lambda: product_first([compiled(torch, n) for n in neurons]),
        }


class Rockpool(Network):
    batch_first = True

    def modes(self):
        from rockpool.nn.modules import LIFTorch
        from rockpool.parameters import Constant

        torch, case = self.torch, self.case
        neurons = []
        for k in self.layers():
            of = dict(
                tau_mem=Constant(0.02),
                tau_syn=Constant(0.02),
                bias=Constant(0.0),
                threshold=Constant(1.0),
                dt=1e-3,
            )
            if case.structure == "recurrent" and k == 0:
                of.update(has_rec=True)
            neurons.append(LIFTorch((case.sizes[k + 1],), **of))
        if case.structure == "recurrent":
            self.parameters["recurrent 1 weight"] = None
            neurons[0].w_rec = torch.nn.Parameter(self.loop.detach().t().contiguous())
            self.transposed = neurons[0].w_rec

        def eager(x):  # [B, T, N]
            for k in self.layers():
                neurons[k].reset_state()
                x = neurons[k](self.product(k, x))[0]
            return x

        return {"eager": eager}


class SpikingJelly(Network):
    def modes(self):
        from spikingjelly.activation_based import functional, neuron, surrogate

        torch, case = self.torch, self.case
        lifs = [
            neuron.LIFNode(
                tau=2.0,
                v_threshold=1.0,
                v_reset=0.0,
                surrogate_function=surrogate.Sigmoid(alpha=4.0),
                step_mode="m",
            )
            for _ in self.layers()
        ]
        recurrent = case.structure == "recurrent"

        def step_by_step(k, step, x):
            spikes, out = torch.zeros(case.batch, case.sizes[k + 1]), []
            for now in x.unbind(0):
                spikes = step(
                    now + torch.nn.functional.linear(spikes, self.loop)
                    if recurrent and k == 0
                    else now
                )
                out.append(spikes)
            return torch.stack(out)

        def mode(training, steps=None):
            def run(x):
                for k in self.layers():
                    functional.reset_net(lifs[k])
                    lifs[k].train(training)
                    x = self.product(k, x)
                    single = steps is not None or recurrent and k == 0
                    lifs[k].step_mode = "s" if single else "m"
                    x = step_by_step(k, steps[k] if steps else lifs[k], x) if single else lifs[k](x)
                return x

            return run

        return {
            "multi-step": mode(True),
            "multi-step, eval": mode(False),
            "compile": lambda: mode(True, [compiled(torch, lif) for lif in lifs]),
        }


def run_latency(library, case, network, rounds):
    """One step of batch 1 at a time, cell by cell; outputs are held against ours."""
    import numpy

    torch = network.torch
    torch.set_num_threads(1)  # the fastest for products this small
    n = case.sizes
    zeros = lambda k: torch.zeros(1, k)
    if library == "norse":
        import norse.torch.functional.leaky_integrator as g
        import norse.torch.functional.lif as f

        p = f.LIFParameters(alpha=torch.as_tensor(1.0))
        rest = lambda: (
            f.LIFFeedForwardState(v=zeros(n[1]), i=zeros(n[1])),
            g.LIState(v=zeros(n[2]), i=zeros(n[2])),
        )

        def with_steps(step, li_step):
            def cell(x, state):
                z, lif = step(network.product(0, x), state[0], p, 0.001)
                v, li = li_step(network.product(1, z), state[1], dt=0.001)
                return v, (lif, li)

            return cell

        plain = with_steps(f.lif_feed_forward_step, g.li_feed_forward_step)
    else:
        import snntorch

        neurons = [snntorch.Synaptic(alpha=0.9, beta=0.8) for _ in range(2)]
        rest = lambda: ((zeros(n[1]), zeros(n[1])), (zeros(n[2]), zeros(n[2])))

        def plain(x, state):
            z, *first = neurons[0](network.product(0, x), *state[0])
            z, *second = neurons[1](network.product(1, z), *state[1])
            return z, (first, second)

    x = torch.from_numpy(case.input)
    modes = {}
    for name in ("eager", "compile"):
        mode = modes[name] = {}
        try:
            cell = compiled(torch, plain) if name == "compile" else plain
            seconds = []
            wait_for_quiet()
            with torch.no_grad():
                for round in range(rounds + 1):  # the first warms up
                    state, outputs = rest(), []
                    for now in x.unbind(0):
                        start = time.perf_counter()
                        out, state = cell(now, state)
                        if round:
                            seconds.append(time.perf_counter() - start)
                        outputs.append(out)
            mode["output"] = case.distance(torch.stack(outputs).numpy())
            mode["agrees"] = case.agrees(mode["output"])
            seconds.sort()
            mode.update(
                median=seconds[len(seconds) // 2],
                percentile_99_9=seconds[len(seconds) * 999 // 1000],
                calls=len(seconds),
            )
            print(
                f"    {library} {name}: a step {mode['median'] * 1e6:.3g} us, 99.9th percentile "
                f"{mode['percentile_99_9'] * 1e6:.3g} us",
                flush=True,
            )
        except Exception as problem:
            mode["problem"] = short(problem)
            print(f"    {library} {name}: {mode['problem']}", flush=True)
    return modes


LIBRARIES = {
    "norse": Norse,
    "snntorch": SnnTorch,
    "rockpool": Rockpool,
    "spikingjelly": SpikingJelly,
}


def short(problem):
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return f"{type(problem).__name__}: {lines[0] if lines else ''}"[:200]


def run_library(library, folder, threads, rounds, wanted):
    import numpy
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    case = Case(folder)
    network = LIBRARIES[library](case)
    about = {
        "library": library,
        "version": importlib.metadata.version(library),
        "torch": torch.__version__,
        "threads": threads,
    }
    result = Result(folder / f"{library}.json", about, wanted)
    x, seeds = torch.from_numpy(case.input), torch.from_numpy(case.seeds)
    if network.batch_first:
        x, seeds = x.transpose(0, 1).contiguous(), seeds[:, None, :]
    forget_peak()
    network.before = memory("VmRSS")
    plain = lambda out: (out.transpose(0, 1) if network.batch_first else out).detach().numpy()
    if case.structure == "latency":
        result.all["modes"] = run_latency(library, case, network, rounds)
        return result.write()
    modes = network.modes()
    result.all["all_modes"] = list(modes)
    for name, make in modes.items():
        if wanted and name not in wanted:
            continue
        with result.mode(name) as mode:
            with torch.no_grad():
                function = make() if name in ("compile", "jit") else make
                mode["output"] = case.distance(plain(function(x)))
                mode["agrees"] = case.agrees(mode["output"])
                if mode["agrees"]:
                    mode["forward"] = timed_with_threads(
                        torch, threads, lambda: function(x), rounds
                    )
            result.write()
            if (
                case.about["trains"] and mode["agrees"] and name != "jit"
            ):  # its first backward runs spend most of a minute each on their graph
                train(
                    case,
                    network,
                    mode,
                    make() if name in ("compile", "jit") else make,
                    x,
                    seeds,
                    rounds,
                )


def timed_with_threads(torch, threads, work, rounds, warm=False):
    """All threads or one, whichever is faster: many of these libraries' operations are too small to
    be shared."""
    best = dict(timed(work, rounds, warm=warm), threads=threads)
    if threads > 1 and best["median"] < 2:
        torch.set_num_threads(1)
        alone = dict(timed(work, rounds, warm=warm), threads=1)
        torch.set_num_threads(threads)
        best = min(best, alone, key=lambda one: one["median"])
    return best


def train(case, network, mode, function, x, seeds, rounds):
    import numpy

    torch = network.torch
    inputs = case.structure == "neurons"  # no weights: the gradient of the input
    x = x.clone().requires_grad_() if inputs else x
    leaves = (
        [x]
        if inputs
        else [p for p in network.parameters.values() if p is not None]
        + ([network.transposed] if hasattr(network, "transposed") else [])
    )

    def run():
        for leaf in leaves:
            leaf.grad = None
        (function(x) * seeds).sum().backward()

    forget_peak()
    run()
    mode["training_peak_bytes"] = memory("VmHWM") - network.before
    pairs = []
    if inputs:
        pairs.append((case.array("input gradient").reshape(case.steps, -1), x.grad[:, 0].numpy()))
    for name, leaf in network.parameters.items():
        if leaf is not None:
            pairs.append((case.array(name + " gradient").reshape(leaf.shape), leaf.grad.numpy()))
    if hasattr(network, "transposed"):
        pairs.append(
            (
                case.array("recurrent 1 weight gradient").reshape(network.transposed.shape),
                network.transposed.grad.t().numpy(),
            )
        )
    mode["gradient"] = max(
        float(numpy.linalg.norm(a - b) / max(numpy.linalg.norm(a), 1e-30)) for a, b in pairs
    )
    mode["gradient_agrees"] = mode["gradient"] < GRADIENT_MAY_BE_OFF
    if mode["gradient_agrees"]:
        mode["training"] = timed_with_threads(
            torch, torch.get_num_threads(), run, rounds, warm=True
        )


def multipliers(threads):
    """name -> (an array as this library holds it, its product c = a b): numpy, and torch where it
    is."""
    import numpy

    found = {"numpy": (lambda x: x, lambda a, b, c: numpy.matmul(a, b, out=c))}
    try:
        import torch
    except ImportError:
        return found
    torch.set_num_threads(threads)
    return found | {"torch": (torch.from_numpy, lambda a, b, c: torch.mm(a, b, out=c))}


def run_products(folder, threads, rounds):
    """All steps and samples of a layer in one product; of a network with a loop its input's
    alone."""
    import numpy

    case = Case(folder)
    sizes, rows = case.sizes, case.steps * case.batch
    random = numpy.random.default_rng(1)
    some = lambda *shape: random.standard_normal(shape, dtype="f4")
    result = {}
    for name, (wrap, mm) in multipliers(threads).items():
        jobs = []
        for k in range(1, 2 if case.structure == "recurrent" else len(sizes)):
            x = case.input.reshape(rows, -1) if k == 1 else some(rows, sizes[k - 1])
            jobs.append(
                (
                    wrap(x),
                    wrap(some(sizes[k - 1], sizes[k])),
                    wrap(numpy.zeros((rows, sizes[k]), "f4")),
                )
            )

        def work():
            for a, b, c in jobs:
                mm(a, b, c)

        result[name] = timed(work, rounds)
    result["best"] = min(result, key=lambda name: result[name]["median"])
    (folder / "product.json").write_text(json.dumps(result, indent=1) + "\n")
    print(
        "    matrix products alone: "
        + ", ".join(
            f"{name} {of['median'] * 1e3:.3g} ms" for name, of in result.items() if name != "best"
        ),
        flush=True,
    )


def run_machine(folder, threads, rounds):
    """The peak of the operations: 2 n^3 / time of a large matrix product. And the copy, which C++
    does better with threads."""
    import numpy

    n = 3072
    random = numpy.random.default_rng(1)
    arrays = [random.standard_normal((n, n), dtype="f4") for _ in range(3)]
    results, libraries = {}, multipliers(threads)
    for name, (wrap, mm) in libraries.items():
        a, b, c = map(wrap, arrays)
        results[name] = timed(lambda: mm(a, b, c), rounds)
    to, source = (
        wrap(numpy.full(1 << 26, value, "f4")) for value in (0, 1)
    )  # torch's where it is: it copies with all threads
    copy = timed(
        lambda: to.copy_(source) if "torch" in libraries else numpy.copyto(to, source), rounds
    )
    best = min(r["median"] for r in results.values())
    result = {
        "multiply_adds_per_second": n**3 / best,
        "bytes_per_second": 2 * 4 * (1 << 26) / copy["median"],
        "products": results,
        "copy": copy,
        "n": n,
        "threads": threads,
        "versions": {name: importlib.metadata.version(name) for name in libraries},
    }
    (folder / "machine.json").write_text(json.dumps(result, indent=1) + "\n")


def run_sweep(folder, threads, rounds, with_norse):
    for point in sorted(folder.glob("sweep-*")):
        if point.name.startswith("sweep-values-"):
            continue  # a dense product, as with spikes
        print(f"   {point.name}", flush=True)
        run_products(point / "norse", threads, rounds)
        if with_norse:
            (point / "norse" / "norse.json").unlink(missing_ok=True)
            run_library("norse", point / "norse", threads, rounds, ["compile"])


if __name__ == "__main__":
    what, folder, threads, rounds, *modes = sys.argv[1:]
    if what == "product":
        run_products(pathlib.Path(folder), int(threads), int(rounds))
    elif what == "machine":
        run_machine(pathlib.Path(folder), int(threads), int(rounds))
    elif what in ("sweep", "products"):
        run_sweep(pathlib.Path(folder), int(threads), int(rounds), what == "sweep")
    else:
        run_library(what, pathlib.Path(folder), int(threads), int(rounds), modes)
