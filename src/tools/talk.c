/* The parser walks line by line, and in a line word by word, each step a guard. What is hard is where a text ends: blanks at its
 * ends cannot be seen and are dropped, unless it stands in quotes; and a `#` begins a comment only where no text can go on. */
#include "tools/talk.h"

#include <string.h>

enum { WAIT_MS_MAX = 24 * 60 * 60 * 1000 };

struct reader {
    struct arena *arena;
    struct view name;
    struct talk *talk;
    size_t room;
    struct err *err;
    int line;
};

static enum outcome malformed(const struct reader *reader, const char *what, struct view where)
{
    return err_refused(reader->err, "%.*s:%d: %s%s%.*s%s", VIEW_ARG(reader->name), reader->line, what, where.size ? ": \"" : "",
                       VIEW_ARG(where), where.size ? "\"" : "");
}

/* --- words --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct view skip_blanks(struct view v)
{
    while (v.size && is_blank(*v.at))
        v = view_from(v, 1);
    return v;
}

/* The next word of the line, which moves behind it. */
static struct view take_word(struct view *line)
{
    *line = skip_blanks(*line);
    size_t size = 0;
    while (size < line->size && !is_blank(line->at[size]))
        size++;
    struct view word = view_head(*line, size);
    *line = view_from(*line, size);
    return word;
}

static bool is_comment(struct view rest)
{
    rest = skip_blanks(rest);
    return rest.size == 0 || *rest.at == '#';
}

bool talk_duration(struct view written, unsigned bare_ms, unsigned *ms)
{
    static const struct {
        struct view unit;
        unsigned ms;
    } units[] = {{{"s", 1}, 1000}, {{"ms", 2}, 1}};
    size_t digits = 0;
    uint64_t number, unit = bare_ms;
    while (digits < written.size && written.at[digits] >= '0' && written.at[digits] <= '9')
        digits++;
    struct view rest = view_from(written, digits);
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (view_equal(rest, units[i].unit)) {
            unit = units[i].ms;
            rest = VIEW_NONE;
        }
    if (rest.size || !view_number(view_head(written, digits), WAIT_MS_MAX, &number) || number * unit > WAIT_MS_MAX)
        return false;
    *ms = (unsigned)(number * unit);
    return true;
}

/* --- texts in quotes --- */

/* \u{1F600}: v stands behind the u, and moves behind the brace. */
static bool take_code_point(struct view *v, char *out, size_t *size)
{
    uint32_t code = 0;
    size_t i = 1;
    if (v->size < 3 || *v->at != '{')
        return false;
    for (; i < v->size && i <= 6 && v->at[i] != '}'; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = memchr(digits, v->at[i], sizeof(digits) - 1);
        if (digit == NULL)
            return false;
        code = code * 16 + (uint32_t)(digit - digits) % 16;
    }
    if (i == 1 || i >= v->size || v->at[i] != '}' || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return false;
    *v = view_from(*v, i + 1);
    *size += view_put_code_point(out + *size, (int32_t)code);
    return true;
}

/* The escape at v, behind its backslash. In a glob \\ and \* stay as they are, for the glob to read. */
static bool take_escape(struct view *v, bool is_glob, char *out, size_t *size)
{
    static const struct {
        char letter, is;
    } escapes[] = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'"', '"'}, {'\\', '\\'}, {'*', '*'}};
    if (!v->size)
        return false;
    char letter = *v->at;
    *v = view_from(*v, 1);
    if (letter == 'u')
        return take_code_point(v, out, size);
    if (letter == '*' && !is_glob)
        return false;
    for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++)
        if (letter == escapes[i].letter) {
            if (is_glob && (letter == '*' || letter == '\\'))
                out[(*size)++] = '\\';
            out[(*size)++] = escapes[i].is;
            return true;
        }
    return false;
}

/* v begins with a quote. An escape is never shorter than what it stands for. */
static enum outcome read_quoted(struct reader *reader, struct view v, bool is_glob, struct view *text)
{
    char *out = arena_alloc(reader->arena, v.size + 1);
    size_t size = 0;
    v = view_from(v, 1);
    while (v.size && *v.at != '"') {
        char c = *v.at;
        v = view_from(v, 1);
        if (c != '\\')
            out[size++] = c;
        else if (!take_escape(&v, is_glob, out, &size))
            return malformed(reader, "not an escape behind the backslash (\\n \\t \\r \\\" \\\\ \\u{…}, and \\* in a reply)", VIEW_NONE);
    }
    if (!v.size)
        return malformed(reader, "the closing quote is missing", VIEW_NONE);
    v = view_from(v, 1);
    if (!is_comment(v))
        return malformed(reader, "something stands behind the closing quote", view_trim(v));
    *text = (struct view){out, size};
    return IS_DONE;
}

static enum outcome read_text(struct reader *reader, struct view rest, bool is_glob, struct view *text)
{
    rest = view_trim(rest);
    if (rest.size && *rest.at == '"')
        return read_quoted(reader, rest, is_glob, text);
    *text = arena_copy(reader->arena, rest);
    return IS_DONE;
}

/* --- the other way: a text is written --- */

/* A text as it stands would be read as another one: without its blanks, as a quoted one, or not as one line. */
static bool needs_quotes(struct view text)
{
    if (view_trim(text).size != text.size || (text.size && *text.at == '"'))
        return true;
    for (size_t i = 0; i < text.size;)
        if (text_is_unseen(view_code_point(text, &i)))
            return true;
    return false;
}

/* One character: a code point, or a byte that is none. */
static void write_character(struct text *out, struct view c, int32_t code, bool is_quoted, bool is_glob)
{
    static const char marks[] = "\n\t\r\"\\", letters[] = "ntr\"\\";
    const char *mark = is_quoted && code > 0 && code < 0x80 ? strchr(marks, code) : NULL;
    if (is_glob && (code == '*' || code == '\\'))
        text_addf(out, "\\%c", *c.at);
    else if (mark)
        text_addf(out, "\\%c", letters[mark - marks]);
    else if (is_quoted && text_is_unseen(code))
        text_addf(out, "\\u{%X}", (unsigned)code);
    else
        text_add(out, c);
}

static void write_words(struct text *out, struct view text, bool is_glob)
{
    bool is_quoted = needs_quotes(text);
    if (is_quoted)
        text_add_char(out, '"');
    while (text.size) {
        bool is_secret = is_glob && view_starts_with(text, VIEW("***"));
        size_t size = 0;
        int32_t code = view_code_point(text, &size);
        if (is_secret)
            text_add_char(out, '*');
        else
            write_character(out, view_head(text, size), code, is_quoted, is_glob);
        text = view_from(text, is_secret ? 3 : size);
    }
    if (is_quoted)
        text_add_char(out, '"');
}

void talk_write_text(struct text *out, struct view text)
{
    write_words(out, text, false);
}

void talk_write_glob(struct text *out, struct view reply)
{
    write_words(out, reply, true);
}

/* --- one kind of line each --- */

static enum outcome read_said(struct reader *reader, struct view rest, struct talk_event *event)
{
    return read_text(reader, rest, false, &event->text);
}

static enum outcome read_glob(struct reader *reader, struct view rest, struct talk_event *event)
{
    return read_text(reader, rest, true, &event->text);
}

static enum outcome read_expression(struct reader *reader, struct view rest, struct talk_event *event)
{
    struct err err;
    size_t end = 1;
    rest = skip_blanks(rest);
    if (!rest.size || *rest.at != '/')
        return malformed(reader, "an expression stands between slashes: <~ PORT /…/", VIEW_NONE);
    while (end < rest.size && rest.at[end] != '/')
        end += rest.at[end] == '\\' ? 2 : 1;
    if (end >= rest.size || !is_comment(view_from(rest, end + 1)))
        return malformed(reader, "the expression's closing slash is missing, or something stands behind it", VIEW_NONE);
    event->text = arena_copy(reader->arena, view_from(view_head(rest, end), 1));
    if (pattern_new(event->text, &event->pattern, &err) != IS_DONE)
        return malformed(reader, err.text, event->text);
    return IS_DONE;
}

static enum outcome read_silence(struct reader *reader, struct view rest, struct talk_event *event)
{
    (void)event;
    return is_comment(rest) ? IS_DONE : malformed(reader, "only a comment may follow", view_trim(rest));
}

static const struct {
    struct view sign;
    enum talk_kind kind;
    enum outcome (*read)(struct reader *reader, struct view rest, struct talk_event *event);
} signs[] = {
    {{">", 1}, TALK_SAYS, read_said},
    {{"<", 1}, TALK_HEARS, read_glob},
    {{"<~", 2}, TALK_HEARS_LIKE, read_expression},
    {{"!", 1}, TALK_SILENCE, read_silence},
};

static enum outcome read_wait(struct reader *reader, struct view rest, struct talk_event *event)
{
    struct view written = take_word(&rest);
    event->kind = TALK_WAITS;
    if (!talk_duration(written, 0, &event->wait_ms) || event->wait_ms == 0)
        return malformed(reader, "how long? wait 3s, or wait 200ms", written);
    return read_silence(reader, rest, event);
}

static enum outcome read_event(struct reader *reader, struct view line, struct talk_event *event)
{
    event->msisdn = take_word(&line);
    if (view_equal(event->msisdn, VIEW("wait")))
        return read_wait(reader, line, event);
    struct view sign = take_word(&line);
    event->port = take_word(&line);
    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
        if (view_equal(sign, signs[i].sign)) {
            event->kind = signs[i].kind;
            return event->port.size ? signs[i].read(reader, line, event) : malformed(reader, "the port is missing", VIEW_NONE);
        }
    return malformed(reader, "neither `MSISDN > PORT text` nor `<`, `<~`, `!`, nor `wait`", event->msisdn);
}

/* --- the whole file --- */

static struct talk_event *next_event(struct reader *reader)
{
    struct talk *talk = reader->talk;
    if (talk->count == reader->room) {
        size_t room = reader->room ? reader->room * 2 : 32;
        struct talk_event *larger = ARENA_ARRAY(reader->arena, struct talk_event, room);
        if (talk->count)
            memcpy(larger, talk->event, talk->count * sizeof(*larger));
        talk->event = larger;
        reader->room = room;
    }
    return &talk->event[talk->count++];
}

/* Words of a line are views into the content, which may go: they are copied. */
static enum outcome read_line(struct reader *reader, struct view line)
{
    if (is_comment(line))
        return IS_DONE;
    struct talk_event *event = next_event(reader);
    event->line = reader->line;
    return read_event(reader, arena_copy(reader->arena, line), event);
}

enum outcome talk_read(struct arena *arena, struct view name, struct view content, struct talk **talk, struct err *err)
{
    struct reader reader = {.arena = arena, .name = name, .talk = ARENA_NEW(arena, struct talk), .err = err};
    reader.talk->name = name;
    if (view_starts_with(content, VIEW("\xEF\xBB\xBF")))
        content = view_from(content, 3);
    while (content.size) {
        reader.line++;
        if (read_line(&reader, view_trim(view_cut(&content, '\n'))) != IS_DONE) {
            talk_end(&reader.talk);
            return IS_REFUSED;
        }
    }
    *talk = reader.talk;
    return IS_DONE;
}

void talk_end(struct talk **talk)
{
    for (size_t i = 0; *talk != NULL && i < (*talk)->count; i++)
        pattern_free(&(*talk)->event[i].pattern);
    *talk = NULL;
}

/* --- does a reply fit? --- */

/* Goes back to the last star only: the shortest text for each star suffices, so there is no recursion and no blow-up. */
bool talk_glob_fits(struct view glob, struct view text)
{
    size_t g = 0, t = 0, star = SIZE_MAX, again = 0;
    while (t < text.size) {
        bool is_escaped = g + 1 < glob.size && glob.at[g] == '\\' && (glob.at[g + 1] == '*' || glob.at[g + 1] == '\\');
        if (g < glob.size && glob.at[g] == '*') {
            star = ++g;
            again = t;
        } else if (g + is_escaped < glob.size && glob.at[g + is_escaped] == text.at[t]) {
            g += 1u + is_escaped;
            t++;
        } else if (star != SIZE_MAX) {
            g = star;
            t = ++again;
        } else {
            return false;
        }
    }
    while (g < glob.size && glob.at[g] == '*')
        g++;
    return g == glob.size;
}

bool talk_event_fits(const struct talk_event *event, struct view reply)
{
    return event->kind == TALK_HEARS ? talk_glob_fits(event->text, reply) : pattern_matches(event->pattern, reply);
}
