/* The synthetic workloads: one line each, in report order. SYNTHETIC(name, passes, summary): a name
 * here is the C name, shown with a dash for each underscore; generate_<name> makes its trace, and a
 * run replays that `passes` times. Read with SYNTHETIC defined. */
SYNTHETIC(pair_32, 25, "100,000 times: 32 B born and freed at once; blocks not touched")
SYNTHETIC(pair_1m, 100, "10,000 times: 1 MiB born and freed at once; blocks not touched")
SYNTHETIC(realloc_chain, 15, "50,000 times: 32 to 64 to 128 bytes, then freed; blocks not touched")
SYNTHETIC(free_lifo, 14, "50,000 blocks of Lua's sizes, the newest freed first")
SYNTHETIC(free_fifo, 15, "50,000 blocks of Lua's sizes, the oldest freed first")
SYNTHETIC(free_random, 10, "50,000 blocks of Lua's sizes, freed in random order")
SYNTHETIC(growth_double, 200, "two arrays pushed to 10,000 elements of 16 B, room doubling")
SYNTHETIC(growth_half, 270, "two arrays pushed to 10,000 elements of 16 B, room growing by half")
SYNTHETIC(growth_1000, 200, "two arrays pushed to 10,000 elements of 16 B, 1,000 at a time")
SYNTHETIC(lua_mix, 3, "objects of Lua under a model of its collector, 0.6 to 1.6 MB alive")
SYNTHETIC(lua_mix_large, 1, "the same objects and collector, 15 to 36 MB alive")
SYNTHETIC(server_drift, 4, "5,000 requests with scratch, sessions, and a cache whose sizes drift")
SYNTHETIC(pinned_pages, 3, "rounds of larger and larger blocks; one block a page survives each")
