/* A text that grows: for building pages, JSON lines and parameters piece by piece. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/view.h"

/* Starts as {0}. Owns its bytes until text_free, which wipes them; so does growth with those it leaves. There is always a NUL behind the
 * last byte once something was added. */
struct text {
    char *at;
    size_t size, room;
};

void text_add(struct text *text, struct view v);
void text_add_char(struct text *text, char c);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* v with U+FFFD for each byte that is not UTF-8. */
void text_add_utf8(struct text *text, struct view v);

/* v as application/x-www-form-urlencoded: letters, digits and -_.~ stay, everything else is %XX. */
void text_add_url(struct text *text, struct view v);

/* A terminal obeys this code point, or a reader of lines takes it for a line's end: U+0000 to U+001F, U+007F to U+009F, U+2028, U+2029. */
bool text_is_unseen(int32_t code);

/* v as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct text *text, struct view v);

struct view text_view(const struct text *text);
void text_clear(struct text *text); /* empty and wiped, keeps its room */
void text_free(struct text *text);

#endif
