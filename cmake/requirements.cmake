# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What spikefuse stands on: the oldest versions, and how they are looked for. The build, the
# installed package and the scripts read it.
#
# A target that the project already has is used. Packages are searched without a version, since a
# Kokkos 5 refuses a search for version 4; the version is compared here. Each macro sets
# `spikefuse_problem` to a sentence, or to nothing where the target stands.
set(SPIKEFUSE_OLDEST_KOKKOS 4.6)
set(SPIKEFUSE_OLDEST_BOOST 1.74)

macro(spikefuse_find_kokkos)
    set(spikefuse_problem "")
    if(NOT TARGET Kokkos::kokkos)
        find_package(Kokkos CONFIG QUIET)
    endif()
    if(NOT TARGET Kokkos::kokkos)
        string(CONCAT spikefuse_problem
            "Kokkos was not found (${SPIKEFUSE_OLDEST_KOKKOS} or newer is needed). "
            "Set Kokkos_ROOT or CMAKE_PREFIX_PATH to where it is installed.")
    elseif(Kokkos_VERSION AND Kokkos_VERSION VERSION_LESS SPIKEFUSE_OLDEST_KOKKOS)
        string(CONCAT spikefuse_problem
            "Kokkos ${Kokkos_VERSION} is too old (${SPIKEFUSE_OLDEST_KOKKOS} or newer is needed). "
            "Set Kokkos_ROOT to a newer one.")
    endif()
endmacro()

# Headers only (Mp11). Without a package file of Boost's own, the folder that holds them.
macro(spikefuse_find_boost)
    set(spikefuse_problem "")
    if(NOT TARGET Boost::headers)
        find_package(Boost CONFIG QUIET)
    endif()
    if(NOT TARGET Boost::headers)
        find_path(SPIKEFUSE_BOOST_HEADERS boost/mp11.hpp
            HINTS ${BOOST_ROOT} ${Boost_ROOT} $ENV{BOOST_ROOT} $ENV{Boost_ROOT}
            PATH_SUFFIXES include)
        if(SPIKEFUSE_BOOST_HEADERS AND EXISTS ${SPIKEFUSE_BOOST_HEADERS}/boost/version.hpp)
            file(STRINGS ${SPIKEFUSE_BOOST_HEADERS}/boost/version.hpp Boost_VERSION
                REGEX "define BOOST_LIB_VERSION ")
            string(REGEX
                REPLACE ".*\"([0-9]+)_([0-9]+).*" "\\1.\\2" Boost_VERSION "${Boost_VERSION}")
        endif()
        if(SPIKEFUSE_BOOST_HEADERS)
            add_library(Boost::headers INTERFACE IMPORTED GLOBAL)
            target_include_directories(Boost::headers INTERFACE ${SPIKEFUSE_BOOST_HEADERS})
        endif()
    endif()
    if(NOT TARGET Boost::headers)
        string(CONCAT spikefuse_problem
            "Boost's headers were not found "
            "(${SPIKEFUSE_OLDEST_BOOST} or newer is needed, for Mp11). "
            "Set Boost_ROOT to where they are, or install them (Debian: libboost-dev).")
    elseif(Boost_VERSION AND Boost_VERSION VERSION_LESS SPIKEFUSE_OLDEST_BOOST)
        string(CONCAT spikefuse_problem
            "Boost ${Boost_VERSION} is too old (${SPIKEFUSE_OLDEST_BOOST} or newer is needed). "
            "Set Boost_ROOT to a newer one.")
    endif()
endmacro()

# MPI, for ranks that share a batch: any, asked for its C interface from C++.
macro(spikefuse_find_mpi)
    set(spikefuse_problem "")
    if(NOT TARGET MPI::MPI_CXX)
        set(MPI_CXX_SKIP_MPICXX ON)
        find_package(MPI QUIET COMPONENTS CXX)
    endif()
    if(NOT TARGET MPI::MPI_CXX)
        string(CONCAT spikefuse_problem
            "MPI was not found (Debian: libopenmpi-dev). "
            "Install one, or set MPI_HOME to where it is.")
    endif()
endmacro()

# HDF5 and zlib, for files. Nothing is said where they are not found; `spikefuse_problem` names
# them.
macro(spikefuse_find_io)
    set(spikefuse_problem "")
    if(NOT TARGET ZLIB::ZLIB)
        find_package(ZLIB QUIET)
    endif()
    if(NOT TARGET hdf5::hdf5)
        # A project's own HDF5.
        foreach(spikefuse_target
            IN ITEMS HDF5::HDF5 hdf5::hdf5-shared hdf5::hdf5-static hdf5-shared hdf5-static)
            if(TARGET ${spikefuse_target} AND NOT TARGET hdf5::hdf5)
                add_library(hdf5::hdf5 INTERFACE IMPORTED GLOBAL)
                target_link_libraries(hdf5::hdf5 INTERFACE ${spikefuse_target})
            endif()
        endforeach()
    endif()
    if(NOT TARGET hdf5::hdf5)
        get_property(spikefuse_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
        if(NOT "C" IN_LIST spikefuse_languages) # CMake's search for HDF5 compiles a C program
            include(CheckLanguage)
            check_language(C)
            if(CMAKE_C_COMPILER)
                enable_language(C)
            endif()
        endif()
        if(CMAKE_C_COMPILER)
            find_package(HDF5 QUIET COMPONENTS C)
        endif()
    endif()
    set(spikefuse_missing "")
    if(NOT TARGET hdf5::hdf5)
        list(APPEND spikefuse_missing "HDF5's C library (Debian: libhdf5-dev)")
    endif()
    if(NOT TARGET ZLIB::ZLIB)
        list(APPEND spikefuse_missing "zlib (Debian: zlib1g-dev)")
    endif()
    if(spikefuse_missing)
        list(JOIN spikefuse_missing " and " spikefuse_missing)
        string(CONCAT spikefuse_problem
            "files need ${spikefuse_missing}, not found here. "
            "Install them, or set CMAKE_PREFIX_PATH to where they are.")
    endif()
endmacro()
