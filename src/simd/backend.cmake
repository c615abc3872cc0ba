# The same loops for each instruction set; which one runs is decided at run time.
# Multiply-adds may be fused: the result is the same on every machine that has
# the instruction set.
set_source_files_properties(${folder}/loops_base.c PROPERTIES
  COMPILE_OPTIONS "-ffp-contract=fast")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${folder}/loops_avx2.c PROPERTIES
    COMPILE_OPTIONS "-mavx2;-mfma;-ffp-contract=fast")
  set_source_files_properties(${folder}/loops_avx512.c PROPERTIES
    COMPILE_OPTIONS
    "-mavx512f;-mavx512vl;-mavx512dq;-mfma;-ffp-contract=fast")
endif()
