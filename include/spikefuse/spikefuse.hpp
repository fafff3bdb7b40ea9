#pragma once
/// The one include.

#include "language.hpp"
#include "run/model.hpp"
