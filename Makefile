# heapbench: `make help` lists what can be made. GNU make 4.3 or newer.
#
# Everything that needs set-up waits for `bootstrap`, which installs what is missing. Programs that
# it may install in this very call (pkg-config, python3) are therefore asked in recipes alone.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

BUILD ?= build
PROFILE ?= quick
RESULTS ?= results/latest
OPERATIONS ?= 100000000
SECONDS ?= 60
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wno-format-truncation -Wshadow -Wstrict-prototypes -Wmissing-prototypes
FLAGS = -std=gnu11 -D_GNU_SOURCE $(CFLAGS) $(EXTRA_FLAGS)

QUIET := $(if $(V),,@)
comma := ,

# Each asks a program when it is first used and keeps the answer.
once = $(eval $(1) := $$(shell $(2)))$($(1))
LUA = $(call once,LUA,for name in lua5.1 lua-5.1 lua51; do \
  if pkg-config --exists $$$$name; then echo $$$$name; break; fi; done)
PACKAGE_FLAGS = $(call once,PACKAGE_FLAGS,pkg-config --cflags $(LUA) jansson libzstd)
LUA_FLAGS = $(call once,LUA_FLAGS,pkg-config --cflags $(LUA))
PACKAGE_LIBS = $(call once,PACKAGE_LIBS,pkg-config --libs $(LUA) jansson libzstd)
python_with = $(or $(shell PYTHON='$(PYTHON)' scripts/find-python.sh $(1)),false)
LIBS = $(PACKAGE_LIBS) -lmd -ldw -ldl -lm -lpthread

SOURCES := $(wildcard allocators/*.c allocators/*/*.c lalloc/*.c lalloc/*/*.c workloads/*.c workloads/*/*.c recorder/*.c harness/*.c harness/*/*.c)
TEST_SOURCES := $(wildcard tests/test_*.c)
PLANTED_SOURCES := $(wildcard tests/planted/*.c)
HEADERS := $(wildcard allocators/*.h allocators/*/*.h lalloc/*.h lalloc/*/*.h workloads/*.h workloads/*/*.h recorder/*.h harness/*.h harness/*/*.h)
# What is in corona as a library alone: the standard names must not come into heapbench.
CORONA_LIBRARY_SOURCES := $(wildcard allocators/corona/preload/*.c)
# Lists that are read as macros keep one line an entry.
LAID_OUT := $(filter-out %/list.h %/metrics.h,$(SOURCES) $(HEADERS) $(wildcard examples/*/*.c tests/*.[ch] tests/fuzz/*.c)) \
  $(PLANTED_SOURCES) $(CORONA_LIBRARY_SOURCES) $(wildcard allocators/corona/preload/*.h tests/preloaded/* tests/windows/*)
# What is preloaded into programs that are recorded is a library of its own.
PRELOADED_SOURCES := $(wildcard recorder/preload*.c)
OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(PRELOADED_SOURCES),$(SOURCES)))
TEST_OBJECTS := $(TEST_SOURCES:%.c=$(BUILD)/obj/%.o)
TESTS := $(TEST_SOURCES:%.c=$(BUILD)/%)
PLANTED := $(PLANTED_SOURCES:%.c=build/%.so)

all: $(BUILD)/heapbench $(BUILD)/libheapbench-record.so $(BUILD)/libcorona.so ## build heapbench and libcorona.so (the default)

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*\#\# \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24
	@echo 'PROFILE=smoke|quick|full RUN_FLAGS="-a tiered -w json" go to bench;'
	@echo 'PREFIX=/usr/local DESTDIR= go to install and uninstall;'
	@echo 'OPERATIONS=N to soak, SECONDS=N to fuzz, RUN_FLAGS="-a tiered" to both;'
	@echo 'RESULTS=DIR to bench (a new folder), table, charts and hyperfine; SCRIPT=FILE.lua RUNS=N PROGRAMS="xz git" to hyperfine;'
	@echo 'V=1 shows the compiler calls.'

# ---- set-up: one call for all the goals at hand, so that one apt-get installs what is missing

GROUPS_FOR_GOAL = $(or $(filter test test-asan test-tsan test-valgrind bench charts inspect hyperfine traces \
  corona-windows,$(1)),\
  $(if $(filter table,$(1)),charts),\
  $(if $(filter corona-soak corona-drift,$(1)),test),\
  $(if $(filter soak,$(1)),build,$(if $(filter fuzz,$(1)),fuzz,\
  $(if $(filter lint format lint-%,$(1)),lint,build))))
GROUPS := $(sort $(foreach goal,$(or $(MAKECMDGOALS),all),$(call GROUPS_FOR_GOAL,$(goal))))

bootstrap: ## install what is missing, and nothing when nothing is
	@scripts/bootstrap.sh $(GROUPS)

# ---- building

# Changes when compiler or flags do: results state the flags, so no object may be older.
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(FLAGS) $(WARNINGS)' | cmp -s - $@ || echo '$(CC) $(FLAGS) $(WARNINGS)' > $@

$(BUILD)/obj/harness/%.o: CPPFLAGS += -DHEAPBENCH_COMPILER='"$(CC)"' -DHEAPBENCH_FLAGS='"$(FLAGS)"'

$(BUILD)/obj/%.o: %.c Makefile $(BUILD)/flags | bootstrap
	@mkdir -p $(@D)
	@echo '  compile $<'
	$(QUIET)$(CC) $(FLAGS) $(WARNINGS) $(CPPFLAGS) $(PACKAGE_FLAGS) -MMD -MP -c -o $@ $<

# Lua modules written in C look for the interpreter's symbols in the executable: -Wl,-E.
$(BUILD)/heapbench: $(OBJECTS)
	@echo '  link $@'
	$(QUIET)$(CC) $(FLAGS) $(LDFLAGS) -Wl,-E -o $@ $(OBJECTS) $(LIBS)

# Goes into any program: no sanitizer, no library but libc, and no name of its own.
$(BUILD)/recorder/%.o: recorder/%.c Makefile $(BUILD)/flags | bootstrap
	@mkdir -p $(@D)
	@echo '  compile $< to be preloaded'
	$(QUIET)$(CC) $(filter-out -fsanitize% -fno-sanitize%,$(FLAGS)) -fPIC -fvisibility=hidden \
	  -fno-builtin $(WARNINGS) -MMD -MP -c -o $@ $<

PRELOADED_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(PRELOADED_SOURCES) recorder/spool_writer.c)

$(BUILD)/libheapbench-record.so: $(PRELOADED_OBJECTS)
	@echo '  link $@'
	$(QUIET)$(CC) $(filter-out -fsanitize% -fno-sanitize%,$(FLAGS)) $(LDFLAGS) -shared -o $@ $^ -ldl

# ---- corona as a library: libcorona.so, to be preloaded or linked, is malloc; libcorona.a is not

CORONA_SOURCES := $(filter-out %/row.c,$(wildcard allocators/corona/*.c)) $(CORONA_LIBRARY_SOURCES)
CORONA_OBJECTS := $(CORONA_SOURCES:allocators/%.c=$(BUILD)/%.o)
CORONA_FLAGS = $(filter-out -fsanitize% -fno-sanitize%,$(FLAGS)) -fPIC -ftls-model=initial-exec \
  -fvisibility=hidden -include allocators/corona/preload/exported.h -fno-plt \
  -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free
# All bound when loaded, as the dynamic linker may allocate when it binds late; never unloaded, as
# threads end in its code; started before all else, see preload/finish.c; and bound to itself, but
# for the operators, which a program may replace.
CORONA_LINK = -Wl,-z,now -Wl,-z,nodelete -Wl,-z,initfirst -Wl,-Bsymbolic -Wl,--dynamic-list-cpp-new
CORONA_VERSION = $(shell sed -n 's/^\#define CORONA_VERSION "\(.*\)"/\1/p' allocators/corona/corona.h)

$(BUILD)/corona/%.o: allocators/corona/%.c Makefile $(BUILD)/flags | bootstrap
	@mkdir -p $(@D)
	@echo '  compile $< for corona'
	$(QUIET)$(CC) $(CORONA_FLAGS) $(INTERPOSITION) $(WARNINGS) -MMD -MP -c -o $@ $<

$(BUILD)/corona/%.o: INTERPOSITION = -fno-semantic-interposition
$(BUILD)/corona/preload/operators.o: INTERPOSITION = -fsemantic-interposition

$(BUILD)/libcorona.so: $(CORONA_OBJECTS) allocators/corona/preload/names.ld
	@echo '  link $@'
	$(QUIET)$(CC) $(filter-out -fsanitize% -fno-sanitize%,$(FLAGS)) $(LDFLAGS) -shared \
	  -Wl,-soname,libcorona.so.1 $(CORONA_LINK) -o $@ $^ -ldl -lpthread

# One object, so that all of it comes along, whose other names are its own.
$(BUILD)/libcorona.a: $(filter-out %/standard_names.o %/operators.o %/deep_binding.o,$(CORONA_OBJECTS))
	@echo '  archive $@'
	$(QUIET)$(LD) -r -o $(BUILD)/corona.o $^
	$(QUIET)objcopy --localize-hidden $(BUILD)/corona.o
	$(QUIET)rm -f $@ && $(AR) rcs $@ $(BUILD)/corona.o

# The seam of system.h: all of corona but the standard names, compiled and run on another system.
WINDOWS_CC := x86_64-w64-mingw32-gcc

$(BUILD)/corona-windows.exe: tests/windows/corona_windows.c $(filter-out %/row.c,$(wildcard allocators/corona/*.c)) \
  $(wildcard allocators/corona/*.h) Makefile | bootstrap
	@mkdir -p $(@D)
	@echo '  compile corona for Windows'
	$(QUIET)$(WINDOWS_CC) -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARNINGS) -Wno-attributes -Werror -static \
	  -o $@ $(filter %.c,$^) -lsynchronization

corona-windows: $(BUILD)/corona-windows.exe ## compile corona and a test of it for Windows; run it where wine is
	@if command -v wine > /dev/null; then \
	  WINEPREFIX='$(abspath $(BUILD))/wine' WINEDEBUG=-all wine $<; \
	else echo 'not run: no wine here'; fi

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(filter-out %/harness/main.o,$(OBJECTS))
	@mkdir -p $(@D)
	@echo '  link $@'
	$(QUIET)$(CC) $(FLAGS) $(LDFLAGS) -Wl,-E -o $@ $^ $(LIBS) -lcmocka

# Refuses mappings from outside, so that the product carries no hook.
$(BUILD)/tests/test_corona_faults: LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,mmap mremap mprotect madvise \
  pthread_setspecific)
$(BUILD)/tests/test_corona_refused: LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,mmap mprotect madvise)
$(BUILD)/tests/test_faults: LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,mmap munmap mprotect mremap madvise)

# Counts the instructions of the library that programs get.
$(BUILD)/tests/test_corona_fast_path: | $(BUILD)/libcorona.so

build/tests/planted/%.so: tests/planted/%.c Makefile | bootstrap
	@mkdir -p $(@D)
	@echo '  link $@'
	$(QUIET)$(CC) -std=gnu11 -O1 -g -Wall -Wextra $(LUA_FLAGS) -shared -fPIC -o $@ $<

# ---- the library for programs that embed Lua: allocators and lalloc, nothing of the harness

# Lua's own symbols stay open: they are those of whatever Lua the program has.
LIBRARY_OBJECTS := $(patsubst %.c,$(BUILD)/pic/%.o,$(filter allocators/% lalloc/%,$(SOURCES)))
LIBRARY_LIBS = -ldl -lm -lpthread
LIBRARY_VERSION = $(shell sed -n 's/^\#define LALLOC_VERSION "\(.*\)"/\1/p' lalloc/lalloc.h)
INSTALLED = $(DESTDIR)$(LIBDIR)
FOLDERS_FILLED_IN = -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
  -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|'

lib: $(BUILD)/liblalloc.a $(BUILD)/liblalloc.so.0 $(BUILD)/libcorona.a $(BUILD)/libcorona.so ## build the libraries: liblalloc.a and .so.0, libcorona.a and .so

$(BUILD)/pic/%.o: %.c Makefile $(BUILD)/flags | bootstrap
	@mkdir -p $(@D)
	@echo '  compile $< for the library'
	$(QUIET)$(CC) $(FLAGS) -fPIC -fvisibility=hidden $(WARNINGS) $(LUA_FLAGS) -MMD -MP -c -o $@ $<

# Never unloaded, as threads that have used corona end in its code.
$(BUILD)/liblalloc.so.0: $(LIBRARY_OBJECTS)
	@echo '  link $@'
	$(QUIET)$(CC) $(FLAGS) $(LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,nodelete -o $@ $^ $(LIBRARY_LIBS)

# One object whose other names are its own, so that they cannot meet a program's.
$(BUILD)/liblalloc.a: $(LIBRARY_OBJECTS)
	@echo '  archive $@'
	$(QUIET)$(LD) -r -o $(BUILD)/lalloc.o $^
	$(QUIET)objcopy --localize-hidden $(BUILD)/lalloc.o
	$(QUIET)rm -f $@ && $(AR) rcs $@ $(BUILD)/lalloc.o

install: lib ## install libraries, headers, pkg-config files and man pages: PREFIX=/usr/local DESTDIR=
	$(if $(filter /%,$(firstword $(PREFIX))),,$(error PREFIX=$(PREFIX): give an absolute path))
	install -d '$(INSTALLED)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)' '$(DESTDIR)$(MANDIR)/man3'
	install -m 644 $(BUILD)/liblalloc.a $(BUILD)/libcorona.a '$(INSTALLED)'
	install -m 755 $(BUILD)/liblalloc.so.0 '$(INSTALLED)'
	ln -sf liblalloc.so.0 '$(INSTALLED)/liblalloc.so'
	install -m 755 $(BUILD)/libcorona.so '$(INSTALLED)/libcorona.so.1'
	ln -sf libcorona.so.1 '$(INSTALLED)/libcorona.so'
	install -m 644 lalloc/lalloc.h allocators/corona/corona.h '$(DESTDIR)$(INCLUDEDIR)'
	sed $(FOLDERS_FILLED_IN) -e 's|@VERSION@|$(LIBRARY_VERSION)|' -e 's|@LUA@|$(LUA)|' \
	  -e 's|@LIBS@|$(LIBRARY_LIBS)|' lalloc/lalloc.pc.in > '$(INSTALLED)/pkgconfig/lalloc.pc'
	sed $(FOLDERS_FILLED_IN) -e 's|@VERSION@|$(CORONA_VERSION)|' \
	  allocators/corona/corona.pc.in > '$(INSTALLED)/pkgconfig/corona.pc'
	sed 's|@VERSION@|$(LIBRARY_VERSION)|' lalloc/lalloc.3 > '$(DESTDIR)$(MANDIR)/man3/lalloc.3'
	sed 's|@VERSION@|$(CORONA_VERSION)|' allocators/corona/corona.3 \
	  > '$(DESTDIR)$(MANDIR)/man3/corona.3'

uninstall: ## remove what install has put under PREFIX
	rm -f $(foreach name,lalloc corona,'$(INSTALLED)/lib$(name).a' '$(INSTALLED)/lib$(name).so' \
	  '$(INSTALLED)/pkgconfig/$(name).pc' '$(DESTDIR)$(INCLUDEDIR)/$(name).h' \
	  '$(DESTDIR)$(MANDIR)/man3/$(name).3') \
	  '$(INSTALLED)/liblalloc.so.0' '$(INSTALLED)/libcorona.so.1'

-include $(OBJECTS:.o=.d) $(PRELOADED_OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(LIBRARY_OBJECTS:.o=.d) \
  $(CORONA_OBJECTS:.o=.d)

# ---- testing, from the checkout's top

# jemalloc's thread-local block exceeds what glibc leaves for libraries that are loaded late.
c-tests: export GLIBC_TUNABLES := glibc.rtld.optional_static_tls=16384

programs: all $(TESTS) $(PLANTED)

c-tests: $(TESTS) $(PLANTED)
	@status=0; for test in $(TESTS); do \
	  echo "== $$test"; $(TEST_RUNNER) $$test || { status=1; echo "$$test FAILED"; }; \
	done; exit $$status

test: all c-tests ## C tests and Python tests
	$(call python_with,pytest matplotlib numpy) -m pytest -q -p no:cacheprovider tests

test-asan: ## C tests with address and undefined-behaviour sanitizers
	@$(MAKE) BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	  EXTRA_FLAGS='-fsanitize=address,undefined -fno-sanitize-recover=undefined' \
	  GROUPS='test-asan' c-tests

THREAD_TESTS := test_wrapper_threads test_limits_shared test_multilevel_threads test_replay_threads test_threads \
  test_corona_back_end test_corona_system test_corona_stress test_corona_threads test_corona_fork \
  test_corona_mail test_corona_closed_mail test_corona_drift test_corona_double_free

test-tsan: ## C tests of threads with the thread sanitizer
	@$(MAKE) BUILD=build/tsan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	  EXTRA_FLAGS='-fsanitize=thread' GROUPS='test-tsan' PLANTED= \
	  TESTS='$(THREAD_TESTS:%=build/tsan/tests/%)' c-tests

# valgrind would put its own malloc in the place of every library's, the planted faults included.
test-valgrind: ## C tests under valgrind
	@$(MAKE) GROUPS='test-valgrind' c-tests \
	  TEST_RUNNER='valgrind --quiet --leak-check=full --error-exitcode=99 \
  --soname-synonyms=somalloc=nouserintercepts --suppressions=tests/valgrind.supp'

# All that is local, in each of its forms, where RUN_FLAGS names none by -a.
CHOSEN = $(patsubst -a%,%,$(filter-out -a,$(RUN_FLAGS)))
SPECS = $(or $(CHOSEN),$(shell $(BUILD)/heapbench list specs))

soak: all ## many random operations on every local allocator: OPERATIONS=100000000
	$(BUILD)/heapbench check --operations $(OPERATIONS) --timeout 3600 $(SPECS:%=-a '%')

corona-soak: $(BUILD)/tests/test_corona_stress ## corona's calls at random by 8 threads, contents checked: OPERATIONS=100000000
	CORONA_OPERATIONS=$(OPERATIONS) $<

corona-drift: $(BUILD)/tests/test_corona_drift ## what a server in small holds under corona, hour by hour: SECONDS=1800
	CORONA_SECONDS=$(SECONDS) nice -n 19 $<

fuzz: all ## libFuzzer on the reader of traces and every local allocator, the time shared out: SECONDS=60
	@$(MAKE) BUILD=build/fuzz CC=clang CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	  EXTRA_FLAGS='$(FUZZ_FLAGS)' GROUPS=fuzz build/fuzz/operations build/fuzz/trace-reader
	scripts/fuzz.sh build/fuzz/operations '$(SECONDS)' $(if $(CHOSEN),,trace-reader) $(SPECS:%='%')

# The name that gcc gives to its address sanitizer's presence; a warning that clang does not know.
FUZZ_FLAGS = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
  -D__SANITIZE_ADDRESS__ -Wno-unknown-warning-option
FUZZED = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard allocators/*.c allocators/*/*.c))
OPERATIONS_FUZZED = workloads/examiner.c workloads/shadow.c tests/fuzz/operations.c
READER_FUZZED = $(wildcard workloads/traces/*.c) workloads/trace.c tests/fuzz/trace_reader.c

build/fuzz/operations: $(FUZZED) $(OPERATIONS_FUZZED:%.c=$(BUILD)/obj/%.o)
build/fuzz/trace-reader: $(FUZZED) $(READER_FUZZED:%.c=$(BUILD)/obj/%.o)
build/fuzz/operations build/fuzz/trace-reader:
	@echo '  link $@'
	$(QUIET)$(CC) $(FLAGS) -fsanitize=fuzzer -Wl,-E -o $@ $^ -lzstd -ldl -lm -lpthread

# ---- measuring

COMMANDS_MEASURED = $(wildcard $(RESULTS)/hyperfine/*.json)

# RESULTS, where given, is the folder to make.
GIVEN_RESULTS = $(if $(filter file default undefined,$(origin RESULTS)),,-o '$(RESULTS)')

bench: all ## measure, summarise and draw: PROFILE=quick
	$(if $(filter -o% --out%,$(RUN_FLAGS)),$(error name the folder by RESULTS=DIR, not in RUN_FLAGS))
	$(BUILD)/heapbench run --profile $(PROFILE) $(RUN_FLAGS) $(GIVEN_RESULTS)
	$(BUILD)/heapbench series -o '$(RESULTS)'
	$(call python_with,matplotlib numpy) scripts/summarise.py '$(RESULTS)'
	$(call python_with,matplotlib numpy) scripts/charts.py '$(RESULTS)'

table: | bootstrap ## print the table of RESULTS again, measuring nothing
	$(call python_with,matplotlib numpy) scripts/summarise.py '$(RESULTS)'

charts: | bootstrap ## draw the charts of RESULTS again, measuring nothing
	$(call python_with,matplotlib numpy) scripts/charts.py '$(RESULTS)'
	$(if $(COMMANDS_MEASURED),$(call python_with,matplotlib numpy) scripts/hyperfine_chart.py \
	  $(COMMANDS_MEASURED))

traces: all ## record the shipped traces anew: TRACES="gcc jq" (default all)
	scripts/record_traces.sh $(BUILD)/heapbench $(TRACES)

inspect: all ## tell what a trace asks, and draw it beside its file: TRACE=FILE.hbt
	$(if $(TRACE),,$(error which trace? give TRACE=FILE.hbt))
	$(BUILD)/heapbench inspect '$(TRACE)' --csv='$(TRACE:.hbt=).csv'
	$(call python_with,matplotlib numpy) scripts/trace_chart.py '$(TRACE:.hbt=).csv'

hyperfine: all ## compare whole commands, and stock programs with each malloc preloaded
	scripts/hyperfine.sh '$(SCRIPT)' '$(RESULTS)'

# ---- keeping the source in order

lint: lint-figures lint-layout lint-warnings lint-c lint-python lint-shell lint-lua ## check style

lint-figures: | bootstrap
	$(call python_with,flake8) scripts/lint.py

lint-layout: | bootstrap
	@status=0; for file in $(LAID_OUT); do clang-format $$file | cmp -s - $$file || \
	  { echo "$$file: not laid out as .clang-format says: make format"; status=1; }; \
	done; exit $$status

lint-warnings:
	@$(MAKE) --no-print-directory BUILD=build/lint EXTRA_FLAGS=-Werror GROUPS=lint programs

# Two of its checks are wrong here: a failed realloc keeps the block, which it takes for a leak, and
# a function that fills a structure is taken for one that reads it.
lint-c: | bootstrap
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
	  --inline-suppr --suppress=memleak:allocators/libc.c --suppress=ctuuninitvar $(SOURCES) \
	  $(CORONA_LIBRARY_SOURCES) \
	  $(wildcard examples/*/*.c)

lint-python: | bootstrap
	$(call python_with,flake8) -m flake8 --max-line-length 100 scripts tests

lint-shell: | bootstrap
	shellcheck $(wildcard scripts/*.sh) .ci/run

# What the examples' scripts and their programs hand each other.
EXAMPLE_GLOBALS = --globals score update plan tick last_entry record_everything cart request

lint-lua: | bootstrap
	luacheck --std lua51 --no-color --quiet $(wildcard workloads/lua/*.lua workloads/experiments/*.lua)
	luacheck --std lua51 --no-color --quiet $(EXAMPLE_GLOBALS) -- $(wildcard examples/*/*.lua)

format: | bootstrap ## lay the C files out as .clang-format says
	clang-format -i $(LAID_OUT)

clean: ## remove what was built
	rm -rf build

force:
.SECONDARY: $(TEST_OBJECTS)
.PHONY: all help bootstrap lib corona-windows install uninstall programs c-tests test test-asan \
  test-tsan test-valgrind soak corona-soak corona-drift fuzz bench table charts inspect hyperfine traces \
  lint lint-figures lint-layout lint-warnings lint-c lint-python lint-shell lint-lua format \
  clean force
