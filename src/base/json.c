/* jansson takes and gives sizes, so a U+0000 in a text survives; it refuses bytes that are not UTF-8, which are mended here first. */
#include "base/json.h"

#include "base/err.h"

json_t *json_read(struct view text, struct err *err)
{
    json_error_t fault;
    json_t *value = json_loadb(text.size ? text.at : "", text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &fault);
    if (!value)
        err_refused(err, "not JSON, line %d column %d: %s", fault.line, fault.column, fault.text);
    return value;
}

struct view json_text(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_string(member))
        return VIEW_NONE;
    return (struct view){json_string_value(member), json_string_length(member)};
}

int64_t json_int(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *member = json_object_get(object, key);
    return json_is_integer(member) ? (int64_t)json_integer_value(member) : otherwise;
}

json_t *json_of_view(struct view v)
{
    struct text mended = {0};
    json_t *string = json_stringn(v.size ? v.at : "", v.size);
    if (string)
        return string;
    text_add_utf8(&mended, v);
    string = json_stringn(mended.at, mended.size);
    text_free(&mended);
    return string;
}

static int add_chunk(const char *chunk, size_t size, void *text)
{
    text_add(text, (struct view){chunk, size});
    return 0;
}

void json_write(struct text *text, const json_t *value)
{
    json_dump_callback(value, add_chunk, text, JSON_COMPACT | JSON_ENCODE_ANY);
}
