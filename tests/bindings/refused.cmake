# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What spikefuse_add_bindings refuses, and in which words. Each case is a script of its own: a
# refusal ends it.
set(here ${CMAKE_CURRENT_LIST_DIR})
function(refused words)
    string(CONCAT script
        "cmake_minimum_required(VERSION 3.25)\ninclude(${here}/../../cmake/bindings.cmake)\n"
        "spikefuse_add_bindings(steering ${ARGN})\n")
    string(RANDOM LENGTH 12 name)
    set(file ${CMAKE_CURRENT_BINARY_DIR}/refused_${name}.cmake) # where ctest runs it
    file(WRITE ${file} "${script}")
    execute_process(COMMAND ${CMAKE_COMMAND} -P ${file} RESULT_VARIABLE result OUTPUT_VARIABLE text
        ERROR_VARIABLE text)
    file(REMOVE ${file})
    string(REGEX REPLACE "[ \n]+" " " text "${text}") # CMake breaks lines
    string(FIND "${text}" "${words}" at)
    if(result EQUAL 0 OR at EQUAL -1)
        message(SEND_ERROR
            "spikefuse_add_bindings(steering ${ARGN}) should say: ${words}\nit says: ${text}")
    endif()
endfunction()
set(network "NETWORK ${here}/../../examples/steering.hpp")
refused("needs NETWORK, the header of a network, and NAME, what C functions begin with." NAME brain)
refused("needs NETWORK, the header of a network, and NAME" ${network})
refused("does not know 'NUMBERS;double'." ${network} NAME brain NUMBERS double)
refused("NAME is 'Brain', and begins names in C and Fortran. \
Use small letters, digits and _, a letter first." ${network} NAME Brain)
refused("NUMBER is 'half', and a model computes in float or double."
    ${network} NAME brain NUMBER half)
refused(
    "nowhere.hpp. NETWORK names a header that defines 'constexpr auto brain = input<...> >> ...;'."
    NETWORK nowhere.hpp NAME brain)
refused("there are no bindings to 'Ada'. LANGUAGES are C and Fortran."
    ${network} NAME brain LANGUAGES C Ada)
refused("this project has no Fortran. Name it in project(... LANGUAGES C CXX Fortran)."
    ${network} NAME brain LANGUAGES Fortran)
refused("there is no readout 'median'. READOUTS are trace, last_step"
    ${network} NAME brain READOUTS median)
