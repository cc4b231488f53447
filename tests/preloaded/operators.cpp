// The operators: what they do at the end of memory, and that those a program has replaced are the
// ones that all other forms call.
#include "preloaded.h"

#include <new>
#include <sys/resource.h>

#ifdef REPLACED
static char pool[1 << 20];
static size_t used, news, deletes;

void *operator new(size_t bytes)
{
    news++;
    used += (bytes + 63) & ~(size_t)63;
    return pool + used - ((bytes + 63) & ~(size_t)63);
}

void operator delete(void *block) noexcept
{
    deletes += block != nullptr;
}

// Each pair must come from the pool, whichever form the compiler chooses.
static void use_operators()
{
    struct sized {
        char bytes[100];
    };
    for (size_t i = 1; i <= 100; i++) {
        delete static_cast<sized *>(keep(new sized));
        delete[] static_cast<int *>(keep(new int[50]));
        ::operator delete(keep(::operator new(40)), size_t(40));
        ::operator delete[](keep(::operator new[](40)), size_t(40));
        delete static_cast<sized *>(keep(new (std::nothrow) sized));
        CHECK(news == i * 5 && deletes == i * 5);
    }
}
#else
static int handled;

static void give_up_the_second_time()
{
    if (++handled == 2) std::set_new_handler(nullptr);
}

static bool throws(size_t bytes)
{
    try {
        ::operator delete(keep(::operator new(bytes)));
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

static void use_operators()
{
    struct alignas(128) aligned {
        char bytes[300];
    };
    volatile size_t huge = (size_t)1 << 60;
    CHECK(throws(huge) && throws(SIZE_MAX) && !throws(1000) && !throws(0));
    std::set_new_handler(give_up_the_second_time);
    CHECK(throws(huge) && handled == 2);
    CHECK(!keep(::operator new(huge, std::nothrow)) && !keep(new (std::nothrow) char[huge]));
    for (int i = 0; i < 1000; i++) {
        aligned *one = static_cast<aligned *>(keep(new aligned)), *more = new aligned[3];
        CHECK(is_aligned(one, 128) && is_aligned(more, 128));
        delete one;
        delete[] more;
        ::operator delete(keep(::operator new(i)), (size_t)i);
        ::operator delete[](keep(::operator new[](i)));
    }
    ::operator delete(nullptr);
}
#endif

int main()
{
    use_operators();
    puts("done");
}
