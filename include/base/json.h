/* JSON is jansson's; this header is the only door to it and adds what the hall misses there. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/text.h"

/* Reads one value; NULL when it is not JSON (err filled when given). The caller owns it (json_decref). */
struct err;
json_t *json_read(struct view text, struct err *err);

/* A member's string as a view into the value; VIEW_NONE when it is missing or no string. */
struct view json_text(const json_t *object, const char *key);

/* A member's whole number, or `otherwise`. */
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);

/* A JSON string of v; bytes that are not UTF-8 become U+FFFD. */
json_t *json_of_view(struct view v);

/* The value as compact JSON behind what text holds. Order of members is kept. */
void json_write(struct text *text, const json_t *value);

#endif
