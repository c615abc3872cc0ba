# A thin front: CMake does the work. Every target looks first whether something
# is missing and only then installs it.
PREFIX ?= /usr/local
PYTHON ?= python3
PRODUCT = svertka svertka_static svertka_program

.PHONY: all demo test test-arm64 interop bench deps install asan format clean

all:
	@scripts/deps.sh build
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target $(PRODUCT)

demo:
	@scripts/deps.sh demo
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh

# With the flags of `all`, so that both share their objects, but for warnings.
test:
	@scripts/deps.sh test
	cmake --preset release -DSV_WERROR=ON
	cmake --build --preset release
	ctest --test-dir build -j2 --output-on-failure
	@cat build/onnx_counts.txt
	@sed -n 's/^note: /Not tested this time: /p' build/Testing/Temporary/LastTest.log

# Without oneDNN, cross-built, the unit tests and opcheck under QEMU.
test-arm64:
	@scripts/deps.sh arm64
	@scripts/test_arm64.sh

# What is saved runs in other runtimes, from pinned wheels; with a PYTHON that
# has PyTorch, its exports load.
interop: all
	@PYTHON="$(PYTHON)" scripts/deps.sh interop
	@scripts/interop.sh "$(PYTHON)"

bench: all
	@PYTHON="$(PYTHON)" bench/run.sh

deps:
	@scripts/deps.sh

install: all
	cmake --install build --prefix "$(PREFIX)"

asan:
	@scripts/deps.sh test
	cmake --preset asan
	cmake --build --preset asan
	ctest --test-dir build/asan -L unit --output-on-failure

format:
	git ls-files '*.c' '*.h' '*.cpp' | xargs clang-format -i

clean:
	rm -rf build
