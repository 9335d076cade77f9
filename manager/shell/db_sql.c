#include "manager/shell/db_inside.h"

/* Rows of a card for people: uid, identity, kind, name, colour, is_blocked, expires_utc_ms, departure_min, needed_wh, priority, wallboxes. */
#define CARD_COLUMNS                                                                                     \
    "uid, identity, kind, name, colour, is_blocked, expires_utc_ms, departure_min, needed_wh, priority," \
    " (SELECT group_concat(serial, ' ') FROM card_wallbox WHERE card = card.number)"

const char *const db_sql[DB_STATEMENTS] = {
    [DB_BEGIN] = "BEGIN IMMEDIATE",
    [DB_COMMIT] = "COMMIT",
    [DB_ROLLBACK] = "ROLLBACK",
    [DB_DOCUMENT_ADD] = "INSERT INTO site_document (utc_ms, document, who, why) VALUES (?1, ?2, ?3, ?4)",
    [DB_DOCUMENT_NEWEST] = "SELECT document FROM site_document ORDER BY number DESC LIMIT 1",
    [DB_BOX] = "INSERT INTO wallbox (serial, fallback_ma, has_met, changed_utc_ms, is_unwatched) VALUES (?1, ?2, 1, ?3, ?4)"
               " ON CONFLICT (serial) DO UPDATE SET fallback_ma = ?2, has_met = 1, changed_utc_ms = ?3, is_unwatched = ?4",
    [DB_SESSION_START] = "INSERT INTO session (id, serial, state, start_utc_ms, start_wh, card_uid, received_utc_ms, identity)"
                         " VALUES (?1, ?2, 'open', ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING",
    [DB_SESSION_STOP] = "INSERT INTO session (id, serial, state, start_utc_ms, stop_utc_ms, start_wh, stop_wh, card_uid, end_reason,"
                        " first_quarter_utc_ms, received_utc_ms, identity) VALUES (?1, ?2, 'closed', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                        " ON CONFLICT (id) DO UPDATE SET state = 'closed', start_utc_ms = coalesce(?3, start_utc_ms), stop_utc_ms = ?4,"
                        " start_wh = ?5, stop_wh = ?6, card_uid = ?7, end_reason = ?8, first_quarter_utc_ms = ?9, received_utc_ms = ?10,"
                        " identity = ?11"
                        " WHERE state = 'open'",
    [DB_QUARTER] = "INSERT INTO session_quarter (session_id, quarter, energy_wh, solar_wh) VALUES (?1, ?2, ?3, ?4)",
    [DB_EVENT] = "INSERT INTO event (utc_ms, kind, serial, code, text) VALUES (?1, ?2, ?3, ?4, ?5)",
    [DB_EPOCH] = "INSERT INTO manager_epoch (epoch, longest_lease_ms, utc_ms, is_foreign, is_fenced) VALUES (?1, ?2, ?3, ?4, ?5)"
                 " ON CONFLICT (epoch) DO UPDATE SET longest_lease_ms = ?2, utc_ms = ?3, is_foreign = ?4, is_fenced = ?5",
    [DB_EPOCH_NEWEST] = "SELECT coalesce(max(epoch), 0), coalesce(max(longest_lease_ms), 0) FROM manager_epoch",
    [DB_EPOCH_ISSUED] = "SELECT epoch FROM manager_epoch ORDER BY epoch DESC LIMIT ?1",
    [DB_EPOCH_RIVALS] = "SELECT is_foreign, is_fenced FROM manager_epoch ORDER BY epoch DESC LIMIT 1",
    [DB_MIX] = "INSERT INTO quarter_mix (from_utc_ms, production_wh, import_wh, export_wh) VALUES (?1, ?2, ?3, ?4)"
               " ON CONFLICT (from_utc_ms) DO NOTHING",
    [DB_MIX_AT] = "SELECT production_wh, import_wh, export_wh FROM quarter_mix WHERE from_utc_ms = ?1",
    [DB_MIX_WAITING] = "SELECT q.session_id, q.quarter, q.energy_wh FROM session AS s JOIN session_quarter AS q ON q.session_id = s.id"
                       " AND q.quarter = (?1 - s.first_quarter_utc_ms) / 900000"
                       " WHERE s.state = 'closed' AND s.stop_utc_ms >= ?1 AND s.first_quarter_utc_ms <= ?1 AND q.solar_wh IS NULL",
    [DB_QUARTER_SOLAR] = "UPDATE session_quarter SET solar_wh = ?3 WHERE session_id = ?1 AND quarter = ?2",
    [DB_SESSION_SOLAR] = "UPDATE session SET solar_wh = (SELECT sum(solar_wh) FROM session_quarter WHERE session_id = ?1) WHERE id = ?1",
    [DB_TARIFF_ADD] = "INSERT INTO tariff (valid_from_utc_ms, who, prices) VALUES (?1, ?2, ?3)",
    [DB_TARIFF_AT] = DB_TARIFF_AT_SQL,
    [DB_TARIFF] = DB_TARIFF_SQL,
    [DB_SESSION_PRICED] = "SELECT tariff, cost_minor, first_quarter_utc_ms, stop_wh - start_wh, stop_utc_ms FROM session WHERE id = ?1",
    [DB_SESSION_QUARTERS] = "SELECT quarter, energy_wh, solar_wh FROM session_quarter WHERE session_id = ?1 ORDER BY quarter",
    [DB_SESSION_TARIFF] = "UPDATE session SET tariff = ?2 WHERE id = ?1",
    [DB_SESSION_COST] = "UPDATE session SET cost_minor = ?2, currency = ?3 WHERE id = ?1",
    [DB_CARD_PUT] = "INSERT INTO card (uid, identity, kind, name, colour, is_blocked, expires_utc_ms, departure_min, needed_wh, priority, changed_utc_ms)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO UPDATE SET kind = ?3, name = ?4, colour = ?5,"
                    " is_blocked = ?6, expires_utc_ms = ?7, departure_min = ?8, needed_wh = ?9, priority = ?10, changed_utc_ms = ?11",
    [DB_CARD_TEACH] = "INSERT INTO card (uid, identity, kind, name, colour, is_blocked, expires_utc_ms, changed_utc_ms)"
                      " VALUES (?1, ?2, 'user', '', '', 0, 0, ?3) ON CONFLICT DO NOTHING",
    [DB_CARD_NUMBER] = "SELECT number FROM card WHERE uid IS ?1 AND identity IS ?2",
    [DB_CARD_DELETE] = "DELETE FROM card WHERE uid IS ?1 AND identity IS ?2",
    [DB_CARD_CLEAR] = "DELETE FROM card_wallbox WHERE card = ?1",
    [DB_CARD_ALLOW] = "INSERT INTO card_wallbox (card, serial) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [DB_CARD_COUNT] = "SELECT count(*) FROM card",
    [DB_CARDS] = "SELECT " CARD_COLUMNS " FROM card ORDER BY uid IS NULL, length(uid), uid, identity",
    [DB_EVENT_ACK] = "UPDATE event SET acknowledged_by = ?2, acknowledged_utc_ms = ?3 WHERE number = ?1 AND acknowledged_by IS NULL",
    [DB_AUDIT] = "INSERT INTO audit (utc_ms, who, what, subject, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [DB_SERIES_ADD] = "INSERT INTO series (quantity, node) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [DB_SERIES_NUMBER] = "SELECT number FROM series WHERE quantity = ?1 AND node = ?2",
    [DB_SAMPLES] = "INSERT INTO sample (step_ms, from_utc_ms, series, sample_n, mean, peak) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                   " ON CONFLICT DO UPDATE SET sample_n = ?4, mean = ?5, peak = ?6",
    [DB_SAMPLES_OLD] = "DELETE FROM sample WHERE step_ms = ?1 AND from_utc_ms < ?2",
};
