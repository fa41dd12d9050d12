/* Whether something is struck is read off a hash of the seed, the kind of mischief and what is struck. Nothing is drawn in turn, so what
 * threads and walkers do in between makes no difference. */
#include <stdlib.h>
#include <string.h>

#include "tools/replay.h"

static const struct {
    const char *name, *meaning;
    bool is_kannels, is_of_reports;
} kinds[MISCHIEFS] = {
    [MISCHIEF_SAME_ID] = {"repeat-same-id", "messages handed over once more with the same id, at the same moment or after the answer", true,
                          false},
    [MISCHIEF_NEW_ID] = {"repeat-new-id", "messages sent once more with a new id", false, false},
    [MISCHIEF_REORDER] = {"reorder", "messages overtaken by the same subscriber's next", false, false},
    [MISCHIEF_DELAY] = {"delay", "messages that are on the way for a while", false, false},
    [MISCHIEF_CUT] = {"cut", "connections cut in their first moments; the message comes again, with its id", true, false},
    [MISCHIEF_DROP_REPORT] = {"drop-reports", "delivery reports that never come", true, true},
    [MISCHIEF_EARLY_REPORT] = {"early-reports", "delivery reports before sendsms has answered", true, true},
    [MISCHIEF_DOUBLE_REPORT] = {"double-reports", "delivery reports that come twice", true, true},
    [MISCHIEF_BACKWARD_REPORT] = {"backward-reports", "accepted reported after delivered", true, true},
};

const char *mischief_name(enum mischief_kind kind)
{
    return kinds[kind].name;
}

const char *mischief_meaning(enum mischief_kind kind)
{
    return kinds[kind].meaning;
}

bool mischief_is_kannels(enum mischief_kind kind)
{
    return kinds[kind].is_kannels;
}

bool mischief_is_of_reports(enum mischief_kind kind)
{
    return kinds[kind].is_of_reports;
}

bool mischief_read_share(struct view written, double *share)
{
    char number[16] = "", *end;
    if (written.size && written.at[written.size - 1] == '%')
        written.size--;
    if (!written.size || written.size >= sizeof(number))
        return false;
    memcpy(number, written.at, written.size);
    if (strspn(number, "0123456789.") != written.size)
        return false;
    *share = strtod(number, &end) / 100;
    return *end == '\0' && *share <= 1;
}

/* SplitMix64's last step, over all that it depends on. */
static uint64_t hash_of(const struct mischief *mischief, enum mischief_kind kind, uint64_t key, uint64_t use)
{
    uint64_t x = mischief->seed * 0x9E3779B97F4A7C15 + key * 0xD1B54A32D192ED03 + ((uint64_t)kind * 2 + use + 1) * 0x8CB92BA72F3D8DD7;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

bool mischief_strikes(struct mischief *mischief, enum mischief_kind kind, uint64_t key)
{
    bool strikes = (double)(hash_of(mischief, kind, key, 0) >> 11) * 0x1p-53 < mischief->share[kind];
    mischief->done[kind] += strikes;
    return strikes;
}

unsigned mischief_draw(const struct mischief *mischief, enum mischief_kind kind, uint64_t key, unsigned bound)
{
    return bound ? (unsigned)(hash_of(mischief, kind, key, 1) % bound) : 0;
}
