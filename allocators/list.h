/* The registry: one line an allocator, in report order. A name here is the C name; specs write a
 * dash for each underscore. Read with LOCAL, LIBRARY and WRAPPER defined. */
LOCAL(libc)
LOCAL(null)
LOCAL(bump)
LOCAL(fixed_pool)
LOCAL(tiered)
LIBRARY("mimalloc", "libmimalloc.so.2", "mi_", "Microsoft's, free lists sharded by page")
LIBRARY("jemalloc", "libjemalloc.so.2", "", "size classes in arenas, caches per thread")
LIBRARY("tcmalloc", "libtcmalloc_minimal.so.4", "", "gperftools', caches per thread")
LIBRARY("tbbmalloc", "libtbbmalloc.so.2", "scalable_", "Intel's, blocks owned by threads")
WRAPPER(count)
