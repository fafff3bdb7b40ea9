# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Runs every command of docs/how_to/nir_files.md, as it stands there, on a recorded network.
# cmake -DTOOL=spikefuse-nir -DPAGE=nir_files.md -DDATA=folder -DHERE=folder -P nir_commands.cmake
if(DEFINED ENV{SPIKEFUSE_NIR_GOLDEN_DIR})
    set(DATA $ENV{SPIKEFUSE_NIR_GOLDEN_DIR})
elseif(DEFINED ENV{SPIKEFUSE_SHARED_DIR})
    set(DATA $ENV{SPIKEFUSE_SHARED_DIR}/nir_golden/public)
endif()
if(NOT EXISTS ${DATA}/net_residual.nir)
    message("no recordings at ${DATA}")
    return()
endif()
file(REMOVE_RECURSE ${HERE})
file(MAKE_DIRECTORY ${HERE})
configure_file(${DATA}/net_residual.nir ${HERE}/net.nir COPYONLY)
configure_file(${DATA}/net_residual.h5 ${HERE}/data.h5 COPYONLY)
file(STRINGS ${PAGE} lines REGEX "^(scripts/run.sh )?spikefuse-nir ")
list(LENGTH lines count)
if(count LESS 7)
    message(FATAL_ERROR "the page has ${count} commands; there were seven")
endif()
# What is compiled, once: into a cache of its own, without an optimizer.
set(ENV{SPIKEFUSE_CACHE} ${HERE}/cache)
set(ENV{CMAKE_BUILD_TYPE} None)
foreach(line IN LISTS lines)
    string(REGEX REPLACE "^(scripts/run.sh )?spikefuse-nir |#.*$" "" command "${line}")
    string(REGEX REPLACE "[][]" "" command "${command}") # what may be left out is there
    separate_arguments(command UNIX_COMMAND "${command}")
    execute_process(COMMAND ${TOOL} ${command} WORKING_DIRECTORY ${HERE} RESULT_VARIABLE code
        OUTPUT_VARIABLE said ERROR_VARIABLE said)
    message("spikefuse-nir ${command}: ${code}")
    if(NOT code EQUAL 0)
        message(FATAL_ERROR "${said}")
    endif()
endforeach()
foreach(made IN ITEMS net.dot out.h5 net.hpp trained.hpp)
    if(NOT EXISTS ${HERE}/${made})
        message(FATAL_ERROR "no command made ${made}")
    endif()
endforeach()
# What differs is said, and the exit code is 1.
execute_process(COMMAND ${TOOL} verify net.nir --input data.h5 --expected data.h5 --dt 1e-4
    --current before --compiled --variant subtract WORKING_DIRECTORY ${HERE} RESULT_VARIABLE code
    OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(NOT code EQUAL 1 OR NOT said
    MATCHES "^output: [0-9]+ of [0-9]+ numbers differ, the first at step [0-9]+ ")
    message(FATAL_ERROR "verify --compiled, of another reset: ${code}, ${said}")
endif()
