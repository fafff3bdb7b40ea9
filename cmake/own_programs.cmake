# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Flags of our own programs; consumers get none of them.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release)
endif()

# Values come out of any compiler and any optimization. clang without an optimizer is three times as
# quick as g++ with little of one: so scripts/test.sh builds the tests of values in a folder of
# their own (the preset `values`), and in `release` the rest of the tests. `some` of them hold the
# engine and the recordings where all would take too long: on another processor, under emulation
# (the preset `aarch64`).
set(SPIKEFUSE_TESTS all
    CACHE STRING "Which tests: all; values, which any compiler and any optimization give; \
the rest; some of values")
set_property(CACHE SPIKEFUSE_TESTS PROPERTY STRINGS all values rest some)
function(spikefuse_tests_values target)
    if(SPIKEFUSE_TESTS STREQUAL "rest") # here it is built by name
        set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    elseif(SPIKEFUSE_TESTS STREQUAL "values" AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
        set_target_properties(${target} PROPERTIES SPIKEFUSE_OPTIMIZE 0)
    endif()
endfunction()
# Which program a test needs: scripts/test.sh asks plan/ before any is built.
file(WRITE ${PROJECT_BINARY_DIR}/plan/CTestTestfile.cmake "")
function(spikefuse_plan name label target)
    file(APPEND ${PROJECT_BINARY_DIR}/plan/CTestTestfile.cmake
        "add_test([==[${name}]==] \"${CMAKE_COMMAND}\" -E echo ${target})\n"
        "set_tests_properties([==[${name}]==] PROPERTIES LABELS ${label})\n")
endfunction()

find_package(CLI11 QUIET)

# For bindings; the library itself needs neither.
include(CheckLanguage)
foreach(language IN ITEMS C Fortran)
    check_language(${language})
    if(CMAKE_${language}_COMPILER)
        enable_language(${language})
    else()
        message(STATUS "spikefuse: no compiler of ${language}: what needs one is left out")
    endif()
endforeach()

add_library(spikefuse_own INTERFACE)
target_link_libraries(spikefuse_own INTERFACE spikefuse::spikefuse)
if(TARGET spikefuse::io)
    target_link_libraries(spikefuse_own INTERFACE spikefuse::io)
    target_compile_definitions(spikefuse_own INTERFACE SPIKEFUSE_HAS_IO=1)
endif()
set(spikefuse_strictly
    $<OR:$<BOOL:${SPIKEFUSE_STRICT}>,$<BOOL:$<TARGET_PROPERTY:SPIKEFUSE_STRICT>>>)
set(spikefuse_optimize $<TARGET_PROPERTY:SPIKEFUSE_OPTIMIZE>)
# nvcc reads the sources, the compiler only what it leaves; of warnings, what survives that.
if(Kokkos_ENABLE_CUDA)
    set(SPIKEFUSE_FOR_A_DEVICE ON)
    # Machine code of the architecture that was asked for, and no PTX, which other ones would need:
    # it is two fifths of what is carried.
    foreach(part IN ITEMS kokkos kokkoscore)
        get_target_property(name Kokkos::${part} ALIASED_TARGET)
        if(NOT name)
            set(name Kokkos::${part})
        endif()
        get_target_property(options ${name} INTERFACE_COMPILE_OPTIONS)
        if(options)
            string(REGEX REPLACE "-arch=sm_([0-9a-z]+)" "-gencode=arch=compute_\\1,code=sm_\\1"
                options "${options}")
            set_target_properties(${name} PROPERTIES INTERFACE_COMPILE_OPTIONS "${options}")
        endif()
    endforeach()
    target_compile_options(spikefuse_own
        INTERFACE -Wall -Wextra $<${spikefuse_strictly}:-fmad=false>)
elseif(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(spikefuse_own INTERFACE -Wall -Wextra -Wpedantic -Wno-psabi)
    # It looks for garbage first at a gigabyte, not at 128 MB: a sixth of its time.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # clang's -Wshadow names what a using directive brings, too.
        target_compile_options(spikefuse_own
            INTERFACE "SHELL:--param ggc-min-heapsize=1048576" -Wshadow)
    endif()
    if(SPIKEFUSE_WERROR)
        target_compile_options(spikefuse_own INTERFACE -Werror)
    endif()
    if(SPIKEFUSE_NATIVE AND NOT CMAKE_CROSSCOMPILING)
        include(CheckCXXCompilerFlag)
        check_cxx_compiler_flag("-march=native -mprefer-vector-width=512"
            SPIKEFUSE_HAS_WIDE_VECTORS)
        target_compile_options(spikefuse_own
            INTERFACE -march=native
            $<$<BOOL:${SPIKEFUSE_HAS_WIDE_VECTORS}>:-mprefer-vector-width=512>)
    endif()
    target_compile_options(spikefuse_own
        INTERFACE $<IF:${spikefuse_strictly},-ffp-contract=off,-ffp-contract=fast>)
    target_compile_options(spikefuse_own INTERFACE
        $<$<CONFIG:Release>:-O$<IF:$<STREQUAL:${spikefuse_optimize},>,3,${spikefuse_optimize}>>)
endif()
target_compile_definitions(spikefuse_own
    INTERFACE SPIKEFUSE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    $<$<BOOL:${SPIKEFUSE_STRICT}>:SPIKEFUSE_STRICT=1>
    $<$<CONFIG:Debug>:KOKKOS_ENABLE_DEBUG_BOUNDS_CHECK>)

# Tests run side by side, with as many threads each as there are processors: who waits lets others
# run.
set(spikefuse_test_environment "OMP_PROC_BIND=false;GOMP_SPINCOUNT=1000;KMP_BLOCKTIME=0")
if(CMAKE_CXX_FLAGS MATCHES "fsanitize=") # names need a symbolizer, which need not be LLVM's
    find_program(SPIKEFUSE_SYMBOLIZER
        NAMES llvm-symbolizer llvm-symbolizer-19 llvm-symbolizer-18 addr2line)
    set(named "external_symbolizer_path=${SPIKEFUSE_SYMBOLIZER}")
    list(APPEND spikefuse_test_environment
        "TSAN_OPTIONS=${named} suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp"
        "ASAN_OPTIONS=${named}" "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp")
endif()

# One program as so many ranks, which may be more than cores, and root's. What is said for Open MPI,
# others do not read; what it leaves behind at its end is not ours.
function(spikefuse_add_rank_tests name)
    if(NOT MPIEXEC_EXECUTABLE)
        message(STATUS "spikefuse: no mpirun: ${name} is not run")
        return()
    endif()
    if(SPIKEFUSE_TESTS STREQUAL "rest")
        return()
    endif()
    set(environment
        OMP_PROC_BIND=false OMP_NUM_THREADS=1 ASAN_OPTIONS=detect_leaks=0
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl=^tcp
        OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe)
    foreach(ranks IN ITEMS 1 2 4 ${ARGN})
        spikefuse_plan("mpi: ${name}, ${ranks} ranks" mpi ${name})
        add_test(NAME "mpi: ${name}, ${ranks} ranks"
            COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS}
                $<TARGET_FILE:${name}> ${MPIEXEC_POSTFLAGS})
        set_tests_properties("mpi: ${name}, ${ranks} ranks" PROPERTIES LABELS mpi PROCESSORS 2
            TIMEOUT 120 ENVIRONMENT "${environment}")
    endforeach()
endfunction()

# An example that runs as it is, or as ranks.
function(spikefuse_add_example_test name)
    spikefuse_tests_values(${name})
    if(SPIKEFUSE_BUILD_TESTS AND NOT SPIKEFUSE_TESTS STREQUAL "rest" AND NOT ARGN)
        add_test(NAME "run: example ${name}" COMMAND ${name})
        set_tests_properties("run: example ${name}" PROPERTIES LABELS run
            ENVIRONMENT "${spikefuse_test_environment}" TIMEOUT 120)
        spikefuse_plan("run: example ${name}" run ${name})
    endif()
endfunction()

# One program for each source of a folder; those that read files or take options need HDF5, zlib and
# CLI11.
function(spikefuse_add_programs)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    foreach(source IN LISTS sources)
        get_filename_component(name ${source} NAME_WE)
        if(name IN_LIST spikefuse_left_out)
            continue()
        endif()
        string(CONCAT pattern "^#include <(CLI|spikefuse/io\.hpp|"
            "spikefuse/io/(nir|idx|load|hdf5|save|events)|spikefuse/train/(checkpoint|datasets))")
        file(STRINGS ${source} needs REGEX "${pattern}")
        if(needs AND NOT (TARGET spikefuse::io AND TARGET CLI11::CLI11))
            message(STATUS "spikefuse: ${name} is left out (needs HDF5, zlib and CLI11)")
            continue()
        endif()
        file(STRINGS ${source} ranks REGEX "^#include <spikefuse/mpi")
        if(ranks AND NOT (TARGET spikefuse::mpi AND NOT SPIKEFUSE_FOR_A_DEVICE))
            message(STATUS "spikefuse: ${name} is left out (needs MPI)")
            continue()
        endif()
        add_executable(${name} ${source})
        if(ranks)
            target_link_libraries(${name} PRIVATE spikefuse::mpi)
            if(SPIKEFUSE_BUILD_TESTS)
                spikefuse_add_rank_tests(${name})
            endif()
        endif()
        target_link_libraries(${name}
            PRIVATE spikefuse_own $<$<TARGET_EXISTS:CLI11::CLI11>:CLI11::CLI11>)
        if(name MATCHES "^[0-9]") # numbered examples run as they are
            spikefuse_add_example_test(${name} ${ranks})
        endif()
    endforeach()
endfunction()
