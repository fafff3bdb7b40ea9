// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The one include.

#include "network.hpp"
#include "run/cell.hpp"
#include "run/describe.hpp"
#include "run/model.hpp"
