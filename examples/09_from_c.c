/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The network of steering.hpp from C: bodies that are steered step by step, and an error. */
#include "brain.h"

#include <stdio.h>

#define BODIES 3

/* Ends the program with the sentence of what went wrong. */
static int failed(brain_status status) {
    if (status == BRAIN_OK) return 0;
    fprintf(stderr, "%s\n", brain_message());
    return 1;
}

int main(void) {
    float seen[BODIES][BRAIN_INPUTS], force[BODIES][BRAIN_OUTPUTS];
    brain_settings settings = BRAIN_DEFAULTS;
    brain_model model = {0};
    size_t bytes;
    int step, body, n;

    if (failed(brain_initialise())) return 1; /* Kokkos, unless the program began it */
    settings.batch = BODIES;
    settings.dt = 0.005;
    if (failed(brain_memory(&settings, &bytes))) return 1;
    printf("a model of %d bodies: %lu bytes\n", BODIES, (unsigned long)bytes);
    if (failed(brain_create(&model, &settings))) return 1;
    if (failed(brain_fill_parameter(model, "linear 1", "weight", 1.5))) return 1;

    for (step = 0; step < 100; ++step) {
        for (body = 0; body < BODIES; ++body)
            for (n = 0; n < BRAIN_INPUTS; ++n) seen[body][n] = 0.2f * (float)body;
        if (failed(brain_step(model, &seen[0][0], BODIES * BRAIN_INPUTS, &force[0][0],
                              BODIES * BRAIN_OUTPUTS)))
            return 1;
    }
    for (body = 0; body < BODIES; ++body)
        printf("body %d: %+.4f %+.4f\n", body, (double)force[body][0], (double)force[body][1]);

    if (brain_fill_parameter(model, "lif 1", "tau_mem", -1) != BRAIN_OK)
        printf("as it should be: %s\n", brain_message());
    return failed(brain_destroy(&model)) + failed(brain_finalise());
}
