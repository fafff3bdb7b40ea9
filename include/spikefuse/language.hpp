// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The former name of network.hpp.

#include "network.hpp"
