// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A network as a container of Boost.Hana. The language alone does not need it.

#include "graph/container.hpp"
#include "network.hpp"
