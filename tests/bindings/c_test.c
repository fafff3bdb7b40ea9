/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The C interface of examples/steering.hpp: the bits of the host level, and every fault a code. */
#include "brain.h"
#include "host_level.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T 40
#define B 3
#define COUNT(array) (sizeof(array) / sizeof *(array))

static int faults = 0;

static void expect(int line, const char *what, int holds) {
    if (holds) return;
    ++faults;
    printf("c_test.c:%d: %s does not hold; the last message: %s\n", line, what, brain_message());
}
#define EXPECT(holds) expect(__LINE__, #holds, (holds))
/* A call answers this code, and the sentence has these words. */
#define EXPECT_FAULT(call, code, words)                                                            \
    do {                                                                                           \
        EXPECT((call) == (code));                                                                  \
        EXPECT(strstr(brain_message(), words) != NULL);                                            \
    } while (0)

static float weight[32 * 4], x[T * B * BRAIN_INPUTS];
static float trace[T * B * BRAIN_OUTPUTS], sums[B * BRAIN_OUTPUTS], v[B * 32],
    held[B * BRAIN_OUTPUTS];
static float out[T * B * BRAIN_OUTPUTS], few[B * BRAIN_OUTPUTS], state[B * 32];

static int same(const float *one, const float *other, size_t count) {
    return memcmp(one, other, count * sizeof *one) == 0;
}

static brain_model created(void) {
    brain_settings chosen = BRAIN_DEFAULTS;
    brain_model model = {0};
    chosen.steps = T, chosen.batch = B, chosen.seed = 3;
    EXPECT(brain_create(&model, &chosen) == BRAIN_OK);
    return model;
}

static void numbers(void) {
    brain_model model = created();
    size_t k;
    int t;
    EXPECT(brain_get_parameter(model, "linear 1", "weight", weight, COUNT(weight)) == BRAIN_OK);
    for (k = 0; k < COUNT(weight); ++k) weight[k] *= 4;
    for (k = 0; k < COUNT(x); ++k) x[k] = (float)(k * 37 % 101) / 50.f;
    host_level(T, B, weight, x, trace, sums, v, held);
    EXPECT(brain_set_parameter(model, "linear 1", "weight", weight, COUNT(weight)) == BRAIN_OK);
    for (k = 0; k < COUNT(trace) && trace[k] == 0; ++k);
    EXPECT(k < COUNT(trace)); /* some neurons fired */

    EXPECT(brain_run(model, BRAIN_TRACE, T, x, COUNT(x), out, COUNT(trace)) == BRAIN_OK);
    EXPECT(same(out, trace, COUNT(trace)));
    EXPECT(brain_run(model, BRAIN_COUNTS, T, x, COUNT(x), few, COUNT(few)) == BRAIN_OK);
    EXPECT(same(few, sums, COUNT(few)));
    EXPECT(brain_get_state(model, "lif 1", "v", state, COUNT(state)) == BRAIN_OK);
    EXPECT(same(state, v, COUNT(state)));
    EXPECT(brain_reset(model) == BRAIN_OK);
    EXPECT(brain_run_held(model, BRAIN_LAST_STEP, x, B * BRAIN_INPUTS, few, COUNT(few)) ==
           BRAIN_OK);
    EXPECT(same(few, held, COUNT(few)));

    EXPECT(brain_reset(model) == BRAIN_OK); /* step by step; on a host through both entries */
    for (t = 0; t < T; ++t) {
        const float *const now = x + t * B * BRAIN_INPUTS;
        EXPECT((t % 2 == 0 ? brain_step : brain_step_device)(model, now, B * BRAIN_INPUTS, few,
                                                             COUNT(few)) == BRAIN_OK);
        EXPECT(same(few, trace + t * B * BRAIN_OUTPUTS, COUNT(few)));
    }
    EXPECT(brain_reset(model) == BRAIN_OK);
    EXPECT(brain_run_device(model, BRAIN_TRACE, T, x, COUNT(x), out, COUNT(out)) == BRAIN_OK);
    EXPECT(brain_fence() == BRAIN_OK);
    EXPECT(same(out, trace, COUNT(trace)));
    EXPECT(brain_destroy(&model) == BRAIN_OK);
}

static void episodes_and_restarts(void) {
    brain_model model = created(), other = created();
    const bool mask[B] = {false, true, false}, longer[B + 1] = {false};
    int64_t steps = 0;
    int count = 0, k;
    brain_array about;
    EXPECT(brain_set_parameter(model, "linear 1", "weight", weight, COUNT(weight)) == BRAIN_OK);
    EXPECT(brain_set_parameter(other, "linear 1", "weight", weight, COUNT(weight)) == BRAIN_OK);
    EXPECT(brain_run(model, BRAIN_TRACE, T, x, COUNT(x), out, COUNT(out)) == BRAIN_OK);
    EXPECT(brain_elapsed_steps(model, &steps) == BRAIN_OK && steps == T);
    EXPECT(brain_state_count(model, &count) == BRAIN_OK && count == 4); /* v and i, of lif and li */
    for (k = 0; k < count; ++k) {
        EXPECT(brain_state(model, k, &about) == BRAIN_OK && about.rows == B);
        EXPECT(about.columns == (k < 2 ? 32 : 2));
        EXPECT(brain_get_state(model, about.layer, about.name, state, B * (size_t)about.columns) ==
               BRAIN_OK);
        EXPECT(brain_set_state(other, about.layer, about.name, state, B * (size_t)about.columns) ==
               BRAIN_OK);
    }
    EXPECT(brain_set_elapsed_steps(other, steps) == BRAIN_OK);
    EXPECT(brain_run(model, BRAIN_TRACE, T, x, COUNT(x), out, COUNT(out)) == BRAIN_OK);
    EXPECT(!same(out, trace, COUNT(out))); /* it does not begin at rest */
    {
        static float again[COUNT(out)];
        EXPECT(brain_run(other, BRAIN_TRACE, T, x, COUNT(x), again, COUNT(again)) == BRAIN_OK);
        EXPECT(same(out, again, COUNT(out)));
    }
    EXPECT(brain_reset_some(model, mask, B) == BRAIN_OK);
    EXPECT(brain_step(model, x, B * BRAIN_INPUTS, few, COUNT(few)) == BRAIN_OK);
    EXPECT(!same(few, trace, 2) && same(few + 2, trace + 2, 2) && !same(few + 4, trace + 4, 2));
    EXPECT(brain_reset_some(model, mask, B - 1) == BRAIN_OK); /* the others go on */
    EXPECT_FAULT(brain_reset_some(model, longer, B + 1), BRAIN_SHAPE_ERROR,
                 "the mask of samples is [4]");
    EXPECT_FAULT(brain_set_elapsed_steps(model, -1), BRAIN_VALUE_ERROR, "elapsed steps are -1");
    EXPECT(brain_destroy(&model) == BRAIN_OK && brain_destroy(&other) == BRAIN_OK);
}

static void parameters(void) {
    brain_model model = created();
    int count = 0, k, weights = 0;
    brain_array about;
    float one = 0, neurons[32], not_a_number = (float)NAN;
    EXPECT(brain_parameter_count(model, &count) == BRAIN_OK && count > 4);
    for (k = 0; k < count; ++k) {
        EXPECT(brain_parameter(model, k, &about) == BRAIN_OK);
        if (strcmp(about.layer, "linear 1") == 0 && strcmp(about.name, "weight") == 0)
            weights += about.rows == 32 && about.columns == BRAIN_INPUTS;
    }
    EXPECT(weights == 1);
    EXPECT_FAULT(brain_parameter(model, count, &about), BRAIN_VALUE_ERROR, "there is no parameter");
    EXPECT_FAULT(brain_parameter(model, 0, NULL), BRAIN_VALUE_ERROR, "the array is a null pointer");
    EXPECT(brain_fill_parameter(model, "lif 1", "tau_mem", 0.02) == BRAIN_OK);
    EXPECT(brain_get_parameter(model, "lif 1", "tau_mem", neurons, 32) == BRAIN_OK &&
           neurons[31] == 0.02f);
    EXPECT_FAULT(brain_fill_parameter(model, "lif 1", "tau_mem", -1), BRAIN_VALUE_ERROR,
                 "'tau_mem' of 'lif 1' is -1");
    EXPECT_FAULT(brain_fill_parameter(model, "lif 2", "tau_mem", 1), BRAIN_NAME_ERROR,
                 "there is no parameter");
    EXPECT_FAULT(brain_fill_parameter(model, NULL, "tau_mem", 1), BRAIN_VALUE_ERROR,
                 "layer is a null pointer");
    EXPECT_FAULT(brain_set_parameter(model, "lif 1", "threshold", &not_a_number, 1),
                 BRAIN_SHAPE_ERROR, "was given 1 numbers");
    EXPECT_FAULT(brain_set_parameter(model, "lif 1", "threshold", NULL, 32), BRAIN_VALUE_ERROR,
                 "values is a null pointer");
    neurons[7] = not_a_number;
    EXPECT_FAULT(brain_set_parameter(model, "lif 1", "tau_mem", neurons, 32), BRAIN_VALUE_ERROR,
                 "at [7]");
    EXPECT_FAULT(brain_get_parameter(model, "lif 1", "tau_mem", &one, 1), BRAIN_SHAPE_ERROR,
                 "there is room for 1 numbers");
    EXPECT_FAULT(brain_get_state(model, "lif 1", "w", state, COUNT(state)), BRAIN_NAME_ERROR,
                 "there is no state 'w'");
    EXPECT(brain_get_parameter(model, "lif 1", "tau_mem", neurons, 32) == BRAIN_OK &&
           neurons[7] == 0.02f);
    EXPECT(brain_destroy(&model) == BRAIN_OK);
}

static void files(const char *folder) {
    brain_model model = created(), other = created();
    char path[4096];
    snprintf(path, sizeof path, "%s/brain.nir", folder);
    EXPECT(brain_set_parameter(model, "linear 1", "weight", weight, COUNT(weight)) == BRAIN_OK);
#ifdef WITH_FILES
    EXPECT(brain_save(model, path) == BRAIN_OK);
    EXPECT(brain_load(other, path) == BRAIN_OK);
    EXPECT(brain_run(other, BRAIN_TRACE, T, x, COUNT(x), out, COUNT(out)) == BRAIN_OK);
    EXPECT(same(out, trace, COUNT(out)));
    remove(path);
    EXPECT_FAULT(brain_load(other, path), BRAIN_FILE_ERROR, "cannot be opened");
#else
    EXPECT_FAULT(brain_save(model, path), BRAIN_FILE_ERROR, "built without HDF5");
    EXPECT_FAULT(brain_load(other, path), BRAIN_FILE_ERROR, "built without HDF5");
#endif
    EXPECT_FAULT(brain_load(other, NULL), BRAIN_VALUE_ERROR, "path is a null pointer");
    EXPECT(brain_destroy(&model) == BRAIN_OK && brain_destroy(&other) == BRAIN_OK);
}

static void faults_of_calls(void) {
    brain_model model = created(), other = created(), copy;
    brain_settings chosen = BRAIN_DEFAULTS;
    EXPECT_FAULT(brain_run(model, BRAIN_TRACE, T, x, COUNT(x) - 1, out, COUNT(out)),
                 BRAIN_SHAPE_ERROR, "this call takes [40, 3, 4]");
    EXPECT_FAULT(brain_run(model, BRAIN_TRACE, T, x, COUNT(x), few, COUNT(few)), BRAIN_SHAPE_ERROR,
                 "the output has 6 numbers");
    EXPECT_FAULT(brain_run(model, BRAIN_COUNTS, T, x, COUNT(x), out, COUNT(out)), BRAIN_SHAPE_ERROR,
                 "this call takes [3, 2]");
    EXPECT_FAULT(brain_run(model, BRAIN_TRACE, 0, x, 0, out, 0), BRAIN_VALUE_ERROR,
                 "a run of 0 steps");
    EXPECT_FAULT(brain_run(model, BRAIN_TRACE, T, NULL, COUNT(x), out, COUNT(out)),
                 BRAIN_VALUE_ERROR, "the input is a null pointer");
    EXPECT_FAULT(brain_step(model, x, B * BRAIN_INPUTS, NULL, COUNT(few)), BRAIN_VALUE_ERROR,
                 "the output is a null pointer");
    EXPECT_FAULT(brain_run(model, BRAIN_FIRST_SPIKE, T, x, COUNT(x), few, COUNT(few)),
                 BRAIN_VALUE_ERROR, "there is no readout 5");
    EXPECT(strstr(brain_message_of(model), "there is no readout 5") != NULL);
    EXPECT(brain_message_of(other)[0] == 0); /* each model has its own */
    EXPECT(host_on_a_thread(brain_message)[0] == 0 &&
           brain_message()[0] != 0); /* each thread, too */

    chosen.batch = 0;
    copy = model;
    EXPECT_FAULT(brain_create(&copy, &chosen), BRAIN_VALUE_ERROR, "settings.batch is 0");
    EXPECT(copy.id == 0);
    EXPECT_FAULT(brain_create(NULL, &chosen), BRAIN_VALUE_ERROR, "the model is a null pointer");
    copy = model;
    EXPECT(brain_destroy(&model) == BRAIN_OK && model.id == 0);
    EXPECT_FAULT(brain_destroy(&model), BRAIN_HANDLE_ERROR, "it was not created, or is destroyed");
    EXPECT_FAULT(brain_destroy(&copy), BRAIN_HANDLE_ERROR,
                 "it is destroyed, or of another library");
    EXPECT_FAULT(brain_destroy(NULL), BRAIN_VALUE_ERROR, "the model is a null pointer");
    EXPECT_FAULT(brain_step(copy, x, B * BRAIN_INPUTS, few, COUNT(few)), BRAIN_HANDLE_ERROR,
                 "there is no model");
    EXPECT(brain_message_of(copy)[0] == 0);
    EXPECT(brain_destroy(&other) == BRAIN_OK);
}

/* What is promised is what is taken, once Kokkos has what threads work in. */
static void memory(void) {
    const int batches[] = {1, 1, 3, 20000};
    size_t k, promised = 0, taken;
    for (k = 0; k < COUNT(batches); ++k) {
        brain_settings chosen = BRAIN_DEFAULTS;
        brain_model model;
        float *const many = calloc((size_t)batches[k] * BRAIN_INPUTS, sizeof *many);
        chosen.batch = batches[k];
        EXPECT(brain_memory(&chosen, &promised) == BRAIN_OK);
        host_allocated();
        EXPECT(brain_create(&model, &chosen) == BRAIN_OK);
        EXPECT(brain_step(model, many, (size_t)batches[k] * BRAIN_INPUTS, many,
                          (size_t)batches[k] * BRAIN_OUTPUTS) == BRAIN_OK);
        taken = host_allocated();
        EXPECT(k == 0 || taken == promised);
        EXPECT(brain_destroy(&model) == BRAIN_OK);
        free(many);
    }
    EXPECT_FAULT(brain_memory(NULL, NULL), BRAIN_VALUE_ERROR, "bytes is a null pointer");
}

int main(int argc, char **argv) {
    brain_model model = {0};
    EXPECT(brain_inputs() == BRAIN_INPUTS && brain_outputs() == BRAIN_OUTPUTS);
    EXPECT(BRAIN_INPUTS == 4 && BRAIN_OUTPUTS == 2 && brain_version()[0] != 0);
    EXPECT_FAULT(brain_create(&model, NULL), BRAIN_RUNTIME_ERROR, "Kokkos does not run");
    EXPECT(brain_initialise() == BRAIN_OK && brain_initialise() == BRAIN_OK);
    memory();
    numbers();
    episodes_and_restarts();
    parameters();
    files(argc > 1 ? argv[1] : ".");
    faults_of_calls();
    model = created(); /* left behind: it ends with Kokkos */
    EXPECT(brain_finalise() == BRAIN_OK && brain_finalise() == BRAIN_OK);
    EXPECT_FAULT(brain_reset(model), BRAIN_RUNTIME_ERROR, "Kokkos has ended");
    EXPECT_FAULT(brain_destroy(&model), BRAIN_HANDLE_ERROR, "there is no model");
    EXPECT_FAULT(brain_initialise(), BRAIN_RUNTIME_ERROR, "Kokkos has ended");
    printf("%d faults\n", faults);
    return faults == 0 ? 0 : 1;
}
