# The same loops for each instruction set; which one runs is decided at run time.
# Multiply-adds may be fused: the result is the same on every machine that has
# the instruction set.
# A vector wider than the processor's is only ever an argument of a function of
# the same file, so that no ABI is concerned.
set_source_files_properties(${folder}/loops_base.c ${folder}/loops_base8.c
  ${folder}/loops_base16.c PROPERTIES
  COMPILE_OPTIONS "-ffp-contract=fast;-Wno-psabi")
# For tests only.
set_property(SOURCE ${folder}/loops_base8.c ${folder}/loops_base16.c
  APPEND PROPERTY COMPILE_OPTIONS "-Os")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${folder}/loops_avx2.c PROPERTIES
    COMPILE_OPTIONS "-mavx2;-mfma;-ffp-contract=fast")
  set_source_files_properties(${folder}/loops_avx512.c PROPERTIES
    COMPILE_OPTIONS
    "-mavx512f;-mavx512vl;-mavx512dq;-mfma;-ffp-contract=fast")
endif()
