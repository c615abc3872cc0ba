# Backends are the folders src/<name>/ that hold a backend.c. What one needs is
# said in its backend.cmake, which adds to SV_INCLUDES and SV_LIBRARIES.
# Operators are the lines of src/ops/ops.def: SV_OPERATOR(conv, dnnl).
# Gives SV_OPERATOR_SOURCES, SV_DISABLED_BACKENDS ("|name..." for a regular
# expression) and generated/backends.def.
set(SV_OPERATOR_SOURCES "")
set(SV_DISABLED_BACKENDS "")

set(backends "")
set(def "/* Made by cmake/backends.cmake: the backends of this build. */\n")
file(GLOB found CONFIGURE_DEPENDS src/*/backend.c)
foreach(file ${found})
  cmake_path(GET file PARENT_PATH folder)
  cmake_path(GET folder FILENAME name)
  list(APPEND backends ${name})
  string(TOUPPER ${name} upper)
  option(SV_WITH_${upper} "Build the backend ${name}" ON)
  if(SV_WITH_${upper})
    include(${folder}/backend.cmake OPTIONAL)
    string(APPEND def "#define SV_USE_${name}(op) &sv_${name}_##op,\n")
    string(APPEND enabled "SV_BACKEND(${name})\n")
  else()
    string(APPEND SV_DISABLED_BACKENDS "|${name}")
    string(APPEND def "#define SV_USE_${name}(op)\n")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${SV_GENERATED}/backends.def
  CONTENT "${def}${enabled}" @ONLY)

set(registry ${PROJECT_SOURCE_DIR}/src/ops/ops.def)
if(EXISTS ${registry})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${registry})
  file(STRINGS ${registry} lines REGEX "^SV_OPERATOR\\(")
  foreach(line ${lines})
    string(REGEX MATCHALL "[A-Za-z0-9_]+" words "${line}")
    list(POP_FRONT words macro op)
    if(NOT EXISTS ${PROJECT_SOURCE_DIR}/src/ops/${op}.c)
      message(STATUS "src/ops/ops.def: operator '${op}' has no file "
        "src/ops/${op}.c")
      continue()
    endif()
    list(APPEND SV_OPERATOR_SOURCES src/ops/${op}.c)
    foreach(word ${words})
      if(NOT word IN_LIST backends)
        message(STATUS "src/ops/ops.def: operator '${op}' names the "
          "backend '${word}', but there is no src/${word}/backend.c")
      endif()
    endforeach()
  endforeach()
endif()
if(NOT SV_OPERATOR_SOURCES)
  file(WRITE ${SV_GENERATED}/none.c "extern int sv_none;\n")
  set(SV_OPERATOR_SOURCES ${SV_GENERATED}/none.c)
endif()
