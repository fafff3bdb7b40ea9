# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/spikefuse)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/spikefuse DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# spikefuse::io and spikefuse::mpi are made by the package file, for whoever asks: what this machine
# has says nothing of theirs.
install(TARGETS spikefuse spikefuse_train EXPORT spikefuseTargets)
install(EXPORT spikefuseTargets NAMESPACE spikefuse:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/spikefuseConfig.cmake.in
    ${PROJECT_BINARY_DIR}/spikefuseConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/spikefuseConfigVersion.cmake
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/spikefuseConfig.cmake
    ${PROJECT_BINARY_DIR}/spikefuseConfigVersion.cmake ${CMAKE_CURRENT_LIST_DIR}/requirements.cmake
    ${CMAKE_CURRENT_LIST_DIR}/bindings.cmake DESTINATION ${package_dir})
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/bindings DESTINATION ${package_dir})

# `cpack -G TGZ` in the build folder: what an installation holds, in one archive.
if(PROJECT_IS_TOP_LEVEL)
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
    set(CPACK_PACKAGE_NAME spikefuse)
    set(CPACK_PACKAGE_VENDOR "The spikefuse authors")
    set(CPACK_PACKAGE_FILE_NAME spikefuse-${PROJECT_VERSION})
    set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
    set(CPACK_GENERATOR TGZ)
    set(CPACK_VERBATIM_VARIABLES ON)
    include(CPack)
endif()
