# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# C++ is laid out by clang-format (TOOL); lines have at most 100 columns, of any language.
file(GLOB_RECURSE sources ${ROOT}/include/*.hpp ${ROOT}/tests/*.cpp ${ROOT}/tests/*.hpp
    ${ROOT}/examples/*.cpp ${ROOT}/examples/*.hpp ${ROOT}/bench/*.cpp ${ROOT}/bench/*.hpp
    ${ROOT}/tools/*.cpp ${ROOT}/tools/*.hpp)
execute_process(COMMAND ${TOOL} --dry-run --Werror ${sources} RESULT_VARIABLE result
    ERROR_VARIABLE text)
if(NOT result EQUAL 0)
    message(SEND_ERROR "not formatted; the cure: scripts/in.sh clang-format -i FILE\n${text}")
endif()

set(may_be_longer "^tests/support/generated/") # what the generator writes
# These are not wrapped yet.
list(APPEND may_be_longer "^tests/device/" "^tests/CMakeLists.txt$" "^cmake/device_bundle.cmake$"
    "^scripts/run_on_device.sh$" "^bench/(device|images)_peers.py$")
list(APPEND may_be_longer "^build/")
list(JOIN may_be_longer "|" may_be_longer)
set(patterns ${ROOT}/CMakeLists.txt ${ROOT}/.ci/run)
foreach(folder IN ITEMS include tests examples bench tools cmake scripts docs packaging)
    foreach(ending IN ITEMS .hpp .cpp .h .c .f90 .py .sh .cmake .in CMakeLists.txt)
        list(APPEND patterns ${ROOT}/${folder}/*${ending})
    endforeach()
endforeach()
file(GLOB_RECURSE files RELATIVE ${ROOT} ${patterns})
list(FILTER files EXCLUDE REGEX "${may_be_longer}")

set(long_lines "")
foreach(file IN LISTS files)
    file(STRINGS ${ROOT}/${file} candidates LENGTH_MINIMUM 101 LIMIT_COUNT 1 ENCODING UTF-8)
    if(NOT candidates)
        continue()
    endif()
    file(READ ${ROOT}/${file} rest)
    set(number 0)
    while(NOT rest STREQUAL "")
        math(EXPR number "${number} + 1")
        string(FIND "${rest}" "\n" end)
        string(SUBSTRING "${rest}" 0 ${end} line)
        # CMake counts bytes: of a letter of several, only the first one counts here.
        string(HEX "${line}" bytes)
        string(REGEX MATCHALL ".." bytes "${bytes}")
        list(FILTER bytes EXCLUDE REGEX "^[89ab]")
        list(LENGTH bytes columns)
        if(columns GREATER 100)
            string(APPEND long_lines "  ${file}:${number}: ${columns} columns\n")
        endif()
        if(end EQUAL -1)
            break()
        endif()
        math(EXPR end "${end} + 1")
        string(SUBSTRING "${rest}" ${end} -1 rest)
    endwhile()
endforeach()
if(long_lines)
    message(SEND_ERROR "lines of more than 100 columns; the cure: break them by hand "
        "(Python: black --line-length 100 FILE, then its strings)\n${long_lines}")
endif()
