/* Secrets (rules C5): six digits, typed as people type them, stand beside a word that gives them away, somewhere in a text. They are in
 * nothing that goes on, whatever the text is read as. */
#include "matching.h"

/* is_seen: numerals too, which are digits only beside the word. */
static struct view planted(struct arena *arena, unsigned kind, unsigned place, bool is_seen, struct view text)
{
    static const char *const word[] = {"MMXG", "mmhf",   "CZMM",     "CXYEH", "密码",     "服务密碼",
                                       "口令", "身份证", "PassWord", "mima",  "ＭＭＸＧ", "MM XG"};
    static const char *const gap[] = {"", "#", "＃", " ", "是", "：", "改为", "\n", "。", "、新的", "#246810#", "空格"};
    static const char *const secret[] = {
        "731904",    "７３１９０４", "73 19 04", "7-3-1-9-0-4", "٧٣١٩٠٤", "⑦③①⑨0④", "731\xE2\x80\x8B\x39\x30\x34",
        "7３1９0４", "七三一九零四"};
    struct view before = view_head(text, place % (text.size + 1));
    while (before.size && before.size < text.size && ((unsigned char)text.at[before.size] & 0xc0) == 0x80)
        before.size--;
    return FUZZ_JOIN(arena, before, view_of(word[kind % 12]), view_of(gap[kind / 12 % 12]),
                     view_of(secret[is_seen ? place % 9 : place % 8]), view_from(text, before.size));
}

/* The digits of v in ASCII, in a row: what stands between them is left out. */
static struct view digits_of(struct arena *arena, struct view v)
{
    static const char *const numerals = "零一二三四五六七八九"; /* three bytes each */
    char *out = arena_alloc(arena, v.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < v.size;) {
        size_t start = i;
        int32_t c = view_code_point(v, &i);
        const char *numeral = i - start == 3 ? memmem(numerals, 30, v.at + start, 3) : NULL;
        if (numeral && (numeral - numerals) % 3 == 0)
            out[size++] = (char)('0' + (numeral - numerals) / 3);
        else if (c >= '0' && c <= '9')
            out[size++] = (char)c;
        else if (is_any_digit(c) && c >= 0xff10 && c <= 0xff19)
            out[size++] = (char)(c - 0xff10 + '0');
        else if (c >= 0x660 && c <= 0x669)
            out[size++] = (char)(c - 0x660 + '0');
        else if (c >= 0x2460 && c <= 0x2468)
            out[size++] = (char)(c - 0x2460 + '1');
    }
    return (struct view){out, size};
}

static void check_hidden(struct arena *arena, const struct match *match, struct view utf8)
{
    struct view secret = VIEW("731904");
    HOLDS(!fuzz_has(digits_of(arena, match->text), secret), "\"%.*s\" of \"%.*s\"", VIEW_ARG(match->text), VIEW_ARG(utf8));
    HOLDS(!fuzz_has(digits_of(arena, match->folded), secret), "\"%.*s\" of \"%.*s\"", VIEW_ARG(match->folded), VIEW_ARG(utf8));
    for (size_t i = 0; i < match->arguments; i++)
        HOLDS(match->argument[i].is_secret || !fuzz_has(digits_of(arena, match->argument[i].value), secret), "{%.*s} of \"%.*s\"",
              VIEW_ARG(match->argument[i].name), VIEW_ARG(utf8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned how = input_byte(&in), kind = input_byte(&in), place = input_byte(&in);
    int at = how & 1 ? AT_PROVIDER : AT_HALL;
    struct view utf8 = planted(arena, kind, place, !(how & 4), how & 2 ? picked_text(arena, &in) : fuzz_text(arena, in.left));
    if (how & 4) /* where nothing is looked at any more */
        utf8 = FUZZ_JOIN(arena, arena_printf(arena, "%*s", FOLD_SIZE_MAX, "x"), utf8);
    struct match match;
    check_match(real_grammar(), arena, utf8, at, &match);
    HOLDS(runaways == 0, "PCRE2 gave up at \"%.*s\"", VIEW_ARG(utf8));
    check_hidden(arena, &match, utf8);
    arena_free(&arena);
    return 0;
}
