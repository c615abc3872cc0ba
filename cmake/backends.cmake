# Backends are the folders src/<name>/ that hold a backend.c. What one needs is
# said in its backend.cmake, which adds to SV_INCLUDES and SV_LIBRARIES.
# SV_WITH_<NAME>=OFF leaves one out. Gives SV_DISABLED_BACKENDS, "|name..." for
# a regular expression, and generated/backends.def, which registry.c reads.
set(SV_DISABLED_BACKENDS "")
set(backends "")
set(uses "")
set(enabled "")
file(GLOB found CONFIGURE_DEPENDS src/*/backend.c)
foreach(file ${found})
  cmake_path(GET file PARENT_PATH folder)
  cmake_path(GET folder FILENAME name)
  list(APPEND backends ${name})
  string(TOUPPER ${name} upper)
  option(SV_WITH_${upper} "Build the backend ${name}" ON)
  if(SV_WITH_${upper})
    include(${folder}/backend.cmake OPTIONAL)
    string(APPEND uses "#define SV_USE_${name}(op) SV_KERNEL(${name}, op)\n")
    string(APPEND enabled "SV_BACKEND(${name})\n")
  else()
    string(APPEND uses "#define SV_USE_${name}(op)\n")
    string(APPEND SV_DISABLED_BACKENDS "|${name}")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${SV_GENERATED}/backends.def CONTENT
  "/* Made by cmake/backends.cmake. */\n${uses}${enabled}" @ONLY)

# Operators are the lines SV_OPERATOR(name, backend...) of src/ops/ops.def.
# Gives SV_OPERATOR_SOURCES.
set(SV_OPERATOR_SOURCES "")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS src/ops/ops.def)
file(STRINGS src/ops/ops.def lines REGEX "^SV_OPERATOR\\(")
foreach(line ${lines})
  string(REGEX MATCHALL "[A-Za-z0-9_]+" words "${line}")
  list(POP_FRONT words macro op)
  list(APPEND SV_OPERATOR_SOURCES src/ops/${op}.c)
  if(NOT EXISTS ${PROJECT_SOURCE_DIR}/src/ops/${op}.c)
    message(FATAL_ERROR "src/ops/ops.def lists the operator '${op}', but there "
      "is no src/ops/${op}.c")
  endif()
  foreach(word ${words})
    if(NOT word IN_LIST backends)
      message(FATAL_ERROR "src/ops/ops.def names the backend '${word}' for "
        "'${op}', but there is no src/${word}/backend.c")
    endif()
  endforeach()
endforeach()
