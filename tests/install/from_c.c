/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "motor.h"

#include <stdio.h>

int main(void) {
    const double current[MOTOR_INPUTS] = {1, 1, 1, 1};
    double spikes[MOTOR_OUTPUTS] = {0};
    motor_settings settings = MOTOR_DEFAULTS;
    motor_model model = {0};
    settings.steps = 20;
    if (motor_initialise() || motor_create(&model, &settings) ||
        motor_run_held(model, MOTOR_COUNTS, current, 4, spikes, 4) || motor_finalise())
        printf("%s\n", motor_message());
    return spikes[3] == 5 ? 0 : 1; /* what norse's LIF gives for a constant current of 1 */
}
