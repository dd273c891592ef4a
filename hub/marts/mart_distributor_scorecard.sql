-- Grain: distributor, month, currency of what was sold (null: nothing was).
WITH due AS (
    SELECT distributor,
           substr(CAST(period_end AS text), 1, 7) AS period,
           count(*) AS reports_due,
           sum(CASE WHEN days_late = 0 THEN 1 ELSE 0 END) AS on_time,
           sum(CASE WHEN days_late > 0 AND report_id IS NOT NULL THEN 1 ELSE 0 END) AS came_late,
           sum(CASE WHEN state IN ('late', 'missing') THEN 1 ELSE 0 END) AS overdue,
           sum(CASE WHEN state = 'zero_reported' THEN 1 ELSE 0 END) AS zero_reported
    FROM expected_report
    WHERE state NOT IN ('upcoming', 'due')
    GROUP BY distributor, substr(CAST(period_end AS text), 1, 7)
),
told AS (
    SELECT distributor,
           substr(CAST(period_end AS text), 1, 7) AS period,
           sum(lines_read) AS lines_read,
           max(version) AS versions
    FROM report
    WHERE status = 'in_force' AND report_kind IN ('pos', 'activity') AND period_end IS NOT NULL
    GROUP BY distributor, substr(CAST(period_end AS text), 1, 7)
),
sold AS (
    SELECT distributor, period, currency,
           count(*) AS lines,
           sum(CASE WHEN reseller_company_id IS NOT NULL THEN 1 ELSE 0 END) AS to_reseller,
           sum(CASE WHEN end_customer_company_id IS NOT NULL THEN 1 ELSE 0 END) AS to_customer,
           sum(CASE WHEN product_match = 'unknown' THEN 1 ELSE 0 END) AS unknown_products,
           sum(amount) AS amount,
           sum(CASE WHEN reseller_company_id IS NULL OR end_customer_company_id IS NULL
                         OR product_match = 'unknown'
                    THEN abs(amount) ELSE 0 END) AS at_stake
    FROM pos_line
    GROUP BY distributor, period, currency
),
accepted AS (
    SELECT distributor, period, sum(lines) AS lines FROM sold GROUP BY distributor, period
),
months AS (
    SELECT distributor, period FROM due UNION SELECT distributor, period FROM accepted
)
SELECT m.distributor,
       m.period,
       s.currency,
       due.reports_due,
       due.on_time,
       due.came_late,
       due.overdue,
       due.zero_reported,
       told.versions,
       told.lines_read,
       told.lines_read - a.lines AS lines_at_fault,
       round((told.lines_read - a.lines) * 1.0 / nullif(told.lines_read, 0), 4) AS fault_rate,
       s.lines,
       round(s.to_reseller * 1.0 / nullif(s.lines, 0), 4) AS reseller_share,
       round(s.to_customer * 1.0 / nullif(s.lines, 0), 4) AS customer_share,
       s.unknown_products,
       s.amount,
       s.at_stake
FROM months m
LEFT JOIN due ON due.distributor = m.distributor AND due.period = m.period
LEFT JOIN told ON told.distributor = m.distributor AND told.period = m.period
LEFT JOIN accepted a ON a.distributor = m.distributor AND a.period = m.period
LEFT JOIN sold s ON s.distributor = m.distributor AND s.period = m.period
