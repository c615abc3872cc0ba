# A thin front: CMake does the work.
.PHONY: all

all:
	cmake --preset release
	cmake --build --preset release
