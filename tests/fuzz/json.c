/* JSON as the hall writes it can be read, and says what went in; what it reads it writes so that it is read again as the same. */
#include "base/json.h"
#include "fuzz.h"

static json_t *json_of(struct view text)
{
    struct err err = {""};
    json_t *value = json_read(text, &err);
    HOLDS((value != NULL) == !err.text[0], "\"%s\"", err.text);
    return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct view bytes = {(const char *)data, size}, mended = fuzz_text(arena, bytes);
    struct text written = {0}, utf8 = {0};
    text_add_utf8(&utf8, bytes);
    HOLDS(view_equal(text_view(&utf8), mended), "mended: %s", utf8.at);

    text_add_json(&written, bytes);
    json_t *string = json_of(text_view(&written)), *ours = json_of_view(bytes);
    HOLDS(json_equal(string, ours) && json_string_length(ours) == mended.size, "%s", written.at);
    HOLDS(memcmp(json_string_value(ours), mended.at, mended.size) == 0, "%s", written.at);
    for (size_t i = 0; i < written.size; i++)
        HOLDS((unsigned char)written.at[i] >= ' ' && written.at[i] != 0x7f, "a line or a terminal may break at %s", written.at);
    json_decref(string);
    json_decref(ours);

    json_t *value = json_of(bytes);
    if (value) {
        text_clear(&written);
        json_write(&written, value);
        json_t *again = json_of(text_view(&written));
        HOLDS(json_equal(value, again), "%s", written.at);
        json_text(value, "a");
        json_int(value, "n", 0);
        json_decref(again);
    }
    json_decref(value);
    text_free(&written);
    text_free(&utf8);
    arena_free(&arena);
    return 0;
}
