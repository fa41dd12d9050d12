#include "store/api.h"

/* The casts name the parameters' types: libpq sends them all as text, and the server would guess text else. */
const struct api api_table[API_FUNCTIONS] = {
    [API_RECEIVE] = {"receive",
                     "SELECT hall.receive($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::bigint, $8::text, "
                     "$9::text, $10::text, $11::text, $12::jsonb, $13::text, $14::text)",
                     RECEIVE_PARAMETERS},
    [API_RECEIVE_MANY] = {"receive_many",
                          "SELECT * FROM hall.receive_many($1::text[]::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], "
                          "$6::text[]::bigint[], $7::text[]::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], "
                          "$12::text[]::jsonb[], $13::text[], $14::text[])",
                          RECEIVE_PARAMETERS},
    [API_SETTLE] = {"settle", "SELECT hall.settle($1::bigint, $2::text, $3::text, $4::text, $5::int, $6::text, $7::int, $8::int)",
                    SETTLE_PARAMETERS},
    [API_DELIVERY_REPORT] = {"delivery_report", "SELECT hall.delivery_report($1::bigint, $2::text, $3::int, $4::text, $5::bigint)",
                             REPORT_PARAMETERS},
    [API_CLAIM_UNSENT] = {"claim_unsent", "SELECT hall.claim_unsent($1::int, $2::int)", CLAIM_PARAMETERS},
    [API_RUN_DUE] = {"run_due", "SELECT hall.run_due()", 0},
    [API_CLAIM_EVENTS] = {"claim_events", "SELECT hall.claim_events($1::int, $2::int)", CLAIM_PARAMETERS},
    [API_SETTLE_EVENT] = {"settle_event", "SELECT hall.settle_event($1::bigint, $2::bigint, $3::int, $4::int, $5::text)", EVENT_PARAMETERS},
    [API_REPORT_ORDER] = {"report_order", "SELECT hall.report_order($1::bigint, $2::int, $3::text, $4::text, $5::text)", ORDER_PARAMETERS},
};
