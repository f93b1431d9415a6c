"""Long work with a page of its own: progress, time left, cancel, result.

How to add one (spec: ui.md, Long work):

1. Write the worker in ``app/<domain>/jobs.py``, and import that module from the domain's views::

       @worker("zone-move", key="edit-customer", sentence=_l("Move %(count)s customers"), resumable=False)
       def move(arguments: dict[str, Any], progress: Progress) -> Outcome:
           progress.total(len(arguments["ids"]))
           for customer_id in arguments["ids"]:
               with transaction():
                   ...
               progress.step()                       # raises Cancelled when the person cancelled
           return Outcome(_l("%(count)s customers moved."), words={"count": progress.done})

2. Start it inside a transaction, from a view or a service, and go to its page::

       with transaction():
           job = start_job("zone-move", {"count": 7}, {"ids": ids}, request_id=form.request_id.data)
       return redirect(job_url(job), 303)

It runs after the commit, outside of the request, as the account that started it: found anew, with its keys and scope of that
moment, in its language. A file: ``path = progress.file(".zip")``, write it, return ``Outcome(file=path, name="bills.zip")``;
it is kept a day. ``Refused`` ends the job with its sentence. What shall stay when somebody cancels commits by itself; what
shall not lies in one transaction around all steps: ``step`` writes beside the database and may be called inside.
``resumable`` work starts again from the beginning when its process died, other work is marked as failed.
Work that fills a core goes to processes: ``in_processes`` (app/jobs/processes.py). In tests jobs run at once.
"""
