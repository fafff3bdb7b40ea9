// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Files: NIR, events, MNIST's idx, HDF5, checkpoints and data sets. Needs HDF5 and zlib: link
/// spikefuse::io.

#include "io/event_files.hpp"
#include "io/events.hpp"
#include "io/hdf5.hpp"
#include "io/idx.hpp"
#include "io/load.hpp"
#include "io/nir.hpp"
#include "io/nir_choices.hpp"
#include "io/nir_graph.hpp"
#include "io/nir_load.hpp"
#include "io/nir_schedule.hpp"
#include "io/nir_write.hpp"
#include "io/save.hpp"
#include "train/checkpoint.hpp"
#include "train/datasets.hpp"
