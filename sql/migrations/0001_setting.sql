-- hall: tables and the API. hall_private: functions only the API calls. hall_command: one function a command, see 30_command.sql.
-- (hall itself and hall.migration are made by `smshall migrate` before the first migration.)
CREATE SCHEMA hall_private;
CREATE SCHEMA hall_command;

-- Figures that differ between operators (rules, first paragraph): data with a default.
CREATE TABLE hall.setting (
    name  text PRIMARY KEY,
    value bigint NOT NULL CONSTRAINT a_setting_is_not_negative CHECK (value >= 0),
    note  text NOT NULL
);

INSERT INTO hall.setting (name, value, note) VALUES
    ('repeat_window_s',      60, 'the same text again within so many seconds changes nothing twice (rules D6)'),
    ('loop_messages',        20, 'so many messages with the same text are answered … (rules E4)'),
    ('loop_window_s',       300, '… in so many seconds'),
    ('reply_validity_s',  86400, 'a reply older than this is not sent any more'),
    ('reply_lease_s',        60, 'whoever took the message has so long to send its reply before others may'),
    ('months_kept',          24, 'messages younger than this are evidence (rules A8); never less than 5');
