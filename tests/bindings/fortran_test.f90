! SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
! The Fortran module of examples/steering.hpp: the bits of the host level, and faults as codes.
program fortran_test
   use, intrinsic :: iso_c_binding
   use brain
   implicit none

   integer, parameter :: steps = 40, batch = 3, hidden = 32
   interface
      subroutine host_level(steps, batch, weight, x, trace, counts, v, held) bind(C)
         import :: c_int, c_float
         integer(c_int), value :: steps, batch
         real(c_float), intent(in) :: weight(*), x(*)
         real(c_float), intent(inout) :: trace(*), counts(*), v(*), held(*)
      end subroutine
   end interface

   real(brain_number) :: weight(brain_inputs, hidden), x(brain_inputs, batch, steps), &
      trace(brain_outputs, batch, steps), sums(brain_outputs, batch), v(hidden, batch), &
      held(brain_outputs, batch), y(brain_outputs, batch, steps), few(brain_outputs, batch), &
      state(hidden, batch), neurons(hidden), wide(2 * brain_inputs, batch, steps), &
      seen(batch, brain_inputs)
   type(brain_model) :: model, other, copy
   type(brain_settings) :: chosen
   type(brain_array) :: about
   integer(c_size_t) :: bytes
   integer(c_int64_t) :: elapsed
   integer :: faults = 0, status, count, k, n, b, t
   logical(c_bool) :: mask(batch)

   call brain_create(model, chosen, status)
   call expect('no Kokkos yet', status == brain_runtime_error)
   call expect('its sentence', index(brain_message(), 'Kokkos does not run') > 0)
   call brain_initialise()
   call expect('a version', len(brain_version()) >= 5)

   chosen%steps = steps
   chosen%batch = batch
   chosen%seed = 3
   call brain_memory(chosen, bytes)
   call expect('bytes', bytes > 1000)
   call brain_create(model, chosen)
   call brain_get_parameter(model, 'linear 1', 'weight', weight)
   weight = 4 * weight
   do t = 1, steps
      do b = 1, batch
         do n = 1, brain_inputs
            x(n, b, t) = real(mod(((t * batch + b) * brain_inputs + n) * 37, 101), &
               brain_number) / 50
         end do
      end do
   end do
   call host_level(steps, batch, weight, x, trace, sums, v, held)
   call brain_set_parameter(model, 'linear 1', 'weight', weight)
   call expect('some neurons fire', any(abs(trace) > 0))

   call brain_run(model, x, y)
   call expect('the trace', all(same(y, trace)))
   call brain_run(model, x, few, brain_counts)
   call expect('counts', all(same(few, sums)))
   call brain_get_state(model, 'lif 1', 'v', state)
   call expect('a state', all(same(state, v)))
   call brain_reset(model)
   call brain_run_held(model, x(:, :, 1), few, brain_last_step)
   call expect('held', all(same(few, held)))
   call brain_reset(model)
   do t = 1, steps
      call brain_step(model, x(:, :, t), few)
      call expect('a step', all(same(few, trace(:, :, t))))
   end do
   call brain_elapsed_steps(model, elapsed)
   call expect('elapsed', elapsed == 4 * steps)

   ! Arrays with gaps, which the compiler packs.
   wide = -1
   wide(::2, :, :) = x
   call brain_reset(model)
   call brain_run(model, wide(::2, :, :), y)
   call expect('an array with gaps', all(same(y, trace)))
   call brain_reset(model)
   seen = transpose(x(:, :, 1))
   call brain_step(model, transpose(seen), few)
   call expect('an expression', all(same(few, trace(:, :, 1))))

   ! Episodes and restarts.
   call brain_create(other, chosen)
   call brain_set_parameter(other, 'linear 1', 'weight', weight)
   call brain_run(model, x, y)
   call brain_state_count(model, count)
   call expect('states', count == 4)
   do k = 0, 1
      call brain_state(model, k, about)
      call expect('shape of a state', about%columns == hidden .and. about%rows == batch)
      call brain_get_state(model, about%layer, about%name, state)
      call brain_set_state(other, about%layer, about%name, state)
   end do
   do k = 2, 3
      call brain_state(model, k, about)
      call brain_get_state(model, about%layer, about%name, few)
      call brain_set_state(other, about%layer, about%name, few)
   end do
   call brain_set_elapsed_steps(other, elapsed)
   call brain_run(model, x, y)
   call expect('it goes on', .not. all(same(y, trace)))
   call brain_run(other, x, wide(:brain_outputs, :, :))
   call expect('a restart', all(same(wide(:brain_outputs, :, :), y)))
   mask = [.false._c_bool, .true._c_bool, .false._c_bool]
   call brain_reset(model, mask)
   call brain_step(model, x(:, :, 1), few)
   call expect('one begins anew', all(same(few(:, 2), trace(:, 2, 1))))
   call expect('others do not', .not. all(same(few(:, 1), trace(:, 1, 1))))

   ! Parameters.
   call brain_parameter_count(model, count)
   do k = 0, count - 1
      call brain_parameter(model, k, about)
      if (about%layer == 'linear 1' .and. about%name == 'weight') &
         call expect('its shape', about%columns == brain_inputs .and. about%rows == hidden)
   end do
   call brain_fill_parameter(model, 'lif 1', 'tau_mem', 0.02_c_double)
   call brain_get_parameter(model, 'lif 1', 'tau_mem', neurons)
   call expect('tau_mem', all(same(neurons, 0.02_brain_number)))
   call brain_set_parameter(model, 'lif 1', 'tau_mem', -neurons, status)
   call expect('a negative time', status == brain_value_error)
   call brain_set_parameter(model, 'lif 1', 'tau_mem', neurons(2:), status)
   call expect('too few numbers', status == brain_shape_error)
   call brain_set_parameter(model, 'lif 9', 'tau_mem', neurons, status)
   call expect('no such layer', status == brain_name_error)
   call expect('names them', index(brain_message(), "'lif 1' tau_mem") > 0)

   ! Shapes and handles.
   call brain_step(model, seen, few, status)
   call expect('features are not the fastest', status == brain_shape_error)
   call expect('says so', index(brain_message(), 'the first extent of the input is 3') > 0)
   call brain_run(model, x(:, :2, :), y, status)
   call expect('too few samples', status == brain_shape_error)
   call brain_run(model, x, few, brain_first_spike, status)
   call expect('a readout that was not built', status == brain_value_error)
   copy = model
   call brain_destroy(model)
   call brain_destroy(model, status)
   call expect('twice', status == brain_handle_error)
   call brain_destroy(copy, status)
   call expect('by a copy', status == brain_handle_error)
   call brain_load(copy, 'no such file', status)
   call expect('a destroyed one', status == brain_handle_error)
   call brain_load(other, 'no such file', status)
   call expect('no file', status == brain_file_error)
   call brain_finalise()
   call brain_reset(other, status)
   call expect('Kokkos has ended', status == brain_runtime_error)

   print '(i0, a)', faults, ' faults'
   if (faults > 0) stop 1

contains

   ! Bit for bit.
   elemental function same(one, another)
      real(brain_number), intent(in) :: one, another
      logical :: same
      same = transfer(one, 0_c_int32_t) == transfer(another, 0_c_int32_t)
   end function

   subroutine expect(what, holds)
      character(len=*), intent(in) :: what
      logical, intent(in) :: holds
      if (holds) return
      faults = faults + 1
      print '(3a)', what, ': does not hold; the last message: ', brain_message()
   end subroutine
end program
