/* Clocks of the daemon. What the business calls "now" is the store's clock, never these. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_us(void);    /* monotonic, microseconds */
int64_t clock_unix_s(void); /* wall clock, seconds since 1970 */

#endif
