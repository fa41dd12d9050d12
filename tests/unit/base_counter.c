/* Counters and histograms as Prometheus reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/counter.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

static double read_gauge(void *context)
{
    return *(const double *)context;
}

static void test_page(void **state)
{
    static const char wanted[] = "# HELP a_gauge A gauge.\n"
                                 "# TYPE a_gauge gauge\n"
                                 "a_gauge 2.5\n"
                                 "# HELP b_total Refused.\n"
                                 "# TYPE b_total counter\n"
                                 "b_total 0\n"
                                 "b_total{reason=\"address\"} 1\n"
                                 "b_total{reason=\"token\"} 5\n"
                                 "# HELP c_total Last.\n"
                                 "# TYPE c_total counter\n"
                                 "c_total 18446744073709551615\n";
    static double value = 2.5;
    struct text out = {0};
    (void)state;
    counter_add(counter_get("c_total", "Last.", ""), UINT64_MAX);
    counter_add(counter_get("b_total", "Refused.", "reason=\"token\""), 2);
    counter_add(counter_get("b_total", "Other words.", "reason=\"token\""), 3);
    counter_add(counter_get("b_total", "Refused.", "reason=\"address\""), 1);
    counter_get("b_total", "Refused.", "");
    gauge_set_reader("a_gauge", "A gauge.", NULL, NULL);
    gauge_set_reader("a_gauge", "A gauge.", read_gauge, &value);
    counter_write_all(&out);
    assert_string_equal(out.at, wanted);
    assert_int_equal(counter_value(counter_get("b_total", "", "reason=\"token\"")), 5);
    text_free(&out);
}

static void test_histogram(void **state)
{
    static const char *const wanted[] = {
        "# TYPE h_seconds histogram\n",
        "\nh_seconds_bucket{command=\"bill\",le=\"0.0001\"} 2\n",
        "\nh_seconds_bucket{command=\"bill\",le=\"0.00025\"} 3\n",
        "\nh_seconds_bucket{command=\"bill\",le=\"1\"} 3\n",
        "\nh_seconds_bucket{command=\"bill\",le=\"10\"} 4\n",
        "\nh_seconds_bucket{command=\"bill\",le=\"+Inf\"} 5\n",
        "\nh_seconds_sum{command=\"bill\"} 21.500201\n",
        "\nh_seconds_count{command=\"bill\"} 5\n",
        "\nh_seconds_bucket{le=\"+Inf\"} 0\nh_seconds_sum 0.000000\nh_seconds_count 0\n",
    };
    struct histogram *histogram = histogram_get("h_seconds", "Latency.", "command=\"bill\"");
    struct text out = {0};
    (void)state;
    histogram_get("h_seconds", "Latency.", "");
    histogram_add(histogram, 0);
    histogram_add(histogram, 100);
    histogram_add(histogram, 101);
    histogram_add(histogram, 10000000);
    histogram_add(histogram, 11500000);
    counter_write_all(&out);
    for (size_t i = 0; i < ROWS(wanted); i++)
        if (!strstr(out.at, wanted[i]))
            fail_msg("%s is not in %s", wanted[i], out.at);
    text_free(&out);
}

static void *count(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10000; i++) {
        counter_add(counter_get("t_total", "Threads.", i % 2 ? "x=\"1\"" : "x=\"2\""), 1);
        histogram_add(histogram_get("t_seconds", "Threads.", ""), 1);
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t thread[4];
    struct text out = {0};
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, count, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    counter_write_all(&out);
    assert_non_null(strstr(out.at, "t_total{x=\"1\"} 20000\nt_total{x=\"2\"} 20000\n"));
    assert_non_null(strstr(out.at, "t_seconds_count 40000\n"));
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
