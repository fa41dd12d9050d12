/* Templates. Either the bytes are a template and its fields, which must compile and render or be refused with a reason; or they pick
 * pieces of one whose words are known beforehand. */
#include "grammar/template.h"
#include "base/json.h"
#include "fuzz.h"

static bool render(struct arena *arena, struct view source, enum language language, const json_t *fields, struct view *text)
{
    struct template template;
    struct writer writer = {arena, language};
    struct err err = {""};
    bool is_done =
        template_compile(arena, source, &template, &err) == IS_DONE && template_render(&template, &writer, fields, text, &err) == IS_DONE;
    HOLDS(is_done == !err.text[0], "%.*s: \"%s\"", VIEW_ARG(source), err.text);
    return is_done;
}

static void check_any(struct arena *arena, struct input *in, enum language language)
{
    struct view source = fuzz_text(arena, input_field(in)), text, again;
    json_t *fields = json_read(in->left, NULL);
    if (render(arena, source, language, fields, &text)) {
        HOLDS(render(arena, source, language, fields, &again) && view_equal(text, again), "%.*s", VIEW_ARG(source));
        HOLDS(fuzz_is_utf8(text), "%.*s", VIEW_ARG(text));
        bool has_braces = fuzz_has(source, VIEW("{")) || fuzz_has(source, VIEW("}"));
        HOLDS(has_braces || view_equal(text, source), "%.*s", VIEW_ARG(text));
    }
    json_decref(fields);
}

static const char fields_known[] =
    "{\"a\": \"甲\", \"n\": 705, \"none\": \"\", \"list\": [\"一\", 2], \"words\": {\"zh\": \"开\", \"en\": \"on\"},"
    " \"price\": {\"fen\": 300, \"period\": \"month\"}, \"null\": null}";

static const struct {
    const char *source, *words[LANGUAGES];
} pieces[] = {
    {"{a}", {"甲", "甲"}},
    {"{n|yuan}", {"7.05", "7.05"}},
    {"{n}", {"705", "705"}},
    {"{?a}有{a}{/a}", {"有甲", "有甲"}},
    {"{?none}x{n}{/none}", {"", ""}},
    {"{!none}无{/none}", {"无", "无"}},
    {"{!a}x{/a}", {"", ""}},
    {"{?null}x{/null}{!missing}m{/missing}", {"m", "m"}},
    {"{{}}", {"{}", "{}"}},
    {"{list|list}", {"一、2", "一, 2"}},
    {"{list|lines}", {"一\n2", "一\n2"}},
    {"{list|count}", {"2", "2"}},
    {"{words}", {"开", "on"}},
    {"{price|price}", {"3.00元/月", "3.00 yuan/month"}},
    {"中国移动", {"中国移动", "中国移动"}},
};
enum { PIECES = sizeof pieces / sizeof *pieces };

static void check_known(struct arena *arena, struct input *in, enum language language)
{
    static json_t *fields;
    struct text source = {0}, words = {0};
    struct view text;
    if (!fields)
        fields = json_read(view_of(fields_known), NULL);
    while (in->left.size) {
        unsigned byte = input_byte(in) % (PIECES + 1);
        text_add(&source, byte < PIECES ? view_of(pieces[byte].source) : VIEW("x"));
        text_add(&words, byte < PIECES ? view_of(pieces[byte].words[language]) : VIEW("x"));
    }
    HOLDS(render(arena, text_view(&source), language, fields, &text), "%s", source.at);
    HOLDS(view_equal(text, text_view(&words)), "%s gives \"%.*s\", not \"%s\"", source.at, VIEW_ARG(text), words.at);
    text_free(&source);
    text_free(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned how = input_byte(&in);
    if (how & 2)
        check_known(arena, &in, how & 1);
    else
        check_any(arena, &in, how & 1);
    arena_free(&arena);
    return 0;
}
