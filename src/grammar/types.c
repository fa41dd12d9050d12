/* A pattern says what a value looks like; what it cannot say is here: which months there are, what the check digit must be, how many fen
 * are written. Each of these gets text that the type's own patterns have let through, and still trusts nothing about it. */
#include "grammar/types.h"

#include <string.h>

#include "sms/msisdn.h"

const struct type *types_find(const struct types *types, struct view name)
{
    for (size_t i = 0; i < types->count; i++)
        if (view_equal(types->type[i].name, name))
            return &types->type[i];
    return NULL;
}

bool type_names_service(const struct type *type)
{
    return type->catalogue == CATALOGUE_NAMES || type->catalogue == CATALOGUE_CODES;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The first run of digits at or after *i, which moves behind it; empty when there is none. */
static struct view next_digits(struct view v, size_t *i)
{
    while (*i < v.size && !is_digit(v.at[*i]))
        ++*i;
    size_t start = *i;
    while (*i < v.size && is_digit(v.at[*i]))
        ++*i;
    return (struct view){v.at + start, *i - start};
}

static bool is_within(const struct type *type, uint64_t n)
{
    return n >= type->least && (type->most == 0 || n <= type->most);
}

static bool normal_text(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    (void)type, (void)arena;
    *value = view_trim(raw);
    return value->size > 0;
}

/* 201211, 2012年11月, 2012-1: year and month, together or apart. */
static bool normal_month(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    size_t i = 0;
    uint64_t year, month;
    struct view digits = next_digits(raw, &i);
    struct view rest = digits.size == 6 ? view_from(digits, 4) : next_digits(raw, &i);
    if (!view_number(view_head(digits, 4), 9999, &year) || !view_number(rest, 99, &month))
        return false;
    if (month < 1 || month > 12 || !is_within(type, year * 100 + month))
        return false;
    *value = arena_printf(arena, "%04u%02u", (unsigned)year, (unsigned)month);
    return true;
}

/* What people type before a secret belongs to it (commands/types.yaml), and its own characters are its last. */
static struct view last_of(struct view raw, size_t size)
{
    return view_from(raw, raw.size > size ? raw.size - size : 0);
}

static bool are_digits(struct view v)
{
    for (size_t i = 0; i < v.size; i++)
        if (!is_digit(v.at[i]))
            return false;
    return true;
}

/* Thanks behind it are let through too. */
static bool normal_pin(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    (void)type, (void)arena;
    while (raw.size && !is_digit(raw.at[raw.size - 1]))
        raw.size--;
    *value = last_of(raw, 6);
    return value->size == 6 && are_digits(*value);
}

/* GB 11643-1999: 17 digits and a check digit modulo 11, of which X is ten. */
static bool normal_id_card(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    static const unsigned weight[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    unsigned sum = 0;
    (void)type, (void)arena;
    *value = last_of(raw, 18);
    if (value->size != 18 || !are_digits(view_head(*value, 17)))
        return false;
    for (size_t i = 0; i < 17; i++)
        sum += weight[i] * (unsigned)(value->at[i] - '0');
    return value->at[17] == "10X98765432"[sum % 11];
}

/* A secret that nothing is done with goes no further than here. */
static bool normal_hidden(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    (void)type, (void)arena, (void)raw;
    *value = VIEW("***");
    return true;
}

static bool normal_words(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    const uint32_t *number = table_get(&type->word_of, raw);
    (void)arena;
    *value = number ? type->word_value[*number] : VIEW_NONE;
    return number != NULL;
}

static struct view without_zeros(struct view digits, size_t least)
{
    while (digits.size > least && digits.at[digits.size - 1] == '0')
        digits.size--;
    return digits;
}

/* 10, 10元, 10.5: yuan with two decimals, "10.50"; with more, "10.555", if they say more. What is out of bounds is said by the command, so
 * no amount is none; of a row of digits that is no amount at all it is enough that it is out of any bounds. */
static bool normal_yuan(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    enum { YUAN_DIGITS_MAX = 12 };
    size_t i = 0;
    struct view yuan = next_digits(raw, &i), decimals = without_zeros(next_digits(raw, &i), 2);
    (void)type;
    while (yuan.size > 1 && yuan.at[0] == '0')
        yuan = view_from(yuan, 1);
    if (!yuan.size)
        return false;
    if (yuan.size > YUAN_DIGITS_MAX)
        *value = VIEW("999999999999.99");
    else
        *value =
            arena_printf(arena, "%.*s.%.*s%.*s", VIEW_ARG(yuan), VIEW_ARG(decimals), decimals.size < 2 ? 2 - (int)decimals.size : 0, "00");
    return true;
}

struct view serials_normal(struct arena *arena, struct view raw)
{
    char *out = arena_alloc(arena, raw.size + 2); /* each number needs at most its digits and one comma */
    size_t size = 0, i = 0;
    for (struct view digits = next_digits(raw, &i); digits.size; digits = next_digits(raw, &i)) {
        while (digits.size > 1 && digits.at[0] == '0')
            digits = view_from(digits, 1);
        if (size)
            out[size++] = ',';
        memcpy(out + size, digits.at, digits.size);
        size += digits.size;
    }
    return (struct view){out, size};
}

static bool normal_serials(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    (void)type;
    *value = serials_normal(arena, raw);
    return value->size > 0;
}

static bool normal_msisdn(const struct type *type, struct arena *arena, struct view raw, struct view *value)
{
    char *digits = arena_alloc(arena, raw.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < raw.size; i++) /* 139 1234 5678, as contacts have it */
        if (raw.at[i] != ' ')
            digits[size++] = raw.at[i];
    struct msisdn msisdn = msisdn_read((struct view){digits, size});
    (void)type;
    *value = arena_copy(arena, view_of(msisdn.digits));
    return msisdn.kind == MSISDN_MOBILE;
}

const struct normal *normal_find(struct view name)
{
    static const struct normal table[] = {
        {"text", normal_text}, {"words", normal_words},     {"month", normal_month},   {"id_card", normal_id_card}, {"pin", normal_pin},
        {"yuan", normal_yuan}, {"serials", normal_serials}, {"msisdn", normal_msisdn}, {"hidden", normal_hidden},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (view_equal(name, view_of(table[i].name)))
            return &table[i];
    return NULL;
}
