# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -DOBJECT=... -DFROM=templates -DTO=folder -DNAME=... -DVARIABLE=... -DHEADER=...
#       -DNUMBER=... -DREADOUTS=... -DLANGUAGES=... -P header.cmake
# Writes NAME.h, and NAME.f90 where LANGUAGES has Fortran, with what the object file OBJECT says of
# the network.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${OBJECT} facts REGEX "spikefuse-facts [0-9.]+ inputs=[0-9]+ outputs=[0-9]+")
if(NOT facts MATCHES "facts ([0-9.]+) inputs=0*([0-9]+) outputs=0*([0-9]+)")
    message(FATAL_ERROR
        "spikefuse: ${OBJECT} does not say what the network's shapes are. Compile it to an object "
        "file, not to another form (-flto).")
endif()
set(VERSION ${CMAKE_MATCH_1})
set(INPUTS ${CMAKE_MATCH_2})
set(OUTPUTS ${CMAKE_MATCH_3})
list(JOIN READOUTS ", " READOUTS)
string(TOUPPER ${NAME} UPPER)
get_filename_component(HEADER_NAME ${HEADER} NAME)
configure_file(${FROM}/library.h.in ${TO}/${NAME}.h @ONLY)
if("Fortran" IN_LIST LANGUAGES)
    configure_file(${FROM}/library.f90.in ${TO}/${NAME}.f90 @ONLY)
endif()
