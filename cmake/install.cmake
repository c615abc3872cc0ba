# The headers, both libraries, the program, a CMake package and a pkg-config
# file.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/svertka)
install(TARGETS svertka EXPORT svertka-shared)
install(TARGETS svertka_static EXPORT svertka-static)
if(TARGET svertka_program)
  install(TARGETS svertka_program)
endif()
install(DIRECTORY include/svertka DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# find_package(svertka) gives svertka::svertka, the shared library, and needs
# nothing else; COMPONENTS static also gives svertka::svertka_static.
include(CMakePackageConfigHelpers)
configure_file(cmake/svertka-config.cmake.in svertka-config.cmake @ONLY)
write_basic_package_version_file(svertka-config-version.cmake
  COMPATIBILITY SameMinorVersion)
foreach(kind shared static)
  install(EXPORT svertka-${kind} NAMESPACE svertka:: DESTINATION ${package})
endforeach()

# svertka.pc finds the rest from where it lies. What only the library itself is
# compiled with is no Requires.private: pkg-config would hand on its flags, and
# miss its development files where nothing but the shared library is wanted.
file(RELATIVE_PATH SV_PREFIX /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p/.)
list(JOIN SV_DEPS_LDFLAGS " " SV_PC_LIBS)
list(GET OpenMP_C_LIBRARIES 0 openmp)
foreach(library ${openmp} ${SV_LIBRARIES})
  cmake_path(GET library PARENT_PATH folder)
  cmake_path(GET library STEM name)
  string(REGEX REPLACE "^lib" "" name "${name}")
  string(APPEND SV_PC_LIBS " -L${folder} -l${name}")
endforeach()
configure_file(cmake/svertka.pc.in svertka.pc @ONLY)

install(FILES ${PROJECT_BINARY_DIR}/svertka-config.cmake
  ${PROJECT_BINARY_DIR}/svertka-config-version.cmake DESTINATION ${package})
install(FILES ${PROJECT_BINARY_DIR}/svertka.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
