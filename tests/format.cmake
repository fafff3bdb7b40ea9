# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
file(GLOB_RECURSE sources ${ROOT}/include/*.hpp ${ROOT}/tests/*.cpp ${ROOT}/tests/*.hpp
    ${ROOT}/examples/*.cpp ${ROOT}/examples/*.hpp ${ROOT}/bench/*.cpp ${ROOT}/bench/*.hpp
    ${ROOT}/tools/*.cpp ${ROOT}/tools/*.hpp)
execute_process(COMMAND ${TOOL} --dry-run --Werror ${sources} RESULT_VARIABLE result
    ERROR_VARIABLE text)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "not formatted; the cure: scripts/in.sh clang-format -i FILE\n${text}")
endif()
