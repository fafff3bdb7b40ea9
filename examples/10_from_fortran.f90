! SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
! The network of steering.hpp from Fortran: bodies that are steered step by step, and an error.
program from_fortran
   use brain
   implicit none

   integer, parameter :: bodies = 3
   real(brain_number) :: seen(brain_inputs, bodies), force(brain_outputs, bodies)
   type(brain_settings) :: settings
   type(brain_model) :: model
   integer :: step, body, status

   call brain_initialise() ! Kokkos, unless the program began it
   settings%batch = bodies
   settings%dt = 0.005d0
   call brain_create(model, settings)
   call brain_fill_parameter(model, 'linear 1', 'weight', 1.5d0)

   do step = 1, 100
      do body = 1, bodies
         seen(:, body) = 0.2 * (body - 1)
      end do
      call brain_step(model, seen, force)
   end do
   do body = 1, bodies
      print '(a, i0, a, 2f9.4)', 'body ', body, ': ', force(:, body)
   end do

   call brain_fill_parameter(model, 'lif 1', 'tau_mem', -1d0, status)
   if (status /= brain_ok) print '(2a)', 'as it should be: ', brain_message()
   call brain_destroy(model)
   call brain_finalise()
end program
