// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Ranks of MPI that share a batch, or a layer. Needs MPI: link spikefuse::mpi.

#include "mpi/gradients.hpp"
#include "mpi/spikes.hpp"
#include "mpi/training.hpp"
#include "run/ranks.hpp"
#include "train/ranks.hpp"
