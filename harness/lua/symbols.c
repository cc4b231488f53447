/* elfutils reads the symbol tables and line tables of all that is mapped, once, when the first name
 * is asked for; each address is looked up once and its name kept, as stacks repeat. What it does
 * not know either (libraries without any symbols) is named by file and offset. */
#include "symbols.h"

#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_BYTES = 128, KEPT_NAMES = 4096 };

struct kept_name {
    const void *address;
    char name[NAME_BYTES];
};

static Dwfl *session;
static struct kept_name *kept; /* by a hash of the address; a newcomer takes the place */

static bool open_session(void)
{
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo};
    if (session) return true;
    session = dwfl_begin(&callbacks);
    return session && dwfl_linux_proc_report(session, getpid()) == 0 &&
           dwfl_report_end(session, NULL, NULL) == 0;
}

static void add_line(Dwfl_Module *module, Dwarf_Addr address, char *text, size_t length)
{
    int line = 0;
    Dwfl_Line *found = dwfl_module_getsrc(module, address);
    const char *file = found ? dwfl_lineinfo(found, NULL, &line, NULL, NULL, NULL) : NULL;
    if (file) snprintf(text, length, " (%s:%d)", basename(file), line);
}

/* A return address is one past the call: the call's own line is that of the byte before. */
static void look_up(const void *code, char *text, size_t length)
{
    Dwarf_Addr address = (Dwarf_Addr)(uintptr_t)code - 1;
    GElf_Sym symbol;
    GElf_Off offset = 0;
    Dwfl_Module *module = open_session() ? dwfl_addrmodule(session, address) : NULL;
    const char *name =
        module ? dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL) : NULL;
    bool is_inside = name && (symbol.st_size == 0 || offset < symbol.st_size);
    if (!is_inside) {
        host_standard.name_code(NULL, code, text, length);
        return;
    }
    int used = snprintf(text, length, "%s", name);
    if (used > 0 && (size_t)used < length) {
        add_line(module, address, text + used, length - (size_t)used);
    }
}

static void name_code(void *outlet, const void *address, char *text, size_t length)
{
    (void)outlet;
    if (!kept) kept = calloc(KEPT_NAMES, sizeof *kept);
    if (!kept) {
        look_up(address, text, length);
        return;
    }
    struct kept_name *place = &kept[(uintptr_t)address * 0x9e3779b97f4a7c15u >> 52];
    if (place->address != address) {
        look_up(address, place->name, sizeof place->name);
        place->address = address;
    }
    snprintf(text, length, "%s", place->name);
}

static int keep_module(struct dl_phdr_info *module, size_t bytes, void *unused)
{
    (void)bytes, (void)unused;
    if (*module->dlpi_name) dlopen(module->dlpi_name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    return 0;
}

void symbols_keep_modules(void)
{
    dl_iterate_phdr(keep_module, NULL);
}

void symbols_use(struct heap *heap)
{
    struct host host = *heap->host;
    host.name_code = name_code;
    heap_surround(heap, &host);
}
