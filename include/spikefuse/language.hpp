#pragma once
/// The language alone: networks as types, shapes, plans. Needs no Kokkos library, compiles in a second.

#include "core/errors.hpp"
#include "core/units.hpp"
#include "graph/sequence.hpp"
#include "layers/input.hpp"
#include "layers/linear.hpp"
#include "layers/scale.hpp"
#include "neurons/iaf.hpp"
#include "neurons/li.hpp"
#include "neurons/lif.hpp"
#include "plan/describe.hpp"
