# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""norse on spoken digits: the network, start values, data and settings of
examples/train_spoken_digits.cpp.

python bench/norse_spoken_digits.py --data FOLDER [--epochs 12] [--seeds 3]
# needs torch, norse, h5py
"""
import argparse
import math
import time

import h5py
import numpy
import torch
import norse.torch.functional.lif as norse_lif
from norse.torch.functional.leaky_integrator import LIParameters, LIState, li_feed_forward_step
from norse.torch.functional.lif import LIFParameters, LIFState, lif_step

CHANNELS, HIDDEN, CLASSES, STEPS, DT, GAIN = 64, 256, 10, 100, 0.007, 3.0


class SuperSpike(torch.autograd.Function):
    """1 / (alpha |x| + 1)^2, as norse's page and its later versions have it; the one of norse 1.1.0
    takes no notice of alpha."""

    @staticmethod
    def forward(context, x, alpha):
        context.save_for_backward(x)
        context.alpha = alpha
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient / (context.alpha * x.abs() + 1) ** 2, None


norse_lif.threshold = lambda x, method, alpha: SuperSpike.apply(x, alpha)


def read(path):
    """Recordings binned to steps: [R, T, N], and labels."""
    with h5py.File(path) as file:
        labels = torch.tensor(file["labels"][()].astype(numpy.int64))
        spikes = torch.zeros(len(labels), STEPS, CHANNELS)
        for r, (times, units) in enumerate(zip(file["spikes/times"], file["spikes/units"])):
            step = numpy.floor(times.astype(numpy.float64) / DT).astype(int)
            inside = step < STEPS
            spikes[r, step[inside], units[inside].astype(int)] = 1
    return spikes, labels


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(CHANNELS, HIDDEN)
        torch.nn.init.uniform_(
            self.first.weight, -GAIN / math.sqrt(CHANNELS), GAIN / math.sqrt(CHANNELS)
        )
        self.around = torch.nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.second = torch.nn.Linear(HIDDEN, CLASSES)
        self.register_buffer("no_autapses", 1 - torch.eye(HIDDEN))
        self.lif = LIFParameters(
            tau_mem_inv=torch.as_tensor(1 / 0.060),
            tau_syn_inv=torch.as_tensor(1 / 0.020),
            alpha=torch.as_tensor(10.0),
        )
        self.li = LIParameters(
            tau_mem_inv=torch.as_tensor(1 / 0.200), tau_syn_inv=torch.as_tensor(1 / 0.020)
        )

    def forward(self, spikes):  # [B, T, N]
        batch = spikes.shape[0]
        zeros, few = torch.zeros(batch, HIDDEN), torch.zeros(batch, CLASSES)
        state, readout, best = LIFState(zeros, zeros, zeros), LIState(few, few), None
        into = torch.cat(
            [self.first.weight, self.first.bias[:, None]], 1
        )  # norse's cell has no bias: a channel that is always 1
        around = self.around.weight * self.no_autapses
        for now in torch.cat([spikes, torch.ones(batch, spikes.shape[1], 1)], 2).unbind(1):
            fired, state = lif_step(now, state, into, around, self.lif, dt=DT)
            v, readout = li_feed_forward_step(self.second(fired), readout, self.li, dt=DT)
            best = v if best is None else torch.maximum(best, v)
        return best


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="folder with fsdd_train.h5 and fsdd_test.h5")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    (heard, names), (unheard, answers) = read(chosen.data + "/fsdd_train.h5"), read(
        chosen.data + "/fsdd_test.h5"
    )
    for seed in range(chosen.seeds):
        torch.manual_seed(seed)
        network = Network()
        optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-4)
        seconds = 0.0
        for epoch in range(chosen.epochs):
            for group in optimizer.param_groups:
                part = epoch / (chosen.epochs - 1) if chosen.epochs > 1 else 0
                group["lr"] = 2e-3 * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))
            begun, total = time.perf_counter(), 0.0
            for which in torch.randperm(len(names)).split(chosen.batch):
                if len(which) < chosen.batch:
                    continue
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(network(heard[which]), names[which])
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                total += loss.item()
            seconds += time.perf_counter() - begun
            with torch.no_grad():
                right = (network(unheard).argmax(1) == answers).float().mean().item()
            print(
                f"seed {seed}  epoch {epoch + 1:2d}  "
                f"loss {total / (len(names) // chosen.batch):.4f}  "
                f"test {100 * right:.2f} %  {seconds:.1f} s",
                flush=True,
            )
        print(
            f"seed {seed}: test accuracy {100 * right:.2f} % after {chosen.epochs} epochs, "
            f"{seconds:.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
