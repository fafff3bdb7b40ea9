/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What C++ says of the network of examples/steering.hpp, for the tests in C and Fortran. */
#ifndef HOST_LEVEL_H
#define HOST_LEVEL_H
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
/* A model of [batch] samples with that first weight [32, 4], dt = 1 ms and seed 3. x: [steps,
 * batch, 4]. Out: the trace [steps, batch, 2], the sum over time of a second run [batch, 2], and
 * then "v" of "lif 1" [batch, 32]; last, the last step of a run of `steps` steps, from rest, that
 * holds x[0]. */
void host_level(int steps, int batch, const float *weight, const float *x, float *trace,
                float *counts, float *v, float *held);
/* Bytes that Kokkos gave since the last call. */
size_t host_allocated(void);
/* What a call answers on a thread of its own. */
const char *host_on_a_thread(const char *(*call)(void));
#ifdef __cplusplus
}
#endif
#endif
