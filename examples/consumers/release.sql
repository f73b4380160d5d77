-- Questions to a release, for DuckDB. File names are relative to the release's folder:
--   cd var/published/latest && duckdb < /path/to/examples/consumers/release.sql
-- or, from Python, duckdb_release.py.

-- What comes next: the forecast of every indicator's next cumulative rate, soonest first.
SELECT i.title_en, h.period, i.next_due, h.no_change AS latest, round(h.q50, 1) AS median,
       round(h.q05, 1) AS low, round(h.q95, 1) AS high, round(h.prob_above_no_change, 2) AS chance_above
FROM 'parquet/headlines.parquet' AS h
JOIN 'parquet/indicators.parquet' AS i USING (indicator)
QUALIFY row_number() OVER (PARTITION BY h.indicator ORDER BY h.period) = 1
ORDER BY i.next_due, i.indicator;

-- The latest recovered month of every indicator, with its 90 % band; the same file as CSV would do too.
SELECT m.indicator, max(m.month) AS month, arg_max(round(m.yoy, 1), m.month) AS growth,
       arg_max(round(m.yoy_q05, 1), m.month) AS low, arg_max(round(m.yoy_q95, 1), m.month) AS high,
       arg_max(m.status, m.month) AS status
FROM read_csv('monthly.csv', header = true, nullstr = '') AS m
WHERE m.yoy IS NOT NULL
GROUP BY m.indicator
ORDER BY m.indicator;

-- History and forecast of monthly growth as one series.
SELECT indicator, month, yoy AS growth, yoy_q05 AS low, yoy_q95 AS high, status
FROM 'parquet/monthly.parquet' WHERE yoy IS NOT NULL
UNION ALL
SELECT indicator, month, q50, q05, q95, status
FROM 'parquet/forecasts.parquet' WHERE target = 'yoy'
ORDER BY indicator, month;

-- Who is late.
SELECT indicator, publisher, next_period, next_due, days_late
FROM 'parquet/indicators.parquet'
WHERE days_late > 0
ORDER BY days_late DESC;

-- How probable a milestone is by the last year of the horizon, by scenario.
SELECT milestone_id, threshold, scenario, max(date) AS by_date, arg_max(p_reached_by, date) AS probability
FROM read_csv('milestones.csv', header = true, nullstr = '')
GROUP BY ALL
ORDER BY milestone_id, threshold, scenario;

-- The CSV and the Parquet file of a table hold the same rows: no row comes back.
(SELECT indicator, month, level, yoy, status FROM read_csv('monthly.csv', header = true, nullstr = '')
 EXCEPT SELECT indicator, month, level, yoy, status FROM 'parquet/monthly.parquet')
UNION ALL
(SELECT indicator, month, level, yoy, status FROM 'parquet/monthly.parquet'
 EXCEPT SELECT indicator, month, level, yoy, status FROM read_csv('monthly.csv', header = true, nullstr = ''));
