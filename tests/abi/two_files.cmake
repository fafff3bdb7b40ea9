# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Two files of one program, whose numbers lie differently, do not link; with the same flags they do.
file(REMOVE_RECURSE ${FOLDER})
file(WRITE ${FOLDER}/library.cpp
    "#include <spikefuse/core/lanes.hpp>\n#include <spikefuse/core/errors.hpp>\n"
    "int width(spikefuse::detail::lanes<float> const&) {"
    " return spikefuse::detail::lanes<float>::width; }\n"
    "void fail() { throw spikefuse::value_error(\"a\", \"b\", \"c\"); }\n")
file(WRITE ${FOLDER}/program.cpp
    "#include <spikefuse/core/lanes.hpp>\n#include <spikefuse/core/errors.hpp>\n"
    "int width(spikefuse::detail::lanes<float> const&);\nvoid fail();\nint main() {\n"
    "    try { fail(); } catch (spikefuse::error const&) {"
    " return width(spikefuse::detail::lanes<float>(0))"
    " == spikefuse::detail::lanes<float>::width ? 0 : 1; }\n}\n")
function(link program_flags library_flags out)
    foreach(file IN ITEMS program library)
        separate_arguments(flags UNIX_COMMAND "${${file}_flags}")
        execute_process(COMMAND ${COMPILER} -std=c++20 -Wno-psabi ${FLAGS} ${flags}
            -c ${FOLDER}/${file}.cpp -o ${FOLDER}/${file}.o COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
    execute_process(COMMAND ${COMPILER} ${FOLDER}/program.o ${FOLDER}/library.o
        -o ${FOLDER}/program RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
    set(${out} ${result} PARENT_SCOPE)
    set(text "${text}" PARENT_SCOPE)
endfunction()
link("" "" same)
if(NOT same EQUAL 0)
    message(FATAL_ERROR "two files with the same flags do not link:\n${text}")
endif()
execute_process(COMMAND ${FOLDER}/program COMMAND_ERROR_IS_FATAL ANY)
foreach(other IN ITEMS -DSPIKEFUSE_ONE_LANE=1 -DSPIKEFUSE_NEAR_CACHES=1048576
    -DSPIKEFUSE_SHARE_OF_WORK=1)
    link("" ${other} result)
    if(result EQUAL 0 OR NOT text MATCHES "undefined reference to .width")
        message(FATAL_ERROR
            "a file compiled with ${other} links with one that was not, or for another reason "
            "does not:\n${text}")
    endif()
    if(text MATCHES "undefined reference to .fail")
        message(FATAL_ERROR "errors cannot be caught across files of different flags:\n${text}")
    endif()
endforeach()
