/* A growing buffer. Room doubles, and one byte of it is always kept for the NUL. What is let go of is wiped first, as an arena's bytes
 * are: a message or a password may have stood there, and memory that was freed shows in a core file. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void wipe_and_free(struct text *text)
{
    if (text->at)
        explicit_bzero(text->at, text->size);
    free(text->at);
}

/* Not by realloc, which may move the bytes and leave the old ones behind. */
static void make_room(struct text *text, size_t more)
{
    size_t wanted = text->size + more + 1;
    if (wanted <= text->room)
        return;
    size_t room = text->room ? text->room * 2 : 256;
    if (room < wanted)
        room = wanted;
    char *at = malloc(room);
    if (!at) {
        fputs("out of memory\n", stderr);
        abort();
    }
    if (text->size)
        memcpy(at, text->at, text->size);
    at[text->size] = '\0';
    wipe_and_free(text);
    text->at = at;
    text->room = room;
}

void text_add(struct text *text, struct view v)
{
    make_room(text, v.size);
    if (v.size)
        memcpy(text->at + text->size, v.at, v.size);
    text->size += v.size;
    text->at[text->size] = '\0';
}

void text_add_char(struct text *text, char c)
{
    text_add(text, (struct view){&c, 1});
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        return;

    make_room(text, (size_t)size);
    va_start(args, format);
    vsnprintf(text->at + text->size, (size_t)size + 1, format, args);
    va_end(args);
    text->size += (size_t)size;
}

/* What is well formed, mostly all of it, is copied in one piece. */
void text_add_utf8(struct text *text, struct view v)
{
    size_t done = 0, i = 0;
    make_room(text, v.size);
    while (i < v.size) {
        size_t start = i;
        bool is_ascii = !(v.at[i] & 0x80);
        if (is_ascii)
            i++;
        if (is_ascii || view_code_point(v, &i) >= 0)
            continue;
        text_add(text, (struct view){v.at + done, start - done});
        text_add(text, VIEW("\xEF\xBF\xBD"));
        done = i;
    }
    text_add(text, view_from(v, done));
}

static bool stays_in_url(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.' || c == '~';
}

void text_add_url(struct text *text, struct view v)
{
    static const char hex[] = "0123456789ABCDEF";
    make_room(text, v.size);
    for (size_t i = 0; i < v.size; i++) {
        unsigned char c = (unsigned char)v.at[i];
        if (stays_in_url(v.at[i]))
            text_add_char(text, v.at[i]);
        else
            text_add(text, (struct view){(char[]){'%', hex[c >> 4], hex[c & 15]}, 3});
    }
}

bool text_is_unseen(int32_t code)
{
    return (code >= 0 && code < 0x20) || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029;
}

/* What JSON demands to be escaped, and beyond it what is not seen. */
static bool needs_escape(int32_t code)
{
    return code == '"' || code == '\\' || text_is_unseen(code);
}

static void add_escape(struct text *text, int32_t code)
{
    static const char plain[] = "\"\\\n\r\t", letter[] = "\"\\nrt";
    const char *found = code > 0 && code < 0x80 ? strchr(plain, (char)code) : NULL;
    if (found)
        text_add(text, (struct view){(char[]){'\\', letter[found - plain]}, 2});
    else
        text_addf(text, "\\u%04x", (unsigned)code);
}

void text_add_json(struct text *text, struct view v)
{
    size_t done = 0, i = 0;
    make_room(text, v.size + 2);
    text_add_char(text, '"');
    while (i < v.size) {
        size_t start = i;
        int32_t code = view_code_point(v, &i);
        if (code >= 0 && !needs_escape(code))
            continue;
        text_add(text, (struct view){v.at + done, start - done});
        if (code < 0)
            text_add_utf8(text, (struct view){v.at + start, i - start});
        else
            add_escape(text, code);
        done = i;
    }
    text_add(text, view_from(v, done));
    text_add_char(text, '"');
}

struct view text_view(const struct text *text)
{
    return (struct view){text->at, text->size};
}

void text_clear(struct text *text)
{
    if (text->at)
        explicit_bzero(text->at, text->size);
    text->size = 0;
}

void text_free(struct text *text)
{
    wipe_and_free(text);
    *text = (struct text){0};
}
