// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Pictures as SVG files: a network's activity, and measurements.

#include "chart.hpp"
#include "figure.hpp"
