/* The mailbox is a stack that many push chains on and one empties: a push is a compare-and-swap of
 * its head, emptying an exchange, and nothing is ever popped singly, so no head can be mistaken for
 * an earlier one. See snmalloc for batches by owner, Hoard and tbbmalloc for lists by block.
 *
 * A chain is made of *carriers*: freed objects that hold, beside the link to the next, the offsets
 * of as many others as there is room for. So the owner waits for few lines from the other
 * processor's cache one after the other, and for the rest at once; and who frees touches few.
 *
 *   carrier:  | ~(next | count) | offset 1 | offset 2 | ... offset count |
 */
#include "mail.h"

#include "complaint.h"
#include "orphans.h"
#include "thread_bins.h"

enum { CARRIED_MOST = OBJECT_ALIGNMENT - 1 }; /* the bits of an offset that are always 0 */

struct link {
    uintptr_t next; /* carrier; 0: none */
    unsigned count; /* of offsets behind it */
};

static _Noreturn void complain_of_object(uintptr_t offset)
{
    complain_of_call("free", object_at(offset),
                     "freed by two threads, twice by another, or written to after that");
}

/* Whatever stands in a carrier, only an object's address is followed. */
static inline bool is_object(uintptr_t offset)
{
    return block_holding(offset) != NULL;
}

static struct link read_link(uintptr_t carrier)
{
    uintptr_t word = ~*object_at(carrier), next = word & ~(uintptr_t)CARRIED_MOST;
    if (next != 0 && !is_object(next)) complain_of_object(carrier);
    return (struct link){next, (unsigned)(word & CARRIED_MOST)};
}

static void write_link(uintptr_t carrier, uintptr_t next, unsigned count)
{
    *object_at(carrier) = ~(next | count);
}

/* False: the box is closed, and the chain is as it was. */
static bool post(struct thread_data *to, uintptr_t head, uintptr_t tail)
{
    struct link last = read_link(tail);
    if (last.next != 0) complain_of_object(tail);
    uintptr_t old = atomic_load_explicit(&to->mail, memory_order_relaxed);
    do {
        write_link(tail, old == MAIL_CLOSED ? 0 : old, last.count);
        if (old == MAIL_CLOSED) return false;
        /* release: the owner that takes the chain sees its links, and all that was done to the
         * objects before they were freed. */
    } while (!atomic_compare_exchange_weak_explicit(&to->mail, &old, head, memory_order_release,
                                                    memory_order_relaxed));
    return true;
}

/* An object that has come back. Nearly always its block is the thread's, and usable. */
static inline void take_back(struct thread_data *thread, uintptr_t offset)
{
    size_t granule = offset >> GRANULE_SHIFT;
    uintptr_t owner = atomic_load_explicit(owner_of_granule(granule), memory_order_relaxed);
    struct block *block = block_of_granule(granule);
    if (owner != thread->pointer || owner == 0) {
        mail_free(thread, block_holding(offset), offset);
        return;
    }
    block_push(block, offset);
    if (block->live == 0) bins_drop(thread, block);
}

void mail_free_chain(struct thread_data *thread, uintptr_t chain)
{
    while (chain != 0) {
        struct link link = read_link(chain);
        const uintptr_t *carried = object_at(chain) + 1;
        if (link.next != 0) __builtin_prefetch(object_at(link.next), 1);
        for (unsigned i = 0; i < link.count; i++) {
            __builtin_prefetch(block_of_granule(carried[i] >> GRANULE_SHIFT), 1);
            __builtin_prefetch(object_at(carried[i]), 1);
        }
        for (unsigned i = 0; i < link.count; i++) {
            if (!is_object(carried[i])) complain_of_object(chain);
            if (*object_at(carried[i]) != mail_mark(carried[i])) complain_of_object(carried[i]);
            take_back(thread, carried[i]);
        }
        take_back(thread, chain);
        chain = link.next;
    }
}

/* The first carrier gets no more: what stands in it is counted. */
static void close_carrier(struct outgoing *outgoing)
{
    if (outgoing->head == 0) return;
    if (*object_at(outgoing->head) != mail_mark(outgoing->head)) complain_of_object(outgoing->head);
    size_t count = (size_t)(outgoing->place - object_at(outgoing->head)) - 1;
    write_link(outgoing->head, outgoing->next, (unsigned)count);
    outgoing->room = 0;
}

static void post_outgoing(struct outgoing *outgoing)
{
    close_carrier(outgoing);
    struct outgoing chain = *outgoing;
    outgoing->head = 0;
    outgoing->count = outgoing->bytes = 0;
    if (chain.head == 0 || post(chain.to, chain.head, chain.tail)) return;
    /* That thread has ended, and another may have its number: each object goes its own way. It may
     * still be leaving its blocks: until it has, all would come back here. */
    outgoing->owner = 0;
    orphans_await();
    /* As a thread that has ended while this one ends: nothing may be chained any more. */
    mail_free_chain(corona_thread, chain.head);
}

/* How many offsets an object can carry. While debugging none: what it holds is checked. */
static unsigned room_for_offsets(const struct block *block)
{
    unsigned words = block->object_bytes / sizeof(uintptr_t) - 1;
    if (corona_settings.is_debugging) return 0;
    return words < CARRIED_MOST ? words : CARRIED_MOST;
}

/* The object becomes the first carrier. Those it will carry are taken to be of its size: they are
 * not looked at. */
static void begin_carrier(struct outgoing *outgoing, const struct block *block, uintptr_t offset)
{
    close_carrier(outgoing);
    if (outgoing->head == 0) outgoing->tail = offset;
    outgoing->next = outgoing->head;
    outgoing->head = offset;
    outgoing->place = object_at(offset) + 1;
    *object_at(offset) = mail_mark(offset);
    outgoing->room = room_for_offsets(block);
    outgoing->count += 1 + outgoing->room;
    outgoing->bytes += block->object_bytes * (1 + outgoing->room);
}

/* False: the thread has ended, and the entry is for it no more. */
static bool send(struct outgoing *outgoing, const struct block *block, uintptr_t offset)
{
    if (mail_carry(outgoing, offset)) return true;
    uintptr_t owner = outgoing->owner;
    if (outgoing->count >= REMOTE_BATCH_COUNT || outgoing->bytes >= REMOTE_BATCH_BYTES)
        post_outgoing(outgoing);
    if (outgoing->owner != owner) return false;
    begin_carrier(outgoing, block, offset);
    return true;
}

/* The chain for the block's thread; NULL when it has none any more, or the entry was in use again
 * as soon as it was free. A thread's pointer may be another's by now, which has other data: were
 * that not looked at, all that is freed of it would go by way of whoever has the former's. */
static struct outgoing *find_outgoing(struct thread_data *thread, const struct block *block,
                                      uintptr_t owner)
{
    struct outgoing *outgoing = mail_outgoing(thread, owner);
    /* acquire: the thread's data is seen as it was made. */
    struct thread_data *to = atomic_load_explicit(&block->thread, memory_order_acquire);
    if (outgoing->owner == owner && outgoing->to == to) return outgoing;
    if (to == NULL) return NULL;
    post_outgoing(outgoing);
    if (outgoing->head != 0) return NULL;
    outgoing->owner = owner;
    outgoing->to = to;
    return outgoing;
}

static bool post_alone(const struct block *block, uintptr_t offset)
{
    struct thread_data *to = atomic_load_explicit(&block->thread, memory_order_acquire);
    if (to == NULL) return false;
    write_link(offset, 0, 0);
    return post(to, offset, offset);
}

/* False: the block has changed hands meanwhile. */
static bool free_of_other(struct thread_data *thread, struct block *block, uintptr_t owner,
                          uintptr_t offset)
{
    if (owner == 0) return orphans_free(thread, block, offset);
    if (thread_is_alive(thread)) {
        struct outgoing *outgoing = find_outgoing(thread, block, owner);
        return outgoing != NULL && send(outgoing, block, offset);
    }
    if (post_alone(block, offset)) return true;
    /* Its owner is about to leave its blocks; when it has, they are orphans. */
    orphans_await();
    return false;
}

void mail_free(struct thread_data *thread, struct block *block, uintptr_t offset)
{
    for (;;) {
        uintptr_t owner = block_owner(block) & ~(uintptr_t)BLOCK_FLAGS;
        if (owner != 0 && owner == thread->pointer) {
            bins_free(thread, block, offset);
            return;
        }
        if (free_of_other(thread, block, owner, offset)) return;
    }
}

void mail_post_all(struct thread_data *thread)
{
    for (unsigned i = 0; i < OUTGOING_COUNT; i++) post_outgoing(&thread->outgoing[i]);
}

bool mail_open(struct thread_data *thread)
{
    if (atomic_load_explicit(&thread->mail, memory_order_relaxed) == 0) return false;
    /* acquire: pairs with the release of each post. What was meant for a thread that had this data
     * before is sent on. */
    mail_free_chain(thread, atomic_exchange_explicit(&thread->mail, 0, memory_order_acquire));
    return true;
}

uintptr_t mail_close(struct thread_data *thread)
{
    return atomic_exchange_explicit(&thread->mail, MAIL_CLOSED, memory_order_acquire);
}
