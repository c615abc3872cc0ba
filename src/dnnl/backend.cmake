# oneDNN, version 2 or 3, through its C interface.
find_path(SV_DNNL_INCLUDE dnnl.h)
find_library(SV_DNNL_LIBRARY dnnl)
if(NOT SV_DNNL_INCLUDE OR NOT SV_DNNL_LIBRARY)
  message(FATAL_ERROR "oneDNN (dnnl.h, libdnnl) was not found: install it "
    "(scripts/deps.sh does), or build without it: -DSV_WITH_DNNL=OFF")
endif()
list(APPEND SV_INCLUDES ${SV_DNNL_INCLUDE})
list(APPEND SV_LIBRARIES ${SV_DNNL_LIBRARY})
