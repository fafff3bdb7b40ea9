# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the benchmark and writes its report. Called by scripts/bench.sh, which says how."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import time

import report

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench"
STARTS = 6  # of a library's process for one case: after each mode that ends it the others go on
LIMIT = (
    400  # seconds that all modes of a library may take for one case, before what runs is given up
)

# The program of each case.
CASES = {f"lin{n}{what}": f"linear_{n}" for n in (512, 2048) for what in ("", "-half", "-analog")}
CASES |= {
    "mlp1": "mlp",
    "mlp32": "mlp",
    "mlp256": "mlp",
    "recurrent": "recurrent",
    "adex": "adex",
    "latency": "latency",
    "mnist128": "mnist_twin",
    "mnist1": "mnist_twin",
    "memory": "memory",
    "sweep": "sweep",
}
MEMORY_STEPS = (100, 1000, 10000)
# What pip is asked for, in each environment; without dependencies where a library names more than
# it needs here. Brian2 2.9.0 asks numpy for a method that 2.4 has no longer.
PEERS = {
    "peers": [
        ("numpy", []),
        ("torch", []),
        ("scipy h5py loguru", []),
        ("norse", ["nir", "nirtorch"]),
        ("snntorch", []),
        ("rockpool", []),
        ("spikingjelly", []),
    ],
    "peers_brian2": [("brian2", ["numpy<2.4"])],
}
LIBRARIES = ["norse", "snntorch", "rockpool", "spikingjelly"]


def say(words):
    print(f"\033[1m[spikefuse]\033[0m {words}", flush=True)


def arguments():
    words = argparse.ArgumentParser(add_help=False)
    words.add_argument("--quick", action="store_true")
    words.add_argument("--rounds", type=int)
    words.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    words.add_argument("--mnist", type=pathlib.Path, default=ROOT.parent / "shared")
    words.add_argument("--report", action="store_true")
    words.add_argument("--which", action="store_true")
    words.add_argument("--programs")
    words.add_argument("--cache")
    words.add_argument("cases", nargs="*")
    chosen = words.parse_args()
    unknown = [case for case in chosen.cases if case not in CASES]
    if unknown:
        print(f"there is no case '{unknown[0]}'", file=sys.stderr)
        sys.exit(2)
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 7)
    named, chosen.cases = chosen.cases, [] if chosen.report else chosen.cases or list(CASES)
    mnist = [case for case in chosen.cases if case.startswith("mnist")]
    chosen.mnist_files = mnist_files(chosen.mnist) if mnist else None
    if mnist and not chosen.mnist_files:
        words = (
            f"{' and '.join(mnist)}: neither mnist_if.nir nor t10k-images lies under "
            f"{chosen.mnist}; --mnist FOLDER says where"
        )
        if named:
            print(words, file=sys.stderr)
            sys.exit(2)
        if not chosen.which:
            say(f"left out {words}")
        chosen.cases = [case for case in chosen.cases if case not in mnist]
    return chosen


def mnist_files(folder):
    """Folder of MNIST's test images and the network in NIR, wherever they lie in a folder."""
    nir, images = next(folder.rglob("mnist_if.nir"), None), next(folder.rglob("t10k-images*"), None)
    return (images.parent, nir) if nir and images else None


# --- other libraries ------------------------------------------------------------------------------


def peers_python(chosen):
    """The interpreter of each environment of PEERS, None where there is none. What cannot be
    installed is written down with its reason."""
    pythons, missing = {}, {}
    for environment in ["peers"] if chosen.quick else PEERS:
        pythons[environment], notes = installed(chosen, environment)
        missing |= notes
    return pythons, missing


def has(python, name):
    return (
        subprocess.run(
            [str(python), "-c", f"import importlib.metadata as m; m.version('{name}')"],
            capture_output=True,
        ).returncode
        == 0
    )


def installed(chosen, environment):
    home = pathlib.Path(chosen.cache) / environment
    python, notes_path = home / "bin" / "python", home / "not_installed.json"
    if not python.exists():
        say(f"making a Python environment for the other libraries in {home}")
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(home)], capture_output=True, text=True
        )
        if made.returncode:
            what = (
                "no matrix products, no floors, no peers"
                if environment == "peers"
                else "no " + PEERS[environment][0][0]
            )
            say(
                f"no Python environment: {what} ("
                + (made.stderr or made.stdout).strip().splitlines()[-1]
                + ")"
            )
            return None, {environment: "python3 -m venv failed"}
    notes = {}
    for names, companions in PEERS[environment][:1] if chosen.quick else PEERS[environment]:
        name = names.split()[0]
        if has(python, name):
            continue
        say(f"installing {names}")
        alone = ["--no-deps"] if name in LIBRARIES else []
        try:
            done = subprocess.run(
                [str(python), "-m", "pip", "install", "-q", *alone, *names.split(), *companions],
                capture_output=True,
                text=True,
                timeout=1200,
            )
            problem = (
                None
                if done.returncode == 0
                else (done.stderr or done.stdout).strip().splitlines()[-1]
            )
        except subprocess.TimeoutExpired:
            problem = "pip took longer than 20 minutes"
        if problem:
            notes[name] = problem
            say(f"{name} cannot be installed: {problem}")
    if not chosen.quick:
        if environment == report.SIMULATORS["genn"][0] and not has(python, "pygenn"):
            notes["GeNN"] = (
                "no package; it takes part once its source is built into "
                "the other libraries' environment"
            )
            say(
                "GeNN has no package: to let it take part, "
                f"{python} -m pip install FOLDER, its source"
            )
        notes_path.write_text(json.dumps(notes, indent=1) + "\n")
    usable = python if has(python, "numpy") else None  # nothing runs there without it
    return usable, json.loads(notes_path.read_text()) if notes_path.exists() else notes


def run_peer(pythons, what, folder, chosen, modes=(), limit=LIMIT):
    environment = dict(
        os.environ,
        OMP_NUM_THREADS=str(chosen.threads),
        OPENBLAS_NUM_THREADS=str(chosen.threads),
        TORCHINDUCTOR_CACHE_DIR=str(OUT / "compiled"),
        TORCH_LOGS="-all",
    )
    for binding in ("OMP_PROC_BIND", "OMP_PLACES"):  # torch binds by itself
        environment.pop(binding, None)
    home, _, program = report.SIMULATORS.get(what, ("peers", None, "peers.py"))
    command = [
        str(pythons[home]),
        "-W",
        "ignore",
        str(ROOT / "bench" / program),
        *([] if what in report.SIMULATORS else [what]),
        str(folder),
        str(chosen.threads),
        str(chosen.rounds),
        *modes,
    ]
    with open(OUT / "peers.log", "a") as log, subprocess.Popen(
        command, env=environment, stderr=log, start_new_session=True
    ) as process:
        try:
            return process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(
                    process.pid, signal.SIGKILL
                )  # with the compilers and programs that it started


def must_run(pythons, what, folder, chosen, **settings):
    if not run_peer(pythons, what, folder, chosen, **settings):
        raise RuntimeError(f"bench/peers.py {what} did not end well: see {OUT / 'peers.log'}")


def run_library(pythons, library, folder, chosen):
    """All modes of a library; one that takes too long is given up, the others go on."""
    path = folder / f"{library}.json"
    path.unlink(missing_ok=True)
    modes = []
    for _ in range(STARTS):
        ended = run_peer(pythons, library, folder, chosen, modes)
        if not path.exists():
            print(f"    {library}: does not run (see {OUT / 'peers.log'})", flush=True)
            return
        result = json.loads(path.read_text())
        for name, mode in result["modes"].items():
            if mode.pop("running", False):
                mode["problem"] = (
                    f"given up: all modes together took longer than {LIMIT} s"
                    if ended is None
                    else "the process died"
                )
                print(f"    {library} {name}: {mode['problem']}", flush=True)
        path.write_text(json.dumps(result, indent=1) + "\n")
        modes = [
            name for name in (modes or result.get("all_modes", [])) if name not in result["modes"]
        ]
        if not modes:
            return


# --- ours -----------------------------------------------------------------------------------------


def run_ours(chosen, program, threads, words):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    command = [
        str(ROOT / "scripts" / "in.sh"),
        str(pathlib.Path(chosen.programs) / program),
        "--out",
        str(OUT / "cases"),
        *words,
    ]
    subprocess.run(command, env=environment, check=True)


def join_times(before, after):
    """The rounds before and after the peers, as one: what the machine did meanwhile shows in the
    spread."""
    for what, times in after.get("times", {}).items():
        seconds = sorted(
            times["seconds"] + before.get("times", {}).get(what, {}).get("seconds", [])
        )
        half = len(seconds) // 2
        median = seconds[half] if len(seconds) % 2 else (seconds[half - 1] + seconds[half]) / 2
        after["times"][what] = {
            "median": median,
            "fastest": seconds[0],
            "slowest": seconds[-1],
            "seconds": seconds,
            "others": max(times["others"], before.get("times", {}).get(what, times)["others"]),
        }
    return after


def run_case(case, chosen, pythons):
    program = CASES[case]
    folder = OUT / "cases"
    for old in folder.glob(
        "sweep-*" if case == "sweep" else case
    ):  # nothing of an earlier run stands beside this one's
        shutil.rmtree(old)
    rounds = ["--rounds", str(chosen.rounds)]
    peers = pythons.get("peers") is not None
    if case.startswith("mnist"):
        data, network = chosen.mnist_files
        for threads in {chosen.threads, 1}:
            run_ours(
                chosen,
                program,
                threads,
                [
                    "--data",
                    str(data),
                    "--network",
                    str(network),
                    "--batch",
                    case.removeprefix("mnist"),
                    *rounds,
                ],
            )
        return stamp(folder / case, chosen)
    if case == "memory":
        for steps in MEMORY_STEPS:
            for readout in ("reduced", "trace"):
                run_ours(chosen, program, chosen.threads, [f"{steps}-{readout}"])
        return stamp(folder / "memory", chosen)
    if case == "sweep":
        run_ours(chosen, program, chosen.threads, rounds)
        points = sorted(folder.glob("sweep-*"))
        if peers:  # one process for all points: what torch compiles for one serves others
            must_run(pythons, "machine", points[0] / "norse", chosen)
            must_run(
                pythons, "products" if chosen.quick else "sweep", folder, chosen, limit=3 * LIMIT
            )
        for one in points:
            if peers and one != points[0]:
                shutil.copy(points[0] / "norse" / "machine.json", one / "norse")
            stamp(one, chosen)
        return
    run_ours(chosen, program, chosen.threads, [*rounds, case])
    here = folder / case
    file = f"ours_{chosen.threads}.json"
    before = {path: json.loads(path.read_text()) for path in here.glob(f"*/{file}")}
    if peers:
        must_run(pythons, "machine", here / "norse", chosen)
        if case not in ("latency", "adex"):
            must_run(pythons, "product", here / "norse", chosen)
    if peers and not chosen.quick:
        for path, about in before.items():
            library = path.parent.name.split("_")[0]
            run_library(pythons, library, path.parent, chosen)
            if library == "norse" and case != "latency" and not about["analog"]:
                for simulator, (home, module, _) in report.SIMULATORS.items():
                    if pythons.get(home) and has(pythons[home], module):
                        run_library(pythons, simulator, path.parent, chosen)
    if case != "latency":
        run_ours(chosen, program, chosen.threads, [*rounds, "--times-only", case])
        for path, first in before.items():
            path.write_text(json.dumps(join_times(first, json.loads(path.read_text()))) + "\n")
    if chosen.threads > 1:
        run_ours(chosen, program, 1, [*rounds, "--times-only", case])
    stamp(here, chosen)


def stamp(folder, chosen):
    folder.joinpath("when.json").write_text(json.dumps(chosen.when) + "\n")


def when(chosen):
    """What figures of this run were measured on."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in open("/proc/cpuinfo")
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True
    ).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "machine": cpu,
        "threads": chosen.threads,
        "rounds": chosen.rounds,
        "commit": commit,
    }


def main():
    chosen = arguments()
    if chosen.which:
        print(" ".join(sorted({CASES[case] for case in chosen.cases})))
        return
    OUT.mkdir(parents=True, exist_ok=True)
    pythons, missing = ({}, {}) if chosen.report else peers_python(chosen)
    if not chosen.report and not chosen.quick:
        (OUT / "not_installed.json").write_text(json.dumps(missing, indent=1) + "\n")
    chosen.when, failed = when(chosen), []
    for case in chosen.cases:
        say(f"{case} ({chosen.threads} threads, {chosen.rounds} rounds)")
        start = time.time()
        try:
            run_case(case, chosen, pythons)
        except (subprocess.CalledProcessError, RuntimeError) as problem:
            failed.append(case)
            say(f"{case} failed: {problem}")
        say(f"{case}: {time.time() - start:.0f} s")
    report.write(OUT)
    if failed:
        say("failed: " + ", ".join(failed))
        sys.exit(1)


if __name__ == "__main__":
    main()
