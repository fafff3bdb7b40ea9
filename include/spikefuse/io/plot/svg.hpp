#pragma once
/// Pictures as SVG files: a network's activity, and measurements.

#include "chart.hpp"
#include "figure.hpp"
