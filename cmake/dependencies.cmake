# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Kokkos is a target of the project around us, or found, or fetched where it is missing.
# Kokkos_ENABLE_CUDA asks for one with CUDA.
include(${CMAKE_CURRENT_LIST_DIR}/requirements.cmake)
if(Kokkos_ENABLE_CUDA AND NOT TARGET Kokkos::kokkos)
    # A Kokkos without CUDA would be in the way of the one that is fetched, once found: a project of
    # its own looks what there is.
    if(NOT DEFINED SPIKEFUSE_FOUND_DEVICES)
        file(WRITE ${PROJECT_BINARY_DIR}/probe/CMakeLists.txt
            "cmake_minimum_required(VERSION 3.25)\nproject(probe LANGUAGES CXX)\n"
            "find_package(Kokkos CONFIG QUIET)\nmessage(STATUS \"devices: \${Kokkos_DEVICES}\")\n")
        execute_process(COMMAND ${CMAKE_COMMAND} -S ${PROJECT_BINARY_DIR}/probe
            -B ${PROJECT_BINARY_DIR}/probe/build "-DCMAKE_PREFIX_PATH=${CMAKE_PREFIX_PATH}"
            "-DKokkos_ROOT=${Kokkos_ROOT}" "-DKokkos_DIR=${Kokkos_DIR}" OUTPUT_VARIABLE probe
            ERROR_QUIET)
        string(REGEX MATCH "devices: [^\n]*" probe "${probe}")
        set(SPIKEFUSE_FOUND_DEVICES "${probe}" CACHE INTERNAL "")
    endif()
    if(NOT SPIKEFUSE_FOUND_DEVICES MATCHES "CUDA")
        set(CMAKE_DISABLE_FIND_PACKAGE_Kokkos ON)
    endif()
endif()
spikefuse_find_kokkos()
if(TARGET Kokkos::kokkos)
    if(spikefuse_problem)
        message(FATAL_ERROR
            "spikefuse: ${spikefuse_problem} CMAKE_DISABLE_FIND_PACKAGE_Kokkos=ON fetches a "
            "release.")
    endif()
    message(STATUS "spikefuse: Kokkos ${Kokkos_VERSION} (${Kokkos_DEVICES})")
else()
    message(STATUS "spikefuse: no Kokkos >= ${SPIKEFUSE_OLDEST_KOKKOS} found, fetching a release")
    include(FetchContent)
    set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
    set(Kokkos_ENABLE_SERIAL ON CACHE BOOL "")
    find_package(OpenMP QUIET COMPONENTS CXX)
    set(Kokkos_ENABLE_OPENMP ${OpenMP_CXX_FOUND} CACHE BOOL "")
    FetchContent_Declare(kokkos GIT_REPOSITORY https://github.com/kokkos/kokkos.git GIT_TAG 5.0.2
        GIT_SHALLOW TRUE)
    FetchContent_MakeAvailable(kokkos)
endif()

spikefuse_find_boost()
if(spikefuse_problem)
    message(FATAL_ERROR "spikefuse: ${spikefuse_problem}")
endif()

spikefuse_find_io()
if(spikefuse_problem)
    message(STATUS "spikefuse: no component io: ${spikefuse_problem}")
endif()

if(SPIKEFUSE_MPI)
    spikefuse_find_mpi()
    if(spikefuse_problem)
        message(STATUS "spikefuse: no component mpi: ${spikefuse_problem}")
    endif()
endif()
