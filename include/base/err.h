/* How things end. A fallible function gives an outcome and fills a struct err; whoever can act decides; the edge logs once. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum outcome {
    IS_DONE,    /* it happened */
    IS_REFUSED, /* it was asked wrongly: asking again will not help */
    IS_FAILED,  /* it did not happen, and may when tried again */
    IS_UNSURE,  /* the answer was lost: it may have happened */
};

/* What was tried, on what, and what stood in the way; one line, UTF-8, no newline. */
struct err {
    char text[640];
};

/* Fill err (NULL is allowed) and give the outcome, so that `return err_refused(err, "…")` reads in one line. */
enum outcome err_refused(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum outcome err_failed(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum outcome err_unsure(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "head: " before what err says. */
void err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
