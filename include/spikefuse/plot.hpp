// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Pictures: rasters, traces, charts, as SVG or for a terminal.

#include "io/plot/chart.hpp"
#include "io/plot/data.hpp"
#include "io/plot/figure.hpp"
#include "io/plot/progress.hpp"
#include "io/plot/raster.hpp"
#include "io/plot/svg.hpp"
#include "io/plot/terminal.hpp"
#include "io/plot/traces.hpp"
