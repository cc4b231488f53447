/* The table of series. */
#include "series_kinds.h"
#include "series_latency.h"
#include "series_threads.h"

#include <stdio.h>
#include <string.h>

/* Below it fixed costs are as large as what a program does. */
#define FRAGMENTATION_LEAST_BYTES ((uint64_t)4 << 20)

enum { AGED_BRIEFLY = 2 }; /* workloads */

const uint64_t series_block_bytes[SERIES_BLOCK_SIZES] = {16, 32, 40, 56, 64, 96, 128, 256, 1024};

const char *const series_growth_rules[SERIES_GROWTH_RULES] = {"double", "half", "1000"};

static bool single_part(size_t index, struct series_part *out)
{
    *out = (struct series_part){.name = ""};
    return index == 0;
}

static bool block_size(size_t index, struct series_part *out)
{
    if (index == SERIES_BLOCK_SIZES) return false;
    out->parameter = series_block_bytes[index];
    snprintf(out->name, sizeof out->name, "%llu", (unsigned long long)out->parameter);
    return true;
}

static bool growth_rule(size_t index, struct series_part *out)
{
    if (index == SERIES_GROWTH_RULES) return false;
    out->parameter = index;
    snprintf(out->name, sizeof out->name, "%s", series_growth_rules[index]);
    return true;
}

bool series_has_time(const struct series_task *of)
{
    return !strcmp(of->profile, "full") || of->is_named;
}

/* Waiting costs time, so one workload alone shows what comes back by itself; and an aged heap is a
 * second measurement, which a short run makes of a few workloads. */
static uint64_t fragmentation_parameter(const struct series_task *of)
{
    bool is_full = !strcmp(of->profile, "full");
    if (of->variant == 1 && of->order >= AGED_BRIEFLY && !series_has_time(of)) {
        return SERIES_SKIPPED;
    }
    uint64_t parameter = count_all_calls(of->counts) / SERIES_SAMPLES + 1;
    parameter = parameter << SERIES_FLAG_BITS | (of->variant == 1 ? SERIES_AGED : 0);
    if (of->order == 0 && of->variant == 0) {
        parameter |= is_full ? SERIES_SETTLES : SERIES_SETTLES_BRIEFLY;
    }
    return parameter;
}

/* Synthetic traces are left to those who name them. */
static bool takes_fragmentation(const struct task *task, bool is_short)
{
    (void)is_short;
    return task->workload.kind->is_program || *task->workload.path;
}

static const char *const ages[] = {"fresh", "aged", NULL};
static const char *const moments[] = {"running", "freed", "settled", "purged", NULL};

const struct series_kind series_kinds[] = {
    {
        .name = "waste",
        .columns = "request_bytes,step_bytes,usable_bytes",
        .mode = CELL_WASTE,
        .part_at = single_part,
    },
    {
        .name = "metadata",
        .part = "block_bytes",
        .columns = "blocks,resident_bytes,footprint_bytes,usable_bytes,metadata_bytes",
        .mode = CELL_METADATA,
        .part_at = block_size,
    },
    {
        .name = "growth",
        .part = "policy",
        .columns = "reallocations,copied_elements,room_elements,in_place,moved,moved_elements",
        .mode = CELL_GROWTH,
        .part_at = growth_rule,
    },
    {
        .name = "fragmentation",
        .part = "workload",
        .columns = "age,moment,operation,live_bytes,resident_bytes,usable_bytes,footprint_bytes,"
                   "metadata_bytes,free_bytes,largest_free_bytes,settle_ms",
        .mode = CELL_FRAGMENTATION,
        .words = {ages, moments},
        .takes = takes_fragmentation,
        .least_live_bytes = FRAGMENTATION_LEAST_BYTES,
        .variants = 2,
        .parameter = fragmentation_parameter,
    },
    {
        .name = "latency",
        .part = "workload",
        .columns = "pass,gap,record,kind,value_ns,count,old_size,new_size,operation,preempted",
        .mode = CELL_LATENCY,
        .words = {[2] = latency_record_names, [3] = latency_kind_names},
        .takes = latency_takes,
        .variants = LATENCY_VARIANTS,
        .parameter = latency_parameter,
    },
    {
        .name = "locality",
        .part = "workload",
        .columns = "pass,gap,kind,calls,timed_calls,timed_ns,timed_ns2,floor_ps,cpu_ns,close_ns",
        .mode = CELL_LOCALITY,
        .words = {[2] = latency_kind_names},
        .takes = locality_takes,
        .variants = LOCALITY_VARIANTS,
        .parameter = locality_parameter,
    },
    {
        .name = "scaling",
        .part = "workload",
        .columns = "threads,round,operations,wall_ns,cpu_ns,peak_resident_bytes,minor_faults",
        .mode = CELL_SCALING,
        .part_at = scaling_part,
        .needs_threads = true,
    },
    {
        .name = "after-exit",
        .part = "way",
        .columns = "moment,step,live_bytes,resident_bytes",
        .mode = CELL_AFTER_EXIT,
        .words = {exit_moment_names},
        .part_at = exit_part,
        .needs_threads = true,
    },
    {NULL},
};
