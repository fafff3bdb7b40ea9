// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Training: gradients, losses, optimizers, the trainer. What reads files (checkpoints, data sets)
/// stands behind io.hpp.

#include "spikefuse.hpp"
#include "train/start_values.hpp"
#include "train/trainer.hpp"
