/* Talk files: what is read can be written in quotes and is read again as the same; a glob of a text fits that text. */
#include "tools/talk.h"
#include "fuzz.h"

static void add_quoted(struct text *out, struct view v, bool is_glob)
{
    static const char marks[] = "\"\\\n\t\r", letters[] = "\"\\ntr";
    text_add_char(out, '"');
    for (size_t i = 0; i < v.size; i++) {
        bool is_escape = is_glob && v.at[i] == '\\' && i + 1 < v.size && (v.at[i + 1] == '\\' || v.at[i + 1] == '*');
        const char *mark = memchr(marks, v.at[i], sizeof marks - 1);
        if (is_escape)
            text_add(out, (struct view){v.at + i++, 2});
        else if (mark)
            text_add(out, (struct view){(char[]){'\\', letters[mark - marks]}, 2});
        else
            text_add_char(out, v.at[i]);
    }
    text_add_char(out, '"');
}

static void write_event(struct text *out, const struct talk_event *event)
{
    static const char *const signs[] = {[TALK_SAYS] = ">", [TALK_HEARS] = "<", [TALK_HEARS_LIKE] = "<~", [TALK_SILENCE] = "!"};
    if (event->kind == TALK_WAITS) {
        text_addf(out, "wait %ums\n", event->wait_ms);
        return;
    }
    text_add(out, event->msisdn);
    text_addf(out, " %s ", signs[event->kind]);
    text_add(out, event->port);
    text_add_char(out, ' ');
    if (event->kind == TALK_HEARS_LIKE) {
        text_add_char(out, '/');
        text_add(out, event->text);
        text_add_char(out, '/');
    } else if (event->kind == TALK_SILENCE) {
        text_add_char(out, '#'); /* or a port's last character is a line's */
    } else {
        add_quoted(out, event->text, event->kind == TALK_HEARS);
    }
    text_add_char(out, '\n');
}

static void write_talk(struct text *out, const struct talk *talk)
{
    text_add(out, VIEW("# a mark of the byte order is dropped only at the beginning\n"));
    for (size_t i = 0; i < talk->count; i++)
        write_event(out, &talk->event[i]);
}

/* A lone backslash in a glob is written as two, so it is what is written that must stay the same. */
static void check_again(struct arena *arena, const struct talk *talk)
{
    struct text written = {0}, rewritten = {0};
    struct talk *again;
    struct err err = {""};
    write_talk(&written, talk);
    HOLDS(talk_read(arena, VIEW("w"), text_view(&written), &again, &err) == IS_DONE, "%s of %s", err.text, written.at);
    write_talk(&rewritten, again);
    HOLDS(view_equal(text_view(&written), text_view(&rewritten)), "%s is %s", written.at, rewritten.at);
    talk_end(&again);
    text_free(&written);
    text_free(&rewritten);
}

/* v as a glob that means just v, with stars where the bits say that its bytes are left out. */
static void check_glob(struct arena *arena, struct view v, unsigned bits)
{
    struct text out = {0};
    for (size_t i = 0; i < v.size; i++) {
        if (bits >> i % 16 & 1) {
            text_add_char(&out, '*');
            continue;
        }
        if (v.at[i] == '*' || v.at[i] == '\\')
            text_add_char(&out, '\\');
        text_add_char(&out, v.at[i]);
    }
    struct view glob = fuzz_exact(arena, text_view(&out));
    HOLDS(talk_glob_fits(glob, v), "%.*s", VIEW_ARG(glob));
    HOLDS((bits & 0xffff) || !v.size || !talk_glob_fits(glob, view_from(v, 1)), "%.*s", VIEW_ARG(glob));
    text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned bits = input_byte(&in) << 8 | input_byte(&in);
    struct talk *talk = NULL;
    struct err err = {""};
    if (talk_read(arena, VIEW("f.talk"), in.left, &talk, &err) == IS_DONE) {
        check_again(arena, talk);
        for (size_t i = 0; i < talk->count; i++)
            if (talk->event[i].kind == TALK_HEARS || talk->event[i].kind == TALK_HEARS_LIKE)
                talk_event_fits(&talk->event[i], in.left);
    } else {
        int line = -1;
        HOLDS(sscanf(err.text, "f.talk:%d: ", &line) == 1 && line >= 1 && !talk, "\"%s\"", err.text);
    }
    talk_end(&talk);
    check_glob(arena, in.left, bits);
    arena_free(&arena);
    return 0;
}
