# SPDX-License-Identifier: MIT
# tapir's build: one Makefile, no recursion. `make help` lists what it can do.
#
#   BUILD=dir   where everything built goes (default: build, or build-debug with DEBUG=1)
#   DEBUG=1     AddressSanitizer, UndefinedBehaviorSanitizer, -O1
#   WERROR=0|1  warnings are errors (default: with gcc 12, the compiler CI uses; newer ones know new warnings)
#   LTO=        the program without link-time optimization: quicker to build, and 1 % slower
#   SUITE=name  for `make unit`: only suites whose names begin so
#   V=1         show the commands

DEBUG   ?= 0
BUILD   ?= $(if $(filter 1,$(DEBUG)),build-debug,build)
PREFIX  ?= /usr/local
DESTDIR ?=
WERROR  ?= $(if $(filter 12,$(shell $(CC) -dumpversion 2>/dev/null)),1,0)

WARN     := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wconversion $(if $(filter 1,$(WERROR)),-Werror)
# Some compilers set _FORTIFY_SOURCE by themselves: it renames calls that record/ must see (read() to __read_chk()).
BASE     := -std=c11 -D_GNU_SOURCE -U_FORTIFY_SOURCE -I. -g -fno-asynchronous-unwind-tables $(WARN)
PIC      := -fPIC -fvisibility=hidden
SANITIZE := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	    -Wno-error=maybe-uninitialized
CFLAGS   ?= $(if $(filter 1,$(DEBUG)),$(SANITIZE),-O2)
LDFLAGS  ?= $(if $(filter 1,$(DEBUG)),-fsanitize=address$(comma)undefined)
LIBS     := -Wl,--as-needed -lreadline -ljansson -lpcap -lm
# A small program: addresses that the loader moves are packed (with no unwind tables, which only C++ needs, a fifth less).
PACKED   := -Wl,-z,pack-relative-relocs
comma    := ,
# In the program the stack is optimized as one (LTO): a packet calls some 150 functions of 60 files. The archive has objects of its
# own, as no other compiler could read what gcc keeps for that. The shell need not be fast, but small.
LTO      ?= $(if $(filter 1,$(DEBUG))$(findstring clang,$(CC)),,-flto=auto)
SMALL    ?= $(if $(filter 1,$(DEBUG)),,-Os -Wno-maybe-uninitialized)

# What is built from what. A new file in one of these folders is found by itself.
FOLDERS := lib net dev arp ip icmp udp tcp app
LIB_SRC := $(sort $(wildcard $(addsuffix /*.c,$(FOLDERS)) inet.c tapir.c))
SH_SRC  := $(sort $(wildcard shell/*.c))
REC_SRC := $(sort $(wildcard record/*.c))
BENCHES := $(sort $(wildcard tests/unit/*/bench.c))
MATRIX  := $(sort $(wildcard tests/matrix.d/*.c))
FRAME   := $(sort $(wildcard tests/unit/*.c)) $(BENCHES) $(filter-out %/matrix.c,$(MATRIX))
SUITES  := $(filter-out $(BENCHES),$(sort $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c)))

LIB     := $(BUILD)/libtapir.a
BENCH   := $(addprefix $(BUILD)/bench/,driver floor server blast)
INSIDE  := $(addprefix $(BUILD)/bench/,growth inside)
PROG    := $(if $(wildcard main.c),$(BUILD)/tapir)
UNIT    := $(BUILD)/unit/run
ASAN    := $(if $(wildcard main.c),$(BUILD)/unit/tapir)
COVER   := $(BUILD)/cover/run

# $(call objects,FOLDER,SOURCES): the objects of SOURCES below $(BUILD)/FOLDER.
objects  = $(patsubst %.c,$(BUILD)/$1/%.o,$2)
LIB_OBJ := $(call objects,obj,$(LIB_SRC))
SH_OBJ  := $(call objects,obj,$(SH_SRC))
ALL_OBJ := $(call objects,$(if $(LTO),lto,obj),$(LIB_SRC)) $(SH_OBJ) $(call objects,obj,$(REC_SRC) $(wildcard main.c))
TESTED  := $(LIB_SRC) $(SH_SRC) $(REC_SRC) $(FRAME) $(SUITES)

# The calls that go by record/ (record/calls.h): in the program, and where it is tested; the library is as it is.
RECORDED := $(shell sed -n '/define CALLS/,/endif/p' record/calls.h | grep -o 'X([a-z0-9_]*)' | tr -d 'X()')
WRAP_OUT := $(RECORDED:%=-Wl,--wrap=%)

export BUILD
export RESULTS := $(BUILD)/results

Q   := $(if $(filter 1,$(V)),,@)
say  = $(if $(filter 1,$(V)),,@echo '  $1'	'$2')

.PHONY: all run test unit lab golden netsim growth drill matrix live live-long soak fuzz bench check layers docs deps deps-test deps-fuzz deps-bench cover install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(LIB) $(PROG)

help:
	@echo 'make            build $(BUILD)/tapir and $(BUILD)/libtapir.a'
	@echo 'make run        install what building needs, build, start tapir (ARGS="..." are its arguments)'
	@echo 'make test       install what the tests need, then unit, lab and live tests'
	@echo 'make unit       unit tests under ASan and UBSan, twice (SUITE=arp_input for some)'
	@echo 'make lab        scripts under the virtual clock, compared with what they must print'
	@echo 'make golden     captures replayed in virtual time, and what must be sent then (GOLDEN=name for some)'
	@echo 'make netsim     TCP over bad links in virtual time, compared with tests/netsim/table.txt'
	@echo 'make growth     instructions among few and among many (connections, hosts, routes ...): does cost grow? (valgrind)'
	@echo 'make drill      the plug-in for packetdrill (tests/drill/run runs its scripts), driven without packetdrill'
	@echo 'make matrix     build $(BUILD)/matrix, which tests/matrix runs: measurements of Linux, tried on tapir'
	@echo 'make live       scripts over real TAP devices against the kernel (LIVE=name for some)'
	@echo 'make live-long  live tests that know large numbers, with them: takes some minutes'
	@echo 'make soak       unit tests that know large numbers, with them: a million connections'
	@echo 'make fuzz       any bytes to what reads files, for FUZZ_SECONDS=$(FUZZ_SECONDS) each (clang)'
	@echo 'make check      layers, headers, format, static analysis, globals, documents up to date'
	@echo 'make docs       write docs/rfc.md anew: which test holds which requirement'
	@echo 'make bench      speed beside the device itself, the kernel and other stacks: bench/report.md (as root; ARGS for bench/run)'
	@echo 'make cover      line coverage of the unit tests, per file and folder'
	@echo 'make deps       install what building needs;  make deps-test, deps-bench: what tests and checks, benchmarks need besides'
	@echo 'make install    into PREFIX=$(PREFIX) (DESTDIR= as usual);  make uninstall takes it away'
	@echo 'make clean      remove $(BUILD)'
	@echo 'Variables: DEBUG=1 BUILD=dir WERROR=0|1 V=1'

# --- program and library

$(LIB): $(LIB_OBJ)
	$(call say,AR,$(@F))
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJ)

$(BUILD)/tapir: $(ALL_OBJ)
	$(call say,LD,$(@F))
	$(Q)$(CC) $(CFLAGS) $(LTO) $(LDFLAGS) $(PACKED) $(WRAP_OUT) -o $@ $(ALL_OBJ) $(LIBS)

$(SH_OBJ): private CFLAGS += $(SMALL)

$(BUILD)/obj/%.o: %.c $(BUILD)/obj/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(PIC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/lto/%.o: %.c $(BUILD)/obj/flags
	$(call say,CC,$< (program))
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(PIC) $(CFLAGS) $(LTO) -MMD -MP -c -o $@ $<

run: deps $(PROG)
	$(Q)$(BUILD)/tapir $(ARGS)

# --- tests. The suite table is made from the paths: tests/unit/arp/input.c holds suite_arp_input.

TABLE := $(BUILD)/unit/suites.c
names  = $(subst /,_,$(patsubst tests/unit/%.c,%,$1))
table  = { echo '\#include "tests/unit/unit.h"'; \
	   for s in $(call names,$1); do echo "extern const struct suite suite_$$s;"; done; \
	   echo 'const struct suite *const unit_suites[] = {'; \
	   for s in $(call names,$1); do echo "	&suite_$$s,"; done; \
	   echo '	NULL,'; echo '};'; }

$(TABLE): $(BUILD)/unit/suites.list
	@$(call table,$(SUITES)) > $@

$(BUILD)/unit/%.o: %.c $(BUILD)/unit/flags
	$(call say,CC,$< (unit))
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(SANITIZE) -MMD -MP -c -o $@ $<

# Tests may let memory run out (tests/unit/alloc.h), and say where TCP's sequence numbers begin (tests/unit/tcp/bench.h).
WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
WRAP_ISN := -Wl,--wrap=tcp_isn

$(UNIT): $(call objects,unit,$(TESTED)) $(TABLE)
	$(call say,LD,unit tests)
	$(Q)$(CC) $(BASE) $(SANITIZE) $(WRAP) $(WRAP_ISN) $(WRAP_OUT) -o $@ $^ -lcunit $(LIBS)

# The program under ASan and UBSan, for live tests that try to break it.
$(BUILD)/unit/tapir: $(call objects,unit,$(LIB_SRC) $(SH_SRC) $(REC_SRC) main.c)
	$(call say,LD,tapir with sanitizers)
	$(Q)$(CC) $(BASE) $(SANITIZE) $(WRAP_OUT) -o $@ $^ $(LIBS)

$(BUILD)/cover/%.o: %.c $(BUILD)/cover/flags
	$(call say,CC,$< (cover))
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) -O0 --coverage -MMD -MP -c -o $@ $<

$(COVER): $(call objects,cover,$(TESTED)) $(TABLE)
	$(call say,LD,unit tests with coverage)
	$(Q)$(CC) $(BASE) -O0 $(WRAP) $(WRAP_ISN) $(WRAP_OUT) -o $@ $^ --coverage -lcunit $(LIBS)

RUN_UNIT := { $(UNIT) $(SUITE) && ok=1 || ok=0; $(UNIT) --late $(SUITE) && [ $$ok = 1 ]; }
RUN_LAB  := tests/lab/run $(LAB)
RUN_GOLD := tests/golden/run $(GOLDEN)
RUN_SIM  := tests/netsim/run
RUN_LIVE := tests/live/run $(LIVE)
RUN_GROWTH := bench/growth --check

# Nothing sleeps in there: what hangs, hangs for ever.
RUN_DRILL := timeout 60 $(BUILD)/drill $(BUILD)/drill.so

unit: $(UNIT)
	@$(RUN_UNIT)

lab: all
	@$(RUN_LAB)

golden: all
	@$(RUN_GOLD)

# One TCP connection over links of all kinds, in virtual time.
$(BUILD)/netsim: tests/netsim/netsim.c $(LIB)
	$(call say,CC,$<)
	$(Q)$(CC) $(BASE) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIB) $(LIBS)

netsim: $(BUILD)/netsim
	@$(RUN_SIM)

# Measurements of Linux's devices, tried on ours: tests/matrix KIND FILE.csv.
$(BUILD)/matrix: $(call objects,obj,$(MATRIX)) $(SH_OBJ) $(LIB)
	$(call say,LD,$(@F))
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

matrix: $(BUILD)/matrix

live: all $(BUILD)/matrix $(ASAN) $(BENCH)
	@$(RUN_LIVE)

# A stack for packetdrill, which loads it in a way that sanitizers do not bear; and a driver that plays packetdrill.
DRILL := $(call objects,obj,$(filter-out tests/drill/driver.c,$(sort $(wildcard tests/drill/*.c))))

$(BUILD)/drill.so: $(DRILL) $(LIB)
	$(call say,LD,$(@F))
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-Bsymbolic -o $@ $(DRILL) $(LIB) $(LIBS) -lpthread

$(BUILD)/drill: $(BUILD)/obj/tests/drill/driver.o $(LIB)
	$(call say,LD,$(@F))
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lpthread -ldl

drill: $(BUILD)/drill $(BUILD)/drill.so
	@$(RUN_DRILL)

# The live tests that know large numbers, with them: files of 1 GiB, a minute of wrk, 1 MiB through 30 % loss, a session of
# 100 MiB recorded and run again.
live-long: export BIG_MIB = 1024
live-long: export WRK_SECONDS = 60
live-long: export LOSSY_30 = 1
live-long: export AGAIN_MIB = 100
live-long: export LIVE_SECONDS = 3600
live-long: all $(ASAN)
	@RESULTS= tests/live/run again big_files many tcp_lossy

# All are run even when one of them fails: those that know no real time beside the unit tests, and then the live ones.
LIVE_VIRTUAL := golden_100 golden_asan
LIVE_REAL    := $(filter-out lib $(LIVE_VIRTUAL),$(patsubst tests/live/%.sh,%,$(sort $(wildcard tests/live/*.sh))))
RUN_VIRTUAL  := { bad=0; for run in '$(RUN_LAB)' '$(RUN_GOLD)' $(RUN_SIM) '$(RUN_DRILL)' '$(RUN_GROWTH)' 'tests/live/run $(LIVE_VIRTUAL)'; do \
	$$run || bad=1; done; exit $$bad; }

test: deps-test all $(UNIT) $(BUILD)/netsim $(BUILD)/matrix $(BUILD)/drill $(BUILD)/drill.so $(ASAN) $(BENCH) $(BUILD)/bench/growth
	@bad=0; $(RUN_VIRTUAL) >$(BUILD)/virtual.log 2>&1 & $(RUN_UNIT) || bad=1; wait $$! || bad=1; cat $(BUILD)/virtual.log; \
	tests/live/run $(LIVE_REAL) || bad=1; exit $$bad

cover: $(COVER)
	@find $(BUILD)/cover -name '*.gcda' -delete
	@RESULTS= $(COVER) > $(BUILD)/cover/log || { cat $(BUILD)/cover/log; exit 1; }
	@tools/cover $(BUILD)/cover $(LIB_SRC) $(SH_SRC) $(REC_SRC)

# --- the suites that also know large numbers (unit_soak), optimized and without sanitizers

SOAKS := tests/unit/tcp/scale.c
SOAK  := $(BUILD)/soak/run

$(BUILD)/soak/suites.c: $(BUILD)/soak/suites.list
	@$(call table,$(SOAKS)) > $@

$(BUILD)/soak/%.o: %.c $(BUILD)/obj/flags
	$(call say,CC,$< (soak))
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(CFLAGS) -MMD -MP -c -o $@ $<

$(SOAK): $(call objects,soak,$(FRAME) $(SOAKS)) $(BUILD)/soak/suites.c $(SH_OBJ) $(LIB)
	$(call say,LD,soak)
	$(Q)$(CC) $(BASE) $(CFLAGS) $(LDFLAGS) $(WRAP) $(WRAP_ISN) -o $@ $^ -lcunit $(LIBS)

soak: $(SOAK)
	@RESULTS= $(SOAK) --soak $(SUITE)

# --- fuzzing by clang's libFuzzer: a file of tests/fuzz is a target, tests/fuzz/seeds/NAME what it begins with

FUZZERS      := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_SECONDS ?= 30
FUZZ_FLAGS   := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
CLANG        ?= clang

$(BUILD)/fuzz/obj/%.o: %.c $(BUILD)/obj/flags
	$(call say,CC,$< (fuzz))
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -Werror,$(BASE)) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/%.o $(call objects,fuzz/obj,$(LIB_SRC) $(SH_SRC))
	$(call say,LD,$(@F) (fuzz))
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

fuzz: deps-fuzz
	@$(MAKE) --no-print-directory $(FUZZERS)
	@for f in $(FUZZERS); do mkdir -p $$f.corpus && $$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
		-artifact_prefix=$$f- $$f.corpus tests/fuzz/seeds/$${f##*/} || exit 1; done

# --- benchmarks (bench/run): a driver, the floor, the kernel's servers, and the peers whose libraries are here

GOCODE := /usr/share/gocode
PEERS  := $(if $(wildcard /usr/include/lwip/lwip),lwip) $(if $(wildcard /usr/include/slirp),slirp) \
	  $(if $(and $(wildcard $(GOCODE)/src/gvisor.dev),$(shell command -v go)),gvisor)
# Before our library, which has functions of the same names (tcp_output).
$(BUILD)/bench/lwip: BENCH_LIBS = -isystem /usr/include/lwip -llwip
$(BUILD)/bench/slirp: BENCH_LIBS = -lslirp
$(BUILD)/bench/%: bench/%.c $(LIB)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(CFLAGS) -o $@ $< $(BENCH_LIBS) $(LIB)

$(BUILD)/bench/gvisor: bench/gvisor/main.go
	$(call say,GO,$<)
	@mkdir -p $(@D)
	$(Q)GO111MODULE=off GOPATH=$(GOCODE) GOCACHE=$(abspath $(BUILD))/bench/go go build -o $@ ./$(<D)

# Inside one process: how cost grows.
$(INSIDE): $(BUILD)/bench/%: bench/%.c bench/scene.c bench/scene.h $(LIB)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(CFLAGS) $(LDFLAGS) -o $@ $< bench/scene.c $(LIB) $(LIBS)

growth: $(BUILD)/bench/growth
	@$(RUN_GROWTH)

bench: all $(BENCH) $(INSIDE) $(addprefix $(BUILD)/bench/,$(PEERS))
	@bench/run $(ARGS)
	@bench/growth
	@bench/report $(BUILD)/bench/results.json bench

# --- checks

check: $(LIB_OBJ) $(ALL_OBJ)
	@tools/check

layers:
	@tools/layers

docs:
	@tools/rfc

# --- packages of the system

deps:
	@tools/deps build

deps-test: deps
	@tools/deps test

deps-fuzz: deps
	@tools/deps fuzz

deps-bench: deps
	@tools/deps bench

# Where the goal is to run or test, packages come before the first compiler call.
ifneq ($(filter run test,$(MAKECMDGOALS)),)
$(BUILD)/obj/flags: | deps
endif
ifneq ($(filter test,$(MAKECMDGOALS)),)
$(BUILD)/unit/flags $(BUILD)/obj/flags: | deps-test
endif

# --- installing: what exists of program, library, manual page, completion, AppArmor profile

# $(call install,MODE,FILE,WHERE): nothing when FILE does not exist.
install = @if [ -e $2 ]; then install -D -m $1 $2 $(DESTDIR)$3 && echo '  INSTALL	$(DESTDIR)$3'; fi

install: all
	$(call install,755,$(BUILD)/tapir,$(PREFIX)/bin/tapir)
	$(call install,644,$(LIB),$(PREFIX)/lib/libtapir.a)
	$(call install,644,tapir.h,$(PREFIX)/include/tapir.h)
	$(call install,644,docs/tapir.1,$(PREFIX)/share/man/man1/tapir.1)
	$(call install,644,tools/tapir.bash,$(PREFIX)/share/bash-completion/completions/tapir)
	$(call install,644,tools/apparmor/tapir,/etc/apparmor.d/tapir)
	@if [ -z '$(DESTDIR)' ] && [ -e /etc/apparmor.d/tapir ] && command -v apparmor_parser >/dev/null; then \
		apparmor_parser -r /etc/apparmor.d/tapir || echo 'the AppArmor profile could not be loaded'; fi

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/tapir lib/libtapir.a include/tapir.h share/man/man1/tapir.1 \
		share/bash-completion/completions/tapir) $(DESTDIR)/etc/apparmor.d/tapir

clean:
	rm -rf $(BUILD)

# --- a file that changes when flags or lists change, and only then

# $(call keep,TEXT): write TEXT to the target unless it holds that already.
keep = @mkdir -p $(@D); echo '$1' | cmp -s - $@ || echo '$1' > $@

$(BUILD)/obj/flags: FORCE
	$(call keep,$(CC) $(BASE) $(PIC) $(CFLAGS) $(LTO) $(SMALL))
$(BUILD)/unit/flags: FORCE
	$(call keep,$(CC) $(BASE) $(SANITIZE))
$(BUILD)/cover/flags: FORCE
	$(call keep,$(CC) $(BASE) --coverage)
$(BUILD)/unit/suites.list: FORCE
	$(call keep,$(SUITES))
$(BUILD)/soak/suites.list: FORCE
	$(call keep,$(SOAKS))

-include $(sort $(LIB_OBJ:.o=.d) $(ALL_OBJ:.o=.d)) $(DRILL:.o=.d) $(patsubst %.o,%.d,$(call objects,obj,$(MATRIX) tests/drill/driver.c) \
	$(call objects,unit,$(TESTED) main.c) $(call objects,cover,$(TESTED)) \
	$(call objects,soak,$(FRAME) $(SOAKS)) $(call objects,fuzz/obj,$(LIB_SRC) $(SH_SRC)))
