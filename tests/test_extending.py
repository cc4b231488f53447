"""What the README promises to those who add an allocator or a workload, in a copy of the tree."""
import shutil
import subprocess

import pytest

from heapbench import TOP, rows_of

ALLOCATOR = """\
/* Every block is a mapping of its own: the slowest allocator that is right. */
#include "allocator.h"

#include <string.h>

#include "pages.h"

static void *open(const struct allocator *self, const struct settings *settings,
                  const struct heap *inner, struct error *error)
{
    static char nothing;
    (void)self, (void)settings, (void)inner, (void)error;
    return &nothing;
}

static void *resize(void *heap, void *block, size_t old_size, size_t new_size)
{
    (void)heap;
    void *moved = new_size ? pages_map(new_size) : NULL;
    if (new_size && !moved) return new_size <= old_size ? block : NULL;
    if (moved && block) memcpy(moved, block, old_size < new_size ? old_size : new_size);
    if (block) pages_unmap(block, old_size);
    return moved;
}

static void close(void *heap)
{
    (void)heap;
}

const struct allocator allocator_one_page_each = {
    .name = "one-page-each",
    .summary = "a mapping for each block",
    .alignment = 4096,
    .open = open,
    .resize = resize,
    .close = close,
};
"""

WORKLOAD = """\
-- Counts to ten in tables.
local count = 0
for i = 1, 10 do count = count + #{i} end
print("ten", count)
return count
"""


@pytest.fixture(scope="module", name="copy")
def fixture_copy(tmp_path_factory):
    """The tree with one allocator, its line in the registry, and one script more."""
    copy = tmp_path_factory.mktemp("copy") / "heapbench"
    ignored = shutil.ignore_patterns(".git", "build", "results", "__pycache__")
    shutil.copytree(TOP, copy, ignore=ignored, symlinks=True)
    (copy / "allocators" / "one_page_each.c").write_text(ALLOCATOR, encoding="utf-8")
    registry = copy / "allocators" / "list.h"
    text = registry.read_text(encoding="utf-8")
    registry.write_text(text.replace("LOCAL(tiered)\n", "LOCAL(tiered)\nLOCAL(one_page_each)\n"),
                        encoding="utf-8")
    (copy / "workloads" / "lua" / "ten.lua").write_text(WORKLOAD, encoding="utf-8")
    subprocess.run(["make", "-s", "-j2", "CFLAGS=-O0"], cwd=copy, check=True,
                   capture_output=True, timeout=300)
    return copy


def call(copy, *arguments):
    """Runs the copy's program."""
    return subprocess.run([copy / "build" / "heapbench", *arguments], cwd=copy, text=True,
                          capture_output=True, timeout=120, check=False)


def test_an_allocator_is_at_most_40_lines():
    assert len(ALLOCATOR.splitlines()) <= 40


def test_the_new_allocator_is_listed_and_keeps_the_contract(copy):
    assert "\none-page-each,ok," in call(copy, "list", "allocators", "--csv").stdout
    done = call(copy, "check", "-a", "one-page-each")
    assert done.returncode == 0, done.stdout


def test_both_are_measured(copy, tmp_path):
    done = call(copy, "run", "--rounds", "1", "-a", "one-page-each", "-w", "ten", "-o",
                str(tmp_path / "r"))
    assert done.returncode == 0, done.stderr
    rows = [row for row in rows_of(tmp_path / "r") if row["allocator"] == "one-page-each"]
    assert [row["workload"] for row in rows] == ["contract", "ten", "ten"]
    assert {row["outcome"] for row in rows} == {"ok"}
