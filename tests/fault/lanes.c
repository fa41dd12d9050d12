/* Lanes against a real PostgreSQL: batches, order, poison, a full queue, a lost connection, what is owed. Run by tests/lanes.sh with the
 * conninfo of the hall's role in SMSHALL_DATABASE and of the owner's in SMSHALL_OWNER_DATABASE, on a store with the demo data. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/counter.h"
#include "store/lanes.h"

enum { CALLS = 300, SENDERS = 40, PATIENCE_MS = 20000 };
#define FIRST_SENDER UINT64_C(13811000000) /* the n-th has n fen more than 100 */

struct row {
    struct lane_call call;
    char id[40], msisdn[16];
    unsigned n;
    enum outcome outcome;
    bool is_own; /* the answer is the sender's own */
    char sqlstate[6];
};

static struct row rows[CALLS];
static atomic_uint done, disordered;
static unsigned last_of[SENDERS]; /* on their lanes' threads */
static unsigned run;              /* each test's ids are its own */

static void row_done(struct lane_call *call, const struct lane_answer *answer)
{
    struct row *row = call->context;
    row->outcome = answer->outcome;
    char balance[32];
    snprintf(balance, sizeof(balance), "\"balance\": %u}", 100 + row->n % SENDERS);
    row->is_own = answer->value.at && memmem(answer->value.at, answer->value.size, balance, strlen(balance));
    if (answer->fault)
        memcpy(row->sqlstate, answer->fault->sqlstate, sizeof(row->sqlstate));
    if (row->n < last_of[row->n % SENDERS])
        atomic_fetch_add(&disordered, 1);
    last_of[row->n % SENDERS] = row->n;
    atomic_fetch_add(&done, 1);
}

static void row_fill(struct row *row, unsigned n)
{
    *row = (struct row){.n = n, .outcome = IS_FAILED};
    snprintf(row->id, sizeof(row->id), "lanes-%d-%u-%u", (int)getpid(), run, n);
    uint64_t sender = FIRST_SENDER + n % SENDERS;
    snprintf(row->msisdn, sizeof(row->msisdn), "%" PRIu64, sender);
    row->call = (struct lane_call){.function = API_RECEIVE, .key = sender, .done = row_done, .context = row};
    struct view *parameter = row->call.parameter;
    parameter[RECEIVE_MSISDN] = view_of(row->msisdn);
    parameter[RECEIVE_GATEWAY_ID] = view_of(row->id);
    parameter[RECEIVE_PORT] = VIEW("10086");
    parameter[RECEIVE_AT] = VIEW("hall");
    parameter[RECEIVE_TEXT] = VIEW("YE");
    parameter[RECEIVE_COMMAND] = VIEW("balance");
    parameter[RECEIVE_CALL] = VIEW("balance");
    parameter[RECEIVE_EFFECT] = VIEW("reads");
    parameter[RECEIVE_ARGS] = VIEW("{}");
    parameter[RECEIVE_WAY] = VIEW("inline");
}

static void wait_for(unsigned wanted)
{
    for (int ms = 0; atomic_load(&done) < wanted && ms < PATIENCE_MS; ms += 5)
        usleep(5000);
    assert_int_equal(atomic_load(&done), wanted);
}

static void reset_counts(void)
{
    atomic_store(&done, 0);
    memset(last_of, 0, sizeof(last_of));
    run++;
}

static struct lanes *open_lanes(const char *conninfo, size_t waiting_max)
{
    const struct lanes_setup setup = {.conninfo = conninfo, .count = 2, .waiting_max = waiting_max, .batch_max = 256, .timeout_ms = 10000};
    struct lanes *lanes = lanes_start(&setup);
    for (int ms = 0; !lanes_are_ready(lanes) && ms < PATIENCE_MS; ms += 5)
        usleep(5000);
    reset_counts();
    return lanes;
}

static char *count_rows(void)
{
    static char count[16];
    struct pg *pg;
    struct pg_result *result;
    struct err err;
    char pattern[40];
    snprintf(pattern, sizeof(pattern), "lanes-%d-%u-%%", (int)getpid(), run);
    const struct view parameter = view_of(pattern);
    assert_int_equal(pg_open(getenv("SMSHALL_OWNER_DATABASE"), 5000, &pg, &err), IS_DONE);
    assert_int_equal(pg_query(pg, "SELECT count(*) FROM hall.message WHERE gateway_id LIKE $1", 1, &parameter, &result, &err), IS_DONE);
    snprintf(count, sizeof(count), "%.*s", VIEW_ARG(pg_value(result, 0, 0)));
    pg_result_free(&result);
    pg_free(&pg);
    return count;
}

static void owner_does(const char *sql)
{
    struct pg *pg;
    struct err err;
    assert_int_equal(pg_open(getenv("SMSHALL_OWNER_DATABASE"), 5000, &pg, &err), IS_DONE);
    assert_int_equal(pg_query(pg, sql, 0, NULL, NULL, &err), IS_DONE);
    pg_free(&pg);
}

/* A connection that has taken the sender's next number and not yet committed it. */
static struct pg *owner_holds(uint64_t sender)
{
    struct pg *pg;
    struct err err;
    char sql[128];
    snprintf(sql, sizeof(sql), "UPDATE hall.conversation SET number = number + 1 WHERE msisdn = %" PRIu64, sender);
    assert_int_equal(pg_open(getenv("SMSHALL_OWNER_DATABASE"), 5000, &pg, &err), IS_DONE);
    assert_int_equal(pg_query(pg, "BEGIN", 0, NULL, NULL, &err), IS_DONE);
    assert_int_equal(pg_query(pg, sql, 0, NULL, NULL, &err), IS_DONE);
    return pg;
}

static void owner_commits(struct pg **pg)
{
    struct err err;
    assert_int_equal(pg_query(*pg, "COMMIT", 0, NULL, NULL, &err), IS_DONE);
    pg_free(pg);
}

static void submit_all(struct lanes *lanes)
{
    for (unsigned n = 0; n < CALLS; n++)
        assert_int_equal(lanes_submit(lanes, &rows[n].call), IS_DONE);
}

/* The first time each sender is new to the store, the second time he is not. */
static void test_many_share_a_commit_in_order(void **state)
{
    (void)state;
    struct lanes *lanes = open_lanes(getenv("SMSHALL_DATABASE"), CALLS);
    struct counter *batches = counter_get("smshall_store_batches_total", "", "");
    for (int time = 0; time < 2; time++) {
        reset_counts();
        uint64_t before = counter_value(batches);
        for (unsigned n = 0; n < CALLS; n++)
            row_fill(&rows[n], n);
        submit_all(lanes);
        wait_for(CALLS);
        for (unsigned n = 0; n < CALLS; n++) {
            assert_int_equal(rows[n].outcome, IS_DONE);
            assert_true(rows[n].is_own);
        }
        assert_true(counter_value(batches) - before < CALLS / 4);
        assert_int_equal(atomic_load(&disordered), 0);
        assert_string_equal(count_rows(), "300");
    }
    lanes_stop(lanes);
    lanes_free(&lanes);
}

/* Another daemon moves a sender's conversation on between the batch's look and its lock: the batch is refused, and its calls run again. */
static void test_raced_sender(void **state)
{
    (void)state;
    struct lanes *lanes = open_lanes(getenv("SMSHALL_DATABASE"), CALLS);
    struct counter *alone = counter_get("smshall_store_alone_total", "", "");
    uint64_t before = counter_value(alone);
    struct pg *other = owner_holds(FIRST_SENDER + 7);
    for (unsigned n = 0; n < SENDERS; n++)
        row_fill(&rows[n], n);
    for (unsigned n = 0; n < SENDERS; n++)
        assert_int_equal(lanes_submit(lanes, &rows[n].call), IS_DONE);
    usleep(500000);
    assert_true(atomic_load(&done) < SENDERS);
    owner_commits(&other);
    wait_for(SENDERS);
    for (unsigned n = 0; n < SENDERS; n++) {
        assert_int_equal(rows[n].outcome, IS_DONE);
        assert_true(rows[n].is_own);
    }
    assert_string_equal(count_rows(), "40");
    assert_true(counter_value(alone) > before);
    lanes_stop(lanes);
    lanes_free(&lanes);
}

/* What acts is not lumped together: half of 40, a lane's, take longer than the time limit of one statement (4 s). */
static void test_slow_ones_have_time(void **state)
{
    (void)state;
    owner_does(
        "CREATE OR REPLACE FUNCTION hall_command.test_slow(subscriber hall.subscriber, args jsonb, OUT outcome text, OUT fields jsonb) "
        "LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); outcome := 'ok'; fields := '{}'; END $$");
    struct lanes *lanes = open_lanes(getenv("SMSHALL_DATABASE"), CALLS);
    struct counter *alone = counter_get("smshall_store_alone_total", "", "");
    uint64_t before = counter_value(alone);
    for (unsigned n = 0; n < SENDERS; n++) {
        row_fill(&rows[n], n);
        rows[n].call.parameter[RECEIVE_CALL] = VIEW("test_slow");
        rows[n].call.parameter[RECEIVE_EFFECT] = VIEW("changes");
    }
    for (unsigned n = 0; n < SENDERS; n++)
        assert_int_equal(lanes_submit(lanes, &rows[n].call), IS_DONE);
    wait_for(SENDERS);
    for (unsigned n = 0; n < SENDERS; n++)
        assert_int_equal(rows[n].outcome, IS_DONE);
    assert_int_equal(counter_value(alone), before);
    lanes_stop(lanes);
    lanes_free(&lanes);
}

static void test_poison_harms_only_itself(void **state)
{
    (void)state;
    struct lanes *lanes = open_lanes(getenv("SMSHALL_DATABASE"), CALLS);
    for (unsigned n = 0; n < CALLS; n++)
        row_fill(&rows[n], n);
    rows[150].call.parameter[RECEIVE_ARGS] = VIEW("{ this is no JSON");
    submit_all(lanes);
    wait_for(CALLS);
    for (unsigned n = 0; n < CALLS; n++)
        assert_int_equal(rows[n].outcome, n == 150 ? IS_REFUSED : IS_DONE);
    assert_string_equal(rows[150].sqlstate, "22P02");
    assert_string_equal(count_rows(), "299");
    lanes_stop(lanes);
    lanes_free(&lanes);
}

static void test_full_queue_refuses(void **state)
{
    (void)state;
    struct lanes *lanes = open_lanes(getenv("SMSHALL_DATABASE"), 10);
    unsigned taken = 0;
    for (unsigned n = 0; n < CALLS; n++) {
        row_fill(&rows[n], n);
        taken += lanes_submit(lanes, &rows[n].call) == IS_DONE;
    }
    assert_true(taken >= 10 && taken < CALLS);
    wait_for(taken);
    lanes_stop(lanes);
    lanes_free(&lanes);
}

/* The commit's answer may be lost with the connection: the batch runs again, and ids keep it from happening twice. */
static void test_lost_connections(void **state)
{
    (void)state;
    struct lanes *lanes = open_lanes(getenv("SMSHALL_DATABASE"), CALLS);
    for (unsigned n = 0; n < CALLS; n++)
        row_fill(&rows[n], n);
    for (unsigned n = 0; n < CALLS; n++) {
        if (n % 60 == 30)
            owner_does("SELECT hall_test.cut_connections()");
        while (lanes_submit(lanes, &rows[n].call) != IS_DONE)
            usleep(1000);
    }
    wait_for(CALLS);
    unsigned committed = 0;
    for (unsigned n = 0; n < CALLS; n++)
        committed += rows[n].outcome == IS_DONE;
    assert_true(committed > CALLS / 2);
    assert_true(atoi(count_rows()) >= (int)committed && atoi(count_rows()) <= CALLS);
    lanes_stop(lanes);
    lanes_free(&lanes);
}

static void test_away(void **state)
{
    (void)state;
    const struct lanes_setup setup = {
        .conninfo = "host=127.0.0.1 port=1 dbname=nowhere", .count = 1, .waiting_max = CALLS, .batch_max = 256, .timeout_ms = 3000};
    struct lanes *lanes = lanes_start(&setup);
    reset_counts();
    row_fill(&rows[0], 0);
    row_fill(&rows[1], 1);
    assert_int_equal(lanes_submit(lanes, &rows[0].call), IS_FAILED); /* may come again */
    rows[1].call.is_owed = true;
    assert_int_equal(lanes_submit(lanes, &rows[1].call), IS_DONE); /* is kept */
    usleep(300000);
    assert_int_equal(atomic_load(&done), 0);
    lanes_stop(lanes); /* the end: it is told so */
    assert_int_equal(atomic_load(&done), 1);
    assert_int_equal(rows[1].outcome, IS_FAILED);
    row_fill(&rows[2], 2);
    rows[2].call.is_owed = true;
    assert_int_equal(lanes_submit(lanes, &rows[2].call), IS_FAILED); /* nobody would ever run it */
    lanes_free(&lanes);
}

/* What is patient waits for a store that is away, as long as it said, and no more than so many do. */
static void test_patience(void **state)
{
    enum { PATIENT_MAX = 128 };
    (void)state;
    const struct lanes_setup setup = {
        .conninfo = "host=127.0.0.1 port=1 dbname=nowhere", .count = 1, .waiting_max = CALLS, .batch_max = 256, .timeout_ms = 3000};
    struct lanes *lanes = lanes_start(&setup);
    reset_counts();
    for (unsigned n = 0; n <= PATIENT_MAX; n++) {
        row_fill(&rows[n], n);
        rows[n].call.patience_ms = n == 0 ? 300 : PATIENCE_MS;
        assert_int_equal(lanes_submit(lanes, &rows[n].call), n < PATIENT_MAX ? IS_DONE : IS_FAILED);
    }
    wait_for(1);
    assert_int_equal(rows[0].outcome, IS_FAILED);
    usleep(300000);
    assert_int_equal(atomic_load(&done), 1);
    lanes_stop(lanes); /* the end: they are told so */
    assert_int_equal(atomic_load(&done), PATIENT_MAX);
    lanes_free(&lanes);
}

static int make_senders(void **state)
{
    (void)state;
    char sql[160];
    snprintf(sql, sizeof(sql),
             "SELECT hall.put_subscriber(%" PRIu64 " + n, '全球通', p_opening_fen => 100 + n) FROM generate_series(0, %d) AS n",
             FIRST_SENDER, SENDERS - 1);
    owner_does(sql);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_share_a_commit_in_order),
        cmocka_unit_test(test_raced_sender),
        cmocka_unit_test(test_slow_ones_have_time),
        cmocka_unit_test(test_poison_harms_only_itself),
        cmocka_unit_test(test_full_queue_refuses),
        cmocka_unit_test(test_lost_connections),
        cmocka_unit_test(test_away),
        cmocka_unit_test(test_patience),
    };
    return cmocka_run_group_tests_name("store_lanes", tests, make_senders, NULL);
}
