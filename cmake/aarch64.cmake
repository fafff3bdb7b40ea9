# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A toolchain (the preset aarch64): programs for 64-bit ARM, made on another processor and, where
# qemu's user mode stands, run there. CMAKE_SYSROOT is a tree of that processor: the C++ library,
# Kokkos, Boost's headers, HDF5, Catch2. CMAKE_CXX_COMPILER may be another compiler for it, as
# aarch64-linux-gnu-g++; clang++ needs lld beside it, and the tree libomp.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
if(NOT CMAKE_SYSROOT)
    set(CMAKE_SYSROOT /usr/aarch64-tree) # scripts/lib/environment.sh puts it there
endif()
if(NOT EXISTS ${CMAKE_SYSROOT})
    message(FATAL_ERROR
        "spikefuse: there is no tree of aarch64 at ${CMAKE_SYSROOT}. Set CMAKE_SYSROOT to one.")
endif()
if(NOT CMAKE_CXX_COMPILER)
    set(CMAKE_CXX_COMPILER clang++)
endif()
if(NOT CMAKE_C_COMPILER) # it, too, must not be this machine's
    string(REPLACE "clang++" "clang" CMAKE_C_COMPILER ${CMAKE_CXX_COMPILER})
    string(REPLACE "g++" "gcc" CMAKE_C_COMPILER ${CMAKE_C_COMPILER})
endif()
if(CMAKE_CXX_COMPILER MATCHES "clang")
    set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)
    set(CMAKE_C_COMPILER_TARGET aarch64-linux-gnu)
    # clang looks for libomp beside itself first, where this machine's is
    set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld -L${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu")
endif()
# Found, they would be this machine's.
if(NOT CMAKE_Fortran_COMPILER)
    set(CMAKE_Fortran_COMPILER NOTFOUND)
endif()
if(NOT HDF5_C_COMPILER_EXECUTABLE) # h5cc, which CMake asks where HDF5 is
    set(HDF5_C_COMPILER_EXECUTABLE "")
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind IN ITEMS LIBRARY INCLUDE PACKAGE)
    set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
find_program(SPIKEFUSE_EMULATOR NAMES qemu-aarch64 qemu-aarch64-static)
if(SPIKEFUSE_EMULATOR)
    set(CMAKE_CROSSCOMPILING_EMULATOR ${SPIKEFUSE_EMULATOR} -L ${CMAKE_SYSROOT})
endif()
