# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# spikefuse_add_bindings(steering NETWORK steering.hpp NAME brain LANGUAGES C Fortran
#                        [VARIABLE body::brain] [NUMBER double]
#                        [READOUTS trace last_step counts] [SHARED | STATIC])
#
# A library for programs in C and Fortran, of a network that stands in a C++ header as a constexpr
# variable (VARIABLE, or else NAME). Whoever links the target `steering` finds brain.h, and with
# Fortran the module brain. NUMBER is float or double. Each readout costs compile time: trace,
# last_step and counts are there unless others are named (mean_over_time, max_over_time,
# first_spike).
function(spikefuse_add_bindings target)
    cmake_parse_arguments(PARSE_ARGV 1 ask "SHARED;STATIC" "NETWORK;NAME;VARIABLE;NUMBER"
        "LANGUAGES;READOUTS")
    if(NOT ask_VARIABLE)
        set(ask_VARIABLE ${ask_NAME})
    endif()
    if(NOT ask_NUMBER)
        set(ask_NUMBER float)
    endif()
    if(NOT ask_LANGUAGES)
        set(ask_LANGUAGES C)
    endif()
    if(NOT ask_READOUTS)
        set(ask_READOUTS trace last_step counts)
    endif()
    list(APPEND ask_READOUTS last_step) # a step's
    list(REMOVE_DUPLICATES ask_READOUTS)
    set(say "spikefuse: spikefuse_add_bindings(${target})")
    if(ask_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR
            "${say} does not know '${ask_UNPARSED_ARGUMENTS}'. It takes NETWORK, NAME, LANGUAGES, "
            "VARIABLE, NUMBER, READOUTS, SHARED and STATIC.")
    endif()
    if(NOT ask_NETWORK OR NOT ask_NAME)
        message(FATAL_ERROR
            "${say} needs NETWORK, the header of a network, and NAME, what C functions begin "
            "with. Write NETWORK steering.hpp NAME brain.")
    endif()
    if(NOT ask_NAME MATCHES "^[a-z][a-z0-9_]*$")
        message(FATAL_ERROR
            "${say}: NAME is '${ask_NAME}', and begins names in C and Fortran. Use small letters, "
            "digits and _, a letter first.")
    endif()
    if(NOT ask_NUMBER MATCHES "^(float|double)$")
        message(FATAL_ERROR
            "${say}: NUMBER is '${ask_NUMBER}', and a model computes in float or double. Write "
            "one of these.")
    endif()
    get_filename_component(header ${ask_NETWORK} ABSOLUTE)
    if(NOT EXISTS ${header})
        message(FATAL_ERROR
            "${say}: there is no ${header}. NETWORK names a header that defines 'constexpr auto "
            "${ask_VARIABLE} = input<...> >> ...;'.")
    endif()
    get_property(enabled GLOBAL PROPERTY ENABLED_LANGUAGES)
    foreach(language IN LISTS ask_LANGUAGES)
        if(NOT language MATCHES "^(C|Fortran)$")
            message(FATAL_ERROR
                "${say}: there are no bindings to '${language}'. LANGUAGES are C and Fortran.")
        endif()
        if(language STREQUAL "Fortran" AND NOT "Fortran" IN_LIST enabled)
            message(FATAL_ERROR
                "${say}: this project has no Fortran. Name it in project(... LANGUAGES C CXX "
                "Fortran).")
        endif()
    endforeach()
    foreach(readout IN LISTS ask_READOUTS)
        if(NOT readout
            MATCHES "^(trace|last_step|counts|mean_over_time|max_over_time|first_spike)$")
            message(FATAL_ERROR
                "${say}: there is no readout '${readout}'. READOUTS are trace, last_step, counts, "
                "mean_over_time, max_over_time and first_spike.")
        endif()
    endforeach()
    set(kind "")
    if(ask_SHARED)
        set(kind SHARED)
    elseif(ask_STATIC)
        set(kind STATIC)
    endif()

    set(from ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/bindings)
    set(to ${CMAKE_CURRENT_BINARY_DIR}/${target})
    set(NAME ${ask_NAME})
    set(VARIABLE ${ask_VARIABLE})
    set(HEADER ${header})
    string(TOUPPER ${NAME} UPPER)
    list(TRANSFORM ask_READOUTS PREPEND "readout::" OUTPUT_VARIABLE READOUTS)
    list(JOIN READOUTS ", " READOUTS)
    configure_file(${from}/facts.cpp.in ${to}/${NAME}_facts.cpp @ONLY)
    configure_file(${from}/library.cpp.in ${to}/${NAME}.cpp @ONLY)

    # Widths are the type's to say: they are read from an object file, which is never run.
    add_library(${target}_facts OBJECT ${to}/${NAME}_facts.cpp)
    target_link_libraries(${target}_facts PRIVATE spikefuse::spikefuse)
    set_target_properties(${target}_facts PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
    if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
        target_compile_options(${target}_facts PRIVATE -fno-lto)
    endif()
    set(written ${to}/${NAME}.h)
    set(templates ${from}/header.cmake ${from}/library.h.in)
    if("Fortran" IN_LIST ask_LANGUAGES)
        list(APPEND written ${to}/${NAME}.f90)
        list(APPEND templates ${from}/library.f90.in)
    endif()
    add_custom_command(OUTPUT ${written}
        COMMAND ${CMAKE_COMMAND} -DOBJECT=$<TARGET_OBJECTS:${target}_facts> -DFROM=${from}
            -DTO=${to} -DNAME=${NAME} -DVARIABLE=${VARIABLE} -DHEADER=${HEADER}
            -DNUMBER=${ask_NUMBER} "-DREADOUTS=${ask_READOUTS}" "-DLANGUAGES=${ask_LANGUAGES}"
            -P ${from}/header.cmake
        DEPENDS ${target}_facts $<TARGET_OBJECTS:${target}_facts> ${templates}
        COMMENT "Writing ${written}" VERBATIM)

    add_library(${target} ${kind} ${to}/${NAME}.cpp ${written})
    target_link_libraries(${target} PRIVATE spikefuse::spikefuse)
    if(TARGET spikefuse::io)
        target_link_libraries(${target} PRIVATE spikefuse::io)
        target_compile_definitions(${target} PRIVATE SPIKEFUSE_BINDINGS_WITH_FILES)
    endif()
    target_include_directories(${target} INTERFACE ${to})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
        PUBLIC_HEADER ${to}/${NAME}.h Fortran_MODULE_DIRECTORY ${to})
endfunction()
