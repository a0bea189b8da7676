# The commands of the README. Each installs the Debian packages that are missing, then builds what it needs in build/.

.PHONY: all test sweep demo format packages configure

all: configure
	ninja -C build weft

test: configure
	ninja -C build
	scripts/format --check
	scripts/tidy
	ctest --test-dir build -j "$$(nproc)" --output-on-failure

# Random networks in every form that files have: check, compile, oracle, and every nineteenth kernel as HLS and RTL: more than 100 of 2,000.
sweep: configure
	ninja -C build weft_tests
	WEFT_RANDOM_POINTS="$${WEFT_RANDOM_POINTS:-2000}" build/weft_tests --gtest_filter='RandomSweep.*'

demo: all
	examples/fashion-mnist/demo

format: packages
	scripts/format

configure: packages
	cmake --preset ci

packages:
	@scripts/install-packages
