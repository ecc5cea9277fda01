"""The process that drives the workers of a run: jobs/send/sharded/on_ray with other work."""

from jobs.send.sharded.on_ray.__main__ import ShardJob, main
from jobs.spread.take_in import spent_usd
from jobs.spread.work_shard import work_shard

if __name__ == "__main__":
    main(ShardJob(work_shard, spent_usd))
