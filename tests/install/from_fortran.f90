! SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
program from_fortran
   use motor
   implicit none
   real(motor_number) :: current(motor_inputs, 1), spikes(motor_outputs, 1)
   type(motor_settings) :: settings
   type(motor_model) :: model
   current = 1
   settings%steps = 20
   call motor_initialise()
   call motor_create(model, settings)
   call motor_run_held(model, current, spikes, motor_counts)
   call motor_finalise()
   if (nint(spikes(motor_outputs, 1)) /= 5) stop 1
end program
