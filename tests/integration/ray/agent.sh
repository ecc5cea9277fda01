#!/bin/sh
# Stands in for the two Python processes that a raylet starts beside it, for a dashboard and for
# environments of tasks, of which nothing here makes use: it says where none of them listens, as
# they do where they are switched off, and ends with its raylet.
for given; do
    case $given in
        --node-id=*) node=${given#*=} ;;
        --session-dir=*) folder=${given#*=} ;;
    esac
done
for name in metrics_agent metrics_export dashboard_agent_listen runtime_env_agent; do
    written="$folder/$$-$name"
    printf -- -1 >"$written"
    mv "$written" "$folder/${name}_port_$node"
done
exec cat >/dev/null
