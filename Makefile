# make run: the whole hall on this machine. make test: every test. `make help` lists the rest.
BUILD    ?= build
ROOMS    ?= base sms grammar store web gateway tools
WARN     := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla
CFLAGS   ?= -O2 -g
SAN      ?=
SMSHALL  ?= $(BUILD)/smshall
PREFIX   ?= /usr/local
TESTS    ?= src/dev/test.sh
PACKAGES := libmicrohttpd libpq libpcre2-8 libcurl yaml-0.1 libsodium jansson zlib
pkg      := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
libs     := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
CPPFLAGS += -Iinclude -D_GNU_SOURCE $(pkg)
LDLIBS   += $(libs) -lcsv -lpthread # libcsv has no pkg-config file
ifeq ($(origin CC),default)
CC       := gcc
endif
# What makes a fault in the program hard to use (tests/hardening.sh looks for it in the binary). Not together with sanitizers, which watch the
# same things more closely. Debian's fortification of level 2, where its compilers bring it along, gives way.
ifeq ($(SAN),)
HARDEN   ?= -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 \
	$(if $(findstring x86_64,$(shell $(CC) -dumpmachine)),-fcf-protection=full)
HARDEN_LD ?= -pie -Wl,-z,relro,-z,now,-z,noexecstack
endif
export SMSHALL # to every script: which program it is about

room_src := $(sort $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.c)))
room_obj := $(room_src:src/%.c=$(BUILD)/obj/%.o)
top_obj  := $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/*.c))
unit_bin := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(foreach r,$(ROOMS),$(wildcard tests/unit/$(r)_*.c))))
test_bin := $(patsubst tests/%.c,$(BUILD)/%,$(sort $(wildcard tests/fault/*.c tests/model/*.c)))
bench_bin := $(patsubst tests/%.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*.c)))
fuzz_bin := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/*.c)))
c_files  := $(sort $(shell find src tests include -name '*.[ch]' 2>/dev/null))
scripts  := $(sort .ci/run $(wildcard src/dev/*.sh tests/*.sh tests/fault/*.sh tests/tap/*.sh))

# Before a library is installed pkg-config knows no flags, so what follows `deps` is a make of its own.
again     = +@$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
fuzzed    = BUILD=build/fuzz CC=clang CFLAGS="-O1 -g" SAN="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
sanitized = +@$(MAKE) --no-print-directory test BUILD=build/$@ SMSHALL=build/$@/smshall CFLAGS="-O1 -g" PATIENCE=3

all: $(BUILD)/smshall ## build the program (the default)

run: deps-run ## the whole hall on this machine, until Ctrl-C
	$(again) all
	@exec env --default-signal=INT src/dev/run.sh

test: deps-test ## every test
	$(again) all tests-built
	$(again) fuzz-built $(fuzzed)
	@$(TESTS) $(unit_bin)

unit: $(unit_bin) ## the unit tests alone (of ROOMS)
	@for t in $(unit_bin); do echo "== $$t"; $$t || exit 1; done

# The static runtimes share one report; of the dynamic ones, UBSan's would go to a log that nobody reads.
asan: ## every test, watched for faults of memory and undefined behaviour
	$(sanitized) SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -static-libasan -static-libubsan"

tsan: ## every test, watched for data races
	$(sanitized) SAN="-fsanitize=thread"

valgrind: deps-valgrind ## every test, watched by valgrind: some hours
	+@$(MAKE) --no-print-directory test TESTS=src/dev/valgrind.sh

fuzz: deps-test ## each fuzz target for a minute (FUZZ_SECONDS)
	$(again) fuzz-built $(fuzzed)
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-60} bash tests/fuzz.sh

bench: deps-bench ## measures, side by side
	$(again) all bench-built
	@bash tests/bench.sh

soak: deps-bench ## an hour at half of what the hall can carry (SOAK_SECONDS)
	$(again) all bench-built
	@bash tests/soak.sh

check: all ## reads commands/ and prints every fault
	@$(BUILD)/smshall check

lint: deps-lint ## clang-format, clang-tidy, cppcheck, shellcheck
	clang-format --dry-run --Werror $(c_files)
	@echo clang-tidy …
	@printf '%s\n' $(filter %.c,$(c_files)) | xargs -P $$(nproc) -n 2 sh -c 'clang-tidy --quiet "$$@" -- -std=c11 $(CPPFLAGS) 2>/dev/null' tidy
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j 2 -Iinclude src tests
	shellcheck -x --severity=warning $(scripts)

fmt: deps-lint ## lays out the C files
	clang-format -i $(c_files)

deps: deps-test ## installs what is missing (apt-get), for run and test

deps-run deps-test deps-lint deps-bench deps-valgrind:
	@src/dev/deps.sh $(@:deps-%=%)

install: all ## to PREFIX (/usr/local), below DESTDIR
	install -D -m 755 $(BUILD)/smshall $(DESTDIR)$(PREFIX)/bin/smshall
	install -d $(foreach d,commands conf,$(DESTDIR)$(PREFIX)/share/smshall/$(d))
	install -m 644 commands/*.yaml $(DESTDIR)$(PREFIX)/share/smshall/commands
	find sql '(' -name '*.sql' -o -name '*.csv' ')' -exec install -D -m 644 {} $(DESTDIR)$(PREFIX)/share/smshall/{} ';'
	install -m 644 conf/smshall.yaml conf/kannel.conf conf/smshall.service $(DESTDIR)$(PREFIX)/share/smshall/conf

clean: ## removes what was built; the store of `make run` stays in var/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

$(BUILD)/smshall: $(top_obj) $(room_obj)
	$(CC) $(CFLAGS) $(HARDEN) $(SAN) $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/obj/%.o: src/%.c | libraries
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CPPFLAGS) $(WARN) $(CFLAGS) $(HARDEN) $(SAN) -MMD -MP -c -o $@ $<

# A program of the tests is one file, linked with all rooms: tests/unit/<room>_<what>.c is a unit test; tests/fault, model and bench hold
# what the scripts need.
$(BUILD)/%: tests/%.c $(room_obj)
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CPPFLAGS) $(WARN) $(CFLAGS) $(HARDEN) $(SAN) -MMD -MP -o $@ $< $(room_obj) $(HARDEN_LD) $(LDLIBS) -lcmocka

tests-built: $(unit_bin) $(test_bin)

bench-built: $(bench_bin) $(test_bin)

# A fuzz target may stand in for a room's functions by having them itself: of an archive the linker takes only what is missing.
$(BUILD)/rooms.a: $(room_obj)
	@rm -f $@
	ar cqs $@ $^

$(BUILD)/%: tests/fuzz/%.c $(BUILD)/rooms.a
	$(CC) -std=c11 $(CPPFLAGS) $(WARN) $(CFLAGS) $(SAN) -fsanitize=fuzzer -MMD -MP -o $@ $< $(BUILD)/rooms.a $(LDLIBS)

fuzz-built: $(fuzz_bin)

libraries:
	@pkg-config --exists $(PACKAGES) 2>/dev/null && echo '#include <csv.h>' | $(CC) -E - >/dev/null 2>&1 || \
		{ echo 'A library or pkg-config is missing: run `make deps` first.' >&2; exit 1; }

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all run test unit asan tsan valgrind fuzz bench soak check lint fmt deps deps-run deps-test deps-lint deps-bench deps-valgrind \
	install clean help tests-built bench-built fuzz-built libraries
