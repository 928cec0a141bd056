# The front door. `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help deps build demo test bench fuzz format lint install clean

PREFIX ?= /usr/local
SWIFT ?= swift
BUILD := $(SWIFT) build -c release --static-swift-stdlib --product
PROGRAM := .build/release/dockertools
# PID 1 of its virtual machines.
GUEST := .build/release/dockertools-guest

# libFuzzer without its main function, whose place SwiftPM gives to the program's own. It is in C++.
LIBFUZZER = $(shell clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a
# Swift's own -sanitize=fuzzer would link that main function: the coverage that it is guided by is asked for alone.
FUZZ_BUILD = FUZZING=1 $(SWIFT) build -c release --scratch-path .build/fuzz --product Fuzzing --sanitize address \
	-Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table -Xlinker $(LIBFUZZER) -Xlinker -lstdc++ -Xlinker -lm
FUZZ_SECONDS ?= 60

# What the program is built with.
BUILD_PACKAGES := build-essential pkg-config zlib1g-dev libarchive-dev libssl-dev libzstd-dev liblzma-dev libdeflate-dev libisal-dev
# The real tools that its tests hold it against.
TEST_PACKAGES := attr busybox-static bzip2 cpio docker-registry docker.io e2fsprogs fakeroot gzip kmod libcap2-bin linux-image-cloud-amd64 mmdebstrap nix-bin \
	openssh-client openssh-server openssl podman procps python3 python3-jsonschema qemu-system-x86 skopeo squashfs-tools strace uidmap umoci xz-utils zstd
# What the fuzzers' first inputs are made with.
FUZZ_PACKAGES := bzip2 gzip python3 xz-utils zstd
# The peers of the benchmarks.
BENCH_PACKAGES := busybox-static cpio docker-registry docker.io e2fsprogs linux-image-cloud-amd64 openssl pigz python3 qemu-system-x86 skopeo \
	squashfs-tools time

ROOT := $(if $(filter 0,$(shell id -u)),,sudo)
# Installs what is missing of the packages $(1); the lists are fetched only then.
install_packages = missing=$$(for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then $(ROOT) apt-get update -qq && \
	$(ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; fi

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## Install what the program is built with
	@$(call install_packages,$(BUILD_PACKAGES))

build: deps ## Build the program
	$(BUILD) dockertools
	$(BUILD) dockertools-guest

demo: build ## Install, build, make a real image, show it, and run it where a Docker daemon is
	@$(call install_packages,busybox-static)
	@Fixtures/demo.sh $(PROGRAM)

test: lint build ## Run all tests, against the real tools
	@$(call install_packages,$(TEST_PACKAGES))
	DOCKERTOOLS=$(CURDIR)/$(PROGRAM) $(SWIFT) test

bench: build ## Measure against the peers, and print the ratios
	@$(call install_packages,$(BENCH_PACKAGES))
	Tests/Benchmarks/run $(PROGRAM)

fuzz: deps ## Fuzz the readers, FUZZ_SECONDS each (60)
	@$(call install_packages,$(FUZZ_PACKAGES))
	$(FUZZ_BUILD)
	Tests/Fuzzing/run .build/fuzz/release/Fuzzing .build/fuzz/corpus $(FUZZ_SECONDS)

format: ## Format all sources
	$(SWIFT) format -i -r Package.swift Sources Tests

lint: ## Check the format and the style of all sources
	$(SWIFT) format lint --strict -r Package.swift Sources Tests

install: ## Install to PREFIX (/usr/local), with completions for bash, zsh and fish
	@test -x $(PROGRAM) -a -x $(GUEST) || $(MAKE) build
	install -D -s -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/dockertools
	install -D -m 755 $(GUEST) $(DESTDIR)$(PREFIX)/libexec/dockertools/dockertools-guest
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(PROGRAM) --generate-completion-script bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/dockertools
	$(PROGRAM) --generate-completion-script zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_dockertools
	$(PROGRAM) --generate-completion-script fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/dockertools.fish

clean: ## Remove what was built
	rm -rf .build
