# The commands of the README. Each installs the Debian packages that are missing, then builds what it needs in build/.

.PHONY: all test demo format packages configure

all: configure
	ninja -C build weft

test: configure
	ninja -C build
	scripts/format --check
	scripts/tidy
	ctest --test-dir build -j "$$(nproc)" --output-on-failure

demo: all
	examples/fashion-mnist/demo

format: packages
	scripts/format

configure: packages
	cmake --preset ci

packages:
	@scripts/install-packages
