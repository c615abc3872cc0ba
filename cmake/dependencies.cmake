# What the build needs from outside. scripts/deps.sh installs it.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# The library's and, besides, the program's.
set(SV_REQUIRES zlib libpng libjpeg libwebp libwebpdemux libtiff-4 libexif
  libarchive jansson libprotobuf-c cairo)
pkg_check_modules(SV_DEPS REQUIRED IMPORTED_TARGET ${SV_REQUIRES})
pkg_check_modules(SV_CLI REQUIRED IMPORTED_TARGET jansson)

# Headers that bring their own code.
find_path(SV_STB_INCLUDE stb_image_resize.h PATH_SUFFIXES stb REQUIRED)
set(SV_INCLUDES ${SV_STB_INCLUDE})
# giflib has no pkg-config file. The backends add theirs.
find_library(SV_GIF_LIBRARY gif REQUIRED)
set(SV_LIBRARIES ${SV_GIF_LIBRARY}) # by path
