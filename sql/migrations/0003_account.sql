-- Subscribers and what the billing system says about them. Every table that grows has msisdn first in its key (DESIGN 2).
CREATE TABLE hall.subscriber (
    msisdn          bigint PRIMARY KEY CONSTRAINT a_msisdn_is_a_mobile_number CHECK (msisdn BETWEEN 13000000000 AND 19999999999),
    balance_fen     bigint NOT NULL DEFAULT 0,    -- always the sum of the ledger: moved by hall_private.post_ledger alone
    ledger_number   int NOT NULL DEFAULT 0,       -- of its last ledger row
    points          bigint NOT NULL DEFAULT 0 CONSTRAINT points_are_not_negative CHECK (points >= 0),
    brand           text NOT NULL,
    state           text NOT NULL DEFAULT 'active' CONSTRAINT a_known_state CHECK (state IN ('active', 'suspended', 'closed')),
    state_reason    text,                         -- arrears, lost, own_wish …
    is_blacklisted  boolean NOT NULL DEFAULT false, -- may not top up by card
    since           timestamptz NOT NULL DEFAULT pg_catalog.now()
) WITH (fillfactor = 80);

-- Money moves by these rows only. What is charged has fen < 0.
CREATE TABLE hall.ledger (
    msisdn      bigint NOT NULL REFERENCES hall.subscriber (msisdn),
    number      int NOT NULL,
    at          timestamptz NOT NULL,
    fen         bigint NOT NULL,
    balance_fen bigint NOT NULL,                  -- after this row
    kind        text NOT NULL CONSTRAINT a_kind_is_a_word CHECK (kind ~ '^[a-z_]+$'), -- opening, top_up, fee, refund …
    note        text,
    reference   text,                             -- the other system's number of it: the same one twice counts once
    PRIMARY KEY (msisdn, number),
    CONSTRAINT an_amount_fits_its_kind CHECK (
        CASE kind
            WHEN 'opening' THEN true
            WHEN 'fee' THEN fen < 0
            WHEN 'top_up' THEN fen > 0
            WHEN 'refund' THEN fen > 0
            ELSE fen <> 0
        END)
);
CREATE UNIQUE INDEX a_reference_counts_once ON hall.ledger (msisdn, reference) WHERE reference IS NOT NULL;

CREATE FUNCTION hall_private.bill_total(items jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT
RETURN (SELECT coalesce(sum((item ->> 'fen')::bigint), 0)::bigint FROM jsonb_array_elements(items) AS item);

CREATE TABLE hall.bill (
    msisdn    bigint NOT NULL REFERENCES hall.subscriber (msisdn),
    month     date NOT NULL CONSTRAINT a_month_is_its_first_day CHECK (extract(day FROM month) = 1),
    total_fen bigint NOT NULL,
    items     jsonb NOT NULL,                     -- [{"name": …, "fen": …}, …] as they are listed
    PRIMARY KEY (msisdn, month),
    CONSTRAINT a_total_is_the_sum_of_its_items CHECK (total_fen = hall_private.bill_total(items))
);

CREATE TABLE hall.allowance (
    msisdn bigint NOT NULL REFERENCES hall.subscriber (msisdn),
    kind   text NOT NULL CONSTRAINT a_known_kind CHECK (kind IN ('voice', 'sms', 'mms', 'data')),
    rest   bigint NOT NULL,                       -- minutes, messages, MB
    total  bigint NOT NULL,
    PRIMARY KEY (msisdn, kind),
    CONSTRAINT the_rest_is_a_part_of_the_total CHECK (rest BETWEEN 0 AND total)
) WITH (fillfactor = 80);

-- Never deleted: what was open, from when to when.
CREATE TABLE hall.subscription (
    msisdn  bigint NOT NULL REFERENCES hall.subscriber (msisdn),
    service text NOT NULL REFERENCES hall.service (code) ON UPDATE CASCADE,
    since   timestamptz NOT NULL,
    until   timestamptz,                          -- NULL: open
    PRIMARY KEY (msisdn, service, since),
    CONSTRAINT an_end_comes_after_its_start CHECK (until >= since)
);
CREATE UNIQUE INDEX a_service_is_open_once ON hall.subscription (msisdn, service) WHERE until IS NULL;
