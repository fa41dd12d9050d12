/* Numbers of senders (rules D4): all spellings of a mobile number are one, and nothing else is ever answered. */
#include "sms/msisdn.h"
#include "fuzz.h"

static bool is_mobile(const char *digits)
{
    return strlen(digits) == 11 && strspn(digits, "0123456789") == 11 && digits[0] == '1' && digits[1] >= '3';
}

/* A mobile number's digits are the last of what was typed. */
static bool ends_with(struct arena *arena, struct view from, const char *digits)
{
    char *typed = arena_alloc(arena, from.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < from.size; i++)
        if (from.at[i] >= '0' && from.at[i] <= '9')
            typed[size++] = from.at[i];
    return size >= 11 && strcmp(typed + size - 11, digits) == 0;
}

static void check_spellings(struct arena *arena, const char *digits)
{
    static const char *const spellings[] = {"%s", "86%s", "+86%s", "0086%s", " %s ", "+86-%s", "86-%s\n"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char spelled[32];
        int size =
            snprintf(spelled, sizeof spelled, spellings[i], digits); // NOLINT(clang-diagnostic-format-nonliteral): from the table above
        struct msisdn again = msisdn_read(arena_copy(arena, (struct view){spelled, (size_t)size}));
        HOLDS(again.kind == MSISDN_MOBILE && strcmp(again.digits, digits) == 0, "\"%s\" is \"%s\"", spelled, again.digits);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct view from = {(const char *)data, size};
    struct msisdn msisdn = msisdn_read(from);
    HOLDS(msisdn.kind <= MSISDN_ALPHA && msisdn_kind_name(msisdn.kind)[0], "kind %d", (int)msisdn.kind);
    if (msisdn.kind == MSISDN_MOBILE) {
        HOLDS(is_mobile(msisdn.digits) && ends_with(arena, from, msisdn.digits), "%s of \"%.*s\"", msisdn.digits, VIEW_ARG(from));
        check_spellings(arena, msisdn.digits);
    } else {
        HOLDS(!msisdn.digits[0], "%s of \"%.*s\"", msisdn.digits, VIEW_ARG(from));
    }
    arena_free(&arena);
    return 0;
}
