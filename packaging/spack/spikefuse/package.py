# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Spack's recipe: copy this folder into the packages/ of a repository of yours, and name there
where your clone of spikefuse is."""
import os

from spack.package import *


class Spikefuse(CMakePackage):
    """Spiking neural networks as C++20 types: a whole network, forward and backward over all time
    steps, is one Kokkos kernel. Headers only."""

    git = os.environ.get(
        "SPIKEFUSE_GIT", "https://example.org/spikefuse.git"
    )  # a URL, or the path of a clone
    license("Apache-2.0 WITH LLVM-exception")

    version("main", branch="main")

    variant("io", default=True, description="Files: NIR and event data (HDF5), MNIST (zlib)")
    variant("noise", default=True, description="Random layers (Random123)")

    variant("mpi", default=False, description="Ranks of MPI that share a batch")

    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("kokkos@4.6:")
    depends_on("boost@1.74:")
    depends_on("hdf5@1.10:", when="+io")
    depends_on("zlib-api", when="+io")
    depends_on("random123", when="+noise")
    depends_on("mpi", when="+mpi")

    conflicts("%gcc@:11", msg="spikefuse is C++20: g++ 12 or newer")
    conflicts("%clang@:17", msg="spikefuse is C++20: clang 18 or newer")

    def cmake_args(self):
        programs = ("TESTS", "EXAMPLES", "BENCHMARKS")
        return [self.define(f"SPIKEFUSE_BUILD_{kind}", False) for kind in programs]
