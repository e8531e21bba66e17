"""The website of Finland's assistance system for victims of human trafficking.

Two journeys explain the package; each reads top-down, one file after the next.

A page: `pages.content` parses what editors wrote, `pages.markup` makes it safe HTML, `pages.freshness` judges by the
sidecars whether a translation is still what its source says, `pages.catalogue` places it in the tree of its language,
`public.pages` renders it once, compresses it once and hands the same bytes to everyone.

A submission: `public.submissions` binds and validates, `intake.submission.submit()` has `intake.message` build a MIME
message in the staff's language, `intake.sealing` pad and encrypt it in memory, `intake.outbox` commit it; only then is the
visitor thanked. In another process `intake.forwarder` claims it and `intake.mail` delivers it. That process also tells the
inbox each day what was taken (`intake.daily_count`) and the operator of trouble (`condition`, `intake.alerts`).

What visitors say of the site goes the same way where it is in words; of choices, `feedback` keeps counts only.

`app` and `cli` put the parts together and are imported by nobody. `practice` is what `make run` adds: keys, mail server and
inbox that are for trying only.
"""
