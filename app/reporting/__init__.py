"""Reports of parents: a page with figures under filters, the same as PDF and as CSV.

How to add one: a query in ``queries.py`` (or in the domain whose figures they are) that returns rows, and in ``views.py`` a
subclass of ``ReportPage`` that names its address, columns, filters and rows; list it in REPORTS, and the view in
app/sitemap.py. Page, filters in the address, totals, PDF, CSV, the entry in the log and the card on /reports/ come with it.
"""
